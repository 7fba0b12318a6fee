//! What the holder of a receipt can see and do. Nothing here opens anything.

use super::handle::live;
use super::receive::receipt_hash;
use super::{Submission, Versions, list, select};
use crate::form::Localized;
use crate::life::{Party, Permission as Noted, State};
use crate::purpose::Use;
use crate::{Error, Retention};
use bonafide_ledger::{Leaf, leaf};
use bonafide_model::access::Actor;
use bonafide_model::id::SiteId;
use bonafide_model::{Instant, TimeZone};
use bonafide_storage::sql;
use bonafide_vault::Permission;
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;
use std::time::Duration;

/// How long a visitor can take the wish to be erased back.
pub const SECOND_THOUGHTS: Duration = Duration::from_hours(24);

/// A submission as the holder of its receipt sees it.
#[derive(Clone, Debug)]
pub struct Mine {
    /// State and dates.
    pub submission: Submission,
    /// The permissions that hold, with their ends.
    pub permissions: Vec<(String, Instant)>,
    /// The further uses that the form asked about, each with its words.
    pub offered: Vec<(String, Localized)>,
}

impl Retention {
    /// What a receipt is about.
    ///
    /// # Errors
    /// [`Error::NotFound`] if no such receipt was given.
    pub async fn mine(&self, site: SiteId, token: &str, now: Instant) -> Result<Mine, Error> {
        let submission = by_receipt(self.db.read(), site, token).await?;
        let versions = Versions::of(self.db.read(), submission.form_version).await?;
        let rules = if submission.state.is_live() { self.vault.rules(submission.id.uuid()).await? } else { None };
        let given = rules.map(|rules| rules.permissions).unwrap_or_default();
        let given = given.into_iter().filter(|given| given.expires_at > now);
        let offered = versions.collected.definition.permissions.iter();
        let offered = offered.map(|extra| (extra.r#use.to_string(), extra.text.clone()));
        Ok(Mine {
            offered: offered.collect(),
            permissions: given.map(|given| (given.r#use, given.expires_at)).collect(),
            submission,
        })
    }

    /// Asks for the erasure: it is restricted at once, and erased a day later unless the wish is taken back.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Clash`] if it is erased.
    pub async fn wish_erasure(&self, site: SiteId, token: &str, now: Instant) -> Result<Submission, Error> {
        self.change_mine(site, token, move |found| {
            let erase_at = found.erase_at.unwrap_or_else(|| now.plus(SECOND_THOUGHTS));
            found.erase_at = Some(erase_at);
            found.ends_at = found.ends_at.min(erase_at);
            Ok(())
        })
        .await
    }

    /// Takes the wish to be erased back. It stays restricted if it was so by itself.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Clash`] if it is erased, or its time has come: the sweep may be at it.
    pub async fn cancel_erasure(&self, site: SiteId, token: &str, now: Instant) -> Result<Submission, Error> {
        self.change_mine(site, token, move |found| {
            if found.erase_at.is_some_and(|erase_at| erase_at <= now) {
                return Err(crate::life::Clash { state: State::Due }.into());
            }
            if found.erase_at.take().is_some() {
                // what had fallen due meanwhile is looked at again
                found.ends_at = found.due_at;
            }
            Ok(())
        })
        .await
    }

    /// Stops every use: by restriction (GDPR article 18) or objection (article 21).
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Clash`] if it is erased.
    pub async fn restrict_mine(&self, site: SiteId, token: &str) -> Result<Submission, Error> {
        self.change_mine(site, token, |found| {
            found.restrictions = found.restrictions.placed(Party::Visitor);
            Ok(())
        })
        .await
    }

    /// Lifts the visitor's own restriction or objection.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Clash`] if it is erased, or [`Error::NotTheirs`] if only the staff restricted it.
    pub async fn unrestrict_mine(&self, site: SiteId, token: &str) -> Result<Submission, Error> {
        self.change_mine(site, token, |found| {
            found.restrictions = found.restrictions.lifted(Party::Visitor)?;
            Ok(())
        })
        .await
    }

    /// Gives a permission that the form asks for.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoSuchPermission`], or [`Error::Clash`] at its end or while it is restricted.
    pub async fn permit(
        &self,
        site: SiteId,
        token: &str,
        r#use: &Use,
        zone: &TimeZone,
        now: Instant,
    ) -> Result<(), Error> {
        let found = by_receipt(self.db.read(), site, token).await?;
        live(&found)?;
        if found.state == State::Due || found.ends_at <= now || found.is_restricted() {
            return Err(crate::life::Clash { state: found.state }.into());
        }
        if self.is_permitted(&found, r#use, now).await? {
            return Ok(());
        }
        let version = Versions::of(self.db.read(), found.form_version).await?.collected;
        let extra = version.definition.permissions.iter().find(|extra| extra.r#use == *r#use);
        let extra = extra.ok_or(Error::NoSuchPermission)?;
        let groups = version.definition.groups_of(extra);
        let expires_at = Noted::given(groups, now, extra.period, zone).expires_at();
        let permission = Permission { r#use: r#use.to_string(), groups, given_at: now, expires_at };
        let line = self.line(&found, leaf::Kind::PermissionGiven, r#use, now).await?;
        self.db
            .write(move |tx| {
                let line = line.clone();
                async move {
                    {
                        leaf::append(tx, site, &line);
                        Ok::<_, Error>(())
                    }
                }
                .boxed()
            })
            .await?;
        Ok(self.vault.permit(found.id.uuid(), permission).await?)
    }

    /// Takes a permission back; what was kept for it alone goes at once. Without such a permission nothing happens.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Clash`] if it is erased.
    pub async fn withdraw(&self, site: SiteId, token: &str, r#use: &Use, now: Instant) -> Result<(), Error> {
        let found = by_receipt(self.db.read(), site, token).await?;
        live(&found)?;
        if !self.is_permitted(&found, r#use, now).await? {
            return Ok(());
        }
        let line = self.line(&found, leaf::Kind::PermissionWithdrawn, r#use, now).await?;
        let id = found.id.uuid();
        // first the date, so that a process killed before the next line has lost nothing but the wish, which was not acknowledged
        self.db
            .write(move |tx| {
                let line = line.clone();
                async move {
                    let update = "UPDATE submission SET ends_at = due_at WHERE id = $1 AND ends_at > due_at";
                    tx.execute_raw(sql(tx, update, [id.into()])).await?;
                    {
                        leaf::append(tx, site, &line);
                        Ok::<_, Error>(())
                    }
                }
                .boxed()
            })
            .await?;
        self.vault.withdraw(id, &r#use.to_string()).await?;
        self.wake();
        Ok(())
    }

    /// Whether a use is permitted now.
    async fn is_permitted(&self, found: &Submission, r#use: &Use, now: Instant) -> Result<bool, Error> {
        let rules = self.vault.rules(found.id.uuid()).await?;
        let given = rules.into_iter().flat_map(|rules| rules.permissions);
        Ok(given.into_iter().any(|given| given.r#use == r#use.to_string() && given.expires_at > now))
    }

    async fn line(&self, found: &Submission, kind: leaf::Kind, r#use: &Use, now: Instant) -> Result<Leaf, Error> {
        let (keys, _) = self.keys_and_rules(found.id).await?;
        Ok(Leaf {
            object: Some(leaf::object(keys.salt(), &found.id.to_string())),
            revision: found.policy.as_ref().map(|policy| policy.digest),
            rule: Some(r#use.to_string()),
            ..Leaf::new(kind, now, Actor::System)
        })
    }

    async fn change_mine(
        &self,
        site: SiteId,
        token: &str,
        change: impl Fn(&mut Submission) -> Result<(), Error> + Clone + Send + Sync + 'static,
    ) -> Result<Submission, Error> {
        let token = zeroize::Zeroizing::new(token.to_owned());
        let write = self.db.write(move |tx| {
            let (token, change) = (token.clone(), change.clone());
            async move {
                let mut found = by_receipt(tx, site, &token).await?;
                live(&found)?;
                change(&mut found)?;
                let update =
                    "UPDATE submission SET restricted_by_visitor = $2, erase_at = $3, ends_at = $4 WHERE id = $1";
                let values = [
                    found.id.uuid().into(),
                    found.restrictions.by(Party::Visitor).into(),
                    found.erase_at.map(Instant::micros).into(),
                    found.ends_at.micros().into(),
                ];
                tx.execute_raw(sql(tx, update, values)).await?;
                Ok(found)
            }
            .boxed()
        });
        write.await
    }
}

async fn by_receipt(on: &impl ConnectionTrait, site: SiteId, token: &str) -> Result<Submission, Error> {
    let hash = receipt_hash(token).ok_or(Error::NotFound)?;
    let select = select!("WHERE s.site_id = $1 AND s.receipt_hash = $2");
    let row = on.query_one_raw(sql(on, select, [site.uuid().into(), hash.to_vec().into()])).await?;
    list::read(&row.ok_or(Error::NotFound)?)
}
