//! What the key plane needs now and then: strays cleared, ended permissions dropped, the index and the epochs renewed.

use crate::submission::{Column, read, select};
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::id::SubmissionId;
use bonafide_storage::sql;
use bonafide_storage::statement::naming;
use bonafide_vault::{SealedAddress, Status, rotate};
use sea_orm::ConnectionTrait as _;
use std::collections::HashMap;
use std::time::Duration;

/// How much is taken at once.
const BATCH: u32 = 250;
/// How far the clocks of several machines may be apart.
const AHEAD: Duration = Duration::from_mins(5);

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

/// The first step that failed.
#[derive(Default)]
struct Failed(Option<Error>);

impl Failed {
    fn or_default<T: Default>(&mut self, outcome: Result<T, Error>) -> T {
        outcome.unwrap_or_else(|error| {
            if self.0.is_some() {
                tracing::error!(error = %error, "Another step of looking after the keys has failed");
            }
            self.0.get_or_insert(error);
            T::default()
        })
    }
}

/// Whether an epoch began so far in the future that a clock must have been wrong.
pub(super) fn is_ahead(began_at: Instant, now: Instant) -> bool {
    began_at > now.plus(AHEAD)
}

impl Retention {
    /// Does what is to be done. It can be killed anywhere, and be done by several processes. Nothing that hangs on the
    /// clock is done while that is not trusted.
    ///
    /// # Errors
    /// The first one, if something cannot be read or written; every step is tried all the same.
    pub async fn look_after_keys(&self, now: Instant) -> Result<Upkeep, Error> {
        let failing = self.vault.is_failing();
        let done = self.look_after_each(now).await;
        // last, and for certain: the status goes by it, though nothing else may have been there to be written
        let tried = if failing || self.vault.is_failing() { self.vault.try_to_write().await } else { Ok(()) };
        let done = done?;
        tried?;
        Ok(done)
    }

    async fn look_after_each(&self, now: Instant) -> Result<Upkeep, Error> {
        let mut done = Upkeep::default();
        let mut failed = Failed::default();
        let suspended = self.is_suspended().await?;
        let status = self.vault.status().await?;
        done.rotated = failed.or_default(self.renew_keys(&status, suspended, now).await);
        if !suspended && now >= status.epoch_began_at {
            done.strays = failed.or_default(self.clear_strays(status.records, now).await);
            done.permissions = failed.or_default(self.drop_permissions(now).await);
            failed.or_default(self.vault.renew_index(now).await.map_err(Error::from));
        }
        done.retagged = failed.or_default(self.retag().await);
        failed.or_default(self.vault.end_index().await.map_err(Error::from));
        done.finalised = failed.or_default(self.finalise_all(now).await);
        failed.or_default(self.go_round().await);
        failed.0.map_or(Ok(done), Err)
    }

    /// Begins a new epoch if it is time for one, or finishes what was begun.
    async fn renew_keys(&self, status: &Status, suspended: bool, now: Instant) -> Result<Option<u64>, Error> {
        let outdated = now.since(status.epoch_began_at) >= rotate::DAY || is_ahead(status.epoch_began_at, now);
        if outdated && !suspended {
            return Ok(Some(self.vault.rotate(now, |_| ()).await?.moved));
        }
        if status.outdated > 0 || status.epochs > 1 {
            return Ok(Some(self.vault.finish_rotation(|_| ()).await?.moved));
        }
        Ok(None)
    }

    /// Whether the clock jumped, as far as any site knows, and nobody has said that it is right.
    async fn is_suspended(&self) -> Result<bool, Error> {
        let db = self.db.read();
        let select = "SELECT 1 FROM retention_watch WHERE suspended_at IS NOT NULL LIMIT 1";
        Ok(db.query_one_raw(sql(db, select, [])).await?.is_some())
    }

    async fn finalise_all(&self, now: Instant) -> Result<u64, Error> {
        let mut done = 0;
        loop {
            match self.finalise(now).await? {
                0 => return Ok(done),
                finalised => done += finalised as u64,
            }
        }
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
            let db = self.db.read();
            let rows = db.query_all_raw(naming(db, select!("WHERE s.id IN"), outdated.iter().copied())).await?;
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
        let db = self.db.read();
        let rows = db.query_all_raw(naming(db, head, records.iter().copied())).await?;
        let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "submission_id")?, row.try_get("", "address")?));
        Ok(rows.iter().map(pair).collect::<Result<_, sea_orm::DbErr>>()?)
    }

    /// Submissions by their ids, those that are there.
    pub(crate) async fn by_ids(&self, ids: &[SubmissionId]) -> Result<Vec<crate::submission::Submission>, Error> {
        let db = self.db.read();
        let select = naming(db, select!("WHERE s.id IN"), ids.iter().map(|id| id.uuid()));
        let rows = db.query_all_raw(select).await?;
        rows.iter().map(read).collect()
    }
}
