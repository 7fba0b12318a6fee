//! What this database belongs to.

use crate::{Error, Tx, sql};
use bonafide_model::Instant;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// The public id of the root key this database was made with; `None` in a new database.
///
/// # Errors
/// If the statement fails.
pub async fn root_id(on: &impl ConnectionTrait) -> Result<Option<String>, Error> {
    let row = on.query_one_raw(sql(on, "SELECT root_id FROM installation", [])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Records the root key of a new database; if another process was faster, its record stands.
///
/// # Errors
/// If the statement fails.
pub async fn record(tx: &Tx, root_id: &str, now: Instant) -> Result<(), Error> {
    let insert = "INSERT INTO installation (id, root_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
    // one row with a fixed id: two processes that start at once cannot both be first
    tx.execute_raw(sql(tx, insert, [Uuid::nil().into(), root_id.into(), now.micros().into()])).await?;
    Ok(())
}
