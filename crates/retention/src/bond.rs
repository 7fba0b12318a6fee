//! Keys and data that belong together. A key whose submission is not there is a stray and is cleared away, so that the
//! right keys beside the wrong data would be lost; what was lost already is not papered over with new keys.

use crate::erase::Wanted;
use crate::life::Cause;
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::access::Actor;
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_storage::{sql, statement};
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

/// How many submissions are looked at at once.
const BATCH: u64 = 500;

/// What keys and data lack of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Submissions whose keys are gone: nobody can read them.
    pub submissions: u64,
    /// Of those, how many a legal hold keeps as they are.
    pub held: u64,
    /// Keys, at least an hour old, whose submissions are gone.
    pub keys: u64,
}

impl Retention {
    /// Refuses keys that do not belong to the data of this site; new keys and new data are bound to each other.
    ///
    /// # Errors
    /// [`Error::OtherData`] and [`Error::Apart`]; then nothing was changed.
    pub async fn bind(&self, site: SiteId) -> Result<(), Error> {
        self.belong_together(site).await?;
        agree(self.vault.bind(site.uuid()).await?, site)
    }

    /// What [`Retention::bind`] asks; changes nothing.
    ///
    /// # Errors
    /// [`Error::OtherData`] and [`Error::Apart`].
    pub async fn belong_together(&self, site: SiteId) -> Result<(), Error> {
        if let Some(recorded) = self.vault.bound_to().await? {
            return agree(recorded, site);
        }
        let newest = self.newest().await?;
        let (keys, missing) = (self.vault.status().await?.records, self.vault.examine(&newest).await?.missing);
        if missing.len() == newest.len() && (keys > 0 || !newest.is_empty()) {
            return Err(Error::Apart { submissions: self.count_live().await?, keys });
        }
        Ok(())
    }

    /// What keys and data lack of each other; changes nothing.
    ///
    /// # Errors
    /// [`Error::OtherData`], or if something cannot be read.
    pub async fn losses(&self, site: SiteId, now: Instant) -> Result<Losses, Error> {
        self.refuse_other(site).await?;
        let mut losses = Losses { keys: self.strays(now).await?.len() as u64, ..Losses::default() };
        let mut after = Uuid::nil();
        while let Some(missing) = self.without_keys(&mut after).await? {
            let found = self.by_ids(&missing).await?;
            let held = found.iter().filter(|found| found.held).count() as u64;
            losses.held += held;
            losses.submissions += found.len() as u64 - held;
        }
        Ok(losses)
    }

    /// Goes on without what was lost: keys and data are bound to each other, keys without a submission are deleted, and
    /// submissions without keys are erased, save for those that are held. Gives what that was.
    ///
    /// # Errors
    /// [`Error::OtherData`], or if something cannot be read or written; it can be done again.
    pub async fn accept_loss(&self, site: SiteId, now: Instant) -> Result<Losses, Error> {
        agree(self.vault.bind(site.uuid()).await?, site)?;
        let records = self.strays(now).await?;
        let mut losses = Losses { keys: self.delete_strays(&records).await?, ..Losses::default() };
        let mut after = Uuid::nil();
        while let Some(missing) = self.without_keys(&mut after).await? {
            let found = self.by_ids(&missing).await?;
            let (held, gone): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.held);
            let wanted = |submission| Wanted { submission, cause: Cause::Staff, rules: None };
            let gone: Vec<_> = gone.into_iter().map(wanted).collect();
            self.erase(Actor::Operator, &gone, now).await?;
            losses.held += held.len() as u64;
            losses.submissions += gone.len() as u64;
        }
        self.settle(now).await?;
        Ok(losses)
    }

    async fn refuse_other(&self, site: SiteId) -> Result<(), Error> {
        self.vault.bound_to().await?.map_or(Ok(()), |recorded| agree(recorded, site))
    }

    /// Those of the next live submissions that have no keys, and moves on; `None` after the last.
    async fn without_keys(&self, after: &mut Uuid) -> Result<Option<Vec<SubmissionId>>, Error> {
        let ids = self.live_after(*after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(None) };
        *after = *last;
        let missing = self.vault.examine(&ids).await?.missing;
        Ok(Some(missing.into_iter().map(SubmissionId::from_uuid).collect()))
    }

    /// Submissions that are not erased, after one, in the order of their ids.
    pub(crate) async fn live_after(&self, after: Uuid, limit: u64) -> Result<Vec<Uuid>, Error> {
        let select = "SELECT id FROM submission WHERE id > $1 AND state IN ('received', 'open', 'fulfilled', 'due')
            ORDER BY id LIMIT $2";
        self.ids(select, after, limit).await
    }

    async fn newest(&self) -> Result<Vec<Uuid>, Error> {
        let select = "SELECT id FROM submission WHERE id < $1 AND state IN ('received', 'open', 'fulfilled', 'due')
            ORDER BY id DESC LIMIT $2";
        self.ids(select, Uuid::max(), BATCH).await
    }

    async fn ids(&self, select: &'static str, bound: Uuid, limit: u64) -> Result<Vec<Uuid>, Error> {
        let db = self.db.read();
        let rows = db.query_all_raw(sql(db, select, [bound.into(), statement::limit(limit)])).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }

    async fn count_live(&self) -> Result<u64, Error> {
        let db = self.db.read();
        let select = "SELECT COUNT(*) FROM submission WHERE state IN ('received', 'open', 'fulfilled', 'due')";
        Ok(statement::count(db, sql(db, select, [])).await?)
    }
}

fn agree(recorded: Uuid, site: SiteId) -> Result<(), Error> {
    if recorded == site.uuid() { Ok(()) } else { Err(Error::OtherData { recorded, given: site.uuid() }) }
}
