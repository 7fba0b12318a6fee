//! PostgreSQL: a pool, and one serializable transaction per write, run again when it clashed.

use crate::appends::{self, Append};
use crate::commits::Counter;
use crate::db::Listener;
use crate::error::{is_transient, is_uncertain};
use crate::tx::Tx;
use crate::{Error, Source, Work};
use futures_util::FutureExt as _;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel, SqlxPostgresConnector, TransactionTrait as _,
};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How often a transaction is run before the caller is told to come back later.
const ATTEMPTS: u32 = 24;
/// How many connections a node has, beside those that listen.
pub(crate) const CONNECTIONS: u32 = 8;

/// Opens a pool. Connecting gives up after five seconds, a statement after fifteen.
pub(crate) async fn pool(url: &str, connections: u32) -> Result<DatabaseConnection, Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options
        .application_name("bonafide")
        .options([
            ("statement_timeout", "15000"),
            ("lock_timeout", "10000"),
            ("idle_in_transaction_session_timeout", "60000"),
            // every statement has its index; the planner guesses from a sample how many rows it will find, and now and then
            // walks through all of a table where it should not
            ("enable_seqscan", "off"),
            ("random_page_cost", "1.1"),
            // what has no index is small here, but costs ten thousand million since it shall be avoided: enough for the
            // server to compile the statement, which takes a hundred times as long as the statement
            ("jit", "off"),
        ])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .map_err(|error| match error {
            sqlx::Error::PoolTimedOut => {
                Error::Unusable(format!("{} did not answer within five seconds", Source::Postgres(url.into())))
            }
            other => other.into(),
        })?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Runs a closure in a serializable transaction until it went through without a clash, and notes whether the database does its part.
pub(crate) async fn write<T, E, F>(
    pool: &DatabaseConnection,
    listener: &Listener,
    commits: &Counter,
    work: F,
) -> Result<T, E>
where
    F: for<'t> Fn(&'t Tx) -> Work<'t, T, E> + Send + Sync,
    E: From<Error>,
{
    let noted = |error: Error| {
        if error.is_outage() {
            commits.lost();
        }
        E::from(error)
    };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(pause(attempt)).await;
        }
        let begun = pool.begin_with_config(Some(IsolationLevel::Serializable), None).await;
        let tx = Tx::new(begun.map_err(|error| noted(error.into()))?);
        let Ok(result) = AssertUnwindSafe(async { work(&tx).await }).catch_unwind().await else {
            return Err(Error::Panicked.into());
        };
        let again = tx.wants_again();
        let (inner, trace) = tx.into_parts();
        let writes = trace.writes();
        match result {
            Ok(value) => match commit(inner, trace.appends).await {
                Ok(()) => {
                    commits.count(writes);
                    listener.tell(&trace.changes);
                    return Ok(value);
                }
                Err(Error::Statement(error)) if is_transient(&error) => {}
                Err(error) => return Err(noted(error)),
            },
            Err(error) => {
                if trace.outage.is_some() {
                    commits.lost();
                }
                inner.rollback().await.map_err(|error| noted(error.into()))?;
                if !again {
                    return Err(error);
                }
            }
        }
    }
    Err(Error::Contended.into())
}

/// A connection that is lost before the COMMIT keeps nothing; one that is lost during it may have kept everything.
async fn commit(transaction: DatabaseTransaction, appends: Vec<Append>) -> Result<(), Error> {
    appends::flush(&transaction, appends).await?;
    let uncertain = |error: DbErr| if is_uncertain(&error) { Error::Uncertain(error) } else { error.into() };
    transaction.commit().await.map_err(uncertain)
}

/// Waits longer each time, at random, so that those who clashed do not meet again.
fn pause(attempt: u32) -> Duration {
    let most = 1000 * 2_u64.saturating_pow(attempt.min(7));
    // every RandomState has random keys of its own: enough for a jitter
    Duration::from_micros(RandomState::new().hash_one(attempt) % most)
}
