//! What the key plane is like, without a look at any record.

use crate::keys::{CHUNK, Wrapped, wrapped_of};
use crate::{Error, Inner, Record, Vault};
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
    /// The earliest day of review of a hold.
    pub review_at: Option<Instant>,
    /// How many holds one person alone has placed.
    pub held_by_one: u64,
    /// When one person alone has decided a disclosure, the last time.
    pub disclosed_by_one: Option<Instant>,
}

/// What a rehearsal found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// How many wrapped keys open.
    pub sound: u64,
    /// How many do not.
    pub broken: u64,
    /// The first of those.
    pub first_broken: Option<Record>,
}

impl Vault {
    /// Whether nothing can be written at present: a full disk, for example.
    pub fn is_failing(&self) -> bool {
        self.0.db.is_failing()
    }

    /// Writes what changes nothing, so that [`Vault::is_failing`] tells how it is now: where no form is sent, nobody would find out
    /// that the disk has room again.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn try_to_write(&self) -> Result<(), Error> {
        Ok(self.0.db.try_to_write().await?)
    }

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
                (SELECT COUNT(*) FROM hold) AS held, (SELECT MIN(review_at) FROM hold) AS review_at,
                (SELECT COUNT(*) FROM hold WHERE placed_by = asked_by) AS held_by_one,
                (SELECT MAX(decided_at) FROM disclosure WHERE decided_by = asked_by) AS disclosed_by_one
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
            review_at: row.try_get::<Option<i64>>("", "review_at")?.map(Instant::from_micros),
            held_by_one: count("held_by_one")?,
            disclosed_by_one: row.try_get::<Option<i64>>("", "disclosed_by_one")?.map(Instant::from_micros),
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
            let mut doubtful = Vec::new();
            for row in &rows {
                let row = Wrapped::read(row)?;
                if self.0.opens(&row) { found.sound += 1 } else { doubtful.push(row.record) }
            }
            self.try_again(&doubtful, &mut found).await?;
            progress(found.sound + found.broken);
        }
    }

    /// What did not open may have been moved to a new epoch, or destroyed, while it was read.
    async fn try_again(&self, doubtful: &[Record], found: &mut Rehearsal) -> Result<(), Error> {
        if doubtful.is_empty() {
            return Ok(());
        }
        for attempt in 0..3 {
            self.0.epochs.reload(self.0.db.read()).await?;
            let mut rows = Vec::new();
            for chunk in doubtful.chunks(CHUNK) {
                rows.extend(wrapped_of(self.0.db.read(), chunk).await?);
            }
            let broken: Vec<_> = rows.iter().filter(|row| !self.0.opens(row)).collect();
            if broken.is_empty() || attempt == 2 {
                found.broken += broken.len() as u64;
                found.sound += (rows.len() - broken.len()) as u64;
                found.first_broken = found.first_broken.or_else(|| broken.iter().map(|row| row.record).min());
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Inner {
    fn opens(&self, row: &Wrapped) -> bool {
        matches!(self.epochs.unwrap_record(row.record, row.version, row.epoch, &row.bytes), Some(Ok(_)))
    }
}
