//! How databases are opened.

use crate::{note, noted, notes, number, open, run};
use bonafide_storage::Error;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

#[tokio::test]
async fn every_connection_to_sqlite_has_the_settings_that_promises_rest_on() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    let writer = |pragma: &'static str| {
        let row = db.write::<_, Error, _>(move |tx| {
            async move { Ok(tx.query_one_raw(crate::sql(tx, pragma, [])).await?) }.boxed()
        });
        async move { row.await.expect("a pragma").expect("a row").try_get_by_index::<i64>(0).expect("a number") }
    };
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA secure_delete", 1),
        ("PRAGMA temp_store", 2),
        ("PRAGMA recursive_triggers", 1),
    ] {
        assert_eq!(number(db.read(), pragma).await, expected, "{pragma} of a reader");
        assert_eq!(writer(pragma).await, expected, "{pragma} of the writer");
    }
    let row = db.read().query_one_raw(crate::sql(db.read(), "PRAGMA journal_mode", [])).await;
    assert_eq!(row.expect("a pragma").expect("a row").try_get_by_index::<String>(0).expect("a text"), "wal");
}

#[tokio::test]
async fn readers_of_sqlite_cannot_write() {
    let home = Installation::on_sqlite();
    let db = open(&home).await;
    notes(&db).await;
    for _ in 0..16 {
        let refused = db.read().execute_unprepared("INSERT INTO note (n) VALUES (1)").await;
        assert!(refused.is_err_and(|error| error.to_string().contains("readonly")));
    }
    assert!(noted(&db).await.is_empty());
}

#[tokio::test]
#[cfg(unix)]
async fn the_data_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Installation::on_sqlite();
    open(&home).await;
    let mode = std::fs::metadata(home.data_dir()).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_place_that_cannot_be_used_is_named() {
    let home = Installation::on_sqlite();
    std::fs::write(home.data_dir(), "a file").expect("writable");
    let source = crate::source(&home);
    let refused = bonafide_storage::Db::open(source, &bonafide_storage::Options::default()).await.err();
    assert!(matches!(refused, Some(Error::Directory { path, .. }) if path == home.data_dir()));
}

on_both! {
    async fn a_snapshot_is_of_one_moment_and_cannot_write(home: &Installation) {
        let db = open(home).await;
        notes(&db).await;
        let snapshot = db.snapshot().await.expect("a snapshot");
        assert_eq!(number(&snapshot, "SELECT COUNT(*) FROM note").await, 0);
        db.write(|tx| note(tx, 1).boxed()).await.expect("a write");
        assert_eq!(number(&snapshot, "SELECT COUNT(*) FROM note").await, 0);
        assert!(snapshot.execute_unprepared("INSERT INTO note (n) VALUES (2)").await.is_err());
        drop(snapshot);
        assert_eq!(noted(&db).await, [1]);
    }

    async fn a_reader_that_goes_away_or_fails_takes_nothing_from_the_others(home: &Installation) {
        let db = open(home).await;
        notes(&db).await;
        db.write(|tx| note(tx, 1).boxed()).await.expect("a write");
        let slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT COUNT(*) FROM n";
        for patience in 0..30_u64 {
            let left = std::time::Duration::from_micros(patience * 100);
            let _ = tokio::time::timeout(left, number(db.read(), slow)).await;
            assert!(db.read().query_one_raw(crate::sql(db.read(), "SELECT n FROM nowhere", [])).await.is_err());
        }
        // more at once than there are connections, each with its own answer
        let values = (0..100_i64).map(|value| {
            let db = db.clone();
            async move {
                let row = db.read().query_one_raw(crate::sql(db.read(), "SELECT n + $1 AS m FROM note", [value.into()])).await;
                row.expect("it can be read").expect("a row").try_get::<i64>("", "m").expect("a number")
            }
        });
        let sums = futures_util::future::join_all(values).await;
        assert_eq!(sums, (1..=100).collect::<Vec<i64>>());
        // and nothing holds an old state
        db.scrub().await.expect("the log can be emptied");
    }

    async fn many_readers_do_not_wait_for_a_writer(home: &Installation) {
        let db = open(home).await;
        notes(&db).await;
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let receiver = std::sync::Mutex::new(Some(receiver));
        let writing = db.write::<_, Error, _>(move |tx| {
            let receiver = receiver.lock().expect("not poisoned").take();
            async move {
                note(tx, 1).await?;
                if let Some(receiver) = receiver {
                    let _ = receiver.await;
                }
                Ok(())
            }.boxed()
        });
        let reading = async {
            for _ in 0..50 {
                assert!(noted(&db).await.is_empty());
            }
            sender.send(()).expect("the writer waits");
        };
        let (written, ()) = tokio::join!(writing, reading);
        written.expect("a write");
        assert_eq!(noted(&db).await, [1]);
    }

    async fn statements_of_a_text_are_never_mixed_with_values(home: &Installation) {
        let db = open(home).await;
        run(&db, &["CREATE TABLE word (w TEXT)"]).await.expect("a table");
        let evil = "'); DROP TABLE word; -- $1 ? \" \u{202e}";
        db.write::<_, Error, _>(move |tx| async move {
            Ok(tx.execute_raw(crate::sql(tx, "INSERT INTO word (w) VALUES ($1)", [evil.into()])).await.map(drop)?)
        }.boxed()).await.expect("a write");
        let row = db.read().query_one_raw(crate::sql(db.read(), "SELECT w FROM word WHERE w = $1", [evil.into()])).await;
        assert_eq!(row.expect("a query").expect("a row").try_get_by_index::<String>(0).expect("a text"), evil);
    }
}
