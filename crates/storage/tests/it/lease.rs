//! Leases: one holder at a time, and a fence that tells an old one from the new.

use crate::{at, open};
use bonafide_storage::lease::{self, Lease};
use bonafide_storage::{Db, Error};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use std::time::Duration;

const LENGTH: Duration = Duration::from_secs(10);

async fn acquire(db: &Db, holder: &'static str, now: i64) -> Option<Lease> {
    let acquired = db.write::<_, Error, _>(move |tx| lease::acquire(tx, "sweep", holder, LENGTH, at(now)).boxed());
    acquired.await.expect("an answer")
}

async fn is_held(db: &Db, lease: Lease, now: i64) -> bool {
    let held = db.write::<_, Error, _>(move |tx| {
        let lease = lease.clone();
        async move { lease::is_held(tx, &lease, at(now)).await }.boxed()
    });
    held.await.expect("an answer")
}

on_both! {
    async fn a_lease_has_one_holder_who_can_renew_it(home: &Installation) {
        let (one, other) = (open(home).await, open(home).await);
        let first = acquire(&one, "one", 0).await.expect("free");
        assert_eq!(acquire(&other, "other", 5).await, None);
        assert_eq!(acquire(&one, "one", 8).await, Some(first.clone()), "renewed in time it is the same");
        assert_eq!(acquire(&other, "other", 15).await, None, "renewed until 18");
        assert!(is_held(&other, first, 18).await);
    }

    async fn a_paused_holder_learns_that_it_is_one_no_more(home: &Installation) {
        let (one, other) = (open(home).await, open(home).await);
        let first = acquire(&one, "one", 0).await.expect("free");
        let second = acquire(&other, "other", 11).await.expect("run out");
        assert!(second.fence > first.fence);
        assert!(!is_held(&one, first.clone(), 12).await);
        assert!(is_held(&other, second.clone(), 12).await);
        assert_eq!(acquire(&one, "one", 12).await, None);
        // even if nobody took it meanwhile
        assert!(!is_held(&other, second.clone(), 22).await);
        let third = acquire(&other, "other", 30).await.expect("run out");
        assert!(third.fence > second.fence, "a holder who let it run out is a new one");
    }

    async fn of_many_who_ask_at_once_one_gets_it(home: &Installation) {
        let dbs = [open(home).await, open(home).await];
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let asked = names.iter().enumerate().map(|(n, holder)| acquire(&dbs[n % 2], holder, 0));
        assert_eq!(join_all(asked).await.iter().flatten().count(), 1);
    }
}
