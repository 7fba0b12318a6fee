//! Legal holds: two people place one, nothing destroys what is held, and released it goes at once.

use super::*;
use bonafide_model::access::EraseSubmissions;
use bonafide_retention::Outcome;
use bonafide_retention::erase::Wanted;
use bonafide_retention::hold::{Ask, Standing};
use bonafide_retention::life::Cause;
use bonafide_retention::life::hold::{Misstep, Mode, Reason, Refused};
use bonafide_test_support::on_both;

/// An officer by number, whose account was made at an instant.
fn officer(world: &World, number: u8, since: Instant, at: Instant) -> Act<EraseSubmissions> {
    let actor = Actor::Account(AccountId::new(since, [number; 10]));
    Act::new(Granted::issue(actor, world.site), at, world.entropy.clone())
}

fn claim(review_at: Instant) -> Ask {
    Ask { reason: Reason::LegalClaim, reference: Some("2026-117".parse().expect("a number")), review_at }
}

async fn held(world: &World, id: SubmissionId, at: Instant) -> Standing {
    let first = officer(world, 1, now(), at);
    world.retention.ask_for_hold(first, id, claim(at.plus(Duration::from_hours(24 * 300)))).await.expect("asked");
    let second = officer(world, 2, now(), at);
    world.retention.confirm_hold(second, id, Mode::TwoPeople).await.expect("confirmed")
}

on_both! {
    /// One asks, another confirms; nobody destroys it; released it goes with the next sweep.
    async fn two_people_hold_and_one_releases(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let asked = world.retention.ask_for_hold(officer(&world, 1, now(), days(2)), id, claim(days(300))).await.expect("asked");
        assert!(asked.hold.is_none() && asked.asked.is_some() && !asked.submission.held);
        let alone = world.retention.confirm_hold(officer(&world, 1, now(), days(2)), id, Mode::TwoPeople).await;
        assert!(matches!(alone, Err(Error::HoldRefused(Refused::SamePerson))));
        let new = world.retention.confirm_hold(officer(&world, 2, days(2), days(2)), id, Mode::TwoPeople).await;
        assert!(matches!(new, Err(Error::HoldRefused(Refused::AccountTooYoung))));
        let held = world.retention.confirm_hold(officer(&world, 2, now(), days(2)), id, Mode::TwoPeople).await.expect("confirmed");
        assert!(held.submission.held && held.asked.is_none() && !held.wants_review(days(299)) && held.wants_review(days(300)));
        assert_eq!(world.count("SELECT COUNT(*) FROM audit WHERE action = 'submission.hold'").await, 1);

        let erased = |cause, at| {
            let world = &world;
            async move {
                let wanted = Wanted { submission: world.get(id).await, cause, rules: None };
                world.retention.erase(Actor::System, &[wanted], at).await.expect("asked")[0]
            }
        };
        for cause in [Cause::Staff, Cause::Subject, Cause::Schedule] {
            assert_eq!(erased(cause, days(3)).await, Outcome::Held);
        }
        world.retention.wish_erasure(world.site, &token, days(3)).await.expect("wished");
        assert_eq!(world.sweep(days(200)).await.erased, 0);
        let address = "ada@example.org".parse().expect("an address");
        let all = world.retention.erase_subject(officer(&world, 1, now(), days(200)), &address, false).await.expect("asked");
        assert_eq!((all.submissions, all.held), (0, 1));
        let listed = world.retention.holds(&world.may(), bonafide_model::Start::First, 10).await.expect("readable");
        assert_eq!(listed.iter().map(|held| held.submission.id).collect::<Vec<_>>(), [id]);
        assert!(world.open(id, "subject_rights", days(200)).await.is_ok(), "its owner can still see it");

        world.retention.release_hold(officer(&world, 1, now(), days(201)), id).await.expect("released");
        assert_eq!(world.sweep(days(201)).await.erased, 1);
        assert_eq!(world.get(id).await.state.name(), "erased");
        assert!(world.retention.holds(&world.may(), bonafide_model::Start::First, 10).await.expect("readable").is_empty());
        let late = world.retention.ask_for_hold(officer(&world, 1, now(), days(201)), id, claim(days(300))).await;
        assert!(matches!(late, Err(Error::Clash(_))));
    }

    /// What was asked for stops nothing, is void after a week, and can be taken back.
    async fn what_is_asked_for_holds_nothing(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let ask = |number, at| world.retention.ask_for_hold(officer(&world, number, now(), at), id, claim(days(300)));
        ask(1, days(1)).await.expect("asked");
        assert!(matches!(ask(2, days(2)).await, Err(Error::Misstep(Misstep::AlreadyAsked))));
        let late = world.retention.confirm_hold(officer(&world, 2, now(), days(8)), id, Mode::TwoPeople).await;
        assert!(matches!(late, Err(Error::Misstep(Misstep::NotAsked))));
        ask(2, days(8).plus(Duration::from_secs(1))).await.expect("the first is void");
        assert_eq!(world.retention.holds(&world.may(), bonafide_model::Start::First, 10).await.expect("readable").len(), 1);
        let back = world.retention.release_hold(officer(&world, 1, now(), days(9)), id).await.expect("taken back");
        assert!(back.asked.is_none());
        let nothing = world.retention.release_hold(officer(&world, 1, now(), days(9)), id).await;
        assert!(matches!(nothing, Err(Error::Misstep(Misstep::NotHeld))));
        ask(1, days(180)).await.expect("asked");
        assert_eq!(world.sweep(days(181)).await.erased, 1);
    }

    /// Dates are within a year, and only a person asks.
    async fn a_hold_is_a_persons_and_ends_with_a_review(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        for review_at in [now(), days(1), days(400)] {
            let asked = world.retention.ask_for_hold(officer(&world, 1, now(), days(1)), id, claim(review_at)).await;
            assert!(matches!(asked, Err(Error::Invalid(_))), "{review_at}");
        }
        let program = Act::new(Granted::issue(Actor::Operator, world.site), days(1), world.entropy.clone());
        let asked = world.retention.ask_for_hold(program, id, claim(days(300))).await;
        assert!(matches!(asked, Err(Error::Misstep(Misstep::NobodyInPerson))));
        let unknown = world.retention.ask_for_hold(officer(&world, 1, now(), days(1)), world.entropy.id(now()), claim(days(300))).await;
        assert!(matches!(unknown, Err(Error::NotFound)));
        // a declared site of one person waits a day instead
        world.retention.ask_for_hold(officer(&world, 1, now(), days(1)), id, claim(days(300))).await.expect("asked");
        let early = world.retention.confirm_hold(officer(&world, 1, now(), days(1)), id, Mode::SingleOperator).await;
        assert!(matches!(early, Err(Error::HoldRefused(Refused::TooEarly))));
        world.retention.confirm_hold(officer(&world, 1, now(), days(2)), id, Mode::SingleOperator).await.expect("a day later");
        // a new date is agreed to in the same way, and it is held meanwhile
        world.retention.ask_for_hold(officer(&world, 1, now(), days(250)), id, claim(days(500))).await.expect("asked");
        assert_eq!(world.sweep(days(250)).await.erased, 0);
        let renewed = world.retention.confirm_hold(officer(&world, 2, now(), days(251)), id, Mode::TwoPeople).await.expect("confirmed");
        assert_eq!(renewed.hold.expect("in force").request.review_at, days(500));
    }

    /// A permission keeps only part of what is due; a hold keeps all of it.
    async fn what_is_held_is_not_reduced(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        held(&world, id, days(1)).await;
        let report = world.sweep(days(181)).await;
        assert_eq!((report.erased, report.reduced), (0, 0));
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed WHERE message IS NULL").await, 0);
        world.retention.release_hold(officer(&world, 2, now(), days(182)), id).await.expect("released");
        assert_eq!(world.sweep(days(182)).await.reduced, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed WHERE message IS NULL").await, 1);
    }

    /// Killed between the planes: the sweep learns of a hold that only the keys know.
    async fn the_keys_have_the_last_word(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        held(&world, id, days(1)).await;
        let lost = world.db().write(move |tx| async move {
            let update = "UPDATE submission SET held = $2 WHERE id = $1";
            Ok::<_, Error>(tx.execute_raw(sql(tx, update, [id.uuid().into(), false.into()])).await?)
        }.boxed());
        lost.await.expect("written");
        let report = world.sweep(days(181)).await;
        assert_eq!((report.erased, report.held_back), (0, 1));
        assert!(world.get(id).await.held);
        assert_eq!(world.sweep(days(182)).await.due, 0, "it does not come back every time");
    }
}
