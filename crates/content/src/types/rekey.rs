//! What a change of a type does to what is published: lists filter by other fields, entries have other titles and addresses,
//! and dropped fields are gone.

use super::load;
use super::plan::{BATCH, Scope, holds_block, place};
use crate::entry::{Place, announce, insert_keys, insert_references, moved, names, path_clash};
use crate::render::render;
use crate::{Error, keys, row};
use bonafide_ledger::Act;
use bonafide_model::Locale;
use bonafide_model::access::WriteTypes;
use bonafide_model::content::{Catalogue, Definition, Field, check, tidy};
use bonafide_model::id::EntryId;
use bonafide_model::name::{FieldKey, TypeKey};
use bonafide_storage::{Tx, feed, sql};
use sea_orm::ConnectionTrait as _;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Makes anew what lists filter by, and what entries are called and where they are, where a change of the type changes that.
/// What is published with fields that are gone, or of another kind, is rendered anew: nothing of what is gone stays, nor of
/// what was made of it, and readers get what the type says.
pub(super) async fn rekey(
    tx: &Tx,
    scope: &Scope<'_>,
    before: &Definition,
    after: &Definition,
) -> Result<Rekeyed, Error> {
    let change = Change::between(before, after);
    let mut done = Rekeyed::default();
    if change.altered.is_empty() && !change.keys && !change.names {
        return Ok(done);
    }
    let catalogue = load(tx, scope.site).await?.catalogue;
    let mut paths = if change.names { free_paths(tx, scope).await? } else { BTreeMap::new() };
    let mut last = None;
    loop {
        let rows = scope.batch(tx, before.component, last.as_ref()).await?;
        for row in &rows {
            let (id, locale) = place(row)?;
            let kind: TypeKey = row::parsed(row, "type")?;
            last = Some((id, locale.clone()));
            let Some(definition) = catalogue.get(&kind) else { continue };
            let read = |fields: String| read(&catalogue, definition, &fields);
            let place = Place { site: scope.site, kind: &kind, id, locale: &locale };
            if change.names {
                name_draft(tx, &place, definition, &read(row.try_get("", "fields")?)?[0]).await?;
            }
            let Some(published) = row.try_get::<Option<String>>("", "published_fields")? else { continue };
            let [fields, unread] = read(published)?;
            let shows = change.altered.iter().any(|field| has(&unread, before.component.then_some(scope.kind), field));
            if shows || change.names {
                show(tx, &place, &catalogue, definition, &fields).await?;
                done.types.insert(kind.clone());
            }
            if change.names {
                let [old, new] = [paths.remove(&(id, locale.clone())), names(definition, &fields).1];
                moved(tx, &place, old.as_deref(), new.as_deref()).await?;
                done.entries.push((kind.clone(), id, locale.clone(), [old, new]));
            }
            if shows || change.keys || change.names {
                let delete = "DELETE FROM published_key WHERE entry_id = $1 AND locale = $2
                    AND field NOT IN ('published_at', 'updated_at')";
                tx.execute_raw(sql(tx, delete, [id.uuid().into(), locale.as_str().into()])).await?;
                let found = keys::of_document(definition, &fields);
                insert_keys(tx, scope.site, &kind, id, &locale, found).await?;
            }
        }
        if (rows.len() as u64) < BATCH {
            return Ok(done);
        }
    }
}

/// What was made anew.
#[derive(Default)]
pub(super) struct Rekeyed {
    /// The types of which something is shown otherwise.
    types: BTreeSet<TypeKey>,
    /// The entries that are called otherwise, with the path that each had and has.
    entries: Vec<(TypeKey, EntryId, Locale, [Option<String>; 2])>,
}

impl Rekeyed {
    /// Tells every process that keeps copies, of the type itself too; the last statements of a transaction.
    pub(super) async fn tell(mut self, tx: &Tx, act: &Act<WriteTypes>, itself: &TypeKey) -> Result<(), Error> {
        for (kind, id, locale, paths) in self.entries {
            let place = Place { site: act.site(), kind: &kind, id, locale: &locale };
            announce(tx, &place, paths, act.now()).await?;
        }
        self.types.insert(itself.clone());
        for kind in &self.types {
            feed::append(tx, act.site(), crate::type_key(kind), act.now()).await?;
        }
        Ok(())
    }
}

/// What of a change readers may see.
struct Change {
    /// The fields whose values are shown otherwise, or not at all.
    altered: Vec<FieldKey>,
    /// Whether lists filter by other fields.
    keys: bool,
    /// Whether another field is the title or the slug, or the type is written in several languages now, or no longer.
    names: bool,
}

impl Change {
    fn between(before: &Definition, after: &Definition) -> Self {
        let as_before = |field: &&Field| {
            let same = |other: &Field| {
                let (is, was) = (&other.rules, &field.rules);
                (other.kind, other.is_keyed(), is.max_length) == (field.kind, field.is_keyed(), was.max_length)
                    && (&is.fields, &is.of, &is.components) == (&was.fields, &was.of, &was.components)
            };
            after.field(field.key.as_str()).is_some_and(same)
        };
        let altered = before.fields.iter().filter(|field| !as_before(field)).map(|field| field.key.clone());
        let keyed = |definition: &Definition| {
            keys::of_document(definition, &Map::new()).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let named = |definition: &Definition| {
            let key = |field: Option<&Field>| field.map(|field| field.key.clone());
            (key(definition.title_field()), key(definition.slug_field()), definition.localized)
        };
        Self {
            altered: altered.collect(),
            keys: !before.component && keyed(before) != keyed(after),
            names: !before.component && named(before) != named(after),
        }
    }
}

/// A stored document as the type knows it, and as it is.
fn read(catalogue: &Catalogue, definition: &Definition, fields: &str) -> Result<[Map<String, Value>; 2], Error> {
    let stored: Map<String, Value> = serde_json::from_str(fields).map_err(|_| row::damaged("fields"))?;
    let mut known = stored.clone();
    tidy::prune(catalogue, definition, &mut known);
    Ok([known, stored])
}

/// The paths of what is published of a type, which nobody has afterwards.
async fn free_paths(tx: &Tx, scope: &Scope<'_>) -> Result<BTreeMap<(EntryId, Locale), String>, Error> {
    let values = || [scope.site.uuid().into(), scope.kind.as_str().into()];
    let select = "SELECT entry_id, locale, path FROM published WHERE site_id = $1 AND type = $2 AND path IS NOT NULL";
    let rows = tx.query_all_raw(sql(tx, select, values())).await?;
    let update = "UPDATE published SET path = NULL WHERE site_id = $1 AND type = $2";
    tx.execute_raw(sql(tx, update, values())).await?;
    rows.iter().map(|row| Ok((place(row)?, row.try_get("", "path")?))).collect()
}

/// What a draft is called in the lists of its authors.
async fn name_draft(
    tx: &Tx,
    place: &Place<'_>,
    definition: &Definition,
    fields: &Map<String, Value>,
) -> Result<(), Error> {
    let (title, slug) = names(definition, fields);
    let update = "UPDATE entry_locale SET title = $3, slug = $4 WHERE entry_id = $1 AND locale = $2";
    let values = [place.id.uuid().into(), place.locale.as_str().into(), title.into(), slug.into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

/// Renders anew what is published.
async fn show(
    tx: &Tx,
    place: &Place<'_>,
    catalogue: &Catalogue,
    definition: &Definition,
    fields: &Map<String, Value>,
) -> Result<(), Error> {
    let content = render(catalogue, definition, fields).content;
    let references = check::references(catalogue, definition, fields);
    let (title, path) = names(definition, fields);
    let update = "UPDATE published SET content = $3, has_references = $4, title = $5, path = $6, localized = $7
        WHERE entry_id = $1 AND locale = $2";
    let values = [
        place.id.uuid().into(),
        place.locale.as_str().into(),
        content.into(),
        (!references.is_empty()).into(),
        title.into(),
        path.into(),
        definition.localized.into(),
    ];
    let updated = tx.execute_raw(sql(tx, update, values)).await;
    updated.map_err(|error| path_clash(error, place.kind, definition))?;
    let delete = "DELETE FROM published_reference WHERE entry_id = $1 AND locale = $2";
    tx.execute_raw(sql(tx, delete, [place.id.uuid().into(), place.locale.as_str().into()])).await?;
    insert_references(tx, place.id, place.locale, &references).await
}

/// Whether a document has a value of a field: of its own, or of a block of a component.
fn has(fields: &Map<String, Value>, component: Option<&TypeKey>, field: &FieldKey) -> bool {
    match component {
        None => fields.contains_key(field.as_str()),
        Some(key) => {
            let holds = |members: &Map<String, Value>| members.contains_key(field.as_str());
            fields.values().any(|value| holds_block(value, key.as_str(), &holds))
        }
    }
}
