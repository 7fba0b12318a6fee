//! Everything of one person, found by their e-mail address: erased, or handed over to them.

use crate::erase::Wanted;
use crate::life::Cause;
use crate::submission::{Column, Submission};
use crate::{Error, Retention};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::EmailAddress;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_vault::{Outcome, Record};
use futures_util::FutureExt as _;

mod export;
mod file;

pub use export::{Export, LONGEST, Pieces, TOGETHER};

/// How many candidates are looked at together.
const CHUNK: usize = 256;

/// What an erasure of everything of one person did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Submissions that are erased.
    pub submissions: u64,
    /// Keys that were destroyed with them.
    pub keys: u64,
    /// Submissions that a legal hold keeps.
    pub held: u64,
}

impl Retention {
    /// The submissions of an address that are not erased. Nothing is opened: addresses are compared under seal.
    ///
    /// # Errors
    /// If one of the planes cannot be read.
    pub async fn of(&self, act: &Act<EraseSubmissions>, address: &EmailAddress) -> Result<Vec<Submission>, Error> {
        let mut theirs = Vec::new();
        for candidates in self.vault.find(address).await?.chunks(CHUNK) {
            theirs.extend(self.theirs(act.site(), candidates, address).await?);
        }
        theirs.sort_by_key(|submission| submission.id);
        Ok(theirs)
    }

    /// Those of the candidates that are of an address.
    async fn theirs(
        &self,
        site: SiteId,
        candidates: &[Record],
        address: &EmailAddress,
    ) -> Result<Vec<Submission>, Error> {
        let ids: Vec<_> = candidates.iter().map(|record| SubmissionId::from_uuid(*record)).collect();
        let found = self.by_ids(&ids).await?;
        let mut envelopes = self.addresses(candidates).await?;
        let keys = self.vault.keys_many(candidates).await?;
        let mut theirs = Vec::new();
        for submission in found.into_iter().filter(|found| found.site == site) {
            let Some(envelope) = envelopes.remove(&submission.id.uuid()) else { continue };
            let Some(keys) = keys.iter().find(|keys| keys.record() == submission.id.uuid()) else { continue };
            // one that does not open is nobody's, and keeps nobody from theirs
            if keys.matches(&submission.context(Column::Address), &envelope, address).unwrap_or(false) {
                theirs.push(submission);
            }
        }
        Ok(theirs)
    }

    /// Erases everything of an address, or says what would go. Doing it again finds nothing left.
    ///
    /// # Errors
    /// If something cannot be read or written; what was destroyed by then stays destroyed.
    pub async fn erase_subject(
        &self,
        act: Act<EraseSubmissions>,
        address: &EmailAddress,
        dry_run: bool,
    ) -> Result<Erased, Error> {
        let theirs = self.of(&act, address).await?;
        let mut erased = Erased::default();
        if dry_run {
            for submission in &theirs {
                if submission.held { erased.held += 1 } else { erased.submissions += 1 }
            }
            erased.keys = erased.submissions;
            return Ok(erased);
        }
        let wanted: Vec<_> =
            theirs.into_iter().map(|submission| Wanted { submission, cause: Cause::Subject, rules: None }).collect();
        for outcome in self.erase(act.by(), &wanted, act.now()).await? {
            match outcome {
                Outcome::Destroyed | Outcome::Gone => {
                    erased.submissions += 1;
                    erased.keys += 1;
                }
                Outcome::Held | Outcome::Locked | Outcome::Changed => erased.held += 1,
            }
        }
        self.note(&act, "subject.erase").await?;
        Ok(erased)
    }

    async fn note(&self, act: &Act<EraseSubmissions>, action: &'static str) -> Result<(), Error> {
        let act = act.clone();
        let write = self.db.write(move |tx| {
            let act = act.clone();
            async move {
                act.record(tx, action, Object { kind: "subject", key: None });
                Ok::<_, Error>(())
            }
            .boxed()
        });
        write.await
    }
}
