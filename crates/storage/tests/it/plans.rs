//! No query of the storage layer or the log reads a whole table.

use crate::{at, note, notes, open, run, site};
use bonafide_storage::outbox::{claim, done, give_back, push};
use bonafide_storage::replay::{self, Replay};
use bonafide_storage::{Db, Error, Tx, feed, lease};
use bonafide_test_support::{Backend, Installation, installation};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::time::Duration;

/// Everything that storage does to its tables, once.
async fn everything(tx: &Tx, site: bonafide_model::id::SiteId) -> Result<(), Error> {
    let length = Duration::from_secs(10);
    feed::append(tx, site, "page/1", at(1)).await?;
    feed::prune(tx, at(1_000_000)).await?;
    push(tx, "mail", "[]", at(1)).await?;
    for job in claim(tx, "one", 5, length, at(2)).await? {
        give_back(tx, job.id, "one", at(3)).await?;
        done(tx, job.id, "one").await?;
    }
    let held = lease::acquire(tx, "sweep", "one", length, at(2)).await?;
    lease::is_held(tx, &held.expect("free"), at(3)).await?;
    let answer = Replay { body_mac: vec![1], answer: vec![2] };
    replay::record(tx, b"key", &answer, "page/1", at(100)).await?;
    replay::find(tx, b"key", at(2)).await?;
    replay::forget(tx, "page/2").await?;
    replay::prune(tx, at(50)).await.map(drop)
}

/// On PostgreSQL the statements themselves are run, where reading a whole table is the planner's last resort, and the
/// server is asked whether it came to that.
#[test]
fn postgres_never_scans_a_table() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let db = open(home).await;
        let site = site(&db).await;
        notes(&db).await;
        drop(db);
        let database = home.database().expect("on PostgreSQL");
        let name = database.sql("SELECT current_database()");
        database.sql(&format!("ALTER DATABASE {name} SET enable_seqscan = off"));
        let scans = || {
            database.sql(
                "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables WHERE relname IN
            ('change_feed', 'outbox', 'lease', 'replay', 'audit', 'leaf') ORDER BY 1",
            )
        };
        settle(database).await;
        let before = scans();
        let db = open(home).await;
        for _ in 0..3 {
            db.write(move |tx| everything(tx, site).boxed()).await.expect("done");
        }
        watch_for_a_moment(&db, site).await;
        drop(db); // its connections report what they have counted when they end
        settle(database).await;
        assert_eq!(scans(), before);
        // and the server would have told: this does read a whole table
        let before = database.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'note'");
        let db = open(home).await;
        db.write(|tx| note(tx, 1).boxed()).await.expect("a note");
        run(&db, &["DELETE FROM note WHERE n + 1 = 3"]).await.expect("a scan");
        drop(db); // its connections report what they have counted when they end
        settle(database).await;
        assert_ne!(database.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'note'"), before);
    });
}

async fn watch_for_a_moment(db: &Db, site: bonafide_model::id::SiteId) {
    let watching = tokio::spawn(feed::watch(db.clone()));
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        db.write(move |tx| feed::append(tx, site, "page/1", at(1)).boxed()).await.expect("an entry");
    }
    watching.abort();
    let _ = watching.await;
}

async fn settle(database: &bonafide_test_support::TestDatabase) {
    let mut others = String::from("?");
    for _ in 0..100 {
        others = database.sql(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend'",
        );
        if others == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(others, "0", "somebody is still connected");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// SQLite does not count; here its planner is asked about the statements that carry the load.
#[tokio::test]
async fn sqlite_finds_rows_by_an_index() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    for statement in [
        "EXPLAIN QUERY PLAN SELECT position, site_id, object FROM change_feed WHERE position > 1 ORDER BY position LIMIT 5000",
        "EXPLAIN QUERY PLAN DELETE FROM change_feed WHERE at < 1 AND position < (SELECT MAX(position) FROM change_feed)",
        "EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE due_at <= 1 AND (claimed_until IS NULL OR claimed_until < 1)
            ORDER BY due_at, id LIMIT 5",
        "EXPLAIN QUERY PLAN DELETE FROM outbox WHERE id = 1 AND claimed_by = 'one'",
        "EXPLAIN QUERY PLAN SELECT body_mac, answer FROM replay WHERE id = x'01' AND expires_at > 1",
        "EXPLAIN QUERY PLAN DELETE FROM replay WHERE object = 'page/1'",
        "EXPLAIN QUERY PLAN DELETE FROM replay WHERE expires_at <= 1",
        "EXPLAIN QUERY PLAN SELECT id, at FROM audit WHERE site_id = x'01' AND id < x'02' ORDER BY id DESC LIMIT 20",
        "EXPLAIN QUERY PLAN SELECT id, at FROM audit WHERE site_id = x'01' AND id > x'02' ORDER BY id LIMIT 20",
        "EXPLAIN QUERY PLAN SELECT 1 FROM lease WHERE name = 'sweep' AND fence = 1 AND expires_at >= 1",
    ] {
        let rows = db.read().query_all_raw(crate::sql(db.read(), statement, [])).await.expect("a plan");
        assert!(!rows.is_empty(), "{statement}");
        for row in rows {
            let step: String = row.try_get("", "detail").expect("a text");
            let scans = step.starts_with("SCAN") && !step.contains("CONSTANT ROW");
            assert!(!scans && !step.contains("TEMP B-TREE"), "{statement}: {step}");
        }
    }
}
