//! Making, changing and deleting types.

use super::plan::{Scope, survey};
use super::rekey::rekey;
use super::{MOST_TYPES, Plan, Type, all, find, load};
use crate::{Error, type_key};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::Patch;
use bonafide_model::access::WriteTypes;
use bonafide_model::content::{Definition, Fault, Field};
use bonafide_model::id::ContentTypeId;
use bonafide_model::name::{FieldKey, TypeKey};
use bonafide_model::text::{Note, Title};
use bonafide_storage::{Tx, feed, replay, sql};
use sea_orm::ConnectionTrait as _;
use std::sync::Arc;

/// A change of a type.
#[derive(Clone, Debug, Default)]
pub struct TypePatch {
    /// What people call it.
    pub title: Patch<Title>,
    /// What it is for.
    pub description: Patch<Note>,
    /// All its fields.
    pub fields: Patch<Vec<Field>>,
    /// The field that is the title of an entry.
    pub title_field: Patch<FieldKey>,
    /// Whether its entries are written in several languages.
    pub localized: Patch<bool>,
    /// Whether there is one entry of it, and no more.
    pub singleton: Patch<bool>,
    /// Fields whose values may be lost.
    pub drop: Vec<FieldKey>,
}

/// Makes a type or component.
///
/// # Errors
/// [`Error::TypeExists`], [`Error::TooManyTypes`], or [`Error::Invalid`].
pub async fn create(tx: &Tx, act: Act<WriteTypes>, key: TypeKey, definition: Definition) -> Result<Type, Error> {
    let types = all(tx, act.site()).await?;
    if types.iter().any(|other| other.key == key) {
        return Err(Error::TypeExists);
    }
    if types.iter().filter(|other| !other.built_in).count() >= MOST_TYPES {
        return Err(Error::TooManyTypes);
    }
    // a type may refer to itself
    let catalogue = load(tx, act.site()).await?.catalogue.with(key.clone(), Arc::new(definition.clone()));
    let faults = definition.faults(&key, &catalogue);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    store(tx, &act, &key, &definition, 1).await?;
    act.record(tx, "type.create", Object::new("type", key.as_str()));
    feed::append(tx, act.site(), type_key(&key), act.now()).await?;
    find(tx, act.site(), &key).await
}

/// Writes the row of a type; one that is there, or was, goes on from its version.
async fn store(
    tx: &Tx,
    act: &Act<WriteTypes>,
    key: &TypeKey,
    definition: &Definition,
    version: i64,
) -> Result<(), Error> {
    let upsert = "INSERT INTO content_type (id, site_id, key, definition, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (site_id, key) DO UPDATE SET definition = excluded.definition,
            version = content_type.version + 1, updated_at = excluded.updated_at, deleted_at = NULL";
    let id: ContentTypeId = act.id();
    let json = serde_json::to_string(definition).map_err(|error| Error::Internal(error.to_string()))?;
    let values = [
        id.uuid().into(),
        act.site().uuid().into(),
        key.as_str().into(),
        json.into(),
        version.into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, upsert, values)).await?;
    Ok(())
}

/// Changes the type that has the version `expected`, if it loses nothing that `drop` does not name. What is published
/// stays as it is; what lists filter by is made anew, and dropped fields are taken out of it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], [`Error::Loses`], [`Error::TooManyEntries`], or
/// [`Error::PathTaken`] if another field is the slug and two published entries would be at one path.
pub async fn change(
    tx: &Tx,
    act: Act<WriteTypes>,
    key: TypeKey,
    expected: i64,
    patch: TypePatch,
) -> Result<(Type, Plan), Error> {
    let dropped = patch.drop.clone();
    let (before, after) = proposed(tx, act.site(), &key, expected, patch).await?;
    let plan = replace(tx, &act, &before, &after, &dropped).await?;
    Ok((find(tx, act.site(), &key).await?, plan))
}

/// Puts another definition in the place of one, if it loses nothing that is not named.
async fn replace(
    tx: &Tx,
    act: &Act<WriteTypes>,
    before: &Type,
    after: &Definition,
    dropped: &[FieldKey],
) -> Result<Plan, Error> {
    let key = &before.key;
    let plan = survey(tx, act.site(), key, &before.definition, after).await?;
    if plan.refused || plan.lost.iter().any(|lost| !dropped.contains(&lost.field)) {
        return Err(Error::Loses(Box::new(plan)));
    }
    store(tx, act, key, after, before.version + 1).await?;
    let scope = Scope { site: act.site(), kind: key };
    let rekeyed = rekey(tx, &scope, &before.definition, after).await?;
    act.record(tx, "type.update", Object::new("type", key.as_str()));
    rekeyed.tell(tx, act, key).await?;
    Ok(plan)
}

/// What became of one type that was applied.
#[derive(Clone, Debug)]
pub enum Applied {
    /// It was made.
    Made,
    /// It was changed; what that does to the entries that are there.
    Changed(Plan),
    /// It was like this already.
    Kept,
}

/// Makes or changes several types and components at once, so that they may name each other: all of them, or none.
/// Types that are there and not among these stay as they are.
///
/// # Errors
/// [`Error::Invalid`] with pointers that begin with the key of a type, [`Error::Loses`], or as [`create`] and [`change`].
pub async fn apply(
    tx: &Tx,
    act: &Act<WriteTypes>,
    wanted: &[(TypeKey, Definition)],
    dropped: &[(TypeKey, FieldKey)],
) -> Result<Vec<(TypeKey, Applied)>, Error> {
    let there = all(tx, act.site()).await?;
    let mut catalogue = load(tx, act.site()).await?.catalogue;
    for (key, definition) in wanted {
        catalogue = catalogue.with(key.clone(), Arc::new(definition.clone()));
    }
    let faults = wanted.iter().flat_map(|(key, definition)| {
        let faults = definition.faults(key, &catalogue).into_iter();
        faults.map(move |fault| fault.under(&format!("/{key}")))
    });
    let faults: Vec<Fault> = faults.collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut done = Vec::new();
    let found = |key: &TypeKey| there.iter().find(|other| other.key == *key);
    // those that are new come first: the others may name them
    for (key, definition) in wanted.iter().filter(|(key, _)| found(key).is_none()) {
        store(tx, act, key, definition, 1).await?;
        act.record(tx, "type.create", Object::new("type", key.as_str()));
        feed::append(tx, act.site(), type_key(key), act.now()).await?;
        done.push((key.clone(), Applied::Made));
    }
    for (key, definition) in wanted {
        let Some(before) = found(key) else { continue };
        if before.definition.component != definition.component {
            let message = "must stay what it is: a component, or none";
            return Err(Error::Invalid(vec![Fault::at(format!("/{key}/component"), "invalid_value", message)]));
        }
        if before.definition.as_ref() == definition {
            done.push((key.clone(), Applied::Kept));
            continue;
        }
        let named = dropped.iter().filter(|(kind, _)| kind == key).map(|(_, field)| field.clone());
        let plan = replace(tx, act, before, definition, &named.collect::<Vec<_>>()).await?;
        done.push((key.clone(), Applied::Changed(plan)));
    }
    if all(tx, act.site()).await?.iter().filter(|other| !other.built_in).count() > MOST_TYPES {
        return Err(Error::TooManyTypes);
    }
    Ok(done)
}

/// The type as it is, and as a patch would make it.
pub(super) async fn proposed(
    on: &impl sea_orm::ConnectionTrait,
    site: bonafide_model::id::SiteId,
    key: &TypeKey,
    expected: i64,
    patch: TypePatch,
) -> Result<(Type, Definition), Error> {
    let before = find(on, site, key).await?;
    if before.version != expected {
        return Err(Error::Stale { current: before.version });
    }
    let mut after = before.definition.as_ref().clone();
    let mut faults = Vec::new();
    let mut required = |kept: bool, pointer: &str| {
        if !kept {
            faults.push(Fault::at(pointer, "required", "must not be null"));
        }
    };
    required(patch.title.apply_required(&mut after.title), "/title");
    required(patch.fields.apply_required(&mut after.fields), "/fields");
    required(patch.localized.apply_required(&mut after.localized), "/localized");
    required(patch.singleton.apply_required(&mut after.singleton), "/singleton");
    patch.description.apply(&mut after.description);
    patch.title_field.apply(&mut after.title_field);
    let catalogue = load(on, site).await?.catalogue.with(key.clone(), Arc::new(after.clone()));
    faults.extend(after.faults(key, &catalogue));
    if faults.is_empty() { Ok((before, after)) } else { Err(Error::Invalid(faults)) }
}

/// Deletes the type that has the version `expected`, if it has no entries and no other type names it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::BuiltIn`], or [`Error::TypeInUse`].
pub async fn delete(tx: &Tx, act: Act<WriteTypes>, key: TypeKey, expected: i64) -> Result<(), Error> {
    let found = find(tx, act.site(), &key).await?;
    if found.version != expected {
        return Err(Error::Stale { current: found.version });
    }
    if found.built_in {
        return Err(Error::BuiltIn);
    }
    let named = |fields: &[Field]| {
        let json = serde_json::to_value(fields).unwrap_or_default();
        names(&json, key.as_str())
    };
    let used = all(tx, act.site()).await?.iter().any(|other| other.key != key && named(&other.definition.fields));
    let scope = Scope { site: act.site(), kind: &key };
    let has_entries =
        if found.definition.component { scope.uses_component(tx).await? } else { scope.has_entries(tx).await? };
    if used || has_entries {
        return Err(Error::TypeInUse);
    }
    let update = "UPDATE content_type SET deleted_at = $3, version = version + 1 WHERE site_id = $1 AND key = $2";
    let values = [act.site().uuid().into(), key.as_str().into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    replay::forget(tx, &type_key(&key)).await?;
    act.record(tx, "type.delete", Object::new("type", key.as_str()));
    feed::append(tx, act.site(), type_key(&key), act.now()).await?;
    Ok(())
}

/// Whether fields name a type or component, at any depth.
fn names(fields: &serde_json::Value, key: &str) -> bool {
    match fields {
        serde_json::Value::Array(items) => items.iter().any(|item| names(item, key)),
        serde_json::Value::Object(members) => members.iter().any(|(name, value)| {
            let listed = matches!(name.as_str(), "types" | "components");
            let here = value.as_array().into_iter().flatten().any(|item| item.as_str() == Some(key));
            (listed && here) || names(value, key)
        }),
        _ => false,
    }
}
