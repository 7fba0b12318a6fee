//! Disclosures by order of the law: one officer asks, with a ground and a file number, another decides; for a week after that the
//! submission can be opened for `legal_disclosure`. Each reading is on record as any other.

use crate::hold::{gone, in_person};
use crate::life::disclosure::{Ground, LIFE, Misstep, is_good};
use crate::life::hold::{Mode, Person, Reference, confirm};
use crate::submission::{Submission, live};
use crate::{Error, Retention, submission};
use bonafide_ledger::{Act, leaf};
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::{AccountId, SubmissionId};
use bonafide_model::{Granted, Instant};
use bonafide_vault::Disclosure;

/// How a submission stands as to disclosures.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The submission.
    pub submission: Submission,
    /// What was asked for last, if it is still good.
    pub disclosure: Option<Disclosure>,
}

impl Standing {
    /// Until when what is asked for can be decided, or what is decided can be used.
    pub fn ends_at(&self) -> Option<Instant> {
        self.disclosure.as_ref().map(|found| since(found).plus(LIFE))
    }
}

/// Since when it waits for a decision, or is decided.
fn since(disclosure: &Disclosure) -> Instant {
    disclosure.decided.map_or(disclosure.asked_at, |decided| decided.1)
}

impl Retention {
    /// Asks for a disclosure. Nothing can be read for it yet: another person has to decide it within a week.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, or [`Error::NoDisclosure`] if one is asked for or decided already.
    pub async fn ask_for_disclosure(
        &self,
        act: Act<EraseSubmissions>,
        id: SubmissionId,
        ground: Ground,
        reference: Reference,
    ) -> Result<Standing, Error> {
        let (person, now) = (in_person(&act)?, act.now());
        let standing = self.disclosure(act.granted(), id, now).await?;
        live(&standing.submission)?;
        if standing.disclosure.is_some() {
            return Err(Misstep::AlreadyAsked.into());
        }
        let asked = Disclosure {
            record: id.uuid(),
            ground: ground.name().to_owned(),
            reference: reference.to_string(),
            asked_by: person.account.uuid(),
            asked_at: now,
            decided: None,
        };
        self.record_step(&act, id, "submission.disclosure_ask", None).await?;
        if !gone(self.vault.ask_for_disclosure(asked, now.minus(LIFE)).await)? {
            return Err(Misstep::AlreadyAsked.into());
        }
        self.disclosure(act.granted(), id, now).await
    }

    /// Decides a disclosure that somebody else has asked for.
    ///
    /// # Errors
    /// [`Error::HoldRefused`] if it is the same person, or one whose account is not a day old; [`Error::NoDisclosure`] if there is nothing
    /// to decide; else as [`Retention::ask_for_disclosure`].
    pub async fn decide_disclosure(
        &self,
        act: Act<EraseSubmissions>,
        id: SubmissionId,
        mode: Mode,
    ) -> Result<Standing, Error> {
        let (person, now) = (in_person(&act)?, act.now());
        let standing = self.disclosure(act.granted(), id, now).await?;
        live(&standing.submission)?;
        let asked = standing.disclosure.filter(|found| found.decided.is_none()).ok_or(Misstep::NotAsked)?;
        confirm(mode, Person::behind(AccountId::from_uuid(asked.asked_by)), asked.asked_at, person, now)?;
        let line = self.line_of(&act, id, leaf::Kind::DisclosureMade, Some(asked.ground.clone())).await?;
        self.record_step(&act, id, "submission.disclosure", Some(line)).await?;
        if !gone(self.vault.decide_disclosure(&asked, person.account.uuid(), now).await)? {
            return Err(Misstep::NotAsked.into());
        }
        self.disclosure(act.granted(), id, now).await
    }

    /// Takes a disclosure back, decided or not. What was read for it was read.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, or [`Error::NoDisclosure`] if there is nothing to take back.
    pub async fn withdraw_disclosure(&self, act: Act<EraseSubmissions>, id: SubmissionId) -> Result<Standing, Error> {
        in_person(&act)?;
        let standing = self.disclosure(act.granted(), id, act.now()).await?;
        live(&standing.submission)?;
        if standing.disclosure.is_none() {
            return Err(Misstep::NothingThere.into());
        }
        self.record_step(&act, id, "submission.disclosure_withdraw", None).await?;
        gone(self.vault.withdraw_disclosure(id.uuid()).await)?;
        self.disclosure(act.granted(), id, act.now()).await
    }

    /// How a submission stands as to disclosures.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if one of the planes cannot be read.
    pub async fn disclosure(
        &self,
        by: &Granted<EraseSubmissions>,
        id: SubmissionId,
        now: Instant,
    ) -> Result<Standing, Error> {
        let submission = submission::find(self.db.read(), by.site(), id).await?;
        let disclosure = self.vault.disclosure(id.uuid()).await?.filter(|found| is_good(since(found), now));
        Ok(Standing { submission, disclosure })
    }
}
