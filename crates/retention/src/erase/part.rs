//! Parts of submissions that end while a permission keeps the rest. The steps are those of an erasure: intent, keys, sealed
//! bytes, files, done. That it is done is said, and the next end set, last: a process killed before does it all again.

use super::BATCH;
use crate::life::{Cause, Group, Groups};
use crate::submission::Submission;
use crate::{Error, Retention};
use bonafide_ledger::{Leaf, leaf};
use bonafide_model::Instant;
use bonafide_model::access::Actor;
use bonafide_model::id::SubmissionId;
use bonafide_storage::statement::naming;
use bonafide_storage::{Tx, sql};
use bonafide_vault::{Outcome, Reduction};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::collections::HashMap;
use std::sync::Arc;

/// A submission of which a part ends.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The submission, as it was when that was decided.
    pub(crate) submission: Submission,
    /// What ends.
    pub(crate) ended: Groups,
    /// The version of the rules on which the decision stands.
    pub(crate) rules: Option<i64>,
    /// When something of the rest ends.
    pub(crate) ends_at: Instant,
}

type Objects = HashMap<SubmissionId, [u8; 32]>;

impl Retention {
    /// Destroys parts of submissions. Outcomes are in the order asked.
    pub(crate) async fn erase_parts(&self, parts: &[Part], now: Instant) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(parts.len());
        for batch in parts.chunks(BATCH) {
            outcomes.extend(self.erase_some_parts(batch, now).await?);
        }
        Ok(outcomes)
    }

    async fn erase_some_parts(&self, parts: &[Part], now: Instant) -> Result<Vec<Outcome>, Error> {
        let ids: Vec<_> = parts.iter().map(|part| part.submission.id).collect();
        let objects = self.objects(&ids).await?;
        self.append(parts.iter().map(|part| (part.submission.site, intent(part, &objects, now))).collect()).await?;
        let asked = parts.iter().map(|part| Reduction {
            record: part.submission.id.uuid(),
            version: part.rules,
            keep: Groups::ALL.without(part.ended),
        });
        let outcomes = self.vault.destroy_groups(asked.collect(), now).await?;
        let gone = parts.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Destroyed);
        let gone: Arc<Vec<_>> = Arc::new(gone.map(|(part, _)| part.clone()).collect());
        if gone.is_empty() {
            return Ok(outcomes);
        }
        let (blanked, objects) = (Arc::clone(&gone), Arc::new(objects));
        let write = self.db.write(move |tx| {
            let parts = Arc::clone(&blanked);
            async move { blank(tx, &parts).await }.boxed()
        });
        write.await?;
        self.db.scrub().await?;
        let write = self.db.write(move |tx| {
            let (parts, objects) = (Arc::clone(&gone), Arc::clone(&objects));
            async move { say_done(tx, &parts, &objects, now).await }.boxed()
        });
        write.await?;
        Ok(outcomes)
    }
}

fn intent(part: &Part, objects: &Objects, now: Instant) -> Leaf {
    Leaf {
        object: objects.get(&part.submission.id).copied(),
        revision: part.submission.policy.as_ref().map(|policy| policy.digest),
        rule: Some(Cause::Schedule.name().to_owned()),
        old: Some(part.submission.state.name()),
        new: Some("reducing"),
        ..Leaf::new(leaf::Kind::EraseIntent, now, Actor::System)
    }
}

/// Deletes the sealed bytes of groups whose keys are gone.
async fn blank(tx: &Tx, parts: &[Part]) -> Result<(), Error> {
    for (group, head) in [
        (Group::Contact, "UPDATE submission_sealed SET contact = NULL, address = NULL WHERE submission_id IN"),
        (Group::Message, "UPDATE submission_sealed SET message = NULL WHERE submission_id IN"),
    ] {
        let ended = parts.iter().filter(|part| part.ended.has(group));
        let ids: Vec<_> = ended.map(|part| part.submission.id.uuid()).collect();
        if !ids.is_empty() {
            tx.execute_raw(naming(tx, head, ids)).await?;
        }
    }
    Ok(())
}

async fn say_done(tx: &Tx, parts: &[Part], objects: &Objects, now: Instant) -> Result<(), Error> {
    for part in parts {
        let id = part.submission.id;
        // erased meanwhile, it says so itself
        let update =
            "UPDATE submission SET state = 'due', ends_at = $2 WHERE id = $1 AND state NOT IN ('erased', 'final')";
        let done = tx.execute_raw(sql(tx, update, [id.uuid().into(), part.ends_at.micros().into()])).await?;
        if done.rows_affected() == 0 {
            continue;
        }
        let line = Leaf {
            object: objects.get(&id).copied(),
            rule: Some(Cause::Schedule.name().to_owned()),
            counts: vec![1],
            old: Some("reducing"),
            new: Some("due"),
            ..Leaf::new(leaf::Kind::EraseDone, now, Actor::System)
        };
        leaf::append(tx, part.submission.site, &line);
    }
    Ok(())
}
