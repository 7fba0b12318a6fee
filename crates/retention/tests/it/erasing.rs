//! The end: whoever asks for it, wherever the process is killed.

use super::*;
use bonafide_retention::erase::Wanted;
use bonafide_retention::life::Cause;
use bonafide_retention::purpose::Refused;
use bonafide_test_support::on_both;
use bonafide_vault::{Destruction, Outcome};

fn wanted(submission: Submission, cause: Cause) -> Vec<Wanted> {
    vec![Wanted { submission, cause, rules: None }]
}

on_both! {
    /// Erased, it cannot be opened by anybody, and only dates are left.
    async fn nothing_is_left_but_dates(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        world.open(id, "fulfil_request", days(1)).await.expect("allowed");
        let outcome = world.retention.erase(Actor::System, &wanted(world.get(id).await, Cause::Staff), days(2)).await;
        assert_eq!(outcome.expect("erased"), [Outcome::Destroyed]);
        assert!(matches!(world.open(id, "subject_rights", days(2)).await, Err(Error::Refused(Refused::Gone))));
        let seen = world.retention.mine(world.site, &token, days(3)).await.expect("the receipt tells of the erasure").submission;
        assert_eq!((seen.state.name(), seen.erased_at, seen.erase_cause.as_deref()), ("erased", Some(days(2)), Some("staff")));
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed").await, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM reading").await, 0);
        assert_eq!(seen.scrubbed_at, None);
        assert_eq!(world.retention.settle(days(2)).await.expect("settled"), 1);
        assert_eq!(world.retention.settle(days(2)).await.expect("settled"), 0);
        assert_eq!(world.get(id).await.scrubbed_at, Some(days(2)));
        // the epoch it stood under goes, and it is final
        assert_eq!(world.retention.finalise(days(2)).await.expect("looked"), 0);
        world.retention.look_after_keys(days(3)).await.expect("rotated");
        assert_eq!(world.get(id).await.state.name(), "final");
        // published, received, given, used, intent, done, final
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 7);
        assert!(matches!(world.retention.wish_erasure(world.site, &token, days(4)).await, Err(Error::Clash(_))));
    }

    /// Killed right after the keys were destroyed: the next start finishes it.
    async fn a_killed_erasure_is_finished(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let asked = Destruction { record: id.uuid(), version: None, by_the_person: false, cause: "schedule", object: Some([1; 32]) };
        world.retention.vault().destroy(vec![asked], days(2)).await.expect("destroyed");
        assert_eq!(world.get(id).await.state.name(), "received", "the data do not know yet");
        assert!(matches!(world.open(id, "fulfil_request", days(2)).await, Err(Error::Refused(Refused::Gone))));
        assert_eq!(world.retention.settle(days(2)).await.expect("settled"), 1);
        let seen = world.get(id).await;
        assert_eq!((seen.state.name(), seen.erase_cause.as_deref()), ("erased", Some("schedule")));
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed").await, 0);
    }

    /// Two at once: one of them does it, both are told the truth.
    async fn twice_at_once_is_once(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let both = wanted(world.get(id).await, Cause::Subject);
        let (first, second) = tokio::join!(
            world.retention.erase(Actor::System, &both, days(2)),
            world.retention.erase(Actor::System, &both, days(2)),
        );
        let mut outcomes = [first.expect("erased")[0], second.expect("erased")[0]];
        outcomes.sort_by_key(|outcome| *outcome == Outcome::Gone);
        assert_eq!(outcomes, [Outcome::Destroyed, Outcome::Gone]);
        world.retention.settle(days(2)).await.expect("settled");
        assert_eq!(world.get(id).await.state.name(), "erased");
        assert_eq!(world.retention.vault().status().await.expect("readable").pending, 0);
    }

    /// A key without data is cleared away; data without a key are not touched.
    async fn keys_whose_data_never_came_are_cleared(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let fields = serde_json::json!({"name": "Bob", "email": "bob@example.org"});
        let answers = Answers::parse(&form.definition, fields.as_object().expect("fields"), &[]).unwrap_or_else(|_| panic!("taken"));
        let intake = Intake { site: world.site, form: &form, policy: None, spam: false, zone: &TimeZone::UTC, now: now() };
        let mut sealed = world.retention.seal(intake, &answers).expect("sealed");
        // killed between the two commits
        world.retention.deposit(&mut sealed).await.expect("deposited");
        assert_eq!(world.retention.vault().status().await.expect("readable").records, 2);
        let done = world.retention.look_after_keys(now().plus(Duration::from_hours(2))).await.expect("done");
        assert_eq!(done.strays, 1);
        assert!(world.open(id, "fulfil_request", days(1)).await.is_ok());
    }
}

/// The bytes of a sealed value stand in no file once its erasure is settled.
#[tokio::test]
async fn no_sealed_byte_stays_in_a_file() {
    let home = Installation::new(Backend::Sqlite).expect("SQLite is there");
    let world = world(&home).await;
    let form = world.publish(contact()).await;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(world.submit(&form, &format!("person{number}@example.org"), &[], false, now()).await.0);
    }
    let db = world.db().read();
    let rows =
        db.query_all_raw(sql(db, "SELECT submission_id, contact, message, address FROM submission_sealed", [])).await;
    let rows = rows.expect("readable");
    let gone: Vec<_> = ids.iter().step_by(2).copied().collect();
    let mut doomed = Vec::new();
    for id in &gone {
        doomed.extend(wanted(world.get(*id).await, Cause::Schedule));
    }
    world.retention.erase(Actor::System, &doomed, days(1)).await.expect("erased");
    world.retention.settle(days(1)).await.expect("settled");
    let files: Vec<Vec<u8>> = [home.data_dir(), world.keys_dir.path().to_owned()]
        .iter()
        .flat_map(|dir| std::fs::read_dir(dir).expect("readable"))
        .map(|entry| std::fs::read(entry.expect("readable").path()).expect("readable"))
        .collect();
    for row in rows {
        let id = SubmissionId::from_uuid(row.try_get("", "submission_id").expect("an id"));
        for column in ["contact", "message", "address"] {
            let bytes: Vec<u8> = row.try_get("", column).expect("bytes");
            let found = stand_in(&bytes, &files);
            assert_eq!(found, !gone.contains(&id), "{id} {column}");
        }
    }
}
