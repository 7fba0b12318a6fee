//! A draft as readers would get it: the same checks and the same rendering as publishing, but that nothing is refused and
//! nothing is written.

use super::Opened;
use crate::delivery::Item;
use crate::entry::placed;
use crate::entry::publish::{Place, clashes, look_up, path_taken, previous};
use crate::entry::read::{find, saved};
use crate::entry::write::names;
use crate::render::{apart, render};
use crate::{Error, types};
use bonafide_model::content::check::{Reference, complete, references};
use bonafide_model::content::{Fault, tidy};
use bonafide_storage::{Db, sql};
use sea_orm::ConnectionTrait;
use sea_orm::prelude::Uuid;
use std::sync::Arc;

/// A draft that is shown.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What readers would get. It was changed last when its revision was saved.
    pub item: Item,
    /// Whether anything of it is published in its language; if not, `published_at` means nothing.
    pub is_published: bool,
    /// Its references, which [`crate::delivery::resolve`] joins to what is published.
    pub references: Vec<Reference>,
    /// What stands in the way of publishing it; pointers lead where the admin API has the field.
    pub problems: Vec<Fault>,
    /// What its author should know.
    pub warnings: Vec<Fault>,
    /// Where it is, was saved last, and is published.
    paths: Vec<String>,
}

impl Draft {
    /// Whether it is found under a path: its own, that of its newest revision, that of what is published, or its id.
    pub fn is_at(&self, path: &str) -> bool {
        self.item.id.to_string() == path || self.paths.iter().any(|known| known == path)
    }
}

/// Shows what was opened. Takes its time, off the async threads.
///
/// # Errors
/// [`Error::NotFound`] if it was deleted meanwhile.
pub async fn show(db: &Db, opened: &Opened) -> Result<Draft, Error> {
    let (db, site) = (db.read(), opened.site);
    let loaded = types::load(db, site).await?;
    let definition = Arc::clone(loaded.catalogue.get(&opened.at.kind).ok_or(Error::NotFound)?);
    let entry = find(db, site, &opened.at).await?;
    let side = entry.side().clone();
    let saved = saved(db, &entry, opened.revision.unwrap_or(side.revision)).await?;
    let mut fields = saved.fields.unwrap_or_default();
    tidy::prune(&loaded.catalogue, &definition, &mut fields);
    let references = references(&loaded.catalogue, &definition, &fields);
    let (title, path) = names(&definition, &fields);
    let (missing, unpublished) = look_up(db, site, &entry.locale, &references).await?;
    let place = Place { site, kind: &entry.kind, id: entry.id, locale: &entry.locale };
    let mut clashes = clashes(db, &place, &definition, &fields).await?;
    if let Some(path) = &path
        && is_taken(db, &place, path).await?
    {
        clashes.push(path_taken(&definition));
    }
    let shown_at = previous(db, &place).await?.and_then(|before| before.0);
    let catalogue = loaded.catalogue;
    let (faults, rendered) = apart(move || {
        let faults = complete(&catalogue, &definition, &fields);
        (faults, render(&catalogue, &definition, &fields))
    })
    .await?;
    let all = |faults: &[Vec<Fault>]| placed(&entry.kind, faults.concat());
    Ok(Draft {
        problems: all(&[faults, missing, clashes]),
        warnings: all(&[rendered.warnings, unpublished]),
        is_published: side.published_at.is_some(),
        paths: [path.clone(), side.slug, shown_at].into_iter().flatten().collect(),
        item: Item {
            id: entry.id,
            kind: entry.kind.clone(),
            locale: entry.locale.clone(),
            path,
            title,
            content: rendered.content,
            revision: saved.number,
            has_references: !references.is_empty(),
            published_at: side.published_at.unwrap_or(saved.created_at),
            updated_at: saved.created_at,
        },
        references,
    })
}

/// Whether another published entry of the type is at a path.
async fn is_taken(on: &impl ConnectionTrait, place: &Place<'_>, path: &str) -> Result<bool, Error> {
    let select = "SELECT entry_id FROM published WHERE site_id = $1 AND type = $2 AND locale = $3 AND path = $4";
    let values = [place.site.uuid().into(), place.kind.as_str().into(), place.locale.as_str().into(), path.into()];
    let row = on.query_one_raw(sql(on, select, values)).await?;
    Ok(row.map(|row| row.try_get("", "entry_id")).transpose()?.is_some_and(|id: Uuid| id != place.id.uuid()))
}
