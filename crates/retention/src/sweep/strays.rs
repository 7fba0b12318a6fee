//! Keys without a submission: written first, and then the process was killed. These are few; many are a sign that the data
//! are other ones than those the keys belong to, or older.

use super::guard::wants_confirmation;
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_storage::statement::naming;
use sea_orm::ConnectionTrait as _;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// How many keys are asked about at once.
const BATCH: u32 = 250;
/// How many strays are taken at once.
const MOST: usize = 100_000;

impl Retention {
    /// The records of keys without a submission. Deletes nothing; that the others have one is noted.
    pub(crate) async fn strays(&self, now: Instant) -> Result<Vec<Uuid>, Error> {
        let mut strays = Vec::new();
        let mut after = None;
        loop {
            let fresh = self.vault.fresh(now, after, BATCH).await?;
            let Some(last) = fresh.last() else { return Ok(strays) };
            after = Some(*last);
            let asked: Vec<_> = fresh.into_iter().map(|fresh| fresh.record).collect();
            let there = self.there(&asked).await?;
            let (kept, missing): (Vec<_>, Vec<_>) = asked.into_iter().partition(|record| there.contains(record));
            self.vault.confirm_fresh(&kept, &there).await?;
            strays.extend(missing);
            if strays.len() >= MOST {
                return Ok(strays);
            }
        }
    }

    /// Deletes them if they are few of all keys, of which there are `of`.
    pub(crate) async fn clear_strays(&self, of: u64, now: Instant) -> Result<u64, Error> {
        let records = self.strays(now).await?;
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
        self.among(records, "SELECT id FROM submission WHERE id IN").await
    }

    /// Those of some records that a `SELECT id … id IN` finds in the data.
    pub(crate) async fn among(&self, records: &[Uuid], head: &str) -> Result<HashSet<Uuid>, Error> {
        let db = self.db.read();
        let rows = db.query_all_raw(naming(db, head, records.iter().copied())).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }
}
