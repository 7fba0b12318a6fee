//! Everything of one person while it is handed over: a submission at a time, and nothing once nobody takes it.

use super::*;
use bonafide_retention::erase::Wanted;
use bonafide_retention::life::Cause;
use bonafide_retention::subject::{LONGEST, Pieces, TOGETHER};
use bonafide_test_support::on_both;
use futures_util::{StreamExt as _, stream};
use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// So many submissions of one address.
async fn sent(world: &World, count: usize) -> Vec<SubmissionId> {
    let form = world.publish(contact()).await;
    let sent = stream::iter(0..count).map(async |_| world.submit(&form, "ada@example.org", &[], false, now()).await.0);
    sent.buffered(64).collect().await
}

async fn begun(world: &World) -> Pieces {
    let address = "ada@example.org".parse().expect("an address");
    let export = world.retention.export(world.act(days(1)), &address).await.expect("readable");
    export.begin().await.expect("on record")
}

/// Takes all there is; gives it, and the size of the largest piece.
pub(crate) async fn taken(mut pieces: Pieces) -> (Vec<u8>, usize) {
    let (mut bytes, mut largest) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await.expect("readable") {
        largest = largest.max(piece.len());
        bytes.extend_from_slice(&piece);
    }
    (bytes, largest)
}

fn file(archive: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect("it is there").read_to_string(&mut text).expect("UTF-8");
    text
}

const READINGS: &str = "SELECT COUNT(*) FROM reading";

on_both! {
    /// The first bytes come after the first readings, and no piece is more than one submission, however many there are.
    async fn a_long_export_is_made_while_it_is_taken(home: &Installation) {
        const MANY: usize = 4 * TOGETHER;
        let many = i64::try_from(MANY).expect("a count");
        let world = world(home).await;
        let ids: BTreeSet<_> = sent(&world, MANY).await.iter().map(ToString::to_string).collect();
        assert_eq!(ids.len(), MANY);
        let pieces = begun(&world).await;
        assert_eq!(world.count(READINGS).await, 32, "no more than those that come first");
        let (archive, largest) = taken(pieces).await;
        assert!(largest < 2_048, "{largest} bytes at once");
        let json: serde_json::Value = serde_json::from_str(&file(&archive, "submissions.json")).expect("JSON");
        let found = json.as_array().expect("a list").iter();
        assert_eq!(found.map(|one| one["id"].as_str().expect("an id").to_owned()).collect::<BTreeSet<_>>(), ids);
        assert_eq!(file(&archive, "submissions.csv").lines().count(), 1 + 3 * MANY);
        assert_eq!(file(&archive, "index.html").matches("<h2>").count(), MANY);
        assert_eq!(file(&archive, "readings.csv").lines().count(), 1 + MANY);
        assert_eq!(world.count(READINGS).await, many, "one reading each, though it is written three times");
        // the form was published, each came, each was read
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 1 + 2 * many);
    }

    async fn an_export_that_nobody_takes_any_more_opens_nothing(home: &Installation) {
        let world = world(home).await;
        sent(&world, 4 * TOGETHER).await;
        let mut pieces = begun(&world).await;
        while world.count(READINGS).await < 64 {
            pieces.next().await.expect("readable").expect("more of it");
        }
        drop(pieces);
        assert_eq!(world.count(READINGS).await, 64, "those that were under way");
        assert_eq!(world.count("SELECT COUNT(*) FROM audit WHERE action = 'subject.export'").await, 1, "and that it was begun");
    }

    /// Nobody is asked again whether they still may: what lasts longer than a session's token breaks off.
    async fn an_export_that_lasts_too_long_breaks_off(home: &Installation) {
        let world = world(home).await;
        sent(&world, 3 * TOGETHER).await;
        let mut pieces = begun(&world).await;
        let later = days(1).plus(Duration::from_mins(9));
        while world.count(READINGS).await < 64 {
            pieces.next_at(later).await.expect("in time").expect("more of it");
        }
        let minutes = "SELECT (MAX(at) - MIN(at)) / 60000000 FROM reading";
        assert_eq!(world.count(minutes).await, 9, "a reading is made when it is made");
        let error = loop {
            match pieces.next_at(days(1).plus(LONGEST)).await {
                Ok(piece) => assert!(piece.is_some(), "it does not end well"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::TooSlow), "{error:?}");
        assert_eq!(world.count(READINGS).await, 64, "and nothing more is opened");
    }

    async fn what_is_erased_meanwhile_is_missing_from_then_on(home: &Installation) {
        let world = world(home).await;
        let ids = sent(&world, 3).await;
        let pieces = begun(&world).await;
        let wanted = Wanted { submission: world.get(ids[1]).await, cause: Cause::Subject, rules: None };
        world.retention.erase(Actor::System, &[wanted], days(1)).await.expect("erased");
        let (archive, _) = taken(pieces).await;
        for name in ["submissions.json", "submissions.csv", "index.html"] {
            let text = file(&archive, name);
            assert_eq!(text.matches("From ada@example.org").count(), 2, "{name}: {text}");
        }
        assert!(!file(&archive, "submissions.json").contains(&ids[1].to_string()));
    }

    /// What was given until then has no directory, and nobody takes it for an archive.
    async fn what_does_not_open_ends_the_export(home: &Installation) {
        let world = world(home).await;
        let altered = sent(&world, 3).await.into_iter().max().expect("the last one").uuid();
        let swapped = world.db().write(move |tx| async move {
            let update = "UPDATE submission_sealed SET message = contact WHERE submission_id = $1";
            Ok::<_, Error>(tx.execute_raw(sql(tx, update, [altered.into()])).await?)
        }.boxed());
        swapped.await.expect("swapped");
        let mut pieces = begun(&world).await;
        let mut bytes = Vec::new();
        let error = loop {
            match pieces.next().await {
                Ok(piece) => bytes.extend_from_slice(&piece.expect("it does not end well")),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Vault(bonafide_retention::KeyError::Altered)), "{error:?}");
        assert!(bytes.windows(7).any(|window| window == b"message"), "one was given");
        assert!(ZipArchive::new(Cursor::new(bytes)).is_err());
    }
}
