//! The outbox: side effects that a transaction wants, done after its commit and at least once.
//!
//! A payload is ids only, never personal data: it stays in the table until the work is done.

use crate::{Error, Tx, sql};
use bonafide_model::Instant;
use sea_orm::{ConnectionTrait as _, DbBackend};
use std::time::Duration;

/// A piece of work that is this process's until `claimed_until` of its claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, in the order of the commits that asked for it.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// For which objects, as JSON of ids.
    pub payload: String,
    /// How often it was tried before.
    pub attempts: i64,
}

/// Asks for a piece of work, in the transaction that makes it necessary.
///
/// # Errors
/// If the statement fails.
pub async fn push(tx: &Tx, kind: &str, payload: &str, due: Instant) -> Result<(), Error> {
    let insert = "INSERT INTO outbox (kind, payload, attempts, due_at) VALUES ($1, $2, 0, $3)";
    tx.execute_raw(sql(tx, insert, [kind.into(), payload.into(), due.micros().into()])).await?;
    Ok(())
}

/// Claims up to `limit` pieces of work that are due and not claimed by a live process, oldest first.
///
/// # Errors
/// If the statement fails.
pub async fn claim(tx: &Tx, holder: &str, limit: u32, length: Duration, now: Instant) -> Result<Vec<Job>, Error> {
    const POSTGRES: &str = "UPDATE outbox SET claimed_by = $1, claimed_until = $2, attempts = attempts + 1
        WHERE id IN (SELECT id FROM outbox WHERE due_at <= $3 AND (claimed_until IS NULL OR claimed_until < $3)
                     ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
        RETURNING id, kind, payload, attempts - 1";
    const SQLITE: &str = "UPDATE outbox SET claimed_by = $1, claimed_until = $2, attempts = attempts + 1
        WHERE id IN (SELECT id FROM outbox WHERE due_at <= $3 AND (claimed_until IS NULL OR claimed_until < $3)
                     ORDER BY due_at, id LIMIT $4)
        RETURNING id, kind, payload, attempts - 1";
    let update = if tx.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let values = [holder.into(), now.plus(length).micros().into(), now.micros().into(), i64::from(limit).into()];
    let rows = tx.query_all_raw(sql(tx, update, values)).await?;
    let job = |row: &sea_orm::QueryResult| -> Result<Job, sea_orm::DbErr> {
        Ok(Job {
            id: row.try_get_by_index(0)?,
            kind: row.try_get_by_index(1)?,
            payload: row.try_get_by_index(2)?,
            attempts: row.try_get_by_index(3)?,
        })
    };
    let mut jobs = rows.iter().map(job).collect::<Result<Vec<_>, _>>()?;
    jobs.sort_by_key(|job| job.id);
    Ok(jobs)
}

/// Marks a piece of work as done: it is deleted. False if the claim had run out and another process has it now.
///
/// # Errors
/// If the statement fails.
pub async fn done(tx: &Tx, id: i64, holder: &str) -> Result<bool, Error> {
    let delete = "DELETE FROM outbox WHERE id = $1 AND claimed_by = $2";
    Ok(tx.execute_raw(sql(tx, delete, [id.into(), holder.into()])).await?.rows_affected() == 1)
}

/// Gives a piece of work back, to be tried again at `due`.
///
/// # Errors
/// If the statement fails.
pub async fn give_back(tx: &Tx, id: i64, holder: &str, due: Instant) -> Result<(), Error> {
    let update =
        "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL, due_at = $3 WHERE id = $1 AND claimed_by = $2";
    tx.execute_raw(sql(tx, update, [id.into(), holder.into(), due.micros().into()])).await?;
    Ok(())
}
