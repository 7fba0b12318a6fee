//! What the key plane is like, without a look at any record.

use crate::keys::Wrapped;
use crate::{Error, Vault};
use bonafide_model::Instant;
use bonafide_storage::sql;
use sea_orm::ConnectionTrait as _;

/// What the key plane is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The number of the newest epoch.
    pub epoch: i64,
    /// When it began.
    pub epoch_began_at: Instant,
    /// How many epochs have a key that is not destroyed.
    pub epochs: u64,
    /// How many records have keys.
    pub records: u64,
    /// How many of them stand under an older epoch.
    pub outdated: u64,
    /// How many destroyed records wait for the rest of their erasure.
    pub pending: u64,
    /// Since when the one that waits longest does.
    pub pending_since: Option<Instant>,
    /// How many records are held.
    pub held: u64,
}

/// What a rehearsal found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// How many wrapped keys open.
    pub sound: u64,
    /// How many do not.
    pub broken: u64,
}

impl Vault {
    /// What the key plane is like now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn status(&self) -> Result<Status, Error> {
        let db = self.0.db.read();
        let select = "SELECT e.number, e.created_at, (SELECT COUNT(*) FROM epoch) AS epochs,
                (SELECT COUNT(*) FROM record_key) AS records,
                (SELECT COUNT(*) FROM record_key WHERE record_key.epoch < e.number) AS outdated,
                (SELECT COUNT(*) FROM pending WHERE settled_at IS NULL) AS pending,
                (SELECT MIN(destroyed_at) FROM pending WHERE settled_at IS NULL) AS pending_since,
                (SELECT COUNT(*) FROM hold) AS held
            FROM epoch e ORDER BY e.number DESC LIMIT 1";
        let row = db.query_one_raw(sql(db, select, [])).await?.ok_or(Error::Damaged("no epoch"))?;
        let count = |column| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Status {
            epoch: row.try_get("", "number")?,
            epoch_began_at: Instant::from_micros(row.try_get("", "created_at")?),
            epochs: count("epochs")?,
            records: count("records")?,
            outdated: count("outdated")?,
            pending: count("pending")?,
            pending_since: row.try_get::<Option<i64>>("", "pending_since")?.map(Instant::from_micros),
            held: count("held")?,
        })
    }

    /// Opens every wrapped key and changes nothing: what a rotation would meet. `progress` is told how many were tried.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn rehearse(&self, mut progress: impl FnMut(u64) + Send) -> Result<Rehearsal, Error> {
        let mut found = Rehearsal::default();
        let mut after = uuid::Uuid::nil();
        loop {
            let db = self.0.db.read();
            let select =
                "SELECT record, epoch, version, wrapped FROM record_key WHERE record > $1 ORDER BY record LIMIT 1000";
            let rows = db.query_all_raw(sql(db, select, [after.into()])).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            after = last.try_get("", "record")?;
            for row in &rows {
                let row = Wrapped::read(row)?;
                let opened = self.0.epochs.unwrap_record(row.record, row.version, row.epoch, &row.bytes);
                if matches!(opened, Some(Ok(_))) { found.sound += 1 } else { found.broken += 1 }
            }
            progress(found.sound + found.broken);
        }
    }
}
