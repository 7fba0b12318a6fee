//! Values against a definition.
//!
//! [`shape`] is what every draft must have: known fields, values of their kinds, ids of blocks that are unique, and no
//! more of anything than the limits of this module. [`complete`] is what is published: every rule. Both name all faults at
//! once, by JSON pointers into the fields. References are looked up by whoever knows the entries: [`references`].

use super::define::as_f64;
use super::{
    BLOCK_DEPTH, Catalogue, DOCUMENT_BYTES, Definition, Fault, Field, INDEXED_LENGTH, Kind, MARKDOWN_LENGTH,
    MOST_BLOCKS, MOST_FAULTS, MOST_ITEMS, PATTERN_SIZE, Rules, TEXT_LENGTH, push, slug,
};
use crate::id::{BlockId, EntryId};
use crate::name::{FieldKey, TypeKey};
use crate::{Date, EmailAddress, Instant};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of an address on the web.
const URL_LENGTH: usize = 2048;

/// What is wrong with the shape of a draft.
pub fn shape(catalogue: &Catalogue, definition: &Definition, fields: &Map<String, Value>) -> Vec<Fault> {
    Check::run(catalogue, definition, fields, false)
}

/// What is missing or wrong before the fields can be published; the shape included.
pub fn complete(catalogue: &Catalogue, definition: &Definition, fields: &Map<String, Value>) -> Vec<Fault> {
    Check::run(catalogue, definition, fields, true)
}

/// What is wrong with one value, as in [`complete`].
pub fn check_value(catalogue: &Catalogue, kind: Kind, rules: &Rules, value: &Value, pointer: &str) -> Vec<Fault> {
    let mut check = Check::new(catalogue, true);
    check.value(kind, rules, value, pointer, false);
    check.faults
}

/// What is wrong with one block, as in [`shape`].
pub fn block_shape(catalogue: &Catalogue, block: &Value) -> Vec<Fault> {
    let mut check = Check::new(catalogue, false);
    check.block(&[], block, "");
    check.faults
}

/// A pattern that a whole text must match; `None` if it is none, or takes too much memory.
pub fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build().ok()
}

struct Check<'c> {
    catalogue: &'c Catalogue,
    complete: bool,
    faults: Vec<Fault>,
    blocks: BTreeSet<BlockId>,
    count: usize,
    depth: usize,
    patterns: BTreeMap<String, Option<Regex>>,
}

impl<'c> Check<'c> {
    fn new(catalogue: &'c Catalogue, complete: bool) -> Self {
        Self {
            catalogue,
            complete,
            faults: Vec::new(),
            blocks: BTreeSet::new(),
            count: 0,
            depth: 0,
            patterns: BTreeMap::new(),
        }
    }

    fn run(
        catalogue: &'c Catalogue,
        definition: &Definition,
        fields: &Map<String, Value>,
        complete: bool,
    ) -> Vec<Fault> {
        let mut check = Self::new(catalogue, complete);
        check.members(&definition.fields, fields, "", &[]);
        let size = serde_json::to_vec(fields).map_or(0, |bytes| bytes.len());
        if size > DOCUMENT_BYTES {
            check.say("", "too_large", format!("must have at most {DOCUMENT_BYTES} bytes as JSON"));
        }
        if check.count > MOST_BLOCKS {
            check.say(
                "",
                "too_many",
                format!("must have at most {MOST_BLOCKS} blocks, those inside of blocks counted"),
            );
        }
        check.faults.truncate(MOST_FAULTS);
        check.faults
    }

    fn say(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.faults.len() <= MOST_FAULTS {
            self.faults.push(Fault::at(pointer, code, message));
        }
    }

    /// The members of a document, a group or a block. `also` are members that are no fields.
    fn members(&mut self, fields: &[Field], members: &Map<String, Value>, pointer: &str, also: &[&str]) {
        let known = |key: &str| also.contains(&key) || fields.iter().any(|field| field.key.as_str() == key);
        for key in members.keys().filter(|key| !known(key)) {
            self.say(push(pointer, key), "unknown_field", "is not known here");
        }
        for field in fields {
            let at = push(pointer, &field.key);
            match members.get(field.key.as_str()) {
                Some(Value::Null) | None => {
                    if self.complete && field.required {
                        self.say(at, "required", "must be there before it can be published");
                    }
                }
                Some(value) => {
                    if self.complete && field.required && is_empty(value) {
                        self.say(at, "required", "must not be empty");
                    } else {
                        self.value(field.kind, &field.rules, value, &at, field.is_keyed());
                    }
                }
            }
        }
    }

    fn value(&mut self, kind: Kind, rules: &Rules, value: &Value, at: &str, keyed: bool) {
        let wrong = |what: &str| Fault::at(at, "wrong_type", format!("must be {what}"));
        match (kind, value) {
            (_, Value::Null) | (Kind::Json, _) | (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Asset, _) => self.say(at, "reserved", "must be absent: files are not there yet"),
            (kind, Value::String(text)) if kind.is_text() => self.text(kind, rules, text, at, keyed),
            (Kind::Date, Value::String(text)) => self.parsed::<Date>(text, at),
            (Kind::Instant, Value::String(text)) => self.parsed::<Instant>(text, at),
            (Kind::Reference, Value::String(text)) => self.parsed::<EntryId>(text, at),
            (Kind::Choice, Value::String(text)) => self.choice(rules, text, at),
            (Kind::Integer, Value::Number(number)) if number.is_f64() => self.faults.push(wrong("a whole number")),
            (Kind::Integer | Kind::Number, Value::Number(number)) => self.number(rules, number, at),
            (Kind::Choices | Kind::References | Kind::List | Kind::Blocks, Value::Array(items)) => {
                self.items(kind, rules, items, at);
            }
            (Kind::Group, Value::Object(members)) => self.members(&rules.fields, members, at, &[]),
            (kind, _) => self.faults.push(wrong(wanted(kind))),
        }
    }

    fn parsed<T: std::str::FromStr<Err = crate::Invalid>>(&mut self, text: &str, at: &str) {
        if let Err(invalid) = text.parse::<T>() {
            self.say(at, "invalid_value", invalid.0);
        }
    }

    fn text(&mut self, kind: Kind, rules: &Rules, text: &str, at: &str, keyed: bool) {
        let bound = match kind {
            Kind::Markdown => MARKDOWN_LENGTH,
            Kind::Url => URL_LENGTH,
            Kind::Text if !keyed => rules.max_length.unwrap_or(TEXT_LENGTH).max(TEXT_LENGTH),
            _ => INDEXED_LENGTH,
        };
        let long = |most: usize| text.len() > most && text.chars().nth(most).is_some();
        if long(bound) {
            return self.say(at, "too_long", format!("must have at most {bound} characters"));
        }
        let line_breaks = matches!(kind, Kind::Markdown | Kind::Text);
        let control = |c: char| c.is_control() && !(line_breaks && matches!(c, '\n' | '\r' | '\t'));
        if text.chars().any(control) {
            return self.say(at, "invalid_value", "must not contain control characters");
        }
        if kind == Kind::Slug && !text.is_empty() {
            if let Err(invalid) = slug::normalise(text, true) {
                self.say(at, "invalid_value", invalid.0);
            }
            return;
        }
        if !self.complete || text.is_empty() {
            return;
        }
        if let Some(most) = rules.max_length.filter(|most| long(*most)) {
            self.say(at, "too_long", format!("must have at most {most} characters"));
        }
        if let Some(least) = rules.min_length.filter(|least| text.chars().count() < *least) {
            self.say(at, "too_short", format!("must have at least {least} characters"));
        }
        if let Some(pattern) = &rules.pattern {
            let compiled = self.patterns.entry(pattern.clone()).or_insert_with(|| compile(pattern));
            if compiled.as_ref().is_some_and(|compiled| !compiled.is_match(text)) {
                self.say(at, "pattern", "must match the pattern of the field");
            }
        }
        match kind {
            Kind::Email => self.parsed::<EmailAddress>(text, at),
            Kind::Url if !is_address(text) => {
                self.say(at, "invalid_value", "must be an http, https, mailto or tel address, or a relative one");
            }
            _ => {}
        }
    }

    fn choice(&mut self, rules: &Rules, text: &str, at: &str) {
        if self.complete && !text.is_empty() && !rules.choices.iter().any(|choice| choice.value.as_str() == text) {
            self.say(at, "invalid_choice", "must be one of the choices of the field");
        }
    }

    fn number(&mut self, rules: &Rules, number: &serde_json::Number, at: &str) {
        let Some(value) = as_f64(number).filter(|_| self.complete) else { return };
        if let Some(min) = &rules.min
            && as_f64(min).is_some_and(|min| value < min)
        {
            self.say(at, "too_small", format!("must be at least {min}"));
        }
        if let Some(max) = &rules.max
            && as_f64(max).is_some_and(|max| value > max)
        {
            self.say(at, "too_great", format!("must be at most {max}"));
        }
    }

    fn items(&mut self, kind: Kind, rules: &Rules, items: &[Value], at: &str) {
        let most = if kind == Kind::Blocks { MOST_BLOCKS } else { MOST_ITEMS };
        if items.len() > most {
            return self.say(at, "too_many", format!("must have at most {most} items"));
        }
        if self.complete {
            if let Some(most) = rules.max_length.filter(|most| items.len() > *most) {
                self.say(at, "too_many", format!("must have at most {most} items"));
            }
            if let Some(least) = rules.min_length.filter(|least| items.len() < *least) {
                self.say(at, "too_few", format!("must have at least {least} items"));
            }
        }
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let at = push(at, index);
            match (kind, item) {
                (Kind::Blocks, _) => self.block(&rules.components, item, &at),
                (Kind::List, Value::Null) => self.say(at, "wrong_type", "must not be null"),
                (Kind::List, _) => {
                    if let Some(of) = rules.of.as_deref() {
                        self.value(of.kind, &of.rules, item, &at, false);
                    }
                }
                (_, Value::String(text)) => {
                    if kind == Kind::Choices {
                        self.choice(rules, text, &at);
                    } else {
                        self.parsed::<EntryId>(text, &at);
                    }
                    if !seen.insert(text.to_ascii_lowercase()) {
                        self.say(at, "already_exists", "must be another one than those before it");
                    }
                }
                _ => self.say(at, "wrong_type", "must be a string"),
            }
        }
    }

    fn block(&mut self, allowed: &[TypeKey], block: &Value, at: &str) {
        self.count += 1;
        let Value::Object(members) = block else {
            return self.say(at, "wrong_type", "must be an object with a type");
        };
        if self.depth >= BLOCK_DEPTH {
            return self.say(at, "too_deep", format!("must not nest deeper than {BLOCK_DEPTH} blocks"));
        }
        match members.get("id") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => match text.parse::<BlockId>() {
                Ok(id) if self.blocks.insert(id) => {}
                Ok(_) => self.say(push(at, "id"), "already_exists", "must be another one than those of other blocks"),
                Err(invalid) => self.say(push(at, "id"), "invalid_value", invalid.0),
            },
            Some(_) => self.say(push(at, "id"), "wrong_type", "must be a string"),
        }
        let name = match members.get("type") {
            Some(Value::String(name)) => name,
            Some(_) => return self.say(push(at, "type"), "wrong_type", "must be a string"),
            None => return self.say(push(at, "type"), "missing_field", "must name a component"),
        };
        let Some(component) = self.catalogue.component(name) else {
            return self.say(push(at, "type"), "unknown_type", "must be a component that is there");
        };
        if !allowed.is_empty() && !allowed.iter().any(|key| key.as_str() == name) {
            return self.say(push(at, "type"), "unknown_type", "must be a component that is allowed here");
        }
        let component = std::sync::Arc::clone(component);
        self.depth += 1;
        self.members(&component.fields, members, at, &["id", "type"]);
        self.depth -= 1;
    }
}

const fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Choices | Kind::References | Kind::List | Kind::Blocks => "a list",
        Kind::Group => "an object",
        _ => "a string",
    }
}

/// Whether a value says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a link may lead there: on the web, to a mailbox or a telephone, or relative to the page.
pub fn is_address(text: &str) -> bool {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    // what stands before the first of these is a scheme if it ends in a colon
    let end = text.find(['/', '?', '#', ':']).filter(|end| text.as_bytes()[*end] == b':');
    let Some(end) = end else { return !text.is_empty() };
    let scheme = text[..end].to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" => text[end..].starts_with("://") && text.len() > end + 3,
        "mailto" | "tel" => text.len() > end + 1,
        _ => false,
    }
}

/// One reference of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands: of several, the list.
    pub pointer: String,
    /// Its place in the list of several.
    pub index: Option<usize>,
    /// The field of the type itself that it is, unless it stands deeper.
    pub field: Option<FieldKey>,
    /// What it leads to.
    pub target: EntryId,
    /// The types it may lead to.
    pub types: Vec<TypeKey>,
    /// Whether nothing can be published without it.
    pub required: bool,
}

/// All references of a document, in its order.
pub fn references(catalogue: &Catalogue, definition: &Definition, fields: &Map<String, Value>) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(catalogue, &definition.fields, fields, "", 0, &mut found);
    found
}

fn collect(
    catalogue: &Catalogue,
    fields: &[Field],
    members: &Map<String, Value>,
    pointer: &str,
    depth: usize,
    found: &mut Vec<Reference>,
) {
    for field in fields {
        let (at, value) = (push(pointer, &field.key), members.get(field.key.as_str()));
        let mut add = |index, value: &Value| {
            if let Some(target) = value.as_str().and_then(|text| text.parse().ok()) {
                let own = pointer.is_empty().then(|| field.key.clone());
                let (types, required) = (field.rules.types.clone(), field.required);
                found.push(Reference { pointer: at.clone(), index, field: own, target, types, required });
            }
        };
        match (field.kind, value) {
            (Kind::Reference, Some(value)) => add(None, value),
            (Kind::References, Some(Value::Array(items))) => {
                items.iter().enumerate().for_each(|(index, item)| add(Some(index), item));
            }
            (Kind::Group, Some(Value::Object(members))) => {
                collect(catalogue, &field.rules.fields, members, &at, depth, found);
            }
            (Kind::List, Some(Value::Array(items))) => {
                let of = field.rules.of.as_deref().filter(|of| of.kind == Kind::Group);
                for (index, item) in items.iter().enumerate().filter(|_| of.is_some()) {
                    let (Some(of), Value::Object(members)) = (of, item) else { continue };
                    collect(catalogue, &of.rules.fields, members, &push(&at, index), depth, found);
                }
            }
            (Kind::Blocks, Some(Value::Array(items))) if depth < BLOCK_DEPTH => {
                for (index, item) in items.iter().enumerate() {
                    let Value::Object(members) = item else { continue };
                    let name = members.get("type").and_then(Value::as_str).unwrap_or_default();
                    let Some(component) = catalogue.component(name) else { continue };
                    collect(catalogue, &component.fields, members, &push(&at, index), depth + 1, found);
                }
            }
            _ => {}
        }
    }
}
