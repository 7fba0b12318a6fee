//! What a change of a type does to what is published: lists filter by other fields, and dropped fields are gone.

use super::load;
use super::plan::{BATCH, Scope, holds_block, place};
use crate::render::render;
use crate::{Error, entry, keys, row};
use bonafide_model::content::{Definition, Field, check, tidy};
use bonafide_model::name::{FieldKey, TypeKey};
use bonafide_storage::{Tx, sql};
use sea_orm::ConnectionTrait as _;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Makes anew what lists filter by, where a change of the type changes that. What is published with fields that are gone, or
/// of another kind, is rendered anew: nothing of what is gone stays, nor of what was made of it, and readers get what the
/// type says. Gives the types of which that is so.
pub(super) async fn rekey(
    tx: &Tx,
    scope: &Scope<'_>,
    before: &Definition,
    after: &Definition,
) -> Result<BTreeSet<TypeKey>, Error> {
    let names = |definition: &Definition| {
        keys::of_document(definition, &Map::new()).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let altered = altered(before, after);
    let mut touched = BTreeSet::new();
    let other_keys = !before.component && names(before) != names(after);
    if altered.is_empty() && !other_keys {
        return Ok(touched);
    }
    let catalogue = load(tx, scope.site).await?.catalogue;
    let mut last = None;
    loop {
        let rows = scope.batch(tx, before.component, last.as_ref()).await?;
        for row in &rows {
            let (id, locale) = place(row)?;
            let kind: TypeKey = row::parsed(row, "type")?;
            let published: Option<String> = row.try_get("", "published_fields")?;
            last = Some((id, locale.clone()));
            let (Some(text), Some(definition)) = (published, catalogue.get(&kind)) else { continue };
            let mut fields: Map<String, Value> = serde_json::from_str(&text).map_err(|_| row::damaged("fields"))?;
            let shows = altered.iter().any(|field| has(&fields, before.component.then_some(scope.kind), field));
            if !shows && !other_keys {
                continue;
            }
            tidy::prune(&catalogue, definition, &mut fields);
            if shows {
                let content = render(&catalogue, definition, &fields).content;
                let references = check::references(&catalogue, definition, &fields);
                let update =
                    "UPDATE published SET content = $3, has_references = $4 WHERE entry_id = $1 AND locale = $2";
                let values =
                    [id.uuid().into(), locale.as_str().into(), content.into(), (!references.is_empty()).into()];
                tx.execute_raw(sql(tx, update, values)).await?;
                let delete = "DELETE FROM published_reference WHERE entry_id = $1 AND locale = $2";
                tx.execute_raw(sql(tx, delete, [id.uuid().into(), locale.as_str().into()])).await?;
                entry::insert_references(tx, id, &locale, &references).await?;
                touched.insert(kind.clone());
            }
            let delete = "DELETE FROM published_key WHERE entry_id = $1 AND locale = $2
                AND field NOT IN ('published_at', 'updated_at')";
            tx.execute_raw(sql(tx, delete, [id.uuid().into(), locale.as_str().into()])).await?;
            let found = keys::of_document(definition, &fields);
            entry::insert_keys(tx, scope.site, &kind, id, &locale, found).await?;
        }
        if (rows.len() as u64) < BATCH {
            return Ok(touched);
        }
    }
}

/// The fields whose values are shown otherwise, or not at all.
fn altered(before: &Definition, after: &Definition) -> Vec<FieldKey> {
    let as_before = |field: &&Field| {
        let same = |other: &Field| {
            let (is, was) = (&other.rules, &field.rules);
            other.kind == field.kind && is.fields == was.fields && is.of == was.of
        };
        after.field(field.key.as_str()).is_some_and(same)
    };
    before.fields.iter().filter(|field| !as_before(field)).map(|field| field.key.clone()).collect()
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
