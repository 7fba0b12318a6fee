//! The one form in which documents are stored.
//!
//! [`tidy`] takes nulls and empty groups away, gives ids to blocks that have none, and brings slugs to their form, so that
//! the same document is stored in the same bytes however it came. [`prune`] leaves out what a type no longer knows.

use super::{BLOCK_DEPTH, Catalogue, Definition, Field, Kind, slug};
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

/// Leaves out what the type does not know (any more), or what has no longer the kind of its field.
pub fn prune(catalogue: &Catalogue, definition: &Definition, fields: &mut Map<String, Value>) {
    for _ in 0..super::MOST_FAULTS {
        let faults = super::check::shape(catalogue, definition, fields);
        if faults.is_empty() {
            return;
        }
        for fault in &faults {
            let key = fault.pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
            let key = key.replace("~1", "/").replace("~0", "~");
            let whole = fault.pointer.matches('/').count() <= 1 || fault.code != "unknown_field";
            if whole {
                fields.remove(&key);
            } else if let Some((parent, last)) = fault.pointer.rsplit_once('/')
                && let Some(Value::Object(inner)) = pointed(fields, parent)
            {
                inner.remove(&last.replace("~1", "/").replace("~0", "~"));
            }
        }
    }
}

fn pointed<'f>(fields: &'f mut Map<String, Value>, pointer: &str) -> Option<&'f mut Value> {
    let (first, rest) = pointer[1..].split_once('/').map_or((&pointer[1..], ""), |(first, rest)| (first, rest));
    let value = fields.get_mut(&first.replace("~1", "/").replace("~0", "~"))?;
    if rest.is_empty() { Some(value) } else { value.pointer_mut(&format!("/{rest}")) }
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
