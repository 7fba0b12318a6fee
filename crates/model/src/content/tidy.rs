//! The one form in which documents are stored.
//!
//! [`tidy`] takes nulls, empty groups and choices that say nothing away, gives ids to blocks that have none, and brings slugs
//! to their form, so that the same document is stored in the same bytes however it came. [`prune`] leaves out what a type no
//! longer knows.

use super::{BLOCK_DEPTH, Catalogue, Definition, Fault, Field, Kind, slug};
use crate::id::BlockId;
use serde_json::{Map, Value};

/// Puts defaults where a new document says nothing.
pub fn fill(definition: &Definition, fields: &mut Map<String, Value>) {
    for field in &definition.fields {
        if let Some(default) = &field.default {
            fields.entry(field.key.as_str()).or_insert_with(|| default.clone());
        }
    }
}

/// Brings a document of the right shape to the form in which it is stored.
pub fn tidy(
    catalogue: &Catalogue,
    definition: &Definition,
    fields: &mut Map<String, Value>,
    id: &mut dyn FnMut() -> BlockId,
) {
    members(catalogue, &definition.fields, fields, id, 0);
    if let Some(field) = definition.slug_field() {
        let given = fields.get(field.key.as_str()).and_then(Value::as_str).unwrap_or_default();
        let made = if given.is_empty() {
            let from = field.from.as_ref().and_then(|from| fields.get(from.as_str())).and_then(Value::as_str);
            from.and_then(slug::of_title)
        } else {
            slug::normalise(given, true).ok()
        };
        match made {
            Some(made) => drop(fields.insert(field.key.to_string(), made.into())),
            None if given.is_empty() => drop(fields.remove(field.key.as_str())),
            None => {}
        }
    }
}

fn members(
    catalogue: &Catalogue,
    fields: &[Field],
    members: &mut Map<String, Value>,
    id: &mut dyn FnMut() -> BlockId,
    depth: usize,
) {
    members.retain(|_, value| !value.is_null());
    for field in fields {
        let Some(value) = members.get_mut(field.key.as_str()) else { continue };
        match (field.kind, value) {
            (Kind::Group, Value::Object(inner)) => {
                self::members(catalogue, &field.rules.fields, inner, id, depth);
                if inner.is_empty() {
                    members.remove(field.key.as_str());
                }
            }
            // as forms send what was not chosen
            (Kind::Choice, Value::String(text)) if text.is_empty() => drop(members.remove(field.key.as_str())),
            (Kind::List, Value::Array(items)) => {
                let of = field.rules.of.as_deref().filter(|of| of.kind == Kind::Group);
                for item in items {
                    if let (Some(of), Value::Object(inner)) = (of, item) {
                        self::members(catalogue, &of.rules.fields, inner, id, depth);
                    }
                }
            }
            (Kind::Blocks, Value::Array(items)) if depth < BLOCK_DEPTH => {
                for item in items {
                    if let Value::Object(inner) = item {
                        block(catalogue, inner, id, depth);
                    }
                }
            }
            _ => {}
        }
    }
}

fn block(catalogue: &Catalogue, inner: &mut Map<String, Value>, id: &mut dyn FnMut() -> BlockId, depth: usize) {
    let known = inner.get("id").and_then(Value::as_str).and_then(|text| text.parse::<BlockId>().ok());
    let known = known.unwrap_or_else(&mut *id);
    inner.insert("id".to_owned(), known.to_string().into());
    let name = inner.get("type").and_then(Value::as_str).unwrap_or_default();
    let Some(component) = catalogue.component(name).cloned() else { return };
    inner.retain(|_, value| !value.is_null());
    for field in &component.fields {
        if let Some(default) = &field.default {
            inner.entry(field.key.as_str()).or_insert_with(|| default.clone());
        }
    }
    members(catalogue, &component.fields, inner, id, depth + 1);
}

/// Something that was left out of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The field of the type that it stood in.
    pub field: String,
    /// The blocks around it, the outermost first: of each its component, and the field of that.
    pub inside: Vec<(String, String)>,
}

/// Leaves out what the type does not know (any more), and what has no longer the kind of its field: no more than that, a
/// block that has no place as a whole. Gives what that was.
pub fn prune(catalogue: &Catalogue, definition: &Definition, fields: &mut Map<String, Value>) -> Vec<Pruned> {
    let mut pruned = Vec::new();
    for _ in 0..super::MOST_FAULTS {
        let faults = super::check::shape(catalogue, definition, fields);
        let mut places: Vec<String> = faults.iter().map(place).collect();
        places.dedup();
        let before = pruned.len();
        // the last one first, so that those before it in a list stay where they are
        for place in places.iter().rev() {
            let steps: Vec<String> = place.split('/').skip(1).map(unescaped).collect();
            pruned.extend(steps.split_last().and_then(|(last, parents)| remove(fields, parents, last)));
        }
        if pruned.len() == before {
            break;
        }
    }
    pruned
}

/// What has to go because of a fault: of a block that has no place here all of it.
fn place(fault: &Fault) -> String {
    let is_block = matches!(fault.code, "unknown_type" | "missing_field");
    let place = fault.pointer.as_str();
    place.strip_suffix("/type").filter(|_| is_block).unwrap_or(place).to_owned()
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Removes a member of an object, or an item of a list, and a list with its last item.
fn remove(fields: &mut Map<String, Value>, parents: &[String], last: &str) -> Option<Pruned> {
    let Some((first, rest)) = parents.split_first() else {
        return fields.remove(last).map(|_| Pruned { field: last.to_owned(), inside: Vec::new() });
    };
    let (mut inside, mut at) = (Vec::new(), fields.get_mut(first)?);
    for (place, step) in rest.iter().map(String::as_str).chain([last]).enumerate() {
        if let Some(component) = at.get("type").and_then(Value::as_str).filter(|_| at.get("id").is_some()) {
            inside.push((component.to_owned(), step.to_owned()));
        }
        if place < rest.len() {
            at = match at {
                Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
                other => other.get_mut(step)?,
            };
        }
    }
    let is_empty = match at {
        Value::Object(members) => members.remove(last).map(|_| false)?,
        Value::Array(items) => {
            let place = last.parse().ok().filter(|place| *place < items.len())?;
            items.remove(place);
            items.is_empty()
        }
        _ => return None,
    };
    if is_empty && let Some((list, parents)) = parents.split_last() {
        remove(fields, parents, list);
    }
    Some(Pruned { field: first.clone(), inside })
}

/// The block with an id, wherever it stands in a document.
pub fn find_block<'v>(value: &'v mut Value, wanted: &str) -> Option<&'v mut Map<String, Value>> {
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| find_block(item, wanted)),
        Value::Object(members) => {
            let is_it = members.contains_key("type") && members.get("id").and_then(Value::as_str) == Some(wanted);
            if is_it { Some(members) } else { members.values_mut().find_map(|member| find_block(member, wanted)) }
        }
        _ => None,
    }
}
