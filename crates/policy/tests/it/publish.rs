//! Publishing: the rules, the chain of digests, and what is told to whom.

use crate::{day, draft, key, locale, now, texts, world};
use bonafide_model::access::PublishPolicies;
use bonafide_model::{Patch, TimeZone};
use bonafide_policy::digest::Sealed;
use bonafide_policy::revision::{self, Draft, DraftPatch, State};
use bonafide_policy::{Digest, Error, Fault, Rule, delivery};
use bonafide_storage::Changes;
use bonafide_test_support::{Installation, on_both};
use std::sync::{Arc, Mutex};

fn faults<T>(result: Result<T, Error>) -> Vec<Fault> {
    match result {
        Err(Error::Invalid(faults)) => faults,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it is refused"),
    }
}

on_both! {
    async fn what_is_published_is_chained_and_told(home: &Installation) {
        let world = world(home).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = told.clone();
        world.db.on_change(move |changes| ear.lock().expect("no panic").push(changes.clone()));
        let first = world.published("# Privacy\n").await.revision;
        assert_eq!((first.state(), first.version), (State::Published, 2));
        let first = first.publication.expect("published");
        assert_eq!((first.published_at, first.previous_digest), (now(), None));

        world.create("privacy", draft("# Privacy\n\nMore.\n", "2026-12-01")).await.expect("a draft");
        let second = world.publish("privacy", 2, 1).await.expect("published").revision;
        let second = second.publication.expect("published");
        assert_eq!(second.previous_digest, Some(first.digest));
        let (policy, hashes) = (key("privacy"), [(locale("en"), Digest::of("# Privacy\n\nMore.\n"))].into());
        let recomputed = Sealed {
            policy: &policy,
            number: 2,
            effective_on: day("2026-12-01"),
            published_at: now(),
            texts: &hashes,
            summary_of_changes: None,
            material: false,
            commitments: &[],
            source: None,
            previous: Some(first.digest),
        };
        assert_eq!(second.digest, recomputed.digest());

        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit WHERE action = 'revision.publish'").await, 2);
        let told = told.lock().expect("no panic");
        let objects = told.iter().flat_map(|changes| match changes {
            Changes::These(these) => these.iter().map(|change| change.object.as_str()).collect::<Vec<_>>(),
            Changes::All => panic!("nothing was missed"),
        });
        assert_eq!(objects.collect::<Vec<_>>(), ["policies", "policy/privacy", "policies", "policy/privacy"]);
    }

    async fn the_rules_of_publication_are_all_named(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", Draft { texts: texts(&[("de", "d")]), ..Draft::default() }).await.expect("a draft");
        let missing = faults(world.publish("privacy", 1, 1).await);
        let expected =
            [Fault::at("/texts/en", Rule::TextMissing), Fault::at("/effective_on", Rule::EffectiveOnMissing)];
        assert_eq!(missing, expected);
        let past = DraftPatch {
            texts: Patch::Value([(locale("en"), Patch::Value(String::new()))].into()),
            effective_on: Patch::Value(day("2026-11-23")),
            ..DraftPatch::default()
        };
        world.patch("privacy", 1, 1, past).await.expect("changed");
        let wrong = faults(world.publish("privacy", 1, 2).await);
        assert_eq!(wrong.iter().map(|fault| fault.rule).collect::<Vec<_>>(), [Rule::TextMissing, Rule::EffectiveOnPast]);
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 0);
    }

    async fn today_is_a_day_of_the_sites_zone(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-11-23")).await.expect("a draft");
        let by = world.granted::<PublishPolicies>();
        let prepared = revision::prepare(&world.db, &by, &key("privacy"), 1, 1).await.expect("prepared");
        // at half past nine in UTC it is still the day before on Midway
        faults(world.publish_prepared(prepared.clone(), TimeZone::UTC).await);
        let midway = "Pacific/Midway".parse().expect("a zone");
        world.publish_prepared(prepared, midway).await.expect("published");
    }

    async fn only_what_was_prepared_is_published(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        let by = world.granted::<PublishPolicies>();
        let prepared = revision::prepare(&world.db, &by, &key("privacy"), 1, 1).await.expect("prepared");
        world.patch("privacy", 1, 1, DraftPatch::default()).await.expect("changed");
        let late = world.publish_prepared(prepared.clone(), TimeZone::UTC).await;
        assert!(matches!(late, Err(Error::Stale { current: 2 })));
        assert!(matches!(world.publish("privacy", 1, 1).await, Err(Error::Stale { current: 2 })));
        // deleted and made anew: another version and another text
        world.delete("privacy", 1, 2).await.expect("deleted");
        world.create("privacy", draft("b", "2026-12-01")).await.expect("a draft");
        assert!(matches!(world.publish_prepared(prepared, TimeZone::UTC).await, Err(Error::Stale { current: 3 })));
    }

    async fn a_revision_is_published_once(home: &Installation) {
        let world = world(home).await;
        world.create_policy("privacy").await.expect("a policy");
        world.create("privacy", draft("a", "2026-12-01")).await.expect("a draft");
        let (first, second) = tokio::join!(world.publish("privacy", 1, 1), world.publish("privacy", 1, 1));
        let refused = first.as_ref().err().or(second.as_ref().err()).expect("one is refused");
        assert!(matches!(refused, Error::Stale { current: 2 }), "{refused:?}");
        assert!(first.is_ok() || second.is_ok());
        assert!(matches!(world.publish("privacy", 1, 2).await, Err(Error::Published)));
        assert!(matches!(world.patch("privacy", 1, 2, DraftPatch::default()).await, Err(Error::Published)));
        assert!(matches!(world.delete("privacy", 1, 2).await, Err(Error::Published)));
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 1);
    }

    async fn what_is_published_can_be_read_as_html(home: &Installation) {
        let world = world(home).await;
        let revision = world.published("# Privacy\n\n<script>alert(1)</script>\n\nWe keep *nothing*.\n").await.revision;
        let text = delivery::text(world.db.read(), revision.id, &locale("en")).await.expect("a read").expect("a text");
        assert_eq!(text.markdown, "# Privacy\n\n<script>alert(1)</script>\n\nWe keep *nothing*.\n");
        assert_eq!(text.sha256, Digest::of(&text.markdown));
        assert!(text.html.contains("<em>nothing</em>") && !text.html.contains("script"), "{}", text.html);
        assert!(delivery::text(world.db.read(), revision.id, &locale("de")).await.expect("a read").is_none());
    }
}
