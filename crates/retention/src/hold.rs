//! Legal holds: one officer asks, another confirms, and from then on nothing destroys the submission until the hold is
//! released. The due date goes on meanwhile: what is overdue when it is released goes with the next sweep.
//!
//! What holds is what stands with the keys; the flag in the data only keeps the sweep from coming back every time, and is set
//! right by it.

use crate::life::hold::{LONGEST_REVIEW, Misstep, Mode, Person, REQUEST_LIFE, Reason, Reference, confirm};
use crate::purpose::Refused as PurposeRefused;
use crate::submission::{Submission, live};
use crate::{Error, Fault, Retention, submission};
use bonafide_ledger::audit::Object;
use bonafide_ledger::{Act, Leaf, leaf};
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::{AccountId, SubmissionId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::sql;
use bonafide_vault::{Hold, HoldRequest};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Why.
    pub reason: Reason,
    /// The number of the file it belongs to.
    pub reference: Option<Reference>,
    /// When somebody has to look whether it is still needed: in the future, and within a year.
    pub review_at: Instant,
}

/// How a submission stands as to holds.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The submission.
    pub submission: Submission,
    /// The hold in force.
    pub hold: Option<Hold>,
    /// The one that somebody has asked for.
    pub asked: Option<HoldRequest>,
}

impl Standing {
    /// Until when what is asked for can be confirmed.
    pub fn can_be_confirmed_until(&self) -> Option<Instant> {
        self.asked.as_ref().map(|asked| asked.asked_at.plus(REQUEST_LIFE))
    }

    /// Whether somebody should have looked at the hold by now.
    pub fn wants_review(&self, now: Instant) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.request.review_at <= now)
    }
}

impl Retention {
    /// Asks for a hold. It holds nothing yet: another person has to confirm it within a week. Asked for one that is in
    /// force, it gives that one a new reason and review date once it is confirmed.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, [`Error::Invalid`] for the date of the review, or
    /// [`Error::Misstep`] if one is asked for already.
    pub async fn ask_for_hold(
        &self,
        act: Act<EraseSubmissions>,
        id: SubmissionId,
        ask: Ask,
    ) -> Result<Standing, Error> {
        let (person, now) = (in_person(&act)?, act.now());
        if ask.review_at <= now || ask.review_at > now.plus(LONGEST_REVIEW) {
            return Err(Error::Invalid(vec![Fault::invalid("/review_on", "must be a day within the next year")]));
        }
        self.live(act.granted(), id).await?;
        if self.vault.hold(id.uuid()).await?.1.is_some_and(|asked| asked.asked_at.plus(REQUEST_LIFE) > now) {
            return Err(Misstep::AlreadyAsked.into());
        }
        let Ask { reason, reference, review_at } = ask;
        let asked = HoldRequest {
            record: id.uuid(),
            reason: reason.name().to_owned(),
            reference: reference.map(|reference| reference.to_string()),
            review_at,
            asked_by: person.account.uuid(),
            asked_at: now,
        };
        self.record_step(&act, id, "submission.hold_ask", None).await?;
        if !gone(self.vault.ask_for_hold(asked, now.minus(REQUEST_LIFE)).await)? {
            return Err(Misstep::AlreadyAsked.into());
        }
        self.standing(act.granted(), id).await
    }

    /// Puts a hold into force that somebody else has asked for.
    ///
    /// # Errors
    /// [`Error::HoldRefused`] if it is the same person, or one whose account is not a day old; else as
    /// [`Retention::ask_for_hold`].
    pub async fn confirm_hold(
        &self,
        act: Act<EraseSubmissions>,
        id: SubmissionId,
        mode: Mode,
    ) -> Result<Standing, Error> {
        let (person, now) = (in_person(&act)?, act.now());
        self.live(act.granted(), id).await?;
        let (_, asked) = self.vault.hold(id.uuid()).await?;
        let asked = asked.filter(|asked| asked.asked_at.plus(REQUEST_LIFE) > now).ok_or(Misstep::NotAsked)?;
        let first = Person::behind(AccountId::from_uuid(asked.asked_by));
        confirm(mode, first, asked.asked_at, person, now)?;
        let line = self.line_of(&act, id, leaf::Kind::HoldPlaced, Some(asked.reason.clone())).await?;
        self.record_step(&act, id, "submission.hold", Some(line)).await?;
        let hold = Hold { request: asked, placed_by: person.account.uuid(), placed_at: now };
        if !gone(self.vault.place_hold(hold).await)? {
            return Err(Misstep::NotAsked.into());
        }
        self.flag_held(id, true).await?;
        self.standing(act.granted(), id).await
    }

    /// Lifts a hold, or takes back what was asked for. What is overdue goes with the next sweep, which comes at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, or [`Error::Misstep`] if there is nothing to release.
    pub async fn release_hold(&self, act: Act<EraseSubmissions>, id: SubmissionId) -> Result<Standing, Error> {
        in_person(&act)?;
        let standing = self.standing(act.granted(), id).await?;
        live(&standing.submission)?;
        let line = match (&standing.hold, &standing.asked) {
            (None, None) => return Err(Misstep::NotHeld.into()),
            (None, Some(_)) => None,
            (Some(hold), _) => {
                let reason = hold.request.reason.clone();
                Some(self.line_of(&act, id, leaf::Kind::HoldReleased, Some(reason)).await?)
            }
        };
        self.record_step(&act, id, "submission.release", line).await?;
        // the flag first: killed before the next line, the sweep comes to it, is told of the hold, and sets it again
        self.flag_held(id, false).await?;
        gone(self.vault.release(id.uuid()).await)?;
        self.wake();
        self.standing(act.granted(), id).await
    }

    /// How a submission stands as to holds.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if one of the planes cannot be read.
    pub async fn standing(&self, by: &Granted<EraseSubmissions>, id: SubmissionId) -> Result<Standing, Error> {
        let submission = submission::find(self.db.read(), by.site(), id).await?;
        let (hold, asked) = self.vault.hold(id.uuid()).await?;
        Ok(Standing { submission, hold, asked })
    }

    /// Up to `limit` submissions that are held, or for which that was asked, the oldest first.
    ///
    /// # Errors
    /// If one of the planes cannot be read.
    pub async fn holds(
        &self,
        by: &Granted<EraseSubmissions>,
        start: Start<SubmissionId>,
        limit: u64,
    ) -> Result<Vec<Standing>, Error> {
        let records = self.vault.on_hold(start.map(SubmissionId::uuid), limit).await?;
        let mut standing = Vec::with_capacity(records.len());
        for record in records {
            match self.standing(by, SubmissionId::from_uuid(record)).await {
                Ok(found) => standing.push(found),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(standing)
    }

    /// How many those are.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn count_holds(&self, _: &Granted<EraseSubmissions>) -> Result<u64, Error> {
        Ok(self.vault.count_on_hold().await?)
    }

    async fn live(&self, by: &Granted<EraseSubmissions>, id: SubmissionId) -> Result<Submission, Error> {
        let found = submission::find(self.db.read(), by.site(), id).await?;
        live(&found)?;
        Ok(found)
    }

    pub(crate) async fn line_of(
        &self,
        act: &Act<EraseSubmissions>,
        id: SubmissionId,
        kind: leaf::Kind,
        rule: Option<String>,
    ) -> Result<Leaf, Error> {
        let (keys, _) = self.keys_and_rules(id).await?;
        let object = Some(leaf::object(keys.salt(), &id.to_string()));
        Ok(Leaf { object, rule, ..Leaf::new(kind, act.now(), act.by()) })
    }

    /// Puts a step on record before it is done.
    pub(crate) async fn record_step(
        &self,
        act: &Act<EraseSubmissions>,
        id: SubmissionId,
        action: &'static str,
        line: Option<Leaf>,
    ) -> Result<(), Error> {
        let act = act.clone();
        let write = self.db.write(move |tx| {
            let (act, line) = (act.clone(), line.clone());
            async move {
                if let Some(line) = &line {
                    leaf::append(tx, act.site(), line);
                }
                act.record(tx, action, Object::new("submission", &id.to_string()));
                Ok::<_, Error>(())
            }
            .boxed()
        });
        write.await
    }

    async fn flag_held(&self, id: SubmissionId, held: bool) -> Result<(), Error> {
        let write = self.db.write(move |tx| {
            async move {
                let update = "UPDATE submission SET held = $2 WHERE id = $1";
                tx.execute_raw(sql(tx, update, [id.uuid().into(), held.into()])).await?;
                Ok::<_, Error>(())
            }
            .boxed()
        });
        write.await
    }
}

/// The person who acts; a hold or a disclosure is never a program's decision.
pub(crate) fn in_person(act: &Act<EraseSubmissions>) -> Result<Person, Error> {
    Ok(act.by().account().map(Person::behind).ok_or(Misstep::NobodyInPerson)?)
}

/// Keys that are gone mean that it was erased meanwhile.
pub(crate) fn gone<T>(outcome: Result<T, bonafide_vault::Error>) -> Result<T, Error> {
    match outcome {
        Err(bonafide_vault::Error::Gone) => Err(PurposeRefused::Gone.into()),
        outcome => Ok(outcome?),
    }
}
