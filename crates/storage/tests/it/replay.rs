//! Answers to repeated requests.

use crate::{at, note, noted, notes, open};
use bonafide_storage::replay::{self, Replay};
use bonafide_storage::{Db, Error};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

async fn record(db: &Db, id: &'static [u8], answer: &'static [u8], object: &'static str, expires: i64) {
    let recorded = db.write::<_, Error, _>(move |tx| {
        async move {
            let replay = Replay { body_mac: vec![7], answer: answer.to_vec() };
            replay::record(tx, id, &replay, object, at(expires)).await
        }
        .boxed()
    });
    recorded.await.expect("recorded");
}

async fn find(db: &Db, id: &'static [u8], now: i64) -> Option<Vec<u8>> {
    let found = db.write::<_, Error, _>(move |tx| replay::find(tx, id, at(now)).boxed());
    found.await.expect("an answer").map(|replay| replay.answer)
}

/// What a handler does: answers again if it has answered before, else makes something and keeps the answer.
async fn make_once(db: &Db, n: i64) -> Vec<u8> {
    let made = db.write::<_, Error, _>(move |tx| {
        async move {
            if let Some(replay) = replay::find(tx, b"key", at(1)).await? {
                return Ok(replay.answer);
            }
            note(tx, n).await?;
            let answer = n.to_be_bytes().to_vec();
            let replay = Replay { body_mac: vec![7], answer: answer.clone() };
            replay::record(tx, b"key", &replay, "note", at(100)).await?;
            Ok(answer)
        }
        .boxed()
    });
    made.await.expect("an answer")
}

on_both! {
    async fn an_answer_lasts_until_it_expires_or_its_object_goes(home: &Installation) {
        let db = open(home).await;
        record(&db, b"one", b"first", "page/1", 100).await;
        record(&db, b"two", b"second", "page/2", 50).await;
        assert_eq!(find(&db, b"one", 99).await.as_deref(), Some(&b"first"[..]));
        assert_eq!(find(&db, b"one", 100).await, None);
        assert_eq!(find(&db, b"three", 1).await, None);
        record(&db, b"one", b"third", "page/1", 300).await;
        assert_eq!(find(&db, b"one", 200).await.as_deref(), Some(&b"third"[..]));
        let pruned = db.write::<_, Error, _>(|tx| replay::prune(tx, at(50)).boxed()).await.expect("pruned");
        assert_eq!(pruned, 1);
        db.write::<_, Error, _>(|tx| replay::forget(tx, "page/1").boxed()).await.expect("forgotten");
        assert_eq!(find(&db, b"one", 1).await, None);
    }

    async fn a_request_sent_twice_at_once_is_done_once(home: &Installation) {
        let dbs = [open(home).await, open(home).await];
        notes(&dbs[0]).await;
        let answers = join_all((0..8).map(|n| make_once(&dbs[usize::from(n % 2 == 1)], n))).await;
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        assert_eq!(noted(&dbs[0]).await.len(), 1);
    }
}
