//! Where published items are, for whoever follows all of them: in parts of so many, one after the other.
//!
//! A part begins at an entry and ends before another; all languages of an entry stand in one part.

use super::find;
use crate::Error;
use crate::row;
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Instant, Locale};
use bonafide_storage::{Sql, statement};
use sea_orm::ConnectionTrait;

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

/// The published items of a type that have a path, without those that say `"no_index":true`, from an entry on.
fn those(select: &'static str, on: &impl ConnectionTrait, site: SiteId, kind: &TypeKey, from: Option<EntryId>) -> Sql {
    let mut sql = Sql::new(select);
    sql.push(" FROM published p WHERE p.site_id = ").bind(site.uuid()).push(" AND p.type = ").bind(kind.as_str());
    if let Some(from) = from {
        sql.push(" AND p.entry_id >= ").bind(from.uuid());
    }
    // as it stands in the finished JSON; in a text of an author its quotes have backslashes before them
    sql.push(" AND p.path IS NOT NULL AND ");
    find(&mut sql, on, "p.content", "\"no_index\":true").push(" = 0");
    sql
}

/// The entries at which parts of up to `most` items begin, but for the first part, which begins before all.
///
/// # Errors
/// If a statement fails.
pub async fn beginnings(
    on: &impl ConnectionTrait,
    site: SiteId,
    kind: &TypeKey,
    most: u64,
) -> Result<Vec<EntryId>, Error> {
    let mut found: Vec<EntryId> = Vec::new();
    loop {
        let mut select = those("SELECT p.entry_id", on, site, kind, found.last().copied());
        select.push(" ORDER BY p.entry_id, p.locale LIMIT 1 OFFSET ").bind(statement::limit(most));
        let Some(row) = on.query_one_raw(select.on(on)).await? else { return Ok(found) };
        let next = EntryId::from_uuid(row.try_get("", "entry_id")?);
        // an entry in more languages than a part has items: what follows is one part with it
        if found.last() == Some(&next) {
            return Ok(found);
        }
        found.push(next);
    }
}

/// The items of the part that begins at an entry and ends before another, in all languages, those of one entry together.
///
/// # Errors
/// If the statement fails.
pub async fn placed(
    on: &impl ConnectionTrait,
    site: SiteId,
    kind: &TypeKey,
    from: Option<EntryId>,
    end: Option<EntryId>,
) -> Result<Vec<Placed>, Error> {
    let mut select = those("SELECT p.entry_id, p.locale, p.path, p.updated_at", on, site, kind, from);
    if let Some(end) = end {
        select.push(" AND p.entry_id < ").bind(end.uuid());
    }
    select.push(" ORDER BY p.entry_id, p.locale");
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
