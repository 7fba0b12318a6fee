//! The one place where submissions end. Every path that erases comes here: the sweep, the person, the staff.
//!
//! - First the intent is a line of the log.
//! - Then the keys are destroyed: the point of no return, one transaction of the key plane, which asks holds and locks once more.
//! - Then the sealed bytes go, and what was remembered of them; the submission says that it is erased.
//! - Then the write-ahead log is emptied, so that no file keeps the bytes.
//! - At last the log says that it is done.
//!
//! A process killed anywhere goes on where it was: what is between the second and the last is noted in the key plane.
//! No key needs to open for any of that: one that is damaged, or gone already, only leaves the lines without a name.

mod part;

pub(crate) use part::Part;

use crate::life::Cause;
use crate::submission::Submission;
use crate::{Error, Retention};
use bonafide_ledger::{Leaf, leaf};
use bonafide_model::Instant;
use bonafide_model::access::Actor;
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_storage::statement::naming;
use bonafide_storage::{Sql, Tx, replay};
use bonafide_vault::{Destruction, Outcome, Pending, RecordKeys};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, QueryResult};
use std::collections::HashMap;
use std::sync::Arc;

/// How many submissions one pass takes.
pub(crate) const BATCH: usize = 250;
/// How many are brought to their end by one emptying of the write-ahead log, for which those who write wait.
const SETTLED: u32 = 1000;

/// A submission that is to be erased, and why.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The submission, as it was when that was decided.
    pub submission: Submission,
    /// Why.
    pub cause: Cause,
    /// The version of the rules on which the decision stands.
    pub rules: Option<i64>,
}

impl Cause {
    /// Its name in columns and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Subject => "subject_request",
            Self::Staff => "staff",
        }
    }
}

impl Retention {
    /// Erases submissions. When this returns nothing can open those that are `Destroyed` (or `Gone` before), and they
    /// say that they are erased. Outcomes are in the order asked.
    ///
    /// # Errors
    /// If something cannot be written. What was destroyed by then stays destroyed, and is finished later.
    pub async fn erase(&self, by: Actor, wanted: &[Wanted], now: Instant) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(wanted.len());
        for batch in wanted.chunks(BATCH) {
            outcomes.extend(self.erase_batch(by, batch, now).await?);
        }
        self.unsettled.notify_one();
        Ok(outcomes)
    }

    async fn erase_batch(&self, by: Actor, wanted: &[Wanted], now: Instant) -> Result<Vec<Outcome>, Error> {
        let ids: Vec<_> = wanted.iter().map(|wanted| wanted.submission.id).collect();
        let objects = self.objects(&ids).await?;
        self.intend(by, wanted, &objects, now).await?;
        let asked = wanted.iter().map(|wanted| Destruction {
            record: wanted.submission.id.uuid(),
            version: wanted.rules,
            by_the_person: wanted.cause == Cause::Subject,
            cause: wanted.cause.name(),
            object: objects.get(&wanted.submission.id).copied(),
        });
        let outcomes = self.vault.destroy(asked.collect(), now).await?;
        let gone = wanted.iter().zip(&outcomes).filter(|(_, outcome)| is_gone(**outcome));
        let gone: Vec<_> = gone.map(|(wanted, _)| (wanted.submission.id, wanted.cause.name().to_owned())).collect();
        self.remove(gone, now).await?;
        Ok(outcomes)
    }

    /// The names of submissions in the log, of those whose salts are there and can be read.
    async fn objects(&self, ids: &[SubmissionId]) -> Result<HashMap<SubmissionId, [u8; 32]>, Error> {
        let records: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let keys = self.vault.keys_many(&records).await?;
        let named = keys.iter().map(|keys| {
            let id = SubmissionId::from_uuid(RecordKeys::record(keys));
            (id, leaf::object(keys.salt(), &id.to_string()))
        });
        Ok(named.collect())
    }

    async fn intend(
        &self,
        by: Actor,
        wanted: &[Wanted],
        objects: &HashMap<SubmissionId, [u8; 32]>,
        now: Instant,
    ) -> Result<(), Error> {
        let lines = wanted.iter().map(|wanted| {
            let line = Leaf {
                object: objects.get(&wanted.submission.id).copied(),
                revision: wanted.submission.policy.as_ref().map(|policy| policy.digest),
                rule: Some(wanted.cause.name().to_owned()),
                old: Some(wanted.submission.state.name()),
                new: Some("erasing"),
                ..Leaf::new(leaf::Kind::EraseIntent, now, by)
            };
            (wanted.submission.site, line)
        });
        self.append(lines.collect()).await
    }

    async fn append(&self, lines: Vec<(SiteId, Leaf)>) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let lines = Arc::new(lines);
        let write = self.db.write(move |tx| {
            let lines = Arc::clone(&lines);
            async move {
                for (site, line) in lines.iter() {
                    leaf::append(tx, *site, line);
                }
                Ok(())
            }
            .boxed()
        });
        write.await
    }

    /// Deletes the sealed bytes of submissions whose keys are gone, and all that was remembered of them.
    async fn remove(&self, gone: Vec<(SubmissionId, String)>, now: Instant) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        let gone = Arc::new(gone);
        let write = self.db.write(move |tx| {
            let gone = Arc::clone(&gone);
            async move { remove(tx, &gone, now).await }.boxed()
        });
        write.await
    }

    /// Finishes erasures whose keys are gone: those of a process that was killed, and the traces in files of all.
    /// Gives how many.
    ///
    /// # Errors
    /// If something cannot be written; it is tried again.
    pub async fn settle(&self, now: Instant) -> Result<usize, Error> {
        let mut settled = 0;
        loop {
            let pending = self.vault.pending(SETTLED).await?;
            if pending.is_empty() {
                return Ok(settled);
            }
            self.remove(self.left(&pending).await?, now).await?;
            self.db.scrub().await?;
            self.say_done(&pending, now).await?;
            self.vault.settled(pending.iter().map(|pending| pending.record).collect(), now).await?;
            settled += pending.len();
        }
    }

    /// Those of which something is left in the data.
    async fn left(&self, pending: &[Pending]) -> Result<Vec<(SubmissionId, String)>, Error> {
        let records: Vec<_> = pending.iter().map(|pending| pending.record).collect();
        let head = "SELECT id FROM submission WHERE state NOT IN ('erased', 'final') AND id IN";
        let left = self.among(&records, head).await?;
        let left = pending.iter().filter(|pending| left.contains(&pending.record));
        Ok(left.map(|pending| (SubmissionId::from_uuid(pending.record), pending.cause.clone())).collect())
    }

    async fn say_done(&self, pending: &[Pending], now: Instant) -> Result<(), Error> {
        let pending = Arc::new(pending.to_vec());
        let write = self.db.write(move |tx| {
            let pending = Arc::clone(&pending);
            async move { say_done(tx, &pending, now).await }.boxed()
        });
        write.await
    }

    /// Says of erased submissions that no key exists any more that could have opened them: those destroyed before the
    /// oldest epoch that is alive. Gives how many.
    ///
    /// # Errors
    /// If something cannot be written; it is tried again.
    pub async fn finalise(&self, now: Instant) -> Result<usize, Error> {
        let ripe = self.vault.ripe(u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
        if ripe.is_empty() {
            return Ok(0);
        }
        let (count, records) = (ripe.len(), ripe.iter().map(|ripe| ripe.record).collect());
        let ripe = Arc::new(ripe);
        let write = self.db.write(move |tx| {
            let ripe = Arc::clone(&ripe);
            async move { say_final(tx, &ripe, now).await }.boxed()
        });
        write.await?;
        self.vault.forget(records).await?;
        Ok(count)
    }
}

const fn is_gone(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Destroyed | Outcome::Gone)
}

async fn remove(tx: &Tx, gone: &[(SubmissionId, String)], now: Instant) -> Result<(), Error> {
    let ids: Vec<_> = gone.iter().map(|gone| gone.0).collect();
    for head in ["DELETE FROM submission_sealed WHERE submission_id IN", "DELETE FROM reading WHERE submission_id IN"] {
        tx.execute_raw(naming(tx, head, ids.iter().map(|id| id.uuid()))).await?;
    }
    replay::forget_all(tx, ids.iter().map(|id| object_key(*id))).await?;
    let mut causes: Vec<_> = gone.iter().map(|gone| gone.1.as_str()).collect();
    causes.sort_unstable();
    causes.dedup();
    for cause in causes {
        let of_cause = gone.iter().filter(|gone| gone.1 == cause).map(|gone| gone.0.uuid());
        let mut update = Sql::new("UPDATE submission SET state = 'erased', locked_until = NULL, erased_at = ");
        update.bind(now.micros()).push(", erase_cause = ").bind(cause);
        update.push(" WHERE state NOT IN ('erased', 'final') AND id IN ").list(of_cause);
        tx.execute_raw(update.on(tx)).await?;
    }
    Ok(())
}

/// The name under which what was remembered of a submission falls with it.
pub fn object_key(id: SubmissionId) -> String {
    format!("submission/{id}")
}

async fn say_done(tx: &Tx, pending: &[Pending], now: Instant) -> Result<(), Error> {
    // only those that have not said so yet: a process killed after this transaction says it once
    let mut update = Sql::new("UPDATE submission SET scrubbed_at = ");
    update.bind(now.micros()).push(" WHERE scrubbed_at IS NULL AND id IN ");
    let sites = change(tx, update, pending).await?;
    for pending in pending {
        let Some(site) = sites.get(&pending.record) else { continue };
        let line = Leaf {
            object: pending.object,
            rule: Some(pending.cause.clone()),
            counts: vec![1],
            old: Some("erasing"),
            new: Some("erased"),
            ..Leaf::new(leaf::Kind::EraseDone, now, Actor::System)
        };
        leaf::append(tx, *site, &line);
    }
    Ok(())
}

async fn say_final(tx: &Tx, ripe: &[Pending], now: Instant) -> Result<(), Error> {
    let mut update = Sql::new("UPDATE submission SET state = 'final', final_at = ");
    update.bind(now.micros()).push(" WHERE state = 'erased' AND id IN ");
    let sites = change(tx, update, ripe).await?;
    for ripe in ripe {
        let Some(site) = sites.get(&ripe.record) else { continue };
        let line = Leaf {
            object: ripe.object,
            old: Some("erased"),
            new: Some("final"),
            ..Leaf::new(leaf::Kind::EraseFinal, now, Actor::System)
        };
        leaf::append(tx, *site, &line);
    }
    Ok(())
}

/// Changes submissions by an `UPDATE` that ends in `IN`; gives the sites of those that it has changed.
async fn change(tx: &Tx, mut update: Sql, of: &[Pending]) -> Result<HashMap<uuid::Uuid, SiteId>, Error> {
    update.list(of.iter().map(|of| of.record)).push(" RETURNING id, site_id");
    let rows = tx.query_all_raw(update.on(tx)).await?;
    let pair = |row: &QueryResult| Ok((row.try_get("", "id")?, SiteId::from_uuid(row.try_get("", "site_id")?)));
    Ok(rows.iter().map(pair).collect::<Result<_, sea_orm::DbErr>>()?)
}
