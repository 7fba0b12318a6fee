//! The change feed: what was published or changed, in commit order, for every process that keeps a copy.
//!
//! The last statement of a write that changes something published is [`append`]. This process is told before the
//! caller is answered; others see it through [`watch`]: by notification on PostgreSQL, by SQLite's `data_version`,
//! and by a poll every half second in case one is lost.

use crate::{Db, Error, Source, Tx, sql, sqlite};
use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use std::time::Duration;

const CHANNEL: &str = "bonafide_changes";
/// How often PostgreSQL is asked even without a notification.
const POLL: Duration = Duration::from_millis(500);
/// How often SQLite is asked whether another connection has committed.
const OBSERVE: Duration = Duration::from_millis(50);
/// How long entries are kept. A process that was away for longer starts afresh.
pub const KEPT: Duration = Duration::from_hours(24);

/// One entry of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in commit order.
    pub position: i64,
    /// The site it happened on.
    pub site: SiteId,
    /// The key of what changed, such as `policy/privacy`.
    pub object: String,
}

/// What a process is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These objects changed.
    These(Vec<Change>),
    /// Some entries were missed: anything may have changed.
    All,
}

/// Appends an entry; the last statement of its transaction.
///
/// On PostgreSQL feed writers take turns, so that positions follow commit order and whoever has read
/// up to a position has missed nothing before it.
///
/// # Errors
/// If a statement fails.
pub async fn append(tx: &Tx, site: SiteId, object: impl Into<String>, now: Instant) -> Result<(), Error> {
    let object = object.into();
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(7093002226453734502)").await?;
    }
    let insert = "INSERT INTO change_feed (site_id, object, at) VALUES ($1, $2, $3) RETURNING position";
    let values = [site.uuid().into(), object.clone().into(), now.micros().into()];
    let row = tx.query_one_raw(sql(tx, insert, values)).await?;
    let position: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SELECT pg_notify('bonafide_changes', '')").await?;
    }
    tx.note(Change { position, site, object });
    Ok(())
}

/// Deletes entries that nobody can still need, but never the newest one.
///
/// # Errors
/// If the statement fails.
pub async fn prune(tx: &Tx, now: Instant) -> Result<u64, Error> {
    let delete = "DELETE FROM change_feed WHERE at < $1 AND position < (SELECT MAX(position) FROM change_feed)";
    Ok(tx.execute_raw(sql(tx, delete, [now.minus(KEPT).micros().into()])).await?.rows_affected())
}

/// The position of the last entry; 0 if there is none.
///
/// # Errors
/// If the statement fails.
pub async fn position(on: &impl ConnectionTrait) -> Result<i64, Error> {
    let row = on.query_one_raw(sql(on, "SELECT MAX(position) FROM change_feed", [])).await?;
    Ok(row.map_or(Ok(None), |row| row.try_get_by_index::<Option<i64>>(0))?.unwrap_or(0))
}

/// Tells [`Db::on_change`] what other processes commit, for ever; first of all that anything may have changed.
/// Faults are logged and tried again.
pub async fn watch(db: Db) {
    let mut reader = Reader { last: None, db };
    loop {
        let error = match reader.db.source.clone() {
            Source::Sqlite(dir) => reader.observe(&dir).await,
            Source::Postgres(url) => reader.listen(&url).await,
        };
        if let Err(error) = error {
            tracing::warn!(error = %error, "The change feed cannot be read, trying again");
            // what is changed meanwhile is found by position; until then nothing cached may be trusted
            reader.db.listener.tell_all(&Changes::All);
        }
        tokio::time::sleep(POLL).await;
    }
}

struct Reader {
    db: Db,
    last: Option<i64>,
}

impl Reader {
    async fn observe(&mut self, dir: &std::path::Path) -> Result<(), Error> {
        let mut connection = sqlite::observer(dir).await?;
        let mut seen: Option<i64> = None;
        loop {
            let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut connection).await?;
            if seen.replace(version) != Some(version) {
                self.catch_up().await?;
            }
            tokio::time::sleep(OBSERVE).await;
        }
    }

    async fn listen(&mut self, url: &str) -> Result<(), Error> {
        let mut listener = sqlx::postgres::PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        loop {
            self.catch_up().await?;
            if let Ok(received) = tokio::time::timeout(POLL, listener.recv()).await {
                received?;
            }
        }
    }

    /// Reads what is new since the last time and passes it on.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let Some(last) = self.last else {
            self.last = Some(self.bound("SELECT MAX(position) FROM change_feed").await?.unwrap_or(0));
            // what was read before this moment may have changed since
            self.db.listener.tell_all(&Changes::All);
            return Ok(());
        };
        let changes = self.after(last).await?;
        let Some(newest) = changes.last().map(|change| change.position) else { return Ok(()) };
        let missed = changes.first().is_some_and(|first| first.position > last + 1)
            && self.bound("SELECT MIN(position) FROM change_feed").await?.is_some_and(|oldest| oldest > last + 1);
        self.db.listener.tell_all(&if missed { Changes::All } else { Changes::These(changes) });
        self.last = Some(newest);
        Ok(())
    }

    async fn after(&self, last: i64) -> Result<Vec<Change>, Error> {
        let db = self.db.read();
        let select =
            "SELECT position, site_id, object FROM change_feed WHERE position > $1 ORDER BY position LIMIT 5000";
        let rows = db.query_all_raw(sql(db, select, [last.into()])).await?;
        Ok(rows.iter().map(change).collect::<Result<_, _>>()?)
    }

    async fn bound(&self, select: &'static str) -> Result<Option<i64>, Error> {
        let db = self.db.read();
        let row = db.query_one_raw(sql(db, select, [])).await?;
        Ok(row.map_or(Ok(None), |row| row.try_get_by_index(0))?)
    }
}

fn change(row: &QueryResult) -> Result<Change, sea_orm::DbErr> {
    Ok(Change {
        position: row.try_get_by_index(0)?,
        site: SiteId::from_uuid(row.try_get_by_index(1)?),
        object: row.try_get_by_index(2)?,
    })
}
