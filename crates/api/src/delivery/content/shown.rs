//! Putting answers together.

use super::asked::Selection;
use crate::paging::PageInfo;
use bonafide_content::delivery::{Item, Reference};
use bonafide_model::content::builtin;
use bonafide_model::id::EntryId;
use bonafide_model::{Instant, Locale};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A published page: its fields beside what is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedPage {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    /// `page`.
    #[schema(example = "page")]
    r#type: String,
    /// The language it came in.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// Its path: slugs joined by `/`.
    #[schema(example = "about")]
    path: Option<String>,
    #[schema(example = "about")]
    slug: Option<String>,
    title: Option<String>,
    /// Blocks, each with a stable `id` and its `type`; texts as `markdown` and as sanitised `html`.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Vec<Value>>,
    #[schema(value_type = Option<Object>)]
    seo: Option<Value>,
    /// The beginning of its texts, without markup.
    excerpt: Option<String>,
    /// How many minutes it takes to read.
    reading_time: Option<u64>,
    /// Where it links to.
    links: Option<Vec<String>>,
    /// When it was first published.
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    /// When it was last published.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Instant>,
    /// The number of the published revision.
    revision: Option<i64>,
    /// What the references named by `include` lead to, each once.
    #[schema(value_type = Option<Vec<Object>>)]
    included: Option<Vec<Value>>,
}

/// A published entry of another type.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedEntry {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    #[schema(example = "article")]
    r#type: String,
    /// The language it came in.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    #[schema(example = "first")]
    slug: Option<String>,
    /// Its fields, as its type defines them; a reference is what it leads to, or absent if that is not published.
    #[schema(value_type = Object)]
    fields: Value,
    /// The beginning of its texts, without markup.
    excerpt: Option<String>,
    /// How many minutes it takes to read.
    reading_time: Option<u64>,
    /// Where it links to.
    links: Option<Vec<String>>,
    /// When it was first published.
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    /// When it was last published.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Instant>,
    /// The number of the published revision.
    revision: Option<i64>,
    /// What the references named by `include` lead to, each once.
    #[schema(value_type = Option<Vec<Object>>)]
    included: Option<Vec<Value>>,
}

/// Items with what they refer to.
pub(super) struct Answer {
    items: Vec<Item>,
    references: BTreeMap<EntryId, Vec<Reference>>,
    included: Vec<Item>,
    selection: Selection,
}

impl Answer {
    pub(super) fn new(items: Vec<Item>, references: Vec<Reference>, selection: &Selection) -> Self {
        let mut answer =
            Self { items, references: BTreeMap::new(), included: Vec::new(), selection: selection.clone() };
        answer.take_in(references);
        answer
    }

    pub(super) fn take_in(&mut self, references: Vec<Reference>) {
        let mut by_item: BTreeMap<EntryId, Vec<Reference>> = BTreeMap::new();
        for reference in references {
            by_item.entry(reference.from).or_default().push(reference);
        }
        for (item, references) in by_item {
            self.references.entry(item).or_insert(references);
        }
    }

    /// Takes in what the wanted references lead to, and gives what was not there before.
    pub(super) fn included_at(&mut self, depth: usize, selection: &Selection) -> Vec<Item> {
        let mut wanted = Vec::new();
        if depth == 1 {
            for item in &self.items {
                wanted.extend(self.led_to(item.id, |name| selection.include.contains_key(name)));
            }
        } else {
            for item in &self.items {
                for (name, thens) in selection.include.iter().filter(|(_, thens)| !thens.is_empty()) {
                    for middle in self.led_to(item.id, |other| other == name) {
                        wanted.extend(self.led_to(middle.id, |other| thens.contains(other)));
                    }
                }
            }
        }
        let mut known: BTreeSet<EntryId> = self.items.iter().chain(&self.included).map(|item| item.id).collect();
        let fresh: Vec<Item> = wanted.into_iter().filter(|item| known.insert(item.id)).collect();
        self.included.extend(fresh.iter().cloned());
        fresh
    }

    fn led_to(&self, item: EntryId, wanted: impl Fn(&str) -> bool) -> Vec<Item> {
        let references = self.references.get(&item).into_iter().flatten();
        let named = references.filter(|reference| reference.pointer.strip_prefix('/').is_some_and(&wanted));
        named.filter_map(|reference| reference.shown.as_ref()?.item.as_deref().cloned()).collect()
    }

    /// Everything that references lead to, published or not.
    pub(super) fn targets(&self) -> BTreeSet<EntryId> {
        self.references.values().flatten().map(|reference| reference.target).collect()
    }

    /// The only item.
    pub(super) fn one(&self) -> Value {
        let mut item = self.items.first().map(|item| self.item(item, Some(&self.selection))).unwrap_or_default();
        if !self.selection.include.is_empty() {
            item.insert("included".to_owned(), self.included());
        }
        Value::Object(item)
    }

    /// A page of a list.
    pub(super) fn many(&self, page: &PageInfo) -> Value {
        let items: Vec<Value> =
            self.items.iter().map(|item| Value::Object(self.item(item, Some(&self.selection)))).collect();
        let mut list = Map::from_iter([("items".to_owned(), items.into()), ("page".to_owned(), json!(page))]);
        if !self.selection.include.is_empty() {
            list.insert("included".to_owned(), self.included());
        }
        Value::Object(list)
    }

    fn included(&self) -> Value {
        self.included.iter().map(|item| Value::Object(self.item(item, None))).collect()
    }

    /// One item, with its references put in and what is not wanted left out.
    fn item(&self, item: &Item, selection: Option<&Selection>) -> Map<String, Value> {
        let mut content: Map<String, Value> = serde_json::from_str(&item.content).unwrap_or_default();
        let mut fields = content.remove("fields").unwrap_or_default();
        for reference in self.references.get(&item.id).into_iter().flatten() {
            put(&mut fields, reference);
        }
        let wants = |name: &str| selection.is_none_or(|selection| selection.wants(name));
        let Value::Object(mut fields) = fields else { return Map::new() };
        fields.retain(|name, _| wants(name));
        let mut head = Map::from_iter([
            ("id".to_owned(), item.id.to_string().into()),
            ("type".to_owned(), item.kind.as_str().into()),
            ("locale".to_owned(), item.locale.as_str().into()),
        ]);
        let more = [
            ("published_at", json!(item.published_at)),
            ("updated_at", json!(item.updated_at)),
            ("revision", json!(item.revision)),
        ];
        for (name, value) in content.into_iter().chain(more.map(|(name, value)| (name.to_owned(), value))) {
            if wants(&name) {
                head.insert(name, value);
            }
        }
        let is_page = item.kind.as_str() == builtin::PAGE;
        if let Some(path) = &item.path {
            if is_page && wants("path") {
                head.insert("path".to_owned(), path.as_str().into());
            } else if !is_page && (wants("slug") || wants("path")) {
                head.insert("slug".to_owned(), path.as_str().into());
            }
        }
        if is_page {
            head.extend(fields);
        } else {
            head.insert("fields".to_owned(), Value::Object(fields));
        }
        head
    }
}

/// Puts what a reference leads to in its place; nothing if it is not published.
fn put(fields: &mut Value, reference: &Reference) {
    let Some(target) = &reference.shown else { return };
    let mut link = Map::from_iter([
        ("id".to_owned(), reference.target.to_string().into()),
        ("type".to_owned(), target.kind.as_str().into()),
        ("locale".to_owned(), target.locale.as_str().into()),
    ]);
    let path = if target.kind.as_str() == builtin::PAGE { "path" } else { "slug" };
    link.extend(target.path.as_ref().map(|at| (path.to_owned(), at.as_str().into())));
    link.extend(target.title.as_ref().map(|title| ("title".to_owned(), title.as_str().into())));
    if let Some(Value::Array(several)) = fields.pointer_mut(&reference.pointer) {
        several.push(Value::Object(link));
        return;
    }
    let Some((parent, name)) = reference.pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = fields.pointer_mut(parent) {
        members.insert(name.replace("~1", "/").replace("~0", "~"), Value::Object(link));
    }
}
