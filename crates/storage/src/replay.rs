//! Answers to requests that may be repeated (`Idempotency-Key`), written in the transaction of what they made.
//!
//! Stored are an id derived from the key, a MAC of the body, and the answer sealed under a key that only
//! the Idempotency-Key yields: the table tells nothing to whoever reads it.

use crate::statement::naming;
use crate::{Error, Tx, sql};
use bonafide_model::Instant;
use sea_orm::ConnectionTrait;

/// An answer that was given before.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The MAC of the request that was answered.
    pub body_mac: Vec<u8>,
    /// The answer, sealed.
    pub answer: Vec<u8>,
}

/// Finds an answer that has not expired.
///
/// # Errors
/// If the statement fails.
pub async fn find(on: &impl ConnectionTrait, id: &[u8], now: Instant) -> Result<Option<Replay>, Error> {
    let select = "SELECT body_mac, answer FROM replay WHERE id = $1 AND expires_at > $2";
    let row = on.query_one_raw(sql(on, select, [id.to_vec().into(), now.micros().into()])).await?;
    let replay = row.map(|row| -> Result<_, sea_orm::DbErr> {
        Ok(Replay { body_mac: row.try_get_by_index(0)?, answer: row.try_get_by_index(1)? })
    });
    Ok(replay.transpose()?)
}

/// Keeps an answer. `object` is the key of what the request made: the answer falls with it.
///
/// # Errors
/// If a statement fails. If the same request was answered at the same time, the closure is run again and finds it.
pub async fn record(tx: &Tx, id: &[u8], replay: &Replay, object: &str, expires_at: Instant) -> Result<(), Error> {
    let upsert = "INSERT INTO replay (id, body_mac, answer, object, expires_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET body_mac = $2, answer = $3, object = $4, expires_at = $5";
    let (body_mac, answer) = (replay.body_mac.clone(), replay.answer.clone());
    let values = [id.to_vec().into(), body_mac.into(), answer.into(), object.into(), expires_at.micros().into()];
    tx.execute_raw(sql(tx, upsert, values)).await?;
    Ok(())
}

/// Forgets every answer that told of an object that is gone.
///
/// # Errors
/// If the statement fails.
pub async fn forget(tx: &Tx, object: &str) -> Result<(), Error> {
    forget_all(tx, [object.to_owned()]).await
}

/// The same for several objects.
///
/// # Errors
/// If the statement fails.
pub async fn forget_all(tx: &Tx, objects: impl IntoIterator<Item = String>) -> Result<(), Error> {
    tx.execute_raw(naming(tx, "DELETE FROM replay WHERE object IN", objects)).await?;
    Ok(())
}

/// Deletes what has expired.
///
/// # Errors
/// If the statement fails.
pub async fn prune(tx: &Tx, now: Instant) -> Result<u64, Error> {
    let delete = sql(tx, "DELETE FROM replay WHERE expires_at <= $1", [now.micros().into()]);
    Ok(tx.execute_raw(delete).await?.rows_affected())
}
