//! Group commit on SQLite: who waits together commits together, and nobody pays for somebody else's mistake.

use crate::{note, noted, notes, open, run, site, source};
use bonafide_storage::{Commits, Db, Error, Options, Tx, feed};
use bonafide_test_support::Installation;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use sea_orm::ConnectionTrait as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

type Outcome = Result<(), Error>;

/// Runs writes that all wait while the first one holds the writer, so that they are one batch.
async fn together(db: &Db, writes: Vec<BoxFuture<'_, Outcome>>) -> Vec<Outcome> {
    let (entered, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (inside, open) = (Arc::clone(&entered), Arc::clone(&gate));
    let first = db.write::<_, Error, _>(move |_| {
        let (entered, gate) = (Arc::clone(&inside), Arc::clone(&open));
        async move {
            entered.add_permits(1);
            gate.acquire().await.expect("the gate is never closed").forget();
            gate.add_permits(1); // it may be run a second time
            Ok(())
        }
        .boxed()
    });
    let rest = async {
        entered.acquire().await.expect("never closed").forget();
        // polled first, the writes are queued before the gate opens
        tokio::join!(biased; join_all(writes), async { gate.add_permits(1) }).0
    };
    let (first, rest) = tokio::join!(first, rest);
    first.expect("the first write succeeds");
    rest
}

/// Meets a full disk: SQLite may give up the whole transaction.
async fn full_disk(tx: &Tx) -> Outcome {
    tx.execute_unprepared("PRAGMA max_page_count = 1").await?; // no fewer than there are
    let filled = tx.execute_unprepared("CREATE TABLE large AS SELECT randomblob(1000000) AS bytes").await;
    assert!(filled.is_err());
    // what comes after must not become a transaction of its own
    assert!(note(tx, 1000).await.is_err());
    Ok(filled.map(drop)?)
}

/// A write that notes a number.
fn noting(db: &Db, n: i64) -> BoxFuture<'_, Outcome> {
    db.write(move |tx| note(tx, n).boxed()).boxed()
}

/// How many transactions the write-ahead log holds: its frames that end a commit (file format, section 4.1).
fn commits(dir: &Path) -> usize {
    let log = std::fs::read(dir.join("bonafide.db-wal")).expect("a write-ahead log");
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let (page, salt) = (word(8) as usize, (word(16), word(20)));
    let frames = (32..log.len()).step_by(24 + page).take_while(|at| at + 24 + page <= log.len());
    frames.filter(|at| (word(at + 8), word(at + 12)) == salt && word(at + 4) != 0).count()
}

/// What was committed since.
fn since(db: &Db, before: Commits) -> Commits {
    let now = db.commits();
    Commits { commits: now.commits - before.commits, writes: now.writes - before.writes }
}

#[tokio::test]
async fn those_who_wait_share_a_commit() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let (before, counted) = (commits(&home.data_dir()), db.commits());
    let outcomes = together(&db, (0..64).map(|n| noting(&db, n)).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(noted(&db).await, (0..64).collect::<Vec<_>>());
    // the gate and 63 of them, then the last one
    assert_eq!(commits(&home.data_dir()) - before, 2);
    // what is counted is what the file shows; the gate wrote nothing
    assert_eq!(since(&db, counted), Commits { commits: 2, writes: 64 });
}

#[tokio::test]
async fn a_batch_of_one_commits_each_by_itself() {
    let home = Installation::on_sqlite();
    let options = Options { batch: 1, ..Options::default() };
    let db = Db::open(source(&home), &options).await.expect("the database opens");
    notes(&db).await;
    let (before, counted) = (commits(&home.data_dir()), db.commits());
    together(&db, (0..20).map(|n| noting(&db, n)).collect()).await;
    assert_eq!(commits(&home.data_dir()) - before, 20); // the gate writes nothing
    assert_eq!(since(&db, counted), Commits { commits: 20, writes: 20 });
}

#[tokio::test]
async fn writes_without_any_arrangement_share_commits_too() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    let site = site(&db).await;
    notes(&db).await;
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    db.on_change(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let tasks = (0..64).map(|n| {
        let db = db.clone();
        tokio::spawn(async move {
            db.write::<_, Error, _>(move |tx| {
                async move {
                    note(tx, n).await?;
                    feed::append(tx, site, "note", crate::at(2)).await
                }
                .boxed()
            })
            .await
        })
    });
    for task in join_all(tasks).await {
        task.expect("no panic").expect("a write");
    }
    assert_eq!(noted(&db).await.len(), 64);
    let commits = told.load(SeqCst);
    assert!((1..=16).contains(&commits), "64 writes took {commits} commits");
}

#[tokio::test]
async fn an_error_keeps_nothing_and_harms_no_neighbour() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let (before, counted) = (commits(&home.data_dir()), db.commits());
    let failing = db.write(|tx| {
        async move {
            note(tx, 100).await?;
            Err(Error::Overloaded)
        }
        .boxed()
    });
    let clashing = db.write(|tx| {
        async move {
            note(tx, 101).await?;
            note(tx, 1).await
        }
        .boxed()
    });
    let writes = vec![noting(&db, 1), failing.boxed(), noting(&db, 2), clashing.boxed(), noting(&db, 3)];
    let outcomes = together(&db, writes).await;
    assert!(matches!(outcomes[1], Err(Error::Overloaded)), "{outcomes:?}");
    assert!(matches!(outcomes[3], Err(Error::Statement(_))), "{outcomes:?}");
    assert!([0, 2, 4].iter().all(|index| outcomes[*index].is_ok()), "{outcomes:?}");
    assert_eq!(noted(&db).await, [1, 2, 3]);
    assert_eq!(commits(&home.data_dir()) - before, 1);
    assert_eq!(since(&db, counted), Commits { commits: 1, writes: 3 });
}

#[tokio::test]
async fn a_panic_is_rolled_back_and_the_writer_goes_on() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let panicking = db.write::<(), Error, _>(|tx| {
        async move {
            note(tx, 100).await?;
            panic!("this panic is part of a test")
        }
        .boxed()
    });
    let at_once = db.write::<(), Error, _>(|_| panic!("this panic is part of a test"));
    let outcomes = together(&db, vec![noting(&db, 1), panicking.boxed(), at_once.boxed(), noting(&db, 2)]).await;
    assert!(matches!(outcomes[1], Err(Error::Panicked)), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(Error::Panicked)), "{outcomes:?}");
    noting(&db, 3).await.expect("the writer goes on");
    assert_eq!(noted(&db).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_lost_transaction_is_run_again_one_by_one() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let (calls, attempts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, tried) = (Arc::clone(&calls), Arc::clone(&attempts));
    let counting = db.write::<_, Error, _>(move |tx| {
        counted.fetch_add(1, SeqCst);
        note(tx, 1).boxed()
    });
    let losing = db.write::<_, Error, _>(move |tx| {
        let lost = tried.fetch_add(1, SeqCst) == 0;
        async move {
            note(tx, 2).await?;
            if lost {
                return full_disk(tx).await;
            }
            tx.execute_unprepared("PRAGMA max_page_count = 1073741823").await?;
            Ok(())
        }
        .boxed()
    });
    let outcomes = together(&db, vec![counting.boxed(), losing.boxed(), noting(&db, 3)]).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(noted(&db).await, [1, 2, 3]);
    assert_eq!((calls.load(SeqCst), attempts.load(SeqCst)), (2, 2));
}

#[tokio::test]
async fn who_always_loses_the_transaction_is_told_and_alone() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let outcomes = together(&db, vec![noting(&db, 1), losing(&db), noting(&db, 2)]).await;
    assert!(outcomes[1].is_err() && outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(losing(&db).await.is_err());
    noting(&db, 3).await.expect("the writer goes on");
    assert_eq!(noted(&db).await, [1, 2, 3]);
}

/// A write that meets a full disk after it has written something.
fn losing(db: &Db) -> BoxFuture<'_, Outcome> {
    db.write(|tx| {
        async move {
            note(tx, 100).await?;
            full_disk(tx).await
        }
        .boxed()
    })
    .boxed()
}

/// A write that fails by its own doing after it has written something.
fn spoiling(db: &Db) -> BoxFuture<'_, Outcome> {
    db.write(|tx| {
        async move {
            note(tx, 101).await?;
            Err(Error::Overloaded)
        }
        .boxed()
    })
    .boxed()
}

#[tokio::test]
async fn whether_writes_fail_is_told_by_the_last_of_them() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    assert!(!db.is_failing());
    // rolled back for the first, run again each in a savepoint, lost, and run one by one
    let outcomes = together(&db, vec![spoiling(&db), noting(&db, 1), losing(&db)]).await;
    assert!(outcomes[0].is_err() && outcomes[1].is_ok() && outcomes[2].is_err(), "{outcomes:?}");
    assert!(db.is_failing(), "the last one was lost");
    let outcomes = together(&db, vec![spoiling(&db), losing(&db), noting(&db, 2)]).await;
    assert!(outcomes[1].is_err() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(!db.is_failing(), "the last one is durable");
    assert!(losing(&db).await.is_err());
    assert!(db.is_failing());
    // who only reads, or fails by its own doing, has not shown that anything can be written
    db.write::<(), Error, _>(|_| async { Ok(()) }.boxed()).await.expect("nothing is written");
    assert!(spoiling(&db).await.is_err() && db.is_failing());
    noting(&db, 3).await.expect("acknowledged");
    assert!(!db.is_failing());
    // nor does it show the contrary
    run(&db, &["PRAGMA max_page_count = 1073741823"]).await.expect("there is room again");
    assert!(spoiling(&db).await.is_err());
    assert!(db.write(|tx| not_committed(tx).boxed()).await.is_err());
    let both = together(&db, vec![noting(&db, 4), db.write(|tx| ended_by_itself(tx).boxed()).boxed()]).await;
    assert!(both[0].is_ok() && both[1].is_err(), "{both:?}");
    assert!(!db.is_failing());
}

#[tokio::test]
async fn where_nobody_writes_it_can_be_tried() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    assert!(losing(&db).await.is_err() && db.is_failing());
    let before = commits(&home.data_dir());
    db.try_to_write().await.expect("a page is written that is there");
    assert!(!db.is_failing());
    assert_eq!(commits(&home.data_dir()) - before, 1, "a commit that writes nothing would show nothing");
}

#[tokio::test]
async fn a_commit_that_stalled_makes_the_next_write_wait_for_nobody() {
    let home = Installation::on_sqlite();
    let keys = home.data_dir().join("keys");
    let db = Db::open_keys(&keys, &Options::default()).await.expect("the key plane opens");
    run(&db, &["CREATE TABLE jotting (n BIGINT)"]).await.expect("a table");
    let jot = || run(&db, &["INSERT INTO jotting VALUES (1)"]);
    // who reads the key plane keeps others from committing: it has no write-ahead log
    let other = Db::open_keys_as_they_stand(&keys, &Options::default()).await.expect("it opens").expect("it is there");
    let snapshot = other.snapshot().await.expect("a snapshot");
    assert_eq!(crate::number(&snapshot, "SELECT COUNT(*) FROM jotting").await, 0);
    let stalling = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(snapshot);
    };
    let (one, other, ()) = tokio::join!(jot(), jot(), stalling);
    one.and(other).expect("acknowledged");
    let began = Instant::now();
    jot().await.expect("acknowledged");
    assert!(began.elapsed() < Duration::from_secs(1), "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn what_is_answered_survives_its_asker_and_the_process() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let asker = tokio::spawn({
        let db = db.clone();
        async move { noting(&db, 1).await }
    });
    asker.await.expect("no panic").expect("a write");
    // another process reads it at once
    let other = open(&home).await;
    assert_eq!(noted(&other).await, [1]);
    run(&other, &["INSERT INTO note (n) VALUES (2)"]).await.expect("two processes write in turn");
    assert_eq!(noted(&db).await, [1, 2]);
}

/// Has SQLite end the transaction by itself, in the middle of it, as a full disk does.
async fn ended_by_itself(tx: &Tx) -> Outcome {
    tx.execute_unprepared("CREATE TABLE IF NOT EXISTS once (n INTEGER UNIQUE ON CONFLICT ROLLBACK)").await?;
    tx.execute_unprepared("INSERT INTO once VALUES (1)").await?;
    tx.execute_unprepared("INSERT INTO once VALUES (1)").await?;
    Ok(())
}

/// Has the COMMIT fail: the constraint is looked at no earlier.
async fn not_committed(tx: &Tx) -> Outcome {
    tx.execute_unprepared("CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY)").await?;
    let child = "CREATE TABLE IF NOT EXISTS child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";
    tx.execute_unprepared(child).await?;
    tx.execute_unprepared("INSERT INTO child VALUES (7)").await?;
    Ok(())
}

#[tokio::test]
async fn what_is_acknowledged_after_a_lost_transaction_is_durable() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let lost = db.write(|tx| ended_by_itself(tx).boxed()).await;
        assert!(lost.is_err());
        let uncommitted = db.write(|tx| not_committed(tx).boxed()).await;
        assert!(uncommitted.is_err());
        // alone, and together with one that is lost
        noting(&db, round).await.expect("acknowledged");
        let both =
            together(&db, vec![db.write(|tx| ended_by_itself(tx).boxed()).boxed(), noting(&db, 100 + round)]).await;
        assert!(both[0].is_err() && both[1].is_ok(), "{both:?}");
        let both =
            together(&db, vec![noting(&db, 200 + round), db.write(|tx| not_committed(tx).boxed()).boxed()]).await;
        assert!(both[0].is_ok() && both[1].is_err(), "{both:?}");
        acknowledged.extend([round, 100 + round, 200 + round]);
        // another connection sees what is committed and nothing else
        let mut seen = noted(&db).await;
        seen.sort_unstable();
        acknowledged.sort_unstable();
        assert_eq!(seen, acknowledged, "round {round}");
    }
}
