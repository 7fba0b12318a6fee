//! Reading entries and their revisions.

use super::{At, Entry, Revision, Side};
use crate::types::Loaded;
use crate::{Error, Start, row, types};
use bonafide_model::access::ReadContent;
use bonafide_model::content::tidy;
use bonafide_model::id::{AccountId, EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Granted, Locale};
use bonafide_storage::{Sql, sql, statement};
use sea_orm::{ConnectionTrait, QueryResult, prelude::Uuid};
use std::collections::BTreeMap;

macro_rules! sides {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.type, e.archived_at, e.created_at, l.locale, l.version, l.revision, l.published_revision,
                l.published_at, l.publish_at, l.unpublish_at, l.title, l.slug, l.updated_at
             FROM entry e JOIN entry_locale l ON l.entry_id = e.id WHERE ",
            $rest
        )
    };
}

/// One entry of a list, without its document.
fn grouped(rows: &[QueryResult]) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        let id = EntryId::from_uuid(row.try_get("", "id")?);
        let side = side(row)?;
        match entries.last_mut().filter(|last| last.id == id) {
            Some(entry) => entry.locales.push(side),
            None => entries.push(Entry {
                id,
                kind: row::parsed(row, "type")?,
                locale: side.locale.clone(),
                locales: vec![side],
                archived_at: row::instant_null(row, "archived_at")?,
                created_at: row::instant(row, "created_at")?,
                fields: serde_json::Map::new(),
                warnings: Vec::new(),
            }),
        }
    }
    Ok(entries)
}

fn side(row: &QueryResult) -> Result<Side, Error> {
    Ok(Side {
        locale: row::parsed(row, "locale")?,
        version: row.try_get("", "version")?,
        revision: row.try_get("", "revision")?,
        published_revision: row.try_get("", "published_revision")?,
        published_at: row::instant_null(row, "published_at")?,
        scheduled: (row::instant_null(row, "publish_at")?, row::instant_null(row, "unpublish_at")?),
        title: row.try_get("", "title")?,
        slug: row.try_get("", "slug")?,
        updated_at: row::instant(row, "updated_at")?,
    })
}

/// Up to `limit` entries of a type, the newest first, each with all its languages and without its document.
///
/// # Errors
/// [`Error::NotFound`] if there is no such type.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    kind: &TypeKey,
    start: Start<EntryId>,
    limit: u64,
) -> Result<Vec<Entry>, Error> {
    const DOWN: &str = "SELECT id FROM entry WHERE site_id = $1 AND type = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    const UP: &str = "SELECT id FROM entry WHERE site_id = $1 AND type = $2 AND id > $3 ORDER BY id LIMIT $4";
    if types::find(on, by.site(), kind).await?.definition.component {
        return Err(Error::NotFound);
    }
    let (select, bound) = match start {
        Start::First => (DOWN, Uuid::max()),
        Start::After(id) => (DOWN, id.uuid()),
        Start::Before(id) => (UP, id.uuid()),
    };
    let values = [by.site().uuid().into(), kind.as_str().into(), bound.into(), statement::limit(limit)];
    let rows = on.query_all_raw(sql(on, select, values)).await?;
    let ids = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<Uuid>, _>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = Sql::new(sides!("e.id IN "));
    select.list(ids.iter().copied()).push(" ORDER BY e.id, l.position");
    let found = grouped(&on.query_all_raw(select.on(on)).await?)?;
    let mut by_id: BTreeMap<Uuid, Entry> = found.into_iter().map(|entry| (entry.id.uuid(), entry)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// How many entries of a type there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadContent>, kind: &TypeKey) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM entry WHERE site_id = $1 AND type = $2";
    Ok(statement::count(on, sql(on, select, [by.site().uuid().into(), kind.as_str().into()])).await?)
}

/// One entry in one language, with its draft.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ReadContent>, at: &At) -> Result<Entry, Error> {
    let loaded = types::load(on, by.site()).await?;
    let mut entry = load(on, by.site(), &loaded, at).await?;
    entry.warnings = crate::render::warnings(&loaded.catalogue, loaded.definition(&entry.kind)?, &entry.fields);
    Ok(entry)
}

/// An entry without its document.
pub(super) async fn find(on: &impl ConnectionTrait, site: SiteId, at: &At) -> Result<Entry, Error> {
    const SELECT: &str = sides!("e.id = $1 AND e.site_id = $2 AND e.type = $3 ORDER BY l.position");
    let values = [at.id.uuid().into(), site.uuid().into(), at.kind.as_str().into()];
    let rows = on.query_all_raw(sql(on, SELECT, values)).await?;
    let mut entry = grouped(&rows)?.pop().ok_or(Error::NotFound)?;
    if let Some(wanted) = &at.locale {
        if !entry.locales.iter().any(|side| side.locale == *wanted) {
            return Err(Error::NotFound);
        }
        entry.locale = wanted.clone();
    }
    Ok(entry)
}

pub(super) async fn load(on: &impl ConnectionTrait, site: SiteId, loaded: &Loaded, at: &At) -> Result<Entry, Error> {
    let mut entry = find(on, site, at).await?;
    let (locale, number) = (entry.locale.clone(), entry.side().revision);
    entry.fields = document(on, at.id, &locale, number).await?;
    tidy::prune(&loaded.catalogue, loaded.definition(&at.kind)?, &mut entry.fields);
    Ok(entry)
}

/// The document of a revision, exactly as it was saved.
pub(super) async fn document(
    on: &impl ConnectionTrait,
    id: EntryId,
    locale: &Locale,
    number: i64,
) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    let select = "SELECT fields FROM entry_revision WHERE entry_id = $1 AND locale = $2 AND number = $3";
    let row = on.query_one_raw(sql(on, select, [id.uuid().into(), locale.as_str().into(), number.into()])).await?;
    row::json(&row.ok_or(Error::NotFound)?, "fields")
}

/// Up to `limit` revisions of an entry in one language, the newest first, without their documents.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revisions(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    at: &At,
    start: Start<i64>,
    limit: u64,
) -> Result<Vec<Revision>, Error> {
    const DOWN: &str = "SELECT number, note, restored_from, actor_kind, account_id, created_at FROM entry_revision
        WHERE entry_id = $1 AND locale = $2 AND number < $3 ORDER BY number DESC LIMIT $4";
    const UP: &str = "SELECT number, note, restored_from, actor_kind, account_id, created_at FROM entry_revision
        WHERE entry_id = $1 AND locale = $2 AND number > $3 ORDER BY number LIMIT $4";
    let entry = find(on, by.site(), at).await?;
    let (select, bound) = match start {
        Start::First => (DOWN, i64::MAX),
        Start::After(number) => (DOWN, number),
        Start::Before(number) => (UP, number),
    };
    let values = [entry.id.uuid().into(), entry.locale.as_str().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(read_revision).collect()
}

/// How many revisions an entry has in one language.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn count_revisions(on: &impl ConnectionTrait, by: &Granted<ReadContent>, at: &At) -> Result<u64, Error> {
    let entry = find(on, by.site(), at).await?;
    let select = "SELECT COUNT(*) FROM entry_revision WHERE entry_id = $1 AND locale = $2";
    Ok(statement::count(on, sql(on, select, [entry.id.uuid().into(), entry.locale.as_str().into()])).await?)
}

/// One revision of an entry in one language, with its document exactly as it was saved.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revision(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    at: &At,
    number: i64,
) -> Result<(Locale, Revision), Error> {
    let entry = find(on, by.site(), at).await?;
    let saved = saved(on, &entry, number).await?;
    Ok((entry.locale, saved))
}

/// A revision of an entry that was found, with its document exactly as it was saved.
pub(super) async fn saved(on: &impl ConnectionTrait, entry: &Entry, number: i64) -> Result<Revision, Error> {
    let select = "SELECT number, note, restored_from, actor_kind, account_id, created_at, fields FROM entry_revision
        WHERE entry_id = $1 AND locale = $2 AND number = $3";
    let values = [entry.id.uuid().into(), entry.locale.as_str().into(), number.into()];
    let row = on.query_one_raw(sql(on, select, values)).await?.ok_or(Error::NotFound)?;
    let fields = Some(row::json(&row, "fields")?);
    Ok(Revision { fields, ..read_revision(&row)? })
}

fn read_revision(row: &QueryResult) -> Result<Revision, Error> {
    Ok(Revision {
        number: row.try_get("", "number")?,
        note: row.try_get("", "note")?,
        restored_from: row.try_get("", "restored_from")?,
        actor_kind: row.try_get("", "actor_kind")?,
        account: row.try_get::<Option<_>>("", "account_id")?.map(AccountId::from_uuid),
        created_at: row::instant(row, "created_at")?,
        fields: None,
    })
}
