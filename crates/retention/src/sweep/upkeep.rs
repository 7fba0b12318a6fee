//! What the key plane needs now and then: strays cleared, ended permissions dropped, the index and the epochs renewed.

use crate::submission::{Column, read, select};
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::id::SubmissionId;
use bonafide_vault::{SealedAddress, rotate};
use sea_orm::{ConnectionTrait as _, Statement, Value};
use std::collections::{HashMap, HashSet};

/// How much is taken at once.
const BATCH: u32 = 250;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Keys without a submission that were deleted.
    pub strays: u64,
    /// Permissions that had ended.
    pub permissions: u64,
    /// Records that got a tag of the newest key of the index.
    pub retagged: u64,
    /// Erasures that became final.
    pub finalised: u64,
    /// Keys that were wrapped under a new epoch; `None` if it was not time for one.
    pub rotated: Option<u64>,
}

impl Retention {
    /// Does what is to be done. It can be killed anywhere, and be done by several processes.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub async fn look_after_keys(&self, now: Instant) -> Result<Upkeep, Error> {
        let mut done = Upkeep::default();
        let status = self.vault.status().await?;
        if now.since(status.epoch_began_at) >= rotate::DAY {
            done.rotated = Some(self.vault.rotate(now, |_| ()).await?.moved);
        } else if status.outdated > 0 || status.epochs > 1 {
            done.rotated = Some(self.vault.finish_rotation(|_| ()).await?.moved);
        }
        done.strays = self.clear_strays(now).await?;
        done.permissions = self.drop_permissions(now).await?;
        self.vault.renew_index(now).await?;
        done.retagged = self.retag().await?;
        self.vault.end_index().await?;
        loop {
            let finalised = self.finalise(now).await?;
            done.finalised += finalised as u64;
            if finalised == 0 {
                return Ok(done);
            }
        }
    }

    async fn clear_strays(&self, now: Instant) -> Result<u64, Error> {
        let mut cleared = 0;
        loop {
            let fresh = self.vault.fresh(now, BATCH).await?;
            if fresh.is_empty() {
                return Ok(cleared);
            }
            let there = self.there(&fresh).await?;
            let strays = self.vault.confirm_fresh(&fresh, &there).await?;
            if strays > 0 {
                tracing::warn!(keys.deleted = strays, "Keys without a submission were deleted");
            }
            cleared += strays;
        }
    }

    async fn there(&self, records: &[uuid::Uuid]) -> Result<HashSet<uuid::Uuid>, Error> {
        let rows = self.db.read().query_all_raw(self.naming("SELECT id FROM submission WHERE id IN", records)).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }

    /// A statement that ends in a list; an empty one is written as PostgreSQL wants it.
    fn naming(&self, head: &str, records: &[uuid::Uuid]) -> Statement {
        let marks: Vec<_> = (1..=records.len()).map(|number| format!("${number}")).collect();
        let list = if marks.is_empty() { "NULL".to_owned() } else { marks.join(", ") };
        let text = format!("{head} ({list})");
        let values = records.iter().map(|record| Value::from(*record));
        Statement::from_sql_and_values(self.db.read().get_database_backend(), text, values)
    }

    async fn drop_permissions(&self, now: Instant) -> Result<u64, Error> {
        let mut dropped = 0;
        loop {
            let ended = self.vault.expired_permissions(now, BATCH).await?;
            if ended.is_empty() {
                return Ok(dropped);
            }
            for (record, r#use) in ended {
                match self.vault.withdraw(record, &r#use).await {
                    Ok(_) | Err(bonafide_vault::Error::Gone) => dropped += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    async fn retag(&self) -> Result<u64, Error> {
        let mut moved = 0;
        loop {
            let outdated = self.vault.outdated_tags(BATCH).await?;
            if outdated.is_empty() {
                return Ok(moved);
            }
            let head = select!("WHERE s.id IN");
            let rows = self.db.read().query_all_raw(self.naming(head, &outdated)).await?;
            let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            let mut envelopes = self.addresses(&outdated).await?;
            let by_id: HashMap<_, _> = found.iter().map(|found| (found.id.uuid(), found)).collect();
            let sealed: Vec<_> = outdated
                .iter()
                .map(|record| {
                    let place = by_id.get(record).zip(envelopes.remove(record));
                    let place = place.map(|(found, envelope)| (found.context(Column::Address), envelope));
                    SealedAddress { record: *record, place }
                })
                .collect();
            self.vault.retag(&sealed).await?;
            moved += sealed.len() as u64;
        }
    }

    /// The sealed addresses of submissions that have one.
    pub(crate) async fn addresses(&self, records: &[uuid::Uuid]) -> Result<HashMap<uuid::Uuid, Vec<u8>>, Error> {
        let head =
            "SELECT submission_id, address FROM submission_sealed WHERE address IS NOT NULL AND submission_id IN";
        let rows = self.db.read().query_all_raw(self.naming(head, records)).await?;
        let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "submission_id")?, row.try_get("", "address")?));
        Ok(rows.iter().map(pair).collect::<Result<_, sea_orm::DbErr>>()?)
    }

    /// Submissions by their ids, those that are there.
    pub(crate) async fn by_ids(&self, ids: &[SubmissionId]) -> Result<Vec<crate::submission::Submission>, Error> {
        let records: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = self.db.read().query_all_raw(self.naming(select!("WHERE s.id IN"), &records)).await?;
        rows.iter().map(read).collect()
    }
}
