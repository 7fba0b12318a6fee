//! Leases: which of several processes does a periodic piece of work, and proof that it still may.

use crate::{Error, Tx, sql};
use bonafide_model::Instant;
use sea_orm::ConnectionTrait as _;
use std::time::Duration;

/// A lease that is held. Its fence grows each time the lease changes hands (Kleppmann, "How to do distributed locking").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What the lease is for.
    pub name: &'static str,
    /// The number that the holder's writes carry.
    pub fence: i64,
}

/// Takes or renews a lease for `length`; `None` while another holder has it.
///
/// A lease that ends later than twice its length from now was taken by a clock that was wrong: it binds nobody.
///
/// # Errors
/// If a statement fails.
pub async fn acquire(
    tx: &Tx,
    name: &'static str,
    holder: &str,
    length: Duration,
    now: Instant,
) -> Result<Option<Lease>, Error> {
    // a holder who comes in time keeps its fence; whoever takes over gets the next one
    let upsert = "INSERT INTO lease (name, holder, fence, expires_at) VALUES ($1, $2, 1, $3)
        ON CONFLICT (name) DO UPDATE SET
            fence = CASE WHEN lease.holder = $2 AND lease.expires_at >= $4 THEN lease.fence ELSE lease.fence + 1 END,
            holder = $2, expires_at = $3
        WHERE lease.holder = $2 OR lease.expires_at < $4 OR lease.expires_at > $5
        RETURNING fence";
    let [ends, latest] = [now.plus(length), now.plus(length * 2)].map(Instant::micros);
    let values = [name.into(), holder.into(), ends.into(), now.micros().into(), latest.into()];
    let row = tx.query_one_raw(sql(tx, upsert, values)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(|fence| Lease { name, fence }))
}

/// Whether a lease is still held under the same fence. Ask in the transaction that relies on it.
///
/// # Errors
/// If the statement fails.
pub async fn is_held(tx: &Tx, lease: &Lease, now: Instant) -> Result<bool, Error> {
    let select = "SELECT 1 FROM lease WHERE name = $1 AND fence = $2 AND expires_at >= $3";
    let values = [lease.name.into(), lease.fence.into(), now.micros().into()];
    Ok(tx.query_one_raw(sql(tx, select, values)).await?.is_some())
}
