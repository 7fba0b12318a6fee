//! What everyone may read: the published snapshot.
//!
//! Every statement here selects rows of the snapshot only. Nothing asks for a permission, and nothing could read a draft.
//! A reader wants a chain of languages, best first; [`Item::locale`] says which one each item came in.

mod list;
pub mod places;
mod together;

pub use crate::Start;

pub use crate::keys::DATES;
pub use together::Together;

pub use list::{Condition, Cursor, Listed, MOST_LOOKED_THROUGH, Op, Query, Sort, count, kind_of, list, operand};

use crate::{Error, row};
use bonafide_model::content::check;
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Instant, Locale};
use bonafide_storage::Sql;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use std::collections::BTreeMap;

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
/// One statement, so that what is renamed meanwhile is found under one name or the other.
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
    let mut select = Sql::default();
    for (from, at) in [
        ("published p WHERE", "p"),
        (
            "moved m JOIN published p ON p.entry_id = m.entry_id AND p.locale = m.locale WHERE p.path IS NOT NULL AND",
            "m",
        ),
    ] {
        select.push(if select.is_empty() { "SELECT " } else { " UNION ALL SELECT " }).push(COLUMNS);
        select.push(&format!(" FROM {from} {at}.site_id = ")).bind(site.uuid());
        select.push(&format!(" AND {at}.type = ")).bind(kind.as_str());
        select.push(&format!(" AND {at}.path = ")).bind(path);
        select.push(&format!(" AND {at}.locale IN ")).list(chain.iter().map(Locale::as_str));
    }
    let rows = on.query_all_raw(select.on(on)).await?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    // what had the path before has another now
    let (here, led): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.path.as_deref() == Some(path));
    let Some(found) = best(here, chain) else {
        let moved = best(led, chain).and_then(|item| Some(Found::Moved { path: item.path?, locale: item.locale }));
        return Ok(moved);
    };
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

/// Adds where a text begins in a column, counted from 1; 0 if it is not there.
fn find<'s>(sql: &'s mut Sql, on: &impl ConnectionTrait, column: &str, text: &str) -> &'s mut Sql {
    let function = if on.get_database_backend() == DbBackend::Postgres { "strpos(" } else { "instr(" };
    sql.push(function).push(column).push(", ").bind(text).push(")")
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

impl Target {
    fn new(item: Item, whole: bool) -> Self {
        Self {
            kind: item.kind.clone(),
            locale: item.locale.clone(),
            path: item.path.clone(),
            title: item.title.clone(),
            item: whole.then(|| Box::new(item)),
        }
    }
}

/// The references of those items that have any, in the order in which they stand, each with the best of what is published
/// of its target: in the language of its item, then in those of the chain, then in the only one of a type that is not localized.
///
/// One statement, however many items.
///
/// # Errors
/// [`Error::Changed`] if an item was published anew, or taken back, since it was read.
pub async fn references(
    on: &impl ConnectionTrait,
    items: &[Item],
    chain: &[Locale],
    whole: bool,
) -> Result<Vec<Reference>, Error> {
    let items: Vec<&Item> = items.iter().filter(|item| item.has_references).collect();
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted: Vec<&str> = chain.iter().chain(items.iter().map(|item| &item.locale)).map(Locale::as_str).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut select = Sql::new(
        "SELECT o.entry_id AS from_id, o.locale AS from_locale, o.revision AS from_revision, r.pointer, r.position, r.target_id, ",
    );
    let content = if whole { COLUMNS.to_owned() } else { COLUMNS.replace("p.content", "'' AS content") };
    select.push(&content).push(
        " FROM published o LEFT JOIN published_reference r ON r.entry_id = o.entry_id AND r.locale = o.locale
            LEFT JOIN published p ON p.entry_id = r.target_id AND (NOT p.localized OR p.locale IN ",
    );
    select.list(wanted.iter().copied()).push(") WHERE o.entry_id IN ");
    select.list(items.iter().map(|item| item.id.uuid())).push(" AND o.locale IN ").list(wanted.iter().copied());
    select.push(" ORDER BY o.entry_id, o.locale, r.pointer, r.position");
    let rows = on.query_all_raw(select.on(on)).await?;
    let (mut unseen, mut found) = (items.clone(), Vec::<(i64, usize, Reference)>::new());
    for row in &rows {
        let from = EntryId::from_uuid(row.try_get("", "from_id")?);
        let from_locale: Locale = row::parsed(row, "from_locale")?;
        let Some(item) = items.iter().find(|item| item.id == from && item.locale == from_locale) else { continue };
        if row.try_get::<i64>("", "from_revision")? != item.revision {
            return Err(Error::Changed);
        }
        unseen.retain(|other| other.id != from);
        // a change of its type may have taken the last one out
        let Some(pointer) = row.try_get::<Option<String>>("", "pointer")? else { continue };
        let position: i64 = row.try_get("", "position")?;
        let target = EntryId::from_uuid(row.try_get("", "target_id")?);
        let there: Option<String> = row.try_get("", "type")?;
        let shown = there.map(|_| self::item(row)).transpose()?;
        let rank = shown.as_ref().map_or(usize::MAX, |shown| rank(&shown.locale, &from_locale, chain));
        let shown = shown.map(|item| Target::new(item, whole));
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
    if !unseen.is_empty() {
        return Err(Error::Changed);
    }
    Ok(found.into_iter().map(|(.., reference)| reference).collect())
}

/// The same of a document that is not published itself, by the references that stand in it.
///
/// # Errors
/// If a statement fails.
pub async fn resolve(
    on: &impl ConnectionTrait,
    site: SiteId,
    from: &Item,
    standing: &[check::Reference],
    chain: &[Locale],
    whole: bool,
) -> Result<Vec<Reference>, Error> {
    let mut targets: Vec<_> = standing.iter().map(|reference| reference.target.uuid()).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut best: BTreeMap<EntryId, Item> = BTreeMap::new();
    for targets in targets.chunks(200) {
        // by their ids alone: with the site SQLite would look through all of its entries
        let mut select = Sql::new("SELECT p.site_id, ");
        select.push(COLUMNS).push(" FROM published p WHERE p.entry_id IN ").list(targets.iter().copied());
        select.push(" AND (NOT p.localized OR p.locale IN ");
        select.list(chain.iter().chain([&from.locale]).map(Locale::as_str)).push(")");
        for row in on.query_all_raw(select.on(on)).await? {
            if row.try_get::<Uuid>("", "site_id")? != site.uuid() {
                continue;
            }
            let (found, rank) = (item(&row)?, |item: &Item| rank(&item.locale, &from.locale, chain));
            if best.get(&found.id).is_none_or(|known| rank(known) > rank(&found)) {
                best.insert(found.id, found);
            }
        }
    }
    let resolved = standing.iter().map(|reference| {
        let shown = best.get(&reference.target).filter(|item| reference.types.contains(&item.kind));
        Reference {
            from: from.id,
            pointer: reference.pointer.clone(),
            target: reference.target,
            shown: shown.map(|item| Target::new(item.clone(), whole)),
        }
    });
    Ok(resolved.collect())
}

/// How good a language is for what is shown in another.
fn rank(locale: &Locale, from: &Locale, chain: &[Locale]) -> usize {
    if locale == from {
        return 0;
    }
    chain.iter().position(|other| other == locale).map_or(usize::MAX - 1, |place| place + 1)
}
