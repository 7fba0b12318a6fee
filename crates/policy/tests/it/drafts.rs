//! Policies and drafts: made, listed, changed and deleted by those who have seen the newest version.

use crate::{World, day, draft, key, locale, texts, world};
use bonafide_model::Patch;
use bonafide_model::access::{ReadPolicies, WritePolicies};
use bonafide_policy::policy::{self, PolicyPatch};
use bonafide_policy::revision::{self, Draft, DraftPatch, State};
use bonafide_policy::{Error, Rule, Start};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;

async fn patch_policy(world: &World, expected: i64, patch: PolicyPatch) -> Result<policy::Policy, Error> {
    let (act, key) = (world.act(), key("privacy"));
    world.db.write(move |tx| policy::patch(tx, act.clone(), key.clone(), expected, patch.clone()).boxed()).await
}

async fn delete_policy(world: &World, expected: i64) -> Result<(), Error> {
    let (act, key) = (world.act(), key("privacy"));
    world.db.write(move |tx| policy::delete(tx, act.clone(), key.clone(), expected).boxed()).await
}

async fn listed(world: &World, start: Start<&str>, limit: u64) -> Vec<String> {
    let policies = policy::list(world.db.read(), &world.granted::<ReadPolicies>(), start.map(key), limit).await;
    policies.expect("a list").iter().map(|policy| policy.key.to_string()).collect()
}

async fn numbers(world: &World, start: Start<u32>) -> Vec<u32> {
    let by = world.granted::<ReadPolicies>();
    let revisions = revision::list(world.db.read(), &by, &key("privacy"), start, 9).await.expect("a list");
    revisions.iter().map(|revision| revision.number).collect()
}

on_both! {
    async fn a_key_is_taken_once(home: &Installation) {
        let world = world(home).await;
        let policy = world.create_policy("privacy").await.expect("a policy");
        assert_eq!((policy.version, policy.published, policy.draft), (1, None, None));
        assert!(matches!(world.create_policy("privacy").await, Err(Error::PolicyExists)));
        assert_eq!(world.count("SELECT COUNT(*) FROM audit").await, 1);
    }

    async fn policies_are_listed_by_key(home: &Installation) {
        let world = world(home).await;
        for key in ["terms", "a-b", "sr.ht", "ab", "privacy"] {
            world.create_policy(key).await.expect("a policy");
        }
        assert_eq!(listed(&world, Start::First, 3).await, ["a-b", "ab", "privacy"]);
        assert_eq!(listed(&world, Start::After("privacy"), 3).await, ["sr.ht", "terms"]);
        assert_eq!(listed(&world, Start::Before("privacy"), 1).await, ["ab"]);
    }

    async fn a_policy_is_changed_by_whoever_saw_it_last(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        let title = || PolicyPatch { title: Patch::Value("New".parse().expect("a title")), ..PolicyPatch::default() };
        let policy = patch_policy(&world, 1, title()).await.expect("changed");
        assert_eq!((policy.title.as_str(), policy.default_locale, policy.version), ("New", locale("en"), 2));
        assert!(matches!(patch_policy(&world, 1, title()).await, Err(Error::Stale { current: 2 })));
        let cleared = PolicyPatch { title: Patch::Null, default_locale: Patch::Null };
        let Err(Error::Invalid(faults)) = patch_policy(&world, 2, cleared).await else { panic!("it is invalid") };
        assert_eq!(faults.len(), 2);
    }

    async fn a_policy_without_publications_can_go(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        assert!(matches!(delete_policy(&world, 2).await, Err(Error::Stale { current: 1 })));
        delete_policy(&world, 1).await.expect("deleted");
        assert!(matches!(delete_policy(&world, 1).await, Err(Error::NotFound)));
        assert_eq!(world.count("SELECT COUNT(*) FROM policy_text").await, 0);
    }

    async fn what_is_made_under_the_key_of_a_deleted_policy_has_later_versions(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        for version in 1..5 {
            let patch = DraftPatch { material: Patch::Value(true), ..DraftPatch::default() };
            world.patch("privacy", 1, version, patch).await.expect("changed");
        }
        delete_policy(&world, 1).await.expect("deleted");
        // the draft that went with it had version 5, the highest of all
        assert_eq!(world.create_policy("privacy").await.expect("a policy").version, 6);
        assert_eq!(world.create("privacy", draft("b", "2026-12-01")).await.expect("a draft").revision.version, 6);
        assert!(matches!(delete_policy(&world, 1).await, Err(Error::Stale { current: 6 })));
        assert!(matches!(world.delete("privacy", 1, 5).await, Err(Error::Stale { current: 6 })));
        patch_policy(&world, 6, PolicyPatch::default()).await.expect("changed");
        delete_policy(&world, 7).await.expect("deleted");
        assert_eq!(world.create_policy("privacy").await.expect("a policy").version, 8);
    }

    /// A change is held against the version it was made of once more when it is saved.
    async fn what_was_changed_meanwhile_is_not_overwritten(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        let (granted, key) = (world.granted::<WritePolicies>(), key("privacy"));
        let revise = async |expected, text: &str| {
            let members = [(locale("en"), Patch::Value(text.to_owned()))];
            let patch = DraftPatch { texts: Patch::Value(members.into()), ..DraftPatch::default() };
            revision::revise(world.db.read(), &granted, &key, 1, expected, patch).await.expect("as it was seen")
        };
        let (first, second) = (revise(1, "first").await, revise(1, "second").await);
        assert_eq!(world.save(first).await.expect("saved").revision.version, 2);
        assert!(matches!(world.save(second).await, Err(Error::Stale { current: 2 })));
        let found = revision::get(world.db.read(), &world.granted::<ReadPolicies>(), &key, 1).await.expect("there");
        assert_eq!((found.texts, found.revision.version), (texts(&[("en", "first")]), 2));

        let (third, fourth) = (revise(2, "third").await, revise(2, "fourth").await);
        world.publish("privacy", 1, 2).await.expect("published");
        assert!(matches!(world.save(third).await, Err(Error::Stale { .. } | Error::Published)));
        delete_policy(&world, 1).await.expect_err("it stays");
        assert!(matches!(world.save(fourth).await, Err(Error::Stale { .. } | Error::Published)));
    }

    async fn a_draft_that_went_meanwhile_is_not_saved(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        let granted = world.granted::<WritePolicies>();
        let patch = DraftPatch { material: Patch::Value(true), ..DraftPatch::default() };
        let revised = revision::revise(world.db.read(), &granted, &key("privacy"), 1, 1, patch).await.expect("seen");
        world.delete("privacy", 1, 1).await.expect("deleted");
        assert!(matches!(world.save(revised.clone()).await, Err(Error::NotFound)));
        let next = world.create("privacy", draft("b", "2026-12-01")).await.expect("a draft").revision.version;
        assert!(matches!(world.save(revised).await, Err(Error::Stale { current }) if current == next));
    }

    async fn a_policy_with_publications_stays(home: &Installation) {
        let world = world(home).await;
        world.published("# Privacy").await;
        assert!(matches!(delete_policy(&world, 1).await, Err(Error::HasPublished)));
    }

    async fn a_draft_keeps_all_it_is_given(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        let commitments = vec![serde_json::json!({"keep": {"days": 30, "share": 0.1}, "ü": [null, true]})];
        let given = Draft {
            texts: texts(&[("de", "\u{feff}Größe\r\n\u{a0}"), ("en", "no newline")]),
            effective_on: Some(day("2026-12-01")),
            summary_of_changes: Some("Two lines\nof summary".parse().expect("a note")),
            material: true,
            commitments: commitments.clone(),
        };
        let made = world.create("privacy", given.clone()).await.expect("a draft");
        let read = revision::get(world.db.read(), &world.granted(), &key("privacy"), 1).await.expect("a draft");
        for found in [made, read] {
            assert_eq!(found.texts, given.texts);
            let found = found.revision;
            assert_eq!((found.number, found.state(), found.version, found.material), (1, State::Draft, 1, true));
            assert_eq!(found.effective_on, given.effective_on);
            assert_eq!(found.summary_of_changes.as_deref(), Some("Two lines\nof summary"));
            assert_eq!(found.commitments, commitments);
            assert_eq!(found.locales, [locale("de"), locale("en")]);
        }
    }

    async fn a_policy_has_one_draft(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        let (first, second) = tokio::join!(
            world.create("privacy", draft("a", "2026-12-01")),
            world.create("privacy", draft("b", "2026-12-01"))
        );
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
        let refused = first.err().or(second.err()).expect("one is refused");
        assert!(matches!(refused, Error::DraftExists), "{refused:?}");
        assert!(matches!(world.create("terms", draft("a", "2026-12-01")).await, Err(Error::NotFound)));
    }

    async fn a_draft_is_changed_field_by_field(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        let two = Draft { texts: texts(&[("de", "d"), ("en", "e")]), ..draft("", "2026-12-01") };
        world.create("privacy", two).await.expect("a draft");
        let members = [(locale("de"), Patch::Null), (locale("fr"), Patch::Value("f".to_owned()))];
        let patch = DraftPatch {
            texts: Patch::Value(members.into()),
            effective_on: Patch::Null,
            material: Patch::Value(true),
            ..DraftPatch::default()
        };
        let changed = world.patch("privacy", 1, 1, patch.clone()).await.expect("changed");
        assert_eq!(changed.texts, texts(&[("en", "e"), ("fr", "f")]));
        assert_eq!((changed.revision.effective_on, changed.revision.material), (None, true));
        assert_eq!(changed.revision.version, 2);
        assert!(matches!(world.patch("privacy", 1, 1, patch).await, Err(Error::Stale { current: 2 })));
    }

    async fn a_draft_too_large_is_refused_whole(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        let large = draft(&"a".repeat((1 << 20) + 1), "2026-12-01");
        let Err(Error::Invalid(faults)) = world.create("privacy", large).await else { panic!("it is invalid") };
        assert_eq!((faults[0].pointer.as_str(), faults[0].rule), ("/texts/en", Rule::TextTooLarge));
        assert_eq!(world.count("SELECT COUNT(*) FROM policy_revision").await, 0);
    }

    async fn the_number_of_a_deleted_draft_is_used_again(home: &Installation) {
        let world = world(home).await;
        world.published("# Privacy").await;
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        assert!(matches!(world.delete("privacy", 2, 9).await, Err(Error::Stale { current: 1 })));
        world.delete("privacy", 2, 1).await.expect("deleted");
        assert!(matches!(world.delete("privacy", 2, 1).await, Err(Error::NotFound)));
        assert_eq!(world.create("privacy", draft("b", "2026-12-01")).await.expect("a draft").revision.number, 2);
        let by = world.granted::<ReadPolicies>();
        assert_eq!(revision::count(world.db.read(), &by, &key("privacy")).await.expect("a count"), 2);
        assert_eq!(policy::count(world.db.read(), &by).await.expect("a count"), 1);
        assert_eq!(numbers(&world, Start::First).await, [2, 1]);
        assert_eq!(numbers(&world, Start::After(2)).await, [1]);
        assert_eq!(numbers(&world, Start::Before(1)).await, [2]);
    }
}
