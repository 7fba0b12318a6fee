//! Preview links as those see them who make and revoke them. To revoke is to delete.

use super::Hash;
use crate::entry::At;
use crate::entry::read::find;
use crate::{Error, Start, row};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::{ReadContent, WriteContent};
use bonafide_model::content::Fault;
use bonafide_model::id::{AccountId, EntryId, PreviewId, SiteId};
use bonafide_model::{Granted, Instant, Locale, Period, TimeZone};
use bonafide_storage::{Tx, replay, sql, statement};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, QueryResult};

/// How long a link is good unless its maker says otherwise.
pub const DEFAULT: Period = Period::days(1);
/// How long it can be good, in days of 24 hours.
pub const MOST_DAYS: u32 = 30;
/// How many links of one entry can be good at a time.
pub const MOST_LINKS: u64 = 100;

/// A link without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: PreviewId,
    /// The language that it shows.
    pub locale: Locale,
    /// The revision that it shows; the newest if absent.
    pub revision: Option<i64>,
    /// The account that made it and answers for it.
    pub account: Option<AccountId>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The hash of its token.
    pub hash: Hash,
    /// The revision that it shows; the newest if absent.
    pub revision: Option<i64>,
    /// How long it is good.
    pub expires_in: Period,
}

/// The name under which repeated requests of a link are forgotten with it.
pub fn key(id: PreviewId) -> String {
    format!("preview_link/{id}")
}

/// Makes a link to the draft of an entry in one language. Nobody shows others what they may not read themselves.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Archived`], [`Error::Invalid`] for a revision that is not there or a period that cannot be,
/// or [`Error::TooManyLinks`].
pub async fn create(
    tx: &Tx,
    act: Act<WriteContent>,
    may_read: Granted<ReadContent>,
    at: At,
    new: NewLink,
) -> Result<Link, Error> {
    let entry = find(tx, may_read.site(), &at).await?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    let mut faults = Vec::new();
    if new.revision.is_some_and(|number| !(1..=entry.side().revision).contains(&number)) {
        faults.push(Fault::at("/revision", "invalid_value", "must be a revision of this language that is there"));
    }
    let longest = u64::from(MOST_DAYS) * 86_400;
    if !(1..=longest).contains(&new.expires_in.longest_seconds()) {
        let message = format!("must be a period of at least a second and at most {MOST_DAYS} days");
        faults.push(Fault::at("/expires_in", "invalid_value", message));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if live(tx, at.id, act.now()).await? >= MOST_LINKS {
        return Err(Error::TooManyLinks);
    }
    let link = Link {
        id: act.id(),
        locale: entry.locale,
        revision: new.revision,
        account: act.by().account(),
        created_at: act.now(),
        expires_at: new.expires_in.after(act.now(), &TimeZone::UTC),
    };
    let insert =
        "INSERT INTO preview_link (id, site_id, entry_id, locale, revision, hash, account_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        link.id.uuid().into(),
        act.site().uuid().into(),
        at.id.uuid().into(),
        link.locale.as_str().into(),
        link.revision.into(),
        new.hash.to_vec().into(),
        link.account.map(AccountId::uuid).into(),
        link.created_at.micros().into(),
        link.expires_at.micros().into(),
    ];
    tx.execute_raw(sql(tx, insert, values)).await?;
    act.record(tx, "entry.create_preview_link", Object::new("entry", &at.id.to_string()));
    Ok(link)
}

/// How many links of an entry are good.
async fn live(on: &impl ConnectionTrait, id: EntryId, now: Instant) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM preview_link WHERE entry_id = $1 AND expires_at > $2";
    Ok(statement::count(on, sql(on, select, [id.uuid().into(), now.micros().into()])).await?)
}

/// Up to `limit` links of an entry that are good, in all its languages, the newest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    at: &At,
    now: Instant,
    start: Start<PreviewId>,
    limit: u64,
) -> Result<Vec<Link>, Error> {
    const DOWN: &str = "SELECT id, locale, revision, account_id, created_at, expires_at FROM preview_link
        WHERE entry_id = $1 AND expires_at > $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    const UP: &str = "SELECT id, locale, revision, account_id, created_at, expires_at FROM preview_link
        WHERE entry_id = $1 AND expires_at > $2 AND id > $3 ORDER BY id LIMIT $4";
    let entry = find(on, by.site(), at).await?;
    let (select, bound) = match start {
        Start::First => (DOWN, Uuid::max()),
        Start::After(id) => (DOWN, id.uuid()),
        Start::Before(id) => (UP, id.uuid()),
    };
    let values = [entry.id.uuid().into(), now.micros().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(read).collect()
}

/// How many links [`list`] has in all.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadContent>, at: &At, now: Instant) -> Result<u64, Error> {
    let entry = find(on, by.site(), at).await?;
    live(on, entry.id, now).await
}

/// One link of an entry that is good.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    at: &At,
    id: PreviewId,
    now: Instant,
) -> Result<Link, Error> {
    one(on, by.site(), at, id, now).await
}

async fn one(on: &impl ConnectionTrait, site: SiteId, at: &At, id: PreviewId, now: Instant) -> Result<Link, Error> {
    let entry = find(on, site, at).await?;
    let select = "SELECT id, locale, revision, account_id, created_at, expires_at FROM preview_link
        WHERE id = $1 AND entry_id = $2 AND expires_at > $3";
    let values = [id.uuid().into(), entry.id.uuid().into(), now.micros().into()];
    read(&on.query_one_raw(sql(on, select, values)).await?.ok_or(Error::NotFound)?)
}

fn read(row: &QueryResult) -> Result<Link, Error> {
    Ok(Link {
        id: PreviewId::from_uuid(row.try_get("", "id")?),
        locale: row::parsed(row, "locale")?,
        revision: row.try_get("", "revision")?,
        account: row.try_get::<Option<_>>("", "account_id")?.map(AccountId::from_uuid),
        created_at: row::instant(row, "created_at")?,
        expires_at: row::instant(row, "expires_at")?,
    })
}

/// Revokes a link: the next request with its token is refused.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revoke(tx: &Tx, act: Act<WriteContent>, at: At, id: PreviewId) -> Result<(), Error> {
    one(tx, act.site(), &at, id, act.now()).await?;
    tx.execute_raw(sql(tx, "DELETE FROM preview_link WHERE id = $1", [id.uuid().into()])).await?;
    replay::forget(tx, &key(id)).await?;
    act.record(tx, "entry.revoke_preview_link", Object::new("entry", &at.id.to_string()));
    Ok(())
}

/// Deletes all links of an entry that is about to go.
pub(crate) async fn discard(tx: &Tx, entry: EntryId) -> Result<(), Error> {
    let select = "SELECT id FROM preview_link WHERE entry_id = $1";
    let rows = tx.query_all_raw(sql(tx, select, [entry.uuid().into()])).await?;
    let keys = rows.iter().map(|row| Ok(key(PreviewId::from_uuid(row.try_get("", "id")?))));
    replay::forget_all(tx, keys.collect::<Result<Vec<_>, Error>>()?).await?;
    tx.execute_raw(sql(tx, "DELETE FROM preview_link WHERE entry_id = $1", [entry.uuid().into()])).await?;
    Ok(())
}

/// Deletes up to `most` links that are out of date; says how many.
///
/// # Errors
/// If the statement fails.
pub async fn prune(tx: &Tx, now: Instant, most: u64) -> Result<u64, Error> {
    let delete = "DELETE FROM preview_link WHERE id IN
        (SELECT id FROM preview_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    Ok(tx.execute_raw(sql(tx, delete, [now.micros().into(), statement::limit(most)])).await?.rows_affected())
}
