//! Everything of one person.

use super::*;
use bonafide_model::EmailAddress;
use bonafide_test_support::on_both;
use bonafide_vault::index::WEEK;

fn address(text: &str) -> EmailAddress {
    text.parse().expect("valid")
}

on_both! {
    /// All of one address is found, exported and erased, and nothing of anybody else.
    async fn all_of_one_address_and_nothing_else(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let mut theirs = Vec::new();
        for number in 0..40 {
            let email = if number % 8 == 0 { "Ada@Example.org".to_owned() } else { format!("person{number}@example.org") };
            let (id, _) = world.submit(&form, &email, &[], false, now()).await;
            theirs.extend((number % 8 == 0).then_some(id));
        }
        theirs.sort();
        let found = world.retention.of(&world.act(now()), &address("ada@example.org")).await.expect("readable");
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), theirs);
        assert_eq!(world.count("SELECT COUNT(*) FROM reading").await, 0, "to find is not to read");
        let export = world.retention.export(world.act(days(1)), &address("ada@example.org")).await.expect("readable");
        assert_eq!(export.submissions(), 5);
        let (archive, _) = exporting::taken(export.begin().await.expect("on record")).await;
        let text = String::from_utf8_lossy(&archive);
        for part in ["submissions.json", "\"message\":\"From Ada@Example.org\"", "index.html", "subject_rights,staff"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("person"), "nobody else");
        assert_eq!(world.count("SELECT COUNT(*) FROM reading").await, 5);
        let dry = world.retention.erase_subject(world.act(days(1)), &address("ada@example.org"), true).await.expect("counted");
        assert_eq!(dry.submissions, 5);
        let erased = world.retention.erase_subject(world.act(days(1)), &address("ADA@example.org"), false).await.expect("erased");
        assert_eq!((erased.submissions, erased.held), (5, 0));
        let again = world.retention.erase_subject(world.act(days(1)), &address("ada@example.org"), false).await.expect("erased");
        assert_eq!(again.submissions, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed").await, 35);
    }

    /// They are found after the key of the index was replaced.
    async fn found_after_the_index_was_renewed(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.submit(&form, "bob@example.org", &[], false, now()).await;
        let done = world.retention.look_after_keys(now().plus(WEEK)).await.expect("done");
        assert_eq!((done.retagged, done.rotated), (2, Some(2)));
        let found = world.retention.of(&world.act(days(8)), &address("ada@example.org")).await.expect("readable");
        assert_eq!(found.len(), 1);
    }
}
