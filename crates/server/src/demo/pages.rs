//! The pages and articles of the demonstration, in two languages, embedded in the program.

use crate::failure::Failure;
use crate::place::Place;
use bonafide_content::entry::{self, At, Entry, NewEntry};
use bonafide_content::types;
use bonafide_model::content::{Definition, builtin};
use bonafide_model::id::EntryId;
use bonafide_model::name::TypeKey;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What there is.
const CONTENT: &str = include_str!("content.json");

/// Makes types and entries, and publishes them; nothing if they are there.
pub(super) async fn publish(place: &Place) -> Result<(), Failure> {
    let of = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
    let pages = entry::count(place.db.read(), &place.operator(), &builtin::page()).await;
    if pages.map_err(|error| of(&error))? > 0 {
        return Ok(());
    }
    let content: Value = serde_json::from_str(CONTENT).map_err(|error| of(&error))?;
    for found in content["types"].as_array().into_iter().flatten() {
        let mut found = found.clone();
        let key = found.as_object_mut().and_then(|members| members.remove("type")).unwrap_or_default();
        let key: TypeKey = key.as_str().unwrap_or_default().parse().map_err(|error| of(&error))?;
        if types::get(place.db.read(), &place.operator(), &key).await.is_ok() {
            continue;
        }
        let definition: Definition = serde_json::from_value(found).map_err(|error| of(&error))?;
        let act = place.act();
        let made = place.db.write(move |tx| types::create(tx, act.clone(), key.clone(), definition.clone()).boxed());
        made.await.map_err(|error| of(&error))?;
    }
    let mut known: BTreeMap<String, EntryId> = BTreeMap::new();
    for found in content["entries"].as_array().into_iter().flatten() {
        let kind: TypeKey = found["type"].as_str().unwrap_or_default().parse().map_err(|error| of(&error))?;
        let made = write(place, kind, found, &known).await.map_err(|error| of(&error))?;
        known.insert(found["name"].as_str().unwrap_or_default().to_owned(), made);
    }
    Ok(())
}

/// Writes one entry in its languages and publishes all of them.
async fn write(
    place: &Place,
    kind: TypeKey,
    found: &Value,
    known: &BTreeMap<String, EntryId>,
) -> Result<EntryId, bonafide_content::Error> {
    let fields = |tag: &str| -> Option<Map<String, Value>> {
        let mut fields = found[tag].as_object().cloned()?;
        for value in fields.values_mut() {
            let name = value.as_str().and_then(|text| text.strip_prefix('@'));
            if let Some(id) = name.and_then(|name| known.get(name)) {
                *value = id.to_string().into();
            }
        }
        Some(fields)
    };
    let invalid = |_| bonafide_content::Error::NotFound;
    let (english, german) = ("en".parse().map_err(invalid)?, "de".parse().map_err(invalid)?);
    let new = NewEntry { locale: english, fields: fields("en").unwrap_or_default(), note: None };
    let (act, of_kind) = (place.act(), kind.clone());
    let made = place.db.write(move |tx| entry::create(tx, act.clone(), of_kind.clone(), new.clone()).boxed()).await?;
    let at = At { kind, id: made.id, locale: None };
    show(place, at.clone(), &made).await?;
    if let Some(translated) = fields("de") {
        let (act, first, locale) = (place.act(), at.clone(), german);
        let german = At { locale: Some(bonafide_model::Locale::clone(&locale)), ..at };
        let added = place
            .db
            .write(move |tx| entry::add_locale(tx, act.clone(), first.clone(), locale.clone(), None).boxed())
            .await?;
        let (act, side, version) = (place.act(), german.clone(), added.side().version);
        let saved = place
            .db
            .write(move |tx| entry::patch(tx, act.clone(), side.clone(), version, translated.clone(), None).boxed())
            .await?;
        show(place, german, &saved).await?;
    }
    Ok(made.id)
}

async fn show(place: &Place, at: At, entry: &Entry) -> Result<(), bonafide_content::Error> {
    let prepared = entry::prepare(&place.db, &place.operator(), at, entry.side().version).await?;
    let act = place.act();
    place.db.write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed()).await?;
    Ok(())
}
