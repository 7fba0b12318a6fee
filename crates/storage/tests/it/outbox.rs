//! The outbox: handed out once, handed out again when its holder is gone.

use crate::{at, number, open};
use bonafide_storage::outbox::{self, Job};
use bonafide_storage::{Db, Error};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use std::time::Duration;

const LENGTH: Duration = Duration::from_secs(10);

async fn push(db: &Db, due: i64) {
    let pushed = db.write::<_, Error, _>(move |tx| outbox::push(tx, "mail", r#"["id"]"#, at(due)).boxed());
    pushed.await.expect("a job");
}

async fn claim(db: &Db, holder: &'static str, limit: u32, now: i64) -> Vec<Job> {
    let claimed = db.write::<_, Error, _>(move |tx| outbox::claim(tx, holder, limit, LENGTH, at(now)).boxed());
    claimed.await.expect("an answer")
}

async fn done(db: &Db, id: i64, holder: &'static str) -> bool {
    db.write::<_, Error, _>(move |tx| outbox::done(tx, id, holder).boxed()).await.expect("an answer")
}

on_both! {
    async fn two_processes_never_get_the_same_job(home: &Installation) {
        let dbs = [open(home).await, open(home).await];
        for _ in 0..100 {
            push(&dbs[0], 0).await;
        }
        let workers = ["a", "b", "c", "d", "e", "f"].iter().enumerate().map(|(n, holder)| {
            let db = dbs[n % 2].clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let jobs = claim(&db, holder, 7, 1).await;
                    if jobs.is_empty() {
                        return mine;
                    }
                    mine.extend(jobs.into_iter().map(|job| job.id));
                }
            })
        });
        let mut ids: Vec<i64> = join_all(workers).await.into_iter().flat_map(|ids| ids.expect("no panic")).collect();
        assert_eq!(ids.len(), 100);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 100, "none was handed out twice");
    }

    async fn a_job_whose_holder_is_gone_is_handed_out_again(home: &Installation) {
        let db = open(home).await;
        push(&db, 0).await;
        let first = claim(&db, "one", 5, 1).await.pop().expect("a job");
        assert_eq!((first.kind.as_str(), first.payload.as_str(), first.attempts), ("mail", r#"["id"]"#, 0));
        assert!(claim(&db, "other", 5, 11).await.is_empty(), "claimed until 11");
        let second = claim(&db, "other", 5, 12).await.pop().expect("run out");
        assert_eq!((second.id, second.attempts), (first.id, 1));
        assert!(!done(&db, first.id, "one").await, "the late one is told");
        assert!(done(&db, first.id, "other").await);
        assert_eq!(number(db.read(), "SELECT COUNT(*) FROM outbox").await, 0);
    }

    async fn jobs_wait_until_they_are_due(home: &Installation) {
        let db = open(home).await;
        for due in [20, 5, 10] {
            push(&db, due).await;
        }
        assert!(claim(&db, "one", 5, 4).await.is_empty());
        let first = claim(&db, "one", 1, 15).await.pop().expect("two are due");
        let id = first.id;
        db.write::<_, Error, _>(move |tx| outbox::give_back(tx, id, "one", at(40)).boxed()).await.expect("given back");
        assert_eq!(claim(&db, "other", 5, 15).await.len(), 1, "the one that was due at 10");
        assert_eq!(claim(&db, "other", 5, 25).await.len(), 1, "the one that was due at 20");
        let again = claim(&db, "third", 5, 40).await;
        assert!(again.iter().any(|job| job.id == id && job.attempts == 1));
    }

    async fn what_is_not_committed_asks_for_nothing(home: &Installation) {
        let db = open(home).await;
        let failing = db.write::<(), Error, _>(|tx| async move {
            outbox::push(tx, "mail", "[]", at(0)).await?;
            Err(Error::Overloaded)
        }.boxed());
        failing.await.expect_err("refused");
        assert!(claim(&db, "one", 5, 1).await.is_empty());
    }
}
