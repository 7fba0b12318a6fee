//! What only PostgreSQL has: transactions that clash, and are run again.

use crate::{note, noted, notes, number, open, run};
use bonafide_storage::{Commits, Db, Error, Tx};
use bonafide_test_support::{Backend, Installation, installation};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Barrier;

/// Goes off duty if somebody else stays: the textbook case that snapshot isolation gets wrong.
async fn go_off_duty(tx: &Tx, doctor: i64, meet: Option<Arc<Barrier>>) -> Result<bool, Error> {
    let on_duty = number(tx, "SELECT COUNT(*) FROM duty WHERE on_duty = 1").await;
    if let Some(barrier) = meet {
        barrier.wait().await; // both have read before either writes
    }
    if on_duty < 2 {
        return Ok(false);
    }
    let update = crate::sql(tx, "UPDATE duty SET on_duty = 0 WHERE doctor = $1", [doctor.into()]);
    tx.execute_raw(update).await?;
    Ok(true)
}

async fn asks(db: Db, doctor: i64, barrier: Arc<Barrier>, attempts: Arc<AtomicUsize>) -> bool {
    let first = AtomicUsize::new(0);
    let outcome = db.write(move |tx| {
        attempts.fetch_add(1, SeqCst);
        let meet = (first.fetch_add(1, SeqCst) == 0).then(|| Arc::clone(&barrier));
        go_off_duty(tx, doctor, meet).boxed()
    });
    outcome.await.expect("the clash is resolved")
}

/// Reading a table whole is dear on paper, since it shall be avoided; a server with LLVM would compile each such statement.
#[test]
fn no_statement_is_compiled() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        run(&db, &["CREATE TABLE bare (n BIGINT)"]).await.expect("a table without an index");
        let explain = "EXPLAIN (ANALYZE, FORMAT TEXT) SELECT n + 1 FROM bare WHERE n > 0";
        let rows = db.read().query_all_raw(crate::sql(db.read(), explain, [])).await.expect("a plan");
        let lines = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a line"));
        let plan = lines.collect::<Vec<_>>().join("\n");
        assert!(plan.contains("cost=10000000000"), "it would be: {plan}");
        assert!(!plan.contains("JIT"), "{plan}");
    });
}

#[test]
fn write_skew_is_prevented_and_the_loser_runs_again() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        run(
            &db,
            &[
                "CREATE TABLE duty (doctor BIGINT PRIMARY KEY, on_duty BIGINT)",
                "INSERT INTO duty VALUES (1, 1), (2, 1)",
            ],
        )
        .await
        .expect("a table");
        let before = db.commits();
        let (barrier, attempts) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
        let ask = |doctor| asks(db.clone(), doctor, Arc::clone(&barrier), Arc::clone(&attempts));
        let (one, other) = tokio::join!(ask(1), ask(2));
        assert!(one != other, "exactly one may go: {one} {other}");
        assert_eq!(number(db.read(), "SELECT COUNT(*) FROM duty WHERE on_duty = 1").await, 1);
        assert!(attempts.load(SeqCst) > 2, "one of them was run again");
        // neither the attempt that clashed nor the one that only read
        let commits = Commits { commits: before.commits + 1, writes: before.writes + 1 };
        assert_eq!(db.commits(), commits);
    });
}

#[test]
fn a_counter_loses_no_step() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        run(&db, &["CREATE TABLE counter (n BIGINT)", "INSERT INTO counter VALUES (0)"]).await.expect("a table");
        let steps = (0..24).map(|_| {
            db.write::<_, Error, _>(|tx| {
                async move {
                    let n = number_or_error(tx).await?;
                    let set = crate::sql(tx, "UPDATE counter SET n = $1", [(n + 1).into()]);
                    Ok(tx.execute_raw(set).await.map(drop)?)
                }
                .boxed()
            })
        });
        for step in join_all(steps).await {
            step.expect("a step");
        }
        assert_eq!(number(db.read(), "SELECT n FROM counter").await, 24);
    });
}

async fn number_or_error(tx: &Tx) -> Result<i64, Error> {
    let row = tx.query_one_raw(crate::sql(tx, "SELECT n FROM counter", [])).await?.expect("a row");
    Ok(row.try_get_by_index(0)?)
}

/// Has the server end the connection: now, and in the COMMIT of whoever notes this number.
const CUT: &str = "SELECT pg_terminate_backend(pg_backend_pid())";
const CUT_LATER: [&str; 2] = [
    "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.n = 13) EXECUTE FUNCTION cut()",
];

#[test]
fn of_a_connection_that_is_lost_in_the_commit_nobody_says_that_nothing_was_kept() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        notes(&db).await;
        run(&db, &CUT_LATER).await.expect("a trigger");
        let before = run(&db, &["INSERT INTO note (n) VALUES (1)", CUT]).await;
        assert!(matches!(&before, Err(Error::Statement(_))), "{before:?}");
        assert!(before.is_err_and(|error| error.is_outage()) && db.is_failing());
        db.write(|tx| note(tx, 2).boxed()).await.expect("over another connection");
        assert!(!db.is_failing());
        let within = db.write(|tx| note(tx, 13).boxed()).await;
        assert!(matches!(&within, Err(Error::Uncertain(_))), "{within:?}");
        assert!(within.is_err_and(|error| error.is_outage()) && db.is_failing());
        db.write(|tx| note(tx, 3).boxed()).await.expect("over another connection");
        assert!(!db.is_failing());
    });
}

#[test]
fn errors_and_panics_keep_nothing() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        notes(&db).await;
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let failing = db.write::<(), Error, _>(move |tx| {
            counted.fetch_add(1, SeqCst);
            async move {
                note(tx, 1).await?;
                Err(Error::Overloaded)
            }
            .boxed()
        });
        assert!(matches!(failing.await, Err(Error::Overloaded)));
        assert_eq!(calls.load(SeqCst), 1, "an error of the closure's own is final");
        for _ in 0..20 {
            let panicking = db.write::<(), Error, _>(|tx| {
                async move {
                    note(tx, 2).await?;
                    panic!("this panic is part of a test")
                }
                .boxed()
            });
            assert!(matches!(panicking.await, Err(Error::Panicked)));
        }
        db.write(|tx| note(tx, 3).boxed()).await.expect("no connection was lost");
        assert_eq!(noted(&db).await, [3]);
    });
}
