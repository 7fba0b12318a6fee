//! What everyone may read: the published snapshot.
//!
//! Every statement here selects rows of the snapshot only. Nothing asks for a permission, and nothing could read a draft.
//! A reader wants a chain of languages, best first; [`Item::locale`] says which one each item came in.

mod list;

pub use crate::Start;

pub use crate::keys::DATES;
pub use list::{Condition, Cursor, Listed, MOST_LOOKED_THROUGH, Op, Query, Sort, count, kind_of, list, operand};

use crate::Error;
use crate::row::{self, Sql};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Instant, Locale};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};

/// A published page or entry in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: EntryId,
    /// Its type.
    pub kind: TypeKey,
    /// The language it came in.
    pub locale: Locale,
    /// Its path or slug, if its type has one.
    pub path: Option<String>,
    /// Its title, if its type has one.
    pub title: Option<String>,
    /// `{"fields", "excerpt", "reading_time", "links"}` as JSON, without references.
    pub content: String,
    /// The number of the revision.
    pub revision: i64,
    /// Whether it refers to other entries.
    pub has_references: bool,
    /// When it was first published.
    pub published_at: Instant,
    /// When it was last published.
    pub updated_at: Instant,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An item.
    Item(Box<Item>),
    /// Nothing any more: what was there has this path now.
    Moved {
        /// The present path.
        path: String,
        /// The language in which it has it.
        locale: Locale,
    },
}

/// The columns of an [`Item`], of the table `p`.
pub(crate) const COLUMNS: &str = "p.entry_id, p.type, p.locale, p.path, p.title, p.content, p.revision,
    p.has_references, p.published_at, p.updated_at";

pub(crate) fn item(row: &QueryResult) -> Result<Item, Error> {
    Ok(Item {
        id: EntryId::from_uuid(row.try_get("", "entry_id")?),
        kind: row::parsed(row, "type")?,
        locale: row::parsed(row, "locale")?,
        path: row.try_get("", "path")?,
        title: row.try_get("", "title")?,
        content: row.try_get("", "content")?,
        revision: row.try_get("", "revision")?,
        has_references: row.try_get("", "has_references")?,
        published_at: row::instant(row, "published_at")?,
        updated_at: row::instant(row, "updated_at")?,
    })
}

/// What is at a path, in the best of the languages that know it. An entry that was found in another language than the
/// best it is published in comes in that.
///
/// # Errors
/// If a statement fails.
pub async fn by_path(
    on: &impl ConnectionTrait,
    site: SiteId,
    kind: &TypeKey,
    path: &str,
    chain: &[Locale],
) -> Result<Option<Found>, Error> {
    let mut select = Sql::new("SELECT ");
    select.push(COLUMNS).push(" FROM published p WHERE p.site_id = ").bind(site.uuid());
    select.push(" AND p.type = ").bind(kind.as_str()).push(" AND p.path = ").bind(path);
    select.push(" AND p.locale IN ").list(chain.iter().map(Locale::as_str));
    let rows = on.query_all_raw(select.on(on)).await?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let Some(found) = best(items, chain) else { return moved(on, site, kind, path, chain).await };
    let better = chain.iter().position(|locale| *locale == found.locale).unwrap_or(0);
    if better > 0
        && let Some(item) = by_id(on, site, kind, found.id, &chain[..better]).await?
    {
        return Ok(Some(Found::Item(Box::new(item))));
    }
    Ok(Some(Found::Item(Box::new(found))))
}

/// The item in the best language.
fn best(items: Vec<Item>, chain: &[Locale]) -> Option<Item> {
    items.into_iter().min_by_key(|item| chain.iter().position(|locale| *locale == item.locale))
}

/// A published entry by its id, in the best of the languages.
///
/// # Errors
/// If the statement fails.
pub async fn by_id(
    on: &impl ConnectionTrait,
    site: SiteId,
    kind: &TypeKey,
    id: EntryId,
    chain: &[Locale],
) -> Result<Option<Item>, Error> {
    let mut select = Sql::new("SELECT ");
    select.push(COLUMNS).push(" FROM published p WHERE p.entry_id = ").bind(id.uuid());
    select.push(" AND p.locale IN ").list(chain.iter().map(Locale::as_str));
    select.push(" AND p.site_id = ").bind(site.uuid()).push(" AND p.type = ").bind(kind.as_str());
    let rows = on.query_all_raw(select.on(on)).await?;
    Ok(best(rows.iter().map(item).collect::<Result<_, _>>()?, chain))
}

/// Where the entry is that had a path.
async fn moved(
    on: &impl ConnectionTrait,
    site: SiteId,
    kind: &TypeKey,
    path: &str,
    chain: &[Locale],
) -> Result<Option<Found>, Error> {
    let mut select = Sql::new(
        "SELECT m.locale, p.path FROM moved m JOIN published p ON p.entry_id = m.entry_id AND p.locale = m.locale
         WHERE p.path IS NOT NULL AND m.site_id = ",
    );
    select.bind(site.uuid()).push(" AND m.type = ").bind(kind.as_str()).push(" AND m.path = ").bind(path);
    select.push(" AND m.locale IN ").list(chain.iter().map(Locale::as_str));
    let rows = on.query_all_raw(select.on(on)).await?;
    let places = rows.iter().map(|row| Ok((row.try_get("", "path")?, row::parsed(row, "locale")?)));
    let places = places.collect::<Result<Vec<(String, Locale)>, Error>>()?;
    let place = places.into_iter().min_by_key(|(_, locale)| chain.iter().position(|other| other == locale));
    Ok(place.map(|(path, locale)| Found::Moved { path, locale }))
}

/// Where a published item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub id: EntryId,
    /// The language.
    pub locale: Locale,
    /// Its path.
    pub path: String,
    /// When it was last published.
    pub updated_at: Instant,
}

/// Up to `limit` published items of a type that have a path, in all languages, those of one entry together; without those
/// that say `"no_index":true`.
///
/// # Errors
/// If the statement fails.
pub async fn placed(on: &impl ConnectionTrait, site: SiteId, kind: &TypeKey, limit: u64) -> Result<Vec<Placed>, Error> {
    let find = if on.get_database_backend() == DbBackend::Postgres { "strpos" } else { "instr" };
    let mut select = Sql::new("SELECT p.entry_id, p.locale, p.path, p.updated_at FROM published p WHERE p.site_id = ");
    select.bind(site.uuid()).push(" AND p.type = ").bind(kind.as_str()).push(" AND p.path IS NOT NULL AND ");
    // as it stands in the finished JSON; in a text of an author its quotes have backslashes before them
    select.push(find).push("(p.content, ").bind("\"no_index\":true").push(") = 0");
    select.push(" ORDER BY p.entry_id, p.locale LIMIT ").bind(row::limit(limit));
    let rows = on.query_all_raw(select.on(on)).await?;
    let placed = rows.iter().map(|row| {
        Ok(Placed {
            id: EntryId::from_uuid(row.try_get("", "entry_id")?),
            locale: row::parsed(row, "locale")?,
            path: row.try_get("", "path")?,
            updated_at: row::instant(row, "updated_at")?,
        })
    });
    placed.collect()
}

/// A reference of a published item, and what it leads to.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The item that it stands in.
    pub from: EntryId,
    /// Where it stands: of several, the list.
    pub pointer: String,
    /// What it leads to, published or not.
    pub target: EntryId,
    /// What is published of that in the best language; nothing if nothing is.
    pub shown: Option<Target>,
}

/// What a reference leads to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its type.
    pub kind: TypeKey,
    /// The language it is shown in.
    pub locale: Locale,
    /// Its path or slug.
    pub path: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// All of it, if it was asked for.
    pub item: Option<Box<Item>>,
}

/// The references of items, in the order in which they stand, each with the best of what is published of its target: in
/// the language of its item, then in those of the chain, then in the only one of a type that is not localized.
///
/// One statement, however many items.
///
/// # Errors
/// If the statement fails.
pub async fn references(
    on: &impl ConnectionTrait,
    items: &[(EntryId, Locale)],
    chain: &[Locale],
    whole: bool,
) -> Result<Vec<Reference>, Error> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut select =
        Sql::new("SELECT r.entry_id AS from_id, r.locale AS from_locale, r.pointer, r.position, r.target_id, ");
    let content = if whole { COLUMNS.to_owned() } else { COLUMNS.replace("p.content", "'' AS content") };
    select.push(&content).push(
        " FROM published_reference r LEFT JOIN published p ON p.entry_id = r.target_id AND (NOT p.localized OR p.locale IN ",
    );
    let mut wanted: Vec<&str> = chain.iter().map(Locale::as_str).collect();
    wanted.extend(
        items
            .iter()
            .map(|(_, locale)| locale.as_str())
            .filter(|locale| !chain.iter().any(|other| other.as_str() == *locale)),
    );
    wanted.sort_unstable();
    wanted.dedup();
    select.list(wanted.iter().copied()).push(") WHERE r.entry_id IN ");
    select.list(items.iter().map(|(id, _)| id.uuid())).push(" AND r.locale IN ").list(wanted.iter().copied());
    select.push(" ORDER BY r.entry_id, r.pointer, r.position");
    let rows = on.query_all_raw(select.on(on)).await?;
    let mut found: Vec<(i64, usize, Reference)> = Vec::new();
    for row in &rows {
        let from = EntryId::from_uuid(row.try_get("", "from_id")?);
        let from_locale: Locale = row::parsed(row, "from_locale")?;
        if !items.iter().any(|(id, locale)| *id == from && *locale == from_locale) {
            continue;
        }
        let (position, pointer) = (row.try_get::<i64>("", "position")?, row.try_get::<String>("", "pointer")?);
        let target = EntryId::from_uuid(row.try_get("", "target_id")?);
        let there: Option<String> = row.try_get("", "type")?;
        let shown = there.map(|_| item(row)).transpose()?;
        let rank = shown.as_ref().map_or(usize::MAX, |shown| rank(&shown.locale, &from_locale, chain));
        let shown = shown.map(|item| Target {
            kind: item.kind.clone(),
            locale: item.locale.clone(),
            path: item.path.clone(),
            title: item.title.clone(),
            item: whole.then(|| Box::new(item)),
        });
        let reference = Reference { from, pointer, target, shown };
        match found
            .last_mut()
            .filter(|(at, _, last)| *at == position && last.from == from && last.pointer == reference.pointer)
        {
            Some(last) if last.1 > rank => *last = (position, rank, reference),
            Some(_) => {}
            None => found.push((position, rank, reference)),
        }
    }
    Ok(found.into_iter().map(|(.., reference)| reference).collect())
}

/// How good a language is for what is shown in another.
fn rank(locale: &Locale, from: &Locale, chain: &[Locale]) -> usize {
    if locale == from {
        return 0;
    }
    chain.iter().position(|other| other == locale).map_or(usize::MAX - 1, |place| place + 1)
}
