//! A type as a whole, what makes its definition sound, and what a change of it would lose.

use super::check::{check_value, compile};
use super::{
    Fault, Field, GROUP_DEPTH, INDEXED_LENGTH, Item, Kind, MOST_CHOICES, MOST_FAULTS, MOST_FIELDS, MOST_INDEXED,
    PATTERN_BYTES, Rules, builtin, push,
};
use crate::name::{FieldKey, TypeKey};
use crate::text::{Note, Title};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Members that every document has beside its fields.
const RESERVED: &[&str] = &[
    "id",
    "type",
    "locale",
    "locales",
    "state",
    "revision",
    "version",
    "slug_changed",
    "path",
    "fields",
    "note",
    "warnings",
    "excerpt",
    "reading_time",
    "links",
    "published_at",
    "updated_at",
    "created_at",
    "published_revision",
    "changed",
    "publish_at",
    "unpublish_at",
    "url",
    "included",
    "preview",
];
/// Members that every block has beside its fields.
const RESERVED_IN_BLOCKS: &[&str] = &["id", "type"];

/// A content type or a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What people call it.
    pub title: Title,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// Its fields, in the order in which authors see them.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The field that is the title of an entry; by default the text field `title` or `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_field: Option<FieldKey>,
    /// Whether its entries are written in several languages.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub localized: bool,
    /// Whether there is one entry of it, and no more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub singleton: bool,
    /// Whether it is a component: something that stands in lists of blocks, and not by itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub component: bool,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
const fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// All types and components of a site, the built-in ones included.
#[derive(Clone, Debug)]
pub struct Catalogue(BTreeMap<TypeKey, Arc<Definition>>);

impl Catalogue {
    /// The built-in definitions, and those of the site in their place or beside them.
    pub fn new(own: impl IntoIterator<Item = (TypeKey, Arc<Definition>)>) -> Self {
        let mut all = builtin::all().clone();
        all.extend(own);
        Self(all)
    }

    /// The definition of a type or component.
    pub fn get(&self, key: &TypeKey) -> Option<&Arc<Definition>> {
        self.0.get(key)
    }

    /// The definition of a type that has entries.
    pub fn entry_type(&self, key: &TypeKey) -> Option<&Arc<Definition>> {
        self.0.get(key).filter(|definition| !definition.component)
    }

    /// The definition of a component by the name that a block gives.
    pub fn component(&self, name: &str) -> Option<&Arc<Definition>> {
        let key: TypeKey = name.parse().ok()?;
        self.0.get(&key).filter(|definition| definition.component)
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&TypeKey, &Arc<Definition>)> {
        self.0.iter()
    }

    /// The same with another definition of one type.
    #[must_use]
    pub fn with(&self, key: TypeKey, definition: Arc<Definition>) -> Self {
        let mut all = self.0.clone();
        all.insert(key, definition);
        Self(all)
    }
}

impl Definition {
    /// A field of the type itself.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key.as_str() == key)
    }

    /// The field that is the title of an entry.
    pub fn title_field(&self) -> Option<&Field> {
        let named = |key: &str| self.field(key).filter(|field| field.kind == Kind::Text);
        match &self.title_field {
            Some(key) => named(key.as_str()),
            None => named("title").or_else(|| named("name")),
        }
    }

    /// The field that is the slug of an entry.
    pub fn slug_field(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.kind == Kind::Slug)
    }

    /// Every rule that the definition of the type `key` breaks.
    pub fn faults(&self, key: &TypeKey, catalogue: &Catalogue) -> Vec<Fault> {
        let mut look = Look { faults: Vec::new(), catalogue, count: 0, component: self.component };
        look.fields(&self.fields, "/fields", 1);
        if look.count > MOST_FIELDS {
            look.say("/fields", "too_many", format!("must have at most {MOST_FIELDS} fields, those of groups counted"));
        }
        if self.fields.iter().filter(|field| field.is_keyed()).count() > MOST_INDEXED {
            look.say("/fields", "too_many", format!("must have at most {MOST_INDEXED} indexed or unique fields"));
        }
        if self.fields.iter().filter(|field| field.kind == Kind::Slug).count() > 1 {
            look.say("/fields", "too_many", "must have at most one slug");
        }
        if self.title_field.is_some() && self.title_field().is_none() {
            look.say("/title_field", "invalid_value", "must be the key of a text field of the type");
        }
        if self.component && self.singleton {
            look.say("/singleton", "invalid_value", "must not be set for a component");
        }
        if let Some(built_in) = builtin::all().get(key) {
            look.keeps(self, built_in);
        }
        // the text of this component is shown as these two
        let shown = |field: &Field| key.as_str() == "markdown" && matches!(field.key.as_str(), "markdown" | "html");
        for (index, _) in self.fields.iter().enumerate().filter(|(_, field)| shown(field)) {
            look.say(format!("/fields/{index}/key"), "reserved", "is a name that every block of text has already");
        }
        look.faults.truncate(MOST_FAULTS);
        look.faults
    }
}

impl Field {
    /// Whether a value of this field, or anything inside it, has no place in what the field becomes: gone, or of a kind that
    /// cannot hold it.
    pub fn loses(&self, after: Option<&Self>, value: &Value) -> bool {
        after.is_none_or(|after| loses((self.kind, &self.rules), (after.kind, &after.rules), value))
    }
}

fn loses(before: (Kind, &Rules), after: (Kind, &Rules), value: &Value) -> bool {
    match (before, after, value) {
        ((was, _), (is, _), _) if !holds(was, is) => true,
        ((Kind::Group, was), (Kind::Group, is), Value::Object(members)) => was.fields.iter().any(|field| {
            let now = is.fields.iter().find(|other| other.key == field.key);
            members.get(field.key.as_str()).is_some_and(|value| field.loses(now, value))
        }),
        ((Kind::List, was), (Kind::List, is), Value::Array(items)) => match (&was.of, &is.of) {
            (Some(was), Some(is)) => items.iter().any(|item| loses((was.kind, &was.rules), (is.kind, &is.rules), item)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether every value of one kind is one of another.
const fn holds(before: Kind, after: Kind) -> bool {
    match (before, after) {
        (Kind::Integer, Kind::Number)
        | (
            Kind::Choice | Kind::Slug | Kind::Url | Kind::Email | Kind::Date | Kind::Instant | Kind::Markdown,
            Kind::Text,
        )
        | (Kind::Text, Kind::Markdown | Kind::Url | Kind::Choice)
        | (_, Kind::Json) => true,
        _ => before as u8 == after as u8,
    }
}

/// A definition being looked at.
struct Look<'c> {
    faults: Vec<Fault>,
    catalogue: &'c Catalogue,
    count: usize,
    component: bool,
}

impl Look<'_> {
    fn say(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.faults.push(Fault::at(pointer, code, message));
    }

    fn fields(&mut self, fields: &[Field], pointer: &str, depth: usize) {
        let mut seen = BTreeSet::new();
        for (index, field) in fields.iter().enumerate() {
            self.count += 1;
            let at = push(pointer, index);
            if !seen.insert(&field.key) {
                self.say(push(&at, "key"), "already_exists", "must be another one than those before it");
            }
            let reserved = match (self.component, depth) {
                (true, 1) => RESERVED_IN_BLOCKS,
                (false, 1) => RESERVED,
                _ => &[],
            };
            if reserved.contains(&field.key.as_str()) {
                self.say(push(&at, "key"), "reserved", "is a name that every document has already");
            }
            self.field(field, fields, &at, depth);
        }
    }

    fn field(&mut self, field: &Field, beside: &[Field], at: &str, depth: usize) {
        let top = depth == 1 && !self.component;
        self.rules(field.kind, &field.rules, at, depth);
        let not_here = "must not be set here: only of a field of a type itself";
        if field.indexed && !top {
            self.say(push(at, "indexed"), "invalid_value", not_here);
        }
        if field.unique && !top {
            self.say(push(at, "unique"), "invalid_value", not_here);
        }
        if field.localized.is_some() && !top {
            self.say(push(at, "localized"), "invalid_value", not_here);
        }
        if field.indexed && !field.kind.can_be_indexed() {
            self.say(push(at, "indexed"), "invalid_value", "must not be set for a field of this kind");
        }
        if field.unique && (!field.kind.can_be_indexed() || field.kind.is_many()) {
            self.say(push(at, "unique"), "invalid_value", "must not be set for a field of this kind");
        }
        if field.is_keyed() && field.rules.max_length.is_some_and(|most| most > INDEXED_LENGTH) {
            let message = format!("must be at most {INDEXED_LENGTH} for a field that is indexed or unique");
            self.say(push(at, "max_length"), "invalid_value", message);
        }
        if field.kind == Kind::Slug && !top {
            self.say(push(at, "kind"), "invalid_value", "must be another kind here: a slug belongs to the type itself");
        }
        if let Some(from) = &field.from {
            let there = |other: &Field| other.key == *from && other.kind == Kind::Text;
            if field.kind != Kind::Slug || !beside.iter().any(there) {
                self.say(push(at, "from"), "invalid_value", "must be the key of a text field, and only of a slug");
            }
        }
        if let Some(default) = &field.default {
            let place = push(at, "default");
            if matches!(field.kind, Kind::Reference | Kind::References | Kind::Slug | Kind::Blocks) || field.unique {
                self.say(place, "invalid_value", "must not be set for a field of this kind, or a unique one");
            } else {
                self.faults.extend(check_value(self.catalogue, field.kind, &field.rules, default, &place));
            }
        }
    }

    fn rules(&mut self, kind: Kind, rules: &Rules, at: &str, depth: usize) {
        for key in rules.unknown.keys() {
            self.say(push(at, key), "unknown_field", "is not known here");
        }
        if kind == Kind::Asset {
            self.say(push(at, "kind"), "reserved", "must be another kind: asset is reserved and not there yet");
        }
        self.applicable(kind, rules, at);
        let (min, max) = (rules.min.as_ref().and_then(as_f64), rules.max.as_ref().and_then(as_f64));
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            self.say(push(at, "max"), "invalid_value", "must not be less than min");
        }
        if rules.min_length.zip(rules.max_length).is_some_and(|(min, max)| min > max) {
            self.say(push(at, "max_length"), "invalid_value", "must not be less than min_length");
        }
        if let Some(pattern) = &rules.pattern
            && (pattern.len() > PATTERN_BYTES || compile(pattern).is_none())
        {
            let message = "must be a regular expression without look-around and back-references, at most 500 bytes";
            self.say(push(at, "pattern"), "invalid_value", message);
        }
        self.choices(kind, rules, at);
        self.targets(kind, rules, at);
        self.parts(kind, rules, at, depth);
    }

    /// Rules that say nothing about values of the kind are mistakes.
    fn applicable(&mut self, kind: Kind, rules: &Rules, at: &str) {
        let lengths = kind.is_text() || kind.is_many();
        for (name, set, fits) in [
            ("min", rules.min.is_some(), kind.is_number()),
            ("max", rules.max.is_some(), kind.is_number()),
            ("min_length", rules.min_length.is_some(), lengths),
            ("max_length", rules.max_length.is_some(), lengths),
            ("pattern", rules.pattern.is_some(), kind.is_text()),
            ("choices", !rules.choices.is_empty(), matches!(kind, Kind::Choice | Kind::Choices)),
            ("types", !rules.types.is_empty(), matches!(kind, Kind::Reference | Kind::References)),
            ("fields", !rules.fields.is_empty(), kind == Kind::Group),
            ("of", rules.of.is_some(), kind == Kind::List),
            ("components", !rules.components.is_empty(), kind == Kind::Blocks),
        ] {
            if set && !fits {
                self.say(push(at, name), "invalid_value", format!("must not be set for {}", kind.name()));
            }
        }
    }

    fn choices(&mut self, kind: Kind, rules: &Rules, at: &str) {
        if !matches!(kind, Kind::Choice | Kind::Choices) {
            return;
        }
        let place = push(at, "choices");
        if rules.choices.is_empty() || rules.choices.len() > MOST_CHOICES {
            self.say(place.clone(), "invalid_value", format!("must have 1 to {MOST_CHOICES} choices"));
        }
        let mut seen = BTreeSet::new();
        for (index, choice) in rules.choices.iter().enumerate() {
            if !seen.insert(choice.value.as_str()) {
                let message = "must be another one than those before it";
                self.say(push(&push(&place, index), "value"), "already_exists", message);
            }
        }
    }

    fn targets(&mut self, kind: Kind, rules: &Rules, at: &str) {
        if matches!(kind, Kind::Reference | Kind::References) && rules.types.is_empty() {
            self.say(push(at, "types"), "missing_field", "must name the types that can be referred to");
        }
        for (name, keys, component) in [("types", &rules.types, false), ("components", &rules.components, true)] {
            for (index, key) in keys.iter().enumerate() {
                if self.catalogue.get(key).is_none_or(|other| other.component != component) {
                    let what = if component { "a component" } else { "a content type" };
                    self.say(push(&push(at, name), index), "unknown_type", format!("must be {what} that is there"));
                }
            }
        }
    }

    fn parts(&mut self, kind: Kind, rules: &Rules, at: &str, depth: usize) {
        if depth > GROUP_DEPTH {
            return self.say(at, "too_deep", format!("must not nest deeper than {GROUP_DEPTH} levels"));
        }
        if kind == Kind::Group {
            if rules.fields.is_empty() {
                self.say(push(at, "fields"), "missing_field", "must name the fields of the group");
            }
            self.fields(&rules.fields, &push(at, "fields"), depth + 1);
        }
        if kind == Kind::List {
            let place = push(at, "of");
            let Some(Item { kind, rules }) = rules.of.as_deref() else {
                return self.say(place, "missing_field", "must say what the list holds");
            };
            let nested = matches!(kind, Kind::List | Kind::Blocks | Kind::Reference | Kind::References | Kind::Slug);
            if nested || *kind == Kind::Choices {
                let message = format!("must be another kind: a list cannot hold {} themselves", kind.name());
                self.say(push(&place, "kind"), "invalid_value", message);
            }
            self.count += 1;
            self.rules(*kind, rules, &place, depth + 1);
        }
    }

    /// What is built in stays: labels, help and indexing may be changed, and fields added.
    fn keeps(&mut self, definition: &Definition, built_in: &Definition) {
        let plain = |field: &Field| Field { label: None, help: None, indexed: false, localized: None, ..field.clone() };
        for field in &built_in.fields {
            if definition.field(field.key.as_str()).map(plain) != Some(plain(field)) {
                let message = format!("must keep the built-in field {} as it is", field.key);
                self.say("/fields", "built_in", message);
            }
        }
        if definition.component != built_in.component || definition.singleton || !definition.localized {
            self.say("", "built_in", "must stay what it is: localized, singleton and component cannot be changed here");
        }
    }
}

/// A number as it is compared.
pub(crate) fn as_f64(number: &serde_json::Number) -> Option<f64> {
    number.as_f64()
}
