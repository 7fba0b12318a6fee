//! What those who work on requests do with one, beside reading it.

use super::{Submission, Versions, find};
use crate::life::{Event, Party, State};
use crate::{Error, Retention};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::{Action, EraseSubmissions, HandleSubmissions};
use bonafide_model::id::SubmissionId;
use bonafide_model::{Instant, TimeZone};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

impl Retention {
    /// Says that the request was fulfilled; from now on the shorter clock runs.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Clash`] if it is fulfilled, or at its end.
    pub async fn fulfil(
        &self,
        act: Act<HandleSubmissions>,
        id: SubmissionId,
        zone: TimeZone,
    ) -> Result<Submission, Error> {
        let write = self.db.write(move |tx| {
            let (act, zone) = (act.clone(), zone.clone());
            async move {
                let mut found = find(tx, act.site(), id).await?;
                found.state = found.state.after(Event::Fulfilled)?;
                found.fulfilled_at = Some(act.now());
                let versions = Versions::of(tx, found.form_version).await?;
                found.due_at = found.timeline(&versions.rules, &zone).due_at();
                store(tx, &act, &mut found, "submission.fulfil").await?;
                Ok::<_, Error>(found)
            }
            .boxed()
        });
        let fulfilled = write.await?;
        // with P0D it is due at this moment
        self.wake();
        Ok(fulfilled)
    }

    /// Takes a fulfilled request up again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`], or [`Error::TooLate`] if it would be due at once.
    pub async fn reopen(
        &self,
        act: Act<HandleSubmissions>,
        id: SubmissionId,
        zone: TimeZone,
    ) -> Result<Submission, Error> {
        let write = self.db.write(move |tx| {
            let (act, zone) = (act.clone(), zone.clone());
            async move {
                let mut found = find(tx, act.site(), id).await?;
                let state = found.state.after(Event::Reopened)?;
                if found.ends_at <= act.now() {
                    // the sweep may be at it
                    return Err(Error::TooLate);
                }
                let versions = Versions::of(tx, found.form_version).await?;
                let due_at = found.timeline(&versions.rules, &zone).reopened(act.now());
                found.due_at = due_at.map_err(|_| Error::TooLate)?;
                (found.state, found.fulfilled_at) = (state, None);
                store(tx, &act, &mut found, "submission.reopen").await?;
                Ok::<_, Error>(found)
            }
            .boxed()
        });
        write.await
    }

    /// Stops every use of a submission, or lifts what the staff placed.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, or [`Error::NotTheirs`] if the visitor alone restricted it.
    pub async fn restrict(
        &self,
        act: Act<EraseSubmissions>,
        id: SubmissionId,
        restricted: bool,
    ) -> Result<Submission, Error> {
        let write = self.db.write(move |tx| {
            let act = act.clone();
            async move {
                let mut found = find(tx, act.site(), id).await?;
                live(&found)?;
                let before = found.restrictions;
                found.restrictions =
                    if restricted { before.placed(Party::Staff) } else { before.lifted(Party::Staff)? };
                let update = "UPDATE submission SET restricted = $2 WHERE id = $1";
                tx.execute_raw(sql(tx, update, [id.uuid().into(), restricted.into()])).await?;
                let verb = if restricted { "submission.restrict" } else { "submission.unrestrict" };
                act.record(tx, verb, Object::new("submission", &id.to_string()));
                Ok::<_, Error>(found)
            }
            .boxed()
        });
        write.await
    }
}

/// Refuses what is not there any more.
pub(crate) fn live(found: &Submission) -> Result<(), Error> {
    if found.state.is_live() { Ok(()) } else { Err(crate::life::Clash { state: found.state }.into()) }
}

/// When something ends next of a submission whose time is `due_at`.
pub(crate) fn ends_at(due_at: Instant, erase_at: Option<Instant>) -> Instant {
    erase_at.map_or(due_at, |erase_at| erase_at.min(due_at))
}

async fn store<A: Action>(tx: &Tx, act: &Act<A>, found: &mut Submission, action: &'static str) -> Result<(), Error> {
    found.ends_at = ends_at(found.due_at, found.erase_at);
    let update = "UPDATE submission SET state = $2, fulfilled_at = $3, due_at = $4, ends_at = $5 WHERE id = $1";
    let values = [
        found.id.uuid().into(),
        State::name(found.state).into(),
        found.fulfilled_at.map(Instant::micros).into(),
        found.due_at.micros().into(),
        found.ends_at.micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    act.record(tx, action, Object::new("submission", &found.id.to_string()));
    Ok(())
}
