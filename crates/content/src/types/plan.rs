//! What a change of a type would do to the entries that are there.

use super::write::proposed;
use super::{TypePatch, load};
use crate::{Error, row};
use bonafide_model::access::WriteTypes;
use bonafide_model::content::{Catalogue, Definition, Fault, Field, check, tidy};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::{FieldKey, TypeKey};
use bonafide_model::{Granted, Locale};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, QueryResult, prelude::Uuid};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most entries, each language counted, that one change may look at.
pub const MOST_LOOKED_AT: u64 = 20_000;
/// The most examples a plan gives.
const MOST_EXAMPLES: usize = 20;
/// How many are read at a time.
pub(super) const BATCH: u64 = 500;

/// What a change of a type would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many entries there are, each language counted.
    pub entries: u64,
    /// Fields of which entries have values that would be lost.
    pub lost: Vec<Lost>,
    /// How many drafts could not be published as they are.
    pub invalid_drafts: u64,
    /// How many published entries could not be published again as they are. They stay as they are until then.
    pub invalid_published: u64,
    /// Some of those, with their faults.
    pub examples: Vec<Example>,
    /// Whether the change cannot be made while entries are as they are, whatever is named to be dropped.
    pub refused: bool,
}

/// A field whose values, or some inside them, would be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The field.
    pub field: FieldKey,
    /// How many entries have a value of it.
    pub entries: u64,
}

/// An entry that breaks the new rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The entry.
    pub id: EntryId,
    /// The language.
    pub locale: Locale,
    /// What its draft breaks.
    pub faults: Vec<Fault>,
}

/// The entries that a change is about.
pub(crate) struct Scope<'k> {
    pub(crate) site: SiteId,
    pub(crate) kind: &'k TypeKey,
}

/// What a patch of the type with the version `expected` would do. Changes nothing.
///
/// # Errors
/// As [`change`](super::change()), but for what the plan tells.
pub async fn plan(
    on: &impl ConnectionTrait,
    by: &Granted<WriteTypes>,
    key: &TypeKey,
    expected: i64,
    patch: TypePatch,
) -> Result<Plan, Error> {
    let (before, after) = proposed(on, by.site(), key, expected, patch).await?;
    survey(on, by.site(), key, &before.definition, &after).await
}

/// Holds all drafts, and what is published, against another definition of their type or of a component.
pub(super) async fn survey(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &TypeKey,
    before: &Definition,
    after: &Definition,
) -> Result<Plan, Error> {
    let scope = Scope { site, kind: key };
    let old = load(on, site).await?.catalogue;
    let new = old.with(key.clone(), Arc::new(after.clone()));
    let (mut plan, mut lost) = (Plan::default(), BTreeMap::<FieldKey, u64>::new());
    let other = |field: &&Field| after.field(field.key.as_str()) != Some(field);
    let other: Vec<&Field> = before.fields.iter().filter(other).collect();
    let mut ids = std::collections::BTreeSet::new();
    let mut several_languages = false;
    let mut last = None;
    loop {
        let rows = scope.batch(on, before.component, last.as_ref()).await?;
        for row in &rows {
            let (id, locale) = place(row)?;
            plan.entries += 1;
            if plan.entries > MOST_LOOKED_AT {
                return Err(Error::TooManyEntries);
            }
            several_languages |= !ids.insert(id);
            let kind: TypeKey = row::parsed(row, "type")?;
            let draft = held(&old, &new, &kind, row::json(row, "fields")?);
            let published = row.try_get::<Option<String>>("", "published_fields")?;
            let published = published.map(|text| serde_json::from_str(&text).map_err(|_| row::damaged("fields")));
            let published = published.transpose()?.map(|fields| held(&old, &new, &kind, fields));
            for field in &other {
                let loses = |held: &Held| held.loses(before.component.then_some(key), field, after);
                let has = std::iter::once(&draft).chain(&published).any(loses);
                *lost.entry(field.key.clone()).or_default() += u64::from(has);
            }
            plan.invalid_published += u64::from(published.is_some_and(|held| !held.worse.is_empty()));
            if !draft.worse.is_empty() {
                plan.invalid_drafts += 1;
                if plan.examples.len() < MOST_EXAMPLES {
                    plan.examples.push(Example { id, locale: locale.clone(), faults: draft.worse });
                }
            }
            last = Some((id, locale));
        }
        if (rows.len() as u64) < BATCH {
            break;
        }
    }
    plan.lost = lost.into_iter().filter(|lost| lost.1 > 0).map(|(field, entries)| Lost { field, entries }).collect();
    plan.refused = (after.singleton && ids.len() > 1) || (before.localized && !after.localized && several_languages);
    Ok(plan)
}

/// A document held against the old rules and the new ones.
struct Held {
    /// The document as it was shown.
    fields: Map<String, Value>,
    /// What of it has no place any more.
    pruned: Vec<tidy::Pruned>,
    /// What breaks the new rules and did not break the old ones.
    worse: Vec<Fault>,
}

fn held(old: &Catalogue, new: &Catalogue, kind: &TypeKey, mut fields: Map<String, Value>) -> Held {
    let (Some(before), Some(after)) = (old.get(kind), new.get(kind)) else {
        return Held { fields, pruned: Vec::new(), worse: Vec::new() };
    };
    tidy::prune(old, before, &mut fields);
    let known = check::complete(old, before, &fields);
    let mut kept = fields.clone();
    let pruned = tidy::prune(new, after, &mut kept);
    let mut worse = check::complete(new, after, &kept);
    worse.retain(|fault| !known.contains(fault));
    Held { fields, pruned, worse }
}

impl Held {
    /// Whether a field of the type, or of a component, loses a value, or something inside one.
    fn loses(&self, component: Option<&TypeKey>, field: &Field, after: &Definition) -> bool {
        let name = field.key.as_str();
        let loses =
            |members: &Map<String, Value>| members.get(name).is_some_and(|value| field.loses(after.field(name), value));
        match component {
            None => self.pruned.iter().any(|pruned| pruned.field == name) || loses(&self.fields),
            Some(key) => {
                let inside =
                    |pruned: &tidy::Pruned| pruned.inside.iter().any(|(of, at)| of == key.as_str() && at == name);
                self.pruned.iter().any(inside)
                    || self.fields.values().any(|value| holds_block(value, key.as_str(), &loses))
            }
        }
    }
}

/// Whether a document has a block of a component of which something is so.
pub(super) fn holds_block(value: &Value, component: &str, is_so: &dyn Fn(&Map<String, Value>) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds_block(item, component, is_so)),
        Value::Object(members) => {
            let is_it = members.contains_key("id") && members.get("type").and_then(Value::as_str) == Some(component);
            (is_it && is_so(members)) || members.values().any(|member| holds_block(member, component, is_so))
        }
        _ => false,
    }
}

pub(super) fn place(row: &QueryResult) -> Result<(EntryId, Locale), Error> {
    Ok((EntryId::from_uuid(row.try_get("", "entry_id")?), row::parsed(row, "locale")?))
}

impl Scope<'_> {
    /// Some drafts with what is published of them: of the type, or of all types.
    pub(super) async fn batch(
        &self,
        on: &impl ConnectionTrait,
        every: bool,
        last: Option<&(EntryId, Locale)>,
    ) -> Result<Vec<QueryResult>, Error> {
        macro_rules! select {
            ($rest:literal) => {
                concat!(
                    "SELECT l.entry_id, l.locale, l.type, r.fields, p.fields AS published_fields
                    FROM entry_locale l
                    JOIN entry_revision r ON r.entry_id = l.entry_id AND r.locale = l.locale AND r.number = l.revision
                    LEFT JOIN entry_revision p ON p.entry_id = l.entry_id AND p.locale = l.locale
                        AND p.number = l.published_revision
                    WHERE l.site_id = $1 ",
                    $rest
                )
            };
        }
        let (id, locale) = last.map_or((Uuid::nil(), ""), |(id, locale)| (id.uuid(), locale.as_str()));
        let mut values = vec![self.site.uuid().into(), id.into(), locale.into(), statement::limit(BATCH)];
        let select = if every {
            select!("AND (l.entry_id, l.locale) > ($2, $3) ORDER BY l.entry_id, l.locale LIMIT $4")
        } else {
            values.push(self.kind.as_str().into());
            select!("AND l.type = $5 AND (l.entry_id, l.locale) > ($2, $3) ORDER BY l.entry_id, l.locale LIMIT $4")
        };
        Ok(on.query_all_raw(sql(on, select, values)).await?)
    }

    pub(crate) async fn has_entries(&self, on: &impl ConnectionTrait) -> Result<bool, Error> {
        let select = "SELECT 1 AS one FROM entry WHERE site_id = $1 AND type = $2 LIMIT 1";
        let values = [self.site.uuid().into(), self.kind.as_str().into()];
        Ok(on.query_one_raw(sql(on, select, values)).await?.is_some())
    }

    /// Whether any draft, or anything published, has a block of the component.
    pub(super) async fn uses_component(&self, on: &impl ConnectionTrait) -> Result<bool, Error> {
        let (mut last, mut seen) = (None, 0);
        loop {
            let rows = self.batch(on, true, last.as_ref()).await?;
            for row in &rows {
                for column in ["fields", "published_fields"] {
                    let text: Option<String> = row.try_get("", column)?;
                    let value: Value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
                    if holds_block(&value, self.kind.as_str(), &|_| true) {
                        return Ok(true);
                    }
                }
                last = Some(place(row)?);
            }
            seen += rows.len() as u64;
            if seen > MOST_LOOKED_AT {
                return Err(Error::TooManyEntries);
            }
            if (rows.len() as u64) < BATCH {
                return Ok(false);
            }
        }
    }
}
