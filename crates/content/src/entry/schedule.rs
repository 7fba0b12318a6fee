//! Publishing and unpublishing at an instant. Whoever keeps the time asks [`next`] when to come, and [`due`] what to do.
//!
//! At its instant the draft is published as it is then. What cannot be published stays due, and is told as overdue.

use super::read::{find, load};
use super::write::{fresh, incomplete};
use super::{At, Entry};
use crate::{Error, row, types};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::PublishContent;
use bonafide_model::content::{Fault, check};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::{Instant, Patch};
use bonafide_storage::{Tx, sql, statement};
use sea_orm::ConnectionTrait;

/// Sets or clears when an entry is published, and unpublished, in one language.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], [`Error::Invalid`] for instants that are past or in the wrong
/// order, or [`Error::Incomplete`] if the draft could not be published now.
pub async fn schedule(
    tx: &Tx,
    act: Act<PublishContent>,
    at: At,
    expected: i64,
    publish_at: Patch<Instant>,
    unpublish_at: Patch<Instant>,
) -> Result<Entry, Error> {
    let loaded = types::load(tx, act.site()).await?;
    let entry = load(tx, act.site(), &loaded, &at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    let (mut begins, mut ends) = entry.side().scheduled;
    let changed = (publish_at.is_present(), unpublish_at.is_present());
    publish_at.apply(&mut begins);
    unpublish_at.apply(&mut ends);
    let mut faults = Vec::new();
    let mut past = |changed: bool, instant: Option<Instant>, pointer: &str| {
        if changed && instant.is_some_and(|instant| instant <= act.now()) {
            faults.push(Fault::at(pointer, "past", "must be later than now"));
        }
    };
    past(changed.0, begins, "/publish_at");
    past(changed.1, ends, "/unpublish_at");
    if begins.zip(ends).is_some_and(|(begins, ends)| ends <= begins) {
        faults.push(Fault::at("/unpublish_at", "invalid_value", "must be later than publish_at"));
    }
    if ends.is_some() && begins.is_none() && entry.side().published_revision.is_none() {
        faults.push(Fault::at(
            "/unpublish_at",
            "invalid_value",
            "must be absent while nothing is or will be published",
        ));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if changed.0 && begins.is_some() {
        let faults = check::complete(&loaded.catalogue, loaded.definition(&at.kind)?, &entry.fields);
        if !faults.is_empty() {
            return Err(incomplete(&at.kind, faults));
        }
    }
    let update = "UPDATE entry_locale SET publish_at = $3, unpublish_at = $4, version = version + 1, updated_at = $5
        WHERE entry_id = $1 AND locale = $2";
    let values = [
        at.id.uuid().into(),
        entry.locale.as_str().into(),
        begins.map(Instant::micros).into(),
        ends.map(Instant::micros).into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    act.record(tx, "entry.schedule", Object::new("entry", &at.id.to_string()));
    load(tx, act.site(), &loaded, &At { locale: Some(entry.locale), ..at }).await
}

/// Something whose instant has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// The entry in its language.
    pub at: At,
    /// The version it has.
    pub version: i64,
    /// Whether it is to be published; else unpublished.
    pub publish: bool,
}

/// When the next instant comes, if any is set.
///
/// # Errors
/// If the statement fails.
pub async fn next(on: &impl ConnectionTrait) -> Result<Option<Instant>, Error> {
    let select = "SELECT MIN(at) AS at FROM (SELECT MIN(publish_at) AS at FROM entry_locale
        UNION ALL SELECT MIN(unpublish_at) AS at FROM entry_locale) page";
    let row = on.query_one_raw(sql(on, select, [])).await?;
    row.as_ref().map_or(Ok(None), |row| row::instant_null(row, "at"))
}

/// Up to `limit` things whose instant has come, those that wait longest first.
///
/// # Errors
/// If a statement fails.
pub async fn due(on: &impl ConnectionTrait, site: SiteId, now: Instant, limit: u64) -> Result<Vec<Due>, Error> {
    const PUBLISH: &str = "SELECT entry_id, locale, type, version FROM entry_locale
        WHERE publish_at <= $1 AND site_id = $2 ORDER BY publish_at LIMIT $3";
    const UNPUBLISH: &str = "SELECT entry_id, locale, type, version FROM entry_locale
        WHERE unpublish_at <= $1 AND site_id = $2 AND publish_at IS NULL ORDER BY unpublish_at LIMIT $3";
    let mut found = Vec::new();
    for (select, publish) in [(PUBLISH, true), (UNPUBLISH, false)] {
        let values = [now.micros().into(), site.uuid().into(), statement::limit(limit)];
        for row in on.query_all_raw(sql(on, select, values)).await? {
            let id = EntryId::from_uuid(row.try_get("", "entry_id")?);
            let (kind, locale) = (row::parsed(&row, "type")?, Some(row::parsed(&row, "locale")?));
            found.push(Due { at: At { kind, id, locale }, version: row.try_get("", "version")?, publish });
        }
    }
    Ok(found)
}

/// How many instants were due at `by` and are still waited for, and since when the first.
///
/// # Errors
/// If the statement fails.
pub async fn overdue(on: &impl ConnectionTrait, by: Instant) -> Result<(u64, Option<Instant>), Error> {
    let select = "SELECT COUNT(*) AS waiting, MIN(at) AS at FROM (
        SELECT publish_at AS at FROM entry_locale WHERE publish_at <= $1
        UNION ALL SELECT unpublish_at AS at FROM entry_locale WHERE unpublish_at <= $1 AND publish_at IS NULL) page";
    let Some(row) = on.query_one_raw(sql(on, select, [by.micros().into()])).await? else { return Ok((0, None)) };
    let waiting: i64 = row.try_get("", "waiting")?;
    Ok((u64::try_from(waiting).unwrap_or(0), row::instant_null(&row, "at")?))
}

/// Forgets the instant at which an entry was to be unpublished, of which nothing is published any more.
///
/// # Errors
/// If the statement fails.
pub async fn forget(tx: &Tx, act: &Act<PublishContent>, at: &At) -> Result<(), Error> {
    let entry = find(tx, act.site(), at).await?;
    let update = "UPDATE entry_locale SET unpublish_at = NULL, version = version + 1
        WHERE entry_id = $1 AND locale = $2 AND published_revision IS NULL";
    tx.execute_raw(sql(tx, update, [at.id.uuid().into(), entry.locale.as_str().into()])).await?;
    Ok(())
}
