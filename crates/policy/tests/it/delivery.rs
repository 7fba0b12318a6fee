//! What everyone may read: in force, announced, superseded, and never a draft.

use crate::{World, day, draft, key, locale, world};
use bonafide_model::Date;
use bonafide_model::id::SiteId;
use bonafide_policy::compare::Granularity;
use bonafide_policy::delivery::{self, Neighbours, Standing};
use bonafide_policy::import::{Plan, Planned};
use bonafide_policy::revision::Source;
use bonafide_policy::{Digest, Error, Start, difference};
use bonafide_test_support::{Installation, on_both, on_sqlite_first};

/// A plan whose revisions have these days, in this order.
pub(crate) fn plan(days: &[Date]) -> Plan {
    let planned = |(index, date): (usize, &Date)| {
        let text = format!("# Privacy\n\nText {index}.\n");
        let sha256 = Digest::of(&text);
        let source = Source { url: None, recorded_at: None, sha256: sha256.hex() };
        Planned { file: format!("{index}.md"), date: *date, text, sha256, source }
    };
    Plan { title: None, revisions: days.iter().enumerate().map(planned).collect() }
}

/// Days of one month in no order, many of them twice.
fn days() -> Vec<Date> {
    (0..40_u32).map(|n| day(&format!("2020-03-{:02}", n * 17 % 23 + 3))).collect()
}

async fn standings(world: &World, on: &str) -> Vec<(u32, Standing)> {
    let db = world.db.read();
    let revisions = delivery::revisions(db, world.site, &key("privacy"), day(on), Start::First, 100).await;
    revisions.expect("a list").iter().map(|revision| (revision.number, revision.standing)).collect()
}

on_both! {
    async fn in_force_is_what_the_dates_say(home: &Installation) {
        let world = world(home).await;
        let days = days();
        world.import("privacy", plan(&days)).await.expect("imported");
        let by_rule = |on: Date| {
            let dated = days.iter().zip(1_u32..).filter(|(day, _)| **day <= on);
            dated.max().map(|(_, number)| number)
        };
        let (db, key) = (world.db.read(), key("privacy"));
        for n in 1..=31 {
            let on = day(&format!("2020-03-{n:02}"));
            let found = delivery::in_force(db, world.site, &key, on).await.expect("a read");
            assert_eq!(found.map(|found| found.number), by_rule(on), "{on}");
            let change = delivery::next_change(db, world.site, &key, on).await.expect("a read");
            assert_eq!(change, days.iter().copied().filter(|day| *day > on).min(), "{on}");
        }
        assert!(delivery::in_force(db, world.site, &key, day("0001-01-01")).await.expect("a read").is_none());
        let last = delivery::in_force(db, world.site, &key, day("9999-12-31")).await.expect("a read");
        assert_eq!(last.map(|last| last.number), by_rule(day("9999-12-31")));
    }

    async fn a_revision_comes_into_force_by_itself(home: &Installation) {
        let world = world(home).await;
        world.published("# One").await;
        world.create("privacy", draft("# Two", "2026-12-01")).await.expect("a draft");
        world.publish("privacy", 2, 1).await.expect("published");
        world.create("privacy", draft("# Draft", "2026-11-25")).await.expect("a draft");
        assert_eq!(standings(&world, "2026-11-30").await, [(2, Standing::Announced), (1, Standing::InForce)]);
        assert_eq!(standings(&world, "2026-12-01").await, [(2, Standing::InForce), (1, Standing::Superseded)]);
        assert_eq!(standings(&world, "2026-11-23").await, [(2, Standing::Announced), (1, Standing::Announced)]);
    }

    async fn lists_go_both_ways(home: &Installation) {
        let world = world(home).await;
        world.import("privacy", plan(&days()[..5])).await.expect("imported");
        let numbers = async |start| -> Vec<u32> {
            let (policy, on) = (key("privacy"), day("2026-01-01"));
            let found = delivery::revisions(world.db.read(), world.site, &policy, on, start, 2);
            found.await.expect("a list").iter().map(|revision| revision.number).collect()
        };
        assert_eq!(numbers(Start::First).await, [5, 4]);
        assert_eq!(numbers(Start::After(4)).await, [3, 2]);
        assert_eq!(numbers(Start::After(1)).await, [0_u32; 0]);
        assert_eq!(numbers(Start::Before(2)).await, [3, 4]);
        let neighbours = delivery::neighbours(world.db.read(), world.site, &key("privacy"), 5).await.expect("a read");
        assert_eq!(neighbours, Neighbours { previous: Some(4), next: None });
    }

    async fn nobody_reads_a_draft(home: &Installation) {
        let world = world(home).await;
        let (db, key) = (world.db.clone(), key("privacy"));
        world.create_policy("privacy").await.expect("a policy");
        let made = world.create("privacy", draft("# Draft", "2026-11-24")).await.expect("a draft").revision;
        let (db, on) = (db.read(), day("2026-12-01"));
        assert!(matches!(delivery::revision(db, world.site, &key, 1).await, Err(Error::NotFound)));
        assert!(delivery::in_force(db, world.site, &key, on).await.expect("a read").is_none());
        assert!(delivery::next_change(db, world.site, &key, day("2020-01-01")).await.expect("a read").is_none());
        assert!(delivery::text(db, made.id, &locale("en")).await.expect("a read").is_none());
        let list = delivery::revisions(db, world.site, &key, on, Start::First, 9).await;
        assert!(matches!(list, Err(Error::NotFound)));
        assert!(delivery::policies(db, world.site, on, Start::First, 9).await.expect("a list").is_empty());
        assert_eq!(delivery::count_policies(db, world.site).await.expect("a count"), 0);
        assert_eq!(delivery::count_revisions(db, world.site, &key).await.expect("a count"), 0);
        let diff = difference::between(&world.db, world.site, &key, 1, 1, &locale("en"), Granularity::Line).await;
        assert!(matches!(diff, Err(Error::NotFound)));
    }

    async fn policies_are_listed_with_what_is_in_force(home: &Installation) {
        let world = world(home).await;
        for policy in ["terms", "privacy"] {
            world.import(policy, plan(&[day("2020-01-01"), day("2027-01-01")])).await.expect("imported");
        }
        let db = world.db.read();
        let list = delivery::policies(db, world.site, day("2026-01-01"), Start::First, 9).await.expect("a list");
        let listed: Vec<_> = list.iter().map(|line| (line.policy.as_str(), line.in_force, line.next_change)).collect();
        let change = Some(day("2027-01-01"));
        assert_eq!(listed, [("privacy", Some(1), change), ("terms", Some(1), change)]);
        let elsewhere = SiteId::new(crate::now(), [0; 10]);
        let foreign = delivery::policies(db, elsewhere, day("2026-01-01"), Start::First, 9).await.expect("a list");
        assert!(foreign.is_empty());
    }

    async fn any_two_revisions_can_be_compared(home: &Installation) {
        let world = world(home).await;
        world.import("privacy", plan(&[day("2020-01-01"), day("2020-02-01"), day("2020-03-01")])).await.expect("imported");
        let between = async |from, to, tag| {
            let (key, locale) = (key("privacy"), locale(tag));
            difference::between(&world.db, world.site, &key, from, to, &locale, Granularity::Word).await
        };
        let (kept, far) = (between(1, 2, "en").await.expect("kept"), between(1, 3, "en").await.expect("computed"));
        let (back, same) = (between(3, 1, "en").await.expect("computed"), between(2, 2, "en").await.expect("computed"));
        for diff in [&kept, &far, &back] {
            assert_eq!((diff.added, diff.deleted), (1, 1));
        }
        assert!(same.hunks.is_empty());
        assert!(matches!(between(1, 2, "de").await, Err(Error::NotFound)));
        assert!(matches!(between(1, 4, "en").await, Err(Error::NotFound)));
    }
}

on_sqlite_first! {
    async fn texts_too_different_are_told(home: &Installation) {
        let world = world(home).await;
        let words = |seed: u64| -> String {
            let mut state = seed;
            let step = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                format!("{:x} ", state >> 54)
            };
            (0..100_000).map(step).collect()
        };
        let mut plan = plan(&[day("2020-01-01"), day("2020-01-02"), day("2020-01-03")]);
        (plan.revisions[0].text, plan.revisions[2].text) = (words(1), words(2));
        world.import("privacy", plan).await.expect("imported");
        let (key, en) = (key("privacy"), locale("en"));
        let far = difference::between(&world.db, world.site, &key, 1, 3, &en, Granularity::Word).await;
        assert!(matches!(far, Err(Error::DiffTooLarge)), "{:?}", far.map(|diff| diff.added));
    }
}
