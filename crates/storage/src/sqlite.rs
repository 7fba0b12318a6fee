//! SQLite: one connection that writes, several that only read, all with the same checked settings.

use crate::Error;
use crate::inventory::Plane;
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _};
use std::path::Path;
use std::time::Duration;

/// What every connection must say of itself, and why we insist: erased rows must not stay readable in free
/// pages (`secure_delete`) or in temporary files (`temp_store`), acknowledged writes must be on disk (`synchronous`),
/// and what cannot be deleted cannot be replaced either (`recursive_triggers`: without it REPLACE calls no trigger).
const EXPECTED: [(&str, &str); 5] = [
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("secure_delete", "1"),
    ("temp_store", "2"),
    ("recursive_triggers", "1"),
];

/// The name of the file of a database.
pub(crate) const fn file(plane: Plane) -> &'static str {
    match plane {
        Plane::Data => "bonafide.db",
        Plane::Keys => "keys.db",
    }
}

/// The two differ in their journal, so that no write-ahead log keeps keys that were destroyed.
const fn journal(plane: Plane) -> (SqliteJournalMode, &'static str) {
    match plane {
        Plane::Data => (SqliteJournalMode::Wal, "wal"),
        Plane::Keys => (SqliteJournalMode::Truncate, "truncate"),
    }
}

fn options(plane: Plane, dir: &Path, readonly: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(dir.join(file(plane)))
        .create_if_missing(!readonly)
        .journal_mode(journal(plane).0)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("recursive_triggers", "ON")
        .pragma("query_only", if readonly { "ON" } else { "OFF" })
        // in KiB: readers are several, and the system keeps what they read last too
        .pragma("cache_size", if readonly { "-1024" } else { "-2048" })
        .disable_statement_logging()
}

/// Opens the one connection that writes, and creates the database if it is not there.
pub(crate) async fn writer(plane: Plane, dir: &Path) -> Result<DatabaseConnection, Error> {
    prepare(dir)?;
    pool(plane, dir, false).await
}

/// Opens one connection that only reads, for statements of sea-orm.
pub(crate) async fn as_it_stands(plane: Plane, dir: &Path) -> Result<DatabaseConnection, Error> {
    pool(plane, dir, true).await
}

/// Opens one connection that only reads.
pub(crate) async fn reader(plane: Plane, dir: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options(plane, dir, true).connect().await?;
    check(&mut connection, plane).await?;
    Ok(connection)
}

/// Copies the write-ahead log into the database and cuts it to nothing, once no reader needs it any more.
///
/// Those who write wait meanwhile, so that each attempt gives up after a few milliseconds and lets them in.
pub(crate) async fn empty_wal(dir: &Path) -> Result<(), Error> {
    let options = options(Plane::Data, dir, false).create_if_missing(false).busy_timeout(Duration::from_millis(5));
    let mut connection = options.connect().await?;
    for attempt in 0..600_u64 {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await;
        match row {
            Ok(row) if row.try_get::<i64, _>(0)? == 0 => return Ok(()),
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "5" || code == "517") => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(Duration::from_millis((attempt + 1).min(100))).await;
    }
    Err(Error::Unusable("the write-ahead log could not be emptied: something reads an old state for minutes".into()))
}

/// One connection, for which those who want it wait.
async fn pool(plane: Plane, dir: &Path, readonly: bool) -> Result<DatabaseConnection, Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(15))
        .after_connect(move |connection, _| Box::pin(check(connection, plane)))
        .connect_with(options(plane, dir, readonly))
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

async fn check(connection: &mut SqliteConnection, plane: Plane) -> Result<(), sqlx::Error> {
    for (pragma, expected) in EXPECTED.into_iter().chain([("journal_mode", journal(plane).1)]) {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"))).fetch_one(&mut *connection).await?;
        let found = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string()))?;
        if found != expected {
            let message = format!("SQLite's {pragma} is {found} where it must be {expected}");
            return Err(sqlx::Error::Configuration(message.into()));
        }
    }
    Ok(())
}

fn prepare(dir: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Error::Directory { path: dir.into(), reason: error.to_string() })
}
