//! Keys whose record never came to be: written first, and then the process was killed or the data refused.

use crate::{Error, Record, Vault};
use bonafide_model::Instant;
use bonafide_storage::sql;
use bonafide_storage::statement::naming;
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How old a fresh row must be before it is asked about: far older than any request can be under way.
pub const AGE: Duration = Duration::from_hours(1);

/// A fresh row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// When it was written.
    pub since: Instant,
    /// Whose it is.
    pub record: Record,
}

impl Vault {
    /// Fresh records older than [`AGE`], at most `limit`, after one of them.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn fresh(&self, now: Instant, after: Option<Fresh>, limit: u32) -> Result<Vec<Fresh>, Error> {
        let db = self.0.db.read();
        let select = "SELECT record, fresh_since FROM record_key WHERE fresh_since < $1
            AND (fresh_since, record) > ($2, $3) ORDER BY fresh_since, record LIMIT $4";
        let (since, record) = after.map_or((i64::MIN, Record::nil()), |fresh| (fresh.since.micros(), fresh.record));
        let values = [now.minus(AGE).micros().into(), since.into(), record.into(), i64::from(limit).into()];
        let rows = db.query_all_raw(sql(db, select, values)).await?;
        let read = |row: &sea_orm::QueryResult| {
            let since = Instant::from_micros(row.try_get("", "fresh_since")?);
            Ok(Fresh { since, record: row.try_get("", "record")? })
        };
        Ok(rows.iter().map(read).collect::<Result<_, sea_orm::DbErr>>()?)
    }

    /// Says of fresh records which are there: those are fresh no longer, and the keys of the others are deleted.
    /// Gives how many that were. Give at most a few hundred.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn confirm_fresh(&self, asked: &[Record], there: &HashSet<Record>) -> Result<u64, Error> {
        if asked.is_empty() {
            return Ok(0);
        }
        let (kept, strays): (Vec<_>, Vec<_>) = asked.iter().partition(|record| there.contains(record));
        let both: Arc<(Vec<Record>, Vec<Record>)> = Arc::new((kept, strays));
        self.0
            .write(move |_, tx| {
                let both = Arc::clone(&both);
                async move {
                    let (kept, strays) = &*both;
                    if !kept.is_empty() {
                        let update = "UPDATE record_key SET fresh_since = NULL WHERE record IN";
                        tx.execute_raw(naming(tx, update, kept.iter().copied())).await?;
                    }
                    if strays.is_empty() {
                        return Ok(0);
                    }
                    for table in
                        ["tag_even", "tag_odd", "permission", "rights_lock", "hold", "hold_request", "disclosure"]
                    {
                        let delete = format!("DELETE FROM {table} WHERE record IN");
                        tx.execute_raw(naming(tx, &delete, strays.iter().copied())).await?;
                    }
                    let delete = "DELETE FROM record_key WHERE fresh_since IS NOT NULL AND record IN";
                    Ok(tx.execute_raw(naming(tx, delete, strays.iter().copied())).await?.rows_affected())
                }
                .boxed()
            })
            .await
    }
}
