//! Content types and components: made, read, changed with a plan, deleted while nobody uses them.
//!
//! Those that are built in are always there; once one was changed, its row stands in its place.

mod plan;
mod rekey;
mod write;

pub(crate) use plan::Scope;
pub use plan::{Example, Lost, MOST_LOOKED_AT, Plan, plan};
pub use write::{Applied, TypePatch, apply, change, create, delete};

use crate::{Error, Start, row};
use bonafide_model::access::ReadTypes;
use bonafide_model::content::{Catalogue, Definition, builtin};
use bonafide_model::id::SiteId;
use bonafide_model::name::TypeKey;
use bonafide_model::{Granted, Instant};
use bonafide_storage::sql;
use sea_orm::{ConnectionTrait, QueryResult};
use std::fmt::Write as _;
use std::sync::Arc;

/// The most types and components of a site, beside those that are built in.
pub const MOST_TYPES: usize = 200;

/// A content type or a component.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name in URLs; it never changes.
    pub key: TypeKey,
    /// What it is.
    pub definition: Arc<Definition>,
    /// Whether it is built in.
    pub built_in: bool,
    /// Raised by every change; 1 for what is built in and was never changed.
    pub version: i64,
    /// When it was made, if it was.
    pub created_at: Option<Instant>,
    /// When it was last changed, if it was.
    pub updated_at: Option<Instant>,
}

/// All types and components of a site, with a text that changes whenever one of them does.
pub(crate) struct Loaded {
    pub(crate) catalogue: Catalogue,
    pub(crate) mark: String,
}

impl Loaded {
    /// The definition of a type that has entries.
    pub(crate) fn definition(&self, kind: &TypeKey) -> Result<&Arc<Definition>, Error> {
        self.catalogue.entry_type(kind).ok_or(Error::NotFound)
    }
}

const ALL: &str = "SELECT key, definition, version, created_at, updated_at FROM content_type
    WHERE site_id = $1 AND deleted_at IS NULL ORDER BY key";

pub(crate) async fn load(on: &impl ConnectionTrait, site: SiteId) -> Result<Loaded, Error> {
    let rows = on.query_all_raw(sql(on, ALL, [site.uuid().into()])).await?;
    let (mut own, mut mark) = (Vec::new(), String::new());
    for row in &rows {
        let found = read(row)?;
        write!(mark, "{}:{} ", found.key, found.version).expect("a string takes every character");
        own.push((found.key, found.definition));
    }
    Ok(Loaded { catalogue: Catalogue::new(own), mark })
}

/// All types and components of a site, for whoever reads what is published.
///
/// # Errors
/// If the statement fails.
pub async fn catalogue(on: &impl ConnectionTrait, site: SiteId) -> Result<Catalogue, Error> {
    Ok(load(on, site).await?.catalogue)
}

async fn all(on: &impl ConnectionTrait, site: SiteId) -> Result<Vec<Type>, Error> {
    let rows = on.query_all_raw(sql(on, ALL, [site.uuid().into()])).await?;
    let mut types = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for key in builtin::all().keys() {
        if !types.iter().any(|own| own.key == *key) {
            types.extend(built_in(key));
        }
    }
    types.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(types)
}

/// Up to `limit` types and components in the order of their keys, those that are built in included.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadTypes>,
    start: Start<TypeKey>,
    limit: u64,
) -> Result<Vec<Type>, Error> {
    let mut types = all(on, by.site()).await?;
    match start {
        Start::First => {}
        Start::After(key) => types.retain(|other| other.key > key),
        Start::Before(key) => {
            types.retain(|other| other.key < key);
            types.reverse();
        }
    }
    types.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(types)
}

/// How many types and components there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadTypes>) -> Result<u64, Error> {
    Ok(all(on, by.site()).await?.len() as u64)
}

/// One type or component.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ReadTypes>, key: &TypeKey) -> Result<Type, Error> {
    find(on, by.site(), key).await
}

pub(crate) async fn find(on: &impl ConnectionTrait, site: SiteId, key: &TypeKey) -> Result<Type, Error> {
    let select = "SELECT key, definition, version, created_at, updated_at FROM content_type
        WHERE site_id = $1 AND key = $2 AND deleted_at IS NULL";
    let row = on.query_one_raw(sql(on, select, [site.uuid().into(), key.as_str().into()])).await?;
    row.as_ref().map(read).transpose()?.or_else(|| built_in(key)).ok_or(Error::NotFound)
}

fn built_in(key: &TypeKey) -> Option<Type> {
    let definition = Arc::clone(builtin::all().get(key)?);
    Some(Type { key: key.clone(), definition, built_in: true, version: 1, created_at: None, updated_at: None })
}

fn read(row: &QueryResult) -> Result<Type, Error> {
    let key: TypeKey = row::parsed(row, "key")?;
    Ok(Type {
        built_in: builtin::all().contains_key(&key),
        key,
        definition: Arc::new(row::json(row, "definition")?),
        version: row.try_get("", "version")?,
        created_at: Some(row::instant(row, "created_at")?),
        updated_at: Some(row::instant(row, "updated_at")?),
    })
}
