//! Reading a submission: one place, which asks the rules and records the reading before it happens.

use super::{Column, Submission, Versions, find};
use crate::life::{Event, Flags, Permission, disclosure};
use crate::purpose::{
    Asked, Exposed, Facts, Fields, FraudTrace, FulfilRequest, Grant, LegalDisclosure, Permitted, Purpose, Refused,
    Reply, Sealed, SubjectRights, joined,
};
use crate::{Error, Retention};
use bonafide_ledger::{Act, Leaf, leaf};
use bonafide_model::Instant;
use bonafide_model::access::{Action, HandleSubmissions};
use bonafide_model::id::SubmissionId;
use bonafide_storage::{Tx, sql};
use bonafide_vault::{Groups, RecordKeys, Rules};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A submission in clear, for one purpose.
pub struct Opened {
    /// What it is.
    pub submission: Submission,
    /// Its fields, as a JSON object: for the answer to whoever asked, and nothing else.
    pub fields: Zeroizing<String>,
}

impl Opened {
    /// The whole as one JSON object: id, state, fields.
    pub fn json(&self) -> Zeroizing<String> {
        let Submission { id, state, .. } = self.submission;
        joined(&[&format!("{{\"id\":\"{id}\",\"state\":\"{state}\",\"fields\":"), &self.fields, "}"])
    }
}

impl Retention {
    /// Reads a submission for a purpose. The line in the log is durable before anything is opened.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Refused`] with the reason.
    pub async fn open(&self, act: Act<HandleSubmissions>, id: SubmissionId, asked: Asked) -> Result<Opened, Error> {
        match asked {
            Asked::FulfilRequest => self.reveal(act, id, FulfilRequest).await,
            Asked::SubjectRights => self.reveal(act, id, SubjectRights).await,
            Asked::LegalDisclosure => self.reveal(act, id, LegalDisclosure).await,
            Asked::FraudTrace => self.reveal(act, id, FraudTrace).await,
            Asked::Permitted(r#use) => self.reveal(act, id, Permitted(r#use)).await,
        }
    }

    async fn reveal<P>(&self, act: Act<HandleSubmissions>, id: SubmissionId, purpose: P) -> Result<Opened, Error>
    where
        P: Purpose + Clone + Send + Sync + 'static,
    {
        let (grant, submission, exposed) = self.expose(act, id, purpose).await?;
        let mut reply = Reply::new(&grant);
        for fields in exposed {
            fields.give_all(&mut reply);
        }
        Ok(Opened { submission, fields: reply.into_json() })
    }

    /// Opens the groups of one submission that may be read for a purpose, after the reading is on record.
    pub(crate) async fn expose<A, P>(
        &self,
        act: Act<A>,
        id: SubmissionId,
        purpose: P,
    ) -> Result<(Grant<P>, Submission, Vec<Exposed<Fields, P>>), Error>
    where
        A: Action,
        P: Purpose + Clone + Send + Sync + 'static,
    {
        let submission = find(self.db.read(), act.site(), id).await?;
        if !submission.state.is_live() {
            return Err(Refused::Gone.into());
        }
        let (keys, rules) = self.keys_and_rules(id).await?;
        let (asked, now) = (purpose.asked(), act.now());
        let groups = readable(&asked, &rules, now);
        let (object, rules) = (leaf::object(keys.salt(), &id.to_string()), Arc::new(rules));
        let granted = self.db.write(move |tx| {
            let (act, purpose, rules) = (act.clone(), purpose.clone(), Arc::clone(&rules));
            async move {
                let (grant, submission) = grant(tx, &act, id, purpose, &rules, object).await?;
                Ok::<_, Error>((grant, submission, sealed(tx, id).await?))
            }
            .boxed()
        });
        let (grant, submission, sealed) = granted.await?;
        // what was taken back until the reading was on record counts
        let fresh = self.vault.rules(id.uuid()).await?.ok_or(Refused::Gone)?;
        if readable(&asked, &fresh, now) != groups {
            return Err(Refused::NotPermitted.into());
        }
        if asked == Asked::LegalDisclosure && !is_disclosed(&fresh, now) {
            return Err(Refused::NotDecided.into());
        }
        let mut exposed = Vec::new();
        for (column, envelope) in sealed.into_iter().filter(|(column, _)| groups.has(column.group())) {
            let sealed = Sealed::<Fields>::from_envelope(id, envelope);
            let opened = sealed.open(&grant, |envelope| open(&keys, &submission, column, envelope));
            exposed.push(opened.map_err(|_| Error::Vault(bonafide_vault::Error::Altered))?);
        }
        Ok((grant, submission, exposed))
    }

    /// Puts the readings of several submissions on record, in one commit, and gives leave to open them. Those that may not
    /// be read are left out.
    ///
    /// What a permission covers is not looked at: it is for purposes that read all there is.
    pub(crate) async fn grant_many<A, P>(
        &self,
        act: &Act<A>,
        ids: &[SubmissionId],
        purpose: P,
    ) -> Result<Vec<Grant<P>>, Error>
    where
        A: Action,
        P: Purpose + Clone + Send + Sync + 'static,
    {
        let mut asked = Vec::new();
        for id in ids {
            match self.keys_and_rules(*id).await {
                Ok((keys, rules)) => asked.push((*id, rules, leaf::object(keys.salt(), &id.to_string()))),
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let (act, asked) = (act.clone(), Arc::new(asked));
        let granted = self.db.write(move |tx| {
            let (act, purpose, asked) = (act.clone(), purpose.clone(), Arc::clone(&asked));
            async move {
                let mut granted = Vec::new();
                for (id, rules, object) in asked.iter() {
                    match grant(tx, &act, *id, purpose.clone(), rules, *object).await {
                        Ok((grant, _)) => granted.push(grant),
                        Err(Error::NotFound | Error::Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(granted)
            }
            .boxed()
        });
        granted.await
    }

    /// The keys of a submission and the rules about it; [`Refused::Gone`] if they are destroyed.
    pub(crate) async fn keys_and_rules(&self, id: SubmissionId) -> Result<(RecordKeys, Rules), Error> {
        let keys = match self.vault.keys(id.uuid()).await {
            Err(bonafide_vault::Error::Gone) => return Err(Refused::Gone.into()),
            keys => keys?,
        };
        let rules = self.vault.rules(id.uuid()).await?.ok_or(Refused::Gone)?;
        Ok((keys, rules))
    }
}

pub(crate) fn open(
    keys: &RecordKeys,
    submission: &Submission,
    column: Column,
    envelope: &[u8],
) -> Result<Fields, bonafide_vault::Error> {
    let opened = keys.open(column.group(), &submission.context(column), envelope)?;
    Fields::read(&opened).ok_or(bonafide_vault::Error::Altered)
}

/// The groups that may be read for a purpose: a permission covers those that its use needs.
fn readable(asked: &Asked, rules: &Rules, now: Instant) -> Groups {
    let Asked::Permitted(r#use) = asked else { return Groups::ALL };
    let of_use = rules.permissions.iter().filter(|given| given.r#use == r#use.to_string() && given.expires_at > now);
    of_use.fold(Groups::NONE, |groups, given| groups.and(given.groups))
}

/// Whether it is decided that the law demands it is shown, and that is still good.
fn is_disclosed(rules: &Rules, now: Instant) -> bool {
    rules.disclosed_at.is_some_and(|at| disclosure::is_good(at, now))
}

/// Asks the rules, and writes the line of the log in the same transaction.
async fn grant<A: Action, P: Purpose>(
    tx: &Tx,
    act: &Act<A>,
    id: SubmissionId,
    purpose: P,
    rules: &Rules,
    object: [u8; 32],
) -> Result<(Grant<P>, Submission), Error> {
    let mut submission = find(tx, act.site(), id).await?;
    let versions = Versions::of(tx, submission.form_version).await?;
    let asked = purpose.asked();
    let grant = Grant::issue(purpose, id, &facts(&submission, &versions, rules, act.now()), act.now())?;
    let old = submission.state;
    if asked == Asked::FulfilRequest {
        submission.state = old.after(Event::Opened)?;
    }
    if submission.state != old {
        let update = "UPDATE submission SET state = $2 WHERE id = $1";
        tx.execute_raw(sql(tx, update, [id.uuid().into(), submission.state.name().into()])).await?;
    }
    let line = Leaf {
        object: Some(object),
        revision: submission.policy.as_ref().map(|policy| policy.digest),
        rule: Some(asked.to_string()),
        old: Some(old.name()),
        new: Some(submission.state.name()),
        ..Leaf::new(leaf::Kind::GrantUsed, act.now(), act.by())
    };
    leaf::append(tx, act.site(), &line);
    let insert = "INSERT INTO reading (submission_id, account_id, purpose, at) VALUES ($1, $2, $3, $4)";
    let account = act.by().account().map(bonafide_model::id::AccountId::uuid);
    let values = [id.uuid().into(), account.into(), asked.to_string().into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok((grant, submission))
}

/// The sealed columns with fields in them.
pub(crate) async fn sealed(on: &impl ConnectionTrait, id: SubmissionId) -> Result<Vec<(Column, Vec<u8>)>, Error> {
    let select = "SELECT contact, message FROM submission_sealed WHERE submission_id = $1";
    let Some(row) = on.query_one_raw(sql(on, select, [id.uuid().into()])).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for column in [Column::Contact, Column::Message] {
        found.extend(row.try_get::<Option<Vec<u8>>>("", column.name())?.map(|envelope| (column, envelope)));
    }
    Ok(found)
}

fn facts(submission: &Submission, versions: &Versions, rules: &Rules, now: Instant) -> Facts {
    let permissions = rules.permissions.iter().filter_map(|given| {
        let noted = Permission::noted(given.groups, given.given_at, given.expires_at);
        Some((given.r#use.parse().ok()?, noted))
    });
    Facts {
        state: submission.state,
        flags: Flags {
            held: rules.held_since.is_some(),
            restricted: submission.is_restricted(),
            rights_locked_until: rules.locked_until,
            spam: submission.spam,
        },
        collected: versions.collected.definition.terms(),
        today: versions.today.definition.terms(),
        permissions: permissions.collect(),
        disclosure_decided: is_disclosed(rules, now),
    }
}
