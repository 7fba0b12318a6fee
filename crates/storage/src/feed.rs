//! The change feed: what was published or changed, in commit order, for every process that keeps a copy.
//!
//! The last statement of a write that changes something published is [`append`]. This process is told before the
//! caller is answered; others see it through [`watch`]: by notification on PostgreSQL, by SQLite's `data_version`,
//! and by a poll every half second in case one is lost. A process that cannot read the feed for a moment says that anything
//! may have changed, so that nobody serves what is older than a second.

use crate::db::Listener;
use crate::inventory::Plane;
use crate::{Db, Error, Source, Tx, postgres, sql, sqlite};
use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use std::time::Duration;

const CHANNEL: &str = "bonafide_changes";
/// How often PostgreSQL is asked even without a notification.
const POLL: Duration = Duration::from_millis(500);
/// After what time without an answer nothing is certain any more. With [`POLL`] before it, less than a second.
const PATIENCE: Duration = Duration::from_millis(300);
/// After what time without an answer a connection is given up.
const LOST: Duration = Duration::from_secs(5);
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
    let mut follower = Follower { last: None, db };
    loop {
        let error = match follower.db.source.clone() {
            Source::Sqlite(dir) => follower.observe(&dir).await,
            Source::Postgres(url) => follower.listen(&url).await,
        };
        if let Err(error) = error {
            tracing::warn!(error = %error, "The change feed cannot be read, trying again");
            // what is changed meanwhile is found by position; until then nothing cached may be trusted
            follower.db.listener.tell_all(&Changes::All);
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

struct Follower {
    db: Db,
    last: Option<i64>,
}

impl Follower {
    /// A connection of its own: those of requests may all be lent.
    async fn observe(&mut self, dir: &std::path::Path) -> Result<(), Error> {
        let (told, mut seen) = (self.db.listener.clone(), None);
        let on = uncertain(&told, sqlite::as_it_stands(Plane::Data, dir)).await?;
        loop {
            let version = uncertain(&told, bound(&on, "PRAGMA data_version")).await?;
            if version != seen {
                seen = version;
                uncertain(&told, self.catch_up(&on)).await?;
            }
            tokio::time::sleep(OBSERVE).await;
        }
    }

    /// Connections of its own: those of requests may all be taken.
    async fn listen(&mut self, url: &str) -> Result<(), Error> {
        let told = self.db.listener.clone();
        let connecting = async {
            let on = postgres::pool(url, 2).await?;
            let mut listener = sqlx::postgres::PgListener::connect_with(on.get_postgres_connection_pool()).await?;
            listener.listen(CHANNEL).await?;
            Ok((on, listener))
        };
        let (on, mut listener) = uncertain(&told, connecting).await?;
        loop {
            uncertain(&told, self.catch_up(&on)).await?;
            if let Ok(received) = tokio::time::timeout(POLL, listener.recv()).await {
                received?;
            }
        }
    }

    /// Reads what is new since the last time and passes it on.
    async fn catch_up(&mut self, on: &impl ConnectionTrait) -> Result<(), Error> {
        let Some(last) = self.last else {
            self.last = Some(bound(on, "SELECT MAX(position) FROM change_feed").await?.unwrap_or(0));
            // what was read before this moment may have changed since
            self.db.listener.tell_all(&Changes::All);
            return Ok(());
        };
        let changes = after(on, last).await?;
        let Some(newest) = changes.last().map(|change| change.position) else { return Ok(()) };
        let missed = changes.first().is_some_and(|first| first.position > last + 1)
            && bound(on, "SELECT MIN(position) FROM change_feed").await?.is_some_and(|oldest| oldest > last + 1);
        self.db.listener.tell_all(&if missed { Changes::All } else { Changes::These(changes) });
        self.last = Some(newest);
        Ok(())
    }
}

async fn after(on: &impl ConnectionTrait, last: i64) -> Result<Vec<Change>, Error> {
    let select = "SELECT position, site_id, object FROM change_feed WHERE position > $1 ORDER BY position LIMIT 5000";
    let rows = on.query_all_raw(sql(on, select, [last.into()])).await?;
    Ok(rows.iter().map(change).collect::<Result<_, _>>()?)
}

async fn bound(on: &impl ConnectionTrait, select: &'static str) -> Result<Option<i64>, Error> {
    let row = on.query_one_raw(sql(on, select, [])).await?;
    Ok(row.map_or(Ok(None), |row| row.try_get_by_index(0))?)
}

/// Waits for an answer of the database. While it is out, anything may have changed, and that is told again and again.
async fn uncertain<T>(told: &Listener, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut answer = std::pin::pin!(answer);
    let mut waited = Duration::ZERO;
    while waited < LOST {
        if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut answer).await {
            return answer;
        }
        told.tell_all(&Changes::All);
        waited += PATIENCE;
    }
    Err(Error::Unusable(format!("the change feed was not read within {} s", LOST.as_secs())))
}

fn change(row: &QueryResult) -> Result<Change, sea_orm::DbErr> {
    Ok(Change {
        position: row.try_get_by_index(0)?,
        site: SiteId::from_uuid(row.try_get_by_index(1)?),
        object: row.try_get_by_index(2)?,
    })
}
