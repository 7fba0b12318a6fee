//! Keys without a submission: written first, and then the process was killed. These are few; many are a sign that the data
//! are other ones than those the keys belong to, or older.

use super::guard::wants_confirmation;
use crate::{Error, Retention};
use bonafide_model::Instant;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// How many keys are asked about at once.
const BATCH: u32 = 250;
/// How many strays are taken at once.
const MOST: usize = 100_000;

/// Keys without a submission.
pub(crate) struct Strays {
    /// The records.
    pub(crate) records: Vec<Uuid>,
    /// How many keys there are in all.
    pub(crate) of: u64,
}

impl Retention {
    /// Looks for keys without a submission. Deletes nothing; that the others have one is noted.
    pub(crate) async fn strays(&self, now: Instant) -> Result<Strays, Error> {
        let mut strays = Strays { records: Vec::new(), of: self.vault.status().await?.records };
        let mut after = None;
        loop {
            let fresh = self.vault.fresh(now, after, BATCH).await?;
            let Some(last) = fresh.last() else { return Ok(strays) };
            after = Some(*last);
            let asked: Vec<_> = fresh.into_iter().map(|fresh| fresh.record).collect();
            let there = self.there(&asked).await?;
            let (kept, missing): (Vec<_>, Vec<_>) = asked.into_iter().partition(|record| there.contains(record));
            self.vault.confirm_fresh(&kept, &there).await?;
            strays.records.extend(missing);
            if strays.records.len() >= MOST {
                return Ok(strays);
            }
        }
    }

    /// Deletes them if they are few.
    pub(crate) async fn clear_strays(&self, now: Instant) -> Result<u64, Error> {
        let Strays { records, of } = self.strays(now).await?;
        let count = records.len() as u64;
        let many = wants_confirmation(count, of);
        self.found.strays.store(if many { count } else { 0 }, Ordering::Relaxed);
        if many {
            tracing::error!(
                keys.without_submissions = count,
                keys.all = of,
                "Many keys have no submission and are kept: are these the data that belong to the keys? If what they \
                 opened is lost for good, see: bonafide keys accept-loss --help"
            );
            return Ok(0);
        }
        self.delete_strays(&records).await
    }

    pub(crate) async fn delete_strays(&self, records: &[Uuid]) -> Result<u64, Error> {
        let mut deleted = 0;
        for records in records.chunks(BATCH as usize) {
            // asked once more, for what came meanwhile
            deleted += self.vault.confirm_fresh(records, &self.there(records).await?).await?;
        }
        if deleted > 0 {
            tracing::warn!(keys.deleted = deleted, "Keys without a submission were deleted");
        }
        Ok(deleted)
    }

    async fn there(&self, records: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
        use sea_orm::ConnectionTrait as _;
        let rows = self.db.read().query_all_raw(self.naming("SELECT id FROM submission WHERE id IN", records)).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }
}
