//! Keys whose record never came to be: written first, and then the process was killed or the data refused.

use crate::keys::naming;
use crate::{Error, Record, Vault};
use bonafide_model::Instant;
use bonafide_storage::sql;
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How old a fresh row must be before it is asked about: far older than any request can be under way.
pub const AGE: Duration = Duration::from_hours(1);

impl Vault {
    /// Fresh records older than [`AGE`], at most `limit`.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn fresh(&self, now: Instant, limit: u32) -> Result<Vec<Record>, Error> {
        let db = self.0.db.read();
        let select = "SELECT record FROM record_key WHERE fresh_since < $1 ORDER BY fresh_since LIMIT $2";
        let rows = db.query_all_raw(sql(db, select, [now.minus(AGE).micros().into(), i64::from(limit).into()])).await?;
        Ok(rows.iter().map(|row| row.try_get("", "record")).collect::<Result<_, _>>()?)
    }

    /// Says of fresh records which are there: those are fresh no longer, and the keys of the others are deleted.
    /// Gives how many that were. Give at most a few hundred.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn confirm_fresh(&self, asked: &[Record], there: &HashSet<Record>) -> Result<u64, Error> {
        let (kept, strays): (Vec<_>, Vec<_>) = asked.iter().partition(|record| there.contains(record));
        let both: Arc<(Vec<Record>, Vec<Record>)> = Arc::new((kept, strays));
        self.0
            .write(move |_, tx| {
                let both = Arc::clone(&both);
                async move {
                    let (kept, strays) = &*both;
                    if !kept.is_empty() {
                        let update = "UPDATE record_key SET fresh_since = NULL WHERE record IN";
                        tx.execute_raw(naming(tx, update, kept, "")).await?;
                    }
                    if strays.is_empty() {
                        return Ok(0);
                    }
                    for table in ["tag_even", "tag_odd", "permission", "rights_lock", "hold", "hold_request"] {
                        let delete = format!("DELETE FROM {table} WHERE record IN");
                        tx.execute_raw(naming(tx, &delete, strays, "")).await?;
                    }
                    let delete =
                        naming(tx, "DELETE FROM record_key WHERE record IN", strays, "AND fresh_since IS NOT NULL");
                    Ok(tx.execute_raw(delete).await?.rows_affected())
                }
                .boxed()
            })
            .await
    }
}
