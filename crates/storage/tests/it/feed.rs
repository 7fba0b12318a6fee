//! The change feed between processes.

use crate::{at, number, open, run, site};
use bonafide_model::id::SiteId;
use bonafide_storage::{Change, Changes, Db, Error, feed};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Longer than a change may take to arrive.
const LONG: Duration = Duration::from_secs(5);

async fn append(db: &Db, site: SiteId, object: String) {
    let written = db.write(move |tx| feed::append(tx, site, object.clone(), at(5)).boxed());
    written.await.expect("an entry");
}

/// A process that only watches; what it is told comes out of the channel.
async fn watcher(home: &Installation) -> (Db, UnboundedReceiver<Changes>) {
    let (sender, mut told) = unbounded_channel();
    let db = open(home).await;
    db.on_change(move |changes| {
        let _ = sender.send(changes.clone());
    });
    tokio::spawn(feed::watch(db.clone()));
    // from here on nothing is missed; of what was read before, nothing is certain
    assert_eq!(next(&mut told).await, Changes::All);
    (db, told)
}

async fn next(told: &mut UnboundedReceiver<Changes>) -> Changes {
    timeout(LONG, told.recv()).await.expect("a change arrives in time").expect("the watcher goes on")
}

on_both! {
    async fn many_writers_and_a_watcher_that_misses_nothing(home: &Installation) {
        let (one, other) = (open(home).await, open(home).await);
        let site = site(&one).await;
        let (_watching, mut told) = watcher(home).await;
        let writes = (0..60).map(|n| {
            let db = if n % 2 == 0 { one.clone() } else { other.clone() };
            tokio::spawn(async move { append(&db, site, format!("page/{n}")).await })
        });
        for write in join_all(writes).await {
            write.expect("no panic");
        }
        let mut seen: Vec<Change> = Vec::new();
        while seen.len() < 60 {
            match next(&mut told).await {
                Changes::These(changes) => seen.extend(changes),
                Changes::All => panic!("nothing was pruned"),
            }
        }
        assert!(seen.is_sorted_by(|a, b| a.position < b.position), "in order and never twice: {seen:?}");
        assert!(seen.iter().all(|change| change.site == site));
        let mut objects: Vec<_> = seen.iter().map(|change| change.object.as_str()).collect();
        objects.sort_unstable();
        let mut wanted: Vec<_> = (0..60).map(|n| format!("page/{n}")).collect();
        wanted.sort_unstable();
        assert_eq!(objects, wanted);
    }

    async fn a_process_is_told_of_its_own_changes_before_it_is_answered(home: &Installation) {
        let db = open(home).await;
        let site = site(&db).await;
        let (sender, mut told) = unbounded_channel();
        db.on_change(move |changes| { let _ = sender.send(changes.clone()); });
        append(&db, site, "page/1".into()).await;
        let Ok(Changes::These(changes)) = told.try_recv() else { panic!("told too late") };
        assert_eq!(changes[0].object, "page/1");
        let failing = db.write::<(), Error, _>(move |tx| async move {
            feed::append(tx, site, "page/2", at(5)).await?;
            Err(Error::Overloaded)
        }.boxed());
        failing.await.expect_err("refused");
        assert!(told.try_recv().is_err(), "what was not committed is not told");
    }

    async fn a_change_without_a_notification_is_found(home: &Installation) {
        let db = open(home).await;
        site(&db).await;
        let (_watching, mut told) = watcher(home).await;
        let insert = "INSERT INTO change_feed (site_id, object, at) SELECT id, 'quiet', 5 FROM site";
        run(&db, &[insert]).await.expect("an entry");
        let Changes::These(changes) = timeout(Duration::from_secs(1), told.recv()).await.expect("within a second").expect("told")
        else { panic!("nothing was pruned") };
        assert_eq!(changes[0].object, "quiet");
    }

    async fn a_change_is_told_though_requests_have_all_connections(home: &Installation) {
        let db = open(home).await;
        let site = site(&db).await;
        let (watching, mut told) = watcher(home).await;
        let mut lent = Vec::new();
        while let Ok(snapshot) = timeout(Duration::from_millis(200), watching.snapshot()).await {
            lent.push(snapshot.expect("one is free"));
        }
        append(&db, site, "page/1".into()).await;
        let seen = async {
            loop {
                if let Changes::These(changes) = next(&mut told).await {
                    return changes;
                }
            }
        };
        let changes = timeout(Duration::from_secs(1), seen).await.expect("within a second");
        assert_eq!(changes[0].object, "page/1");
        drop(lent);
    }

    async fn who_missed_entries_is_told_that_anything_may_have_changed(home: &Installation) {
        let db = open(home).await;
        let site = site(&db).await;
        let (_watching, mut told) = watcher(home).await;
        // a process that was stopped for a day sees this: of what it has not read, the first part is gone
        run(&db, &[
            "INSERT INTO change_feed (site_id, object, at) SELECT id, 'lost', 5 FROM site",
            "INSERT INTO change_feed (site_id, object, at) SELECT id, 'kept', 5 FROM site",
            "DELETE FROM change_feed WHERE object <> 'kept'",
        ]).await.expect("entries");
        assert_eq!(next(&mut told).await, Changes::All);
        append(&db, site, "page/1".into()).await;
        let Changes::These(changes) = next(&mut told).await else { panic!("the feed goes on") };
        assert_eq!(changes[0].object, "page/1");
    }

    async fn old_entries_go_but_never_the_newest(home: &Installation) {
        let db = open(home).await;
        let site = site(&db).await;
        for n in 0..3 {
            append(&db, site, format!("page/{n}")).await;
        }
        let prune = async |seconds| db.write(move |tx| feed::prune(tx, at(seconds)).boxed()).await.expect("pruned");
        assert_eq!(prune(5 + 86_400).await, 0);
        assert_eq!(prune(6 + 86_400).await, 2);
        assert_eq!(prune(6 + 86_400).await, 0);
        let newest = number(db.read(), "SELECT MAX(position) FROM change_feed").await;
        append(&db, site, "page/3".into()).await;
        assert!(number(db.read(), "SELECT MAX(position) FROM change_feed").await > newest, "positions are never given twice");
    }
}

/// A cut connection costs nothing but time.
#[test]
fn a_watcher_outlives_its_connection_to_postgres() {
    use bonafide_test_support::{Backend, installation};
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        let site = site(&db).await;
        let (_watching, mut told) = watcher(home).await;
        let database = home.database().expect("on PostgreSQL");
        database.sql("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        append(&db, site, "page/1".into()).await;
        loop {
            match next(&mut told).await {
                Changes::All => {}
                Changes::These(changes) => return assert_eq!(changes[0].object, "page/1"),
            }
        }
    });
}
