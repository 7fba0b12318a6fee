//! Putting answers together.

use super::asked::Selection;
use crate::paging::PageInfo;
use bonafide_content::delivery::{Item, Reference};
use bonafide_model::content::builtin;
use bonafide_model::id::EntryId;
use bonafide_model::{Instant, Locale};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
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

/// One page of a list, with what its items refer to.
#[derive(ToSchema)]
#[schema(as = List_PublishedPage)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PublishedPageList {
    /// The items, in the order of the list.
    items: Vec<PublishedPage>,
    /// Where the pages beside this one begin.
    page: PageInfo,
    /// What the references named by `include` lead to, each once.
    #[schema(value_type = Option<Vec<Object>>)]
    included: Option<Vec<Value>>,
}

/// One page of a list, with what its items refer to.
#[derive(ToSchema)]
#[schema(as = List_PublishedEntry)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PublishedEntryList {
    /// The items, in the order of the list.
    items: Vec<PublishedEntry>,
    /// Where the pages beside this one begin.
    page: PageInfo,
    /// What the references named by `include` lead to, each once.
    #[schema(value_type = Option<Vec<Object>>)]
    included: Option<Vec<Value>>,
}

/// An object, most of whose values are JSON as it was stored when the item was published.
pub(crate) type Object<'a> = BTreeMap<&'a str, Cow<'a, RawValue>>;

/// One page of a list.
#[derive(Serialize)]
struct List<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    included: Option<Vec<Object<'a>>>,
    items: Vec<Object<'a>>,
    page: &'a PageInfo,
}

/// Items with what they refer to.
pub(crate) struct Answer {
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
    pub(crate) fn one(&self) -> Object<'_> {
        let mut item = self.items.first().map(|item| self.item(item, Some(&self.selection))).unwrap_or_default();
        if let Some(included) = self.beside() {
            item.insert("included", raw(&included));
        }
        item
    }

    /// A page of a list.
    pub(super) fn many<'a>(&'a self, page: &'a PageInfo) -> impl Serialize + 'a {
        let items = self.items.iter().map(|item| self.item(item, Some(&self.selection))).collect();
        List { included: self.beside(), items, page }
    }

    /// What stands beside the items.
    pub(super) fn included(&self) -> &[Item] {
        &self.included
    }

    fn beside(&self) -> Option<Vec<Object<'_>>> {
        let included = || self.included.iter().map(|item| self.item(item, None)).collect();
        (!self.selection.include.is_empty()).then(included)
    }

    /// One item, with its references put in and what is not wanted left out.
    fn item<'a>(&'a self, item: &'a Item, selection: Option<&Selection>) -> Object<'a> {
        let wants = |name: &str| selection.is_none_or(|selection| selection.wants(name));
        let mut stored = members(&item.content);
        let fields = stored.remove("fields").map_or("{}", RawValue::get);
        let mut content: Object<'a> = stored.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
        content.insert("published_at", raw(&item.published_at));
        content.insert("updated_at", raw(&item.updated_at));
        content.insert("revision", raw(&item.revision));
        content.retain(|name, _| wants(name));
        content.insert("id", raw(&item.id));
        content.insert("type", raw(item.kind.as_str()));
        content.insert("locale", raw(&item.locale));
        let is_page = item.kind.as_str() == builtin::PAGE;
        if let Some(path) = &item.path {
            if is_page && wants("path") {
                content.insert("path", raw(path));
            } else if !is_page && (wants("slug") || wants("path")) {
                content.insert("slug", raw(path));
            }
        }
        let fields = self.fields(item, fields, wants);
        if is_page {
            content.extend(fields);
        } else {
            content.insert("fields", raw(&fields));
        }
        content
    }

    /// The wanted fields of an item: as they were stored, but for those that have references.
    fn fields<'a>(&'a self, item: &Item, stored: &'a str, wants: impl Fn(&str) -> bool) -> Object<'a> {
        let mut stored = members(stored);
        stored.retain(|name, _| wants(name));
        let references = self.references.get(&item.id).into_iter().flatten();
        let references: Vec<&Reference> = references.filter(|reference| wants(field(reference))).collect();
        let named = references.iter().filter_map(|reference| stored.get_key_value(field(reference)));
        let named =
            named.map(|(name, value)| ((*name).to_owned(), serde_json::from_str(value.get()).unwrap_or_default()));
        let mut opened = Value::Object(named.collect());
        for reference in &references {
            put(&mut opened, reference);
        }
        let mut fields: Object<'a> = stored.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
        for name in references.into_iter().map(field) {
            fields.extend(opened.get(name).map(|value| (name, raw(value))));
        }
        fields
    }
}

/// The members of an object as they stand in its text. Their names are keys of types, which need no escapes.
fn members(json: &str) -> BTreeMap<&str, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The name of the field that a reference stands in.
fn field(reference: &Reference) -> &str {
    let pointer = reference.pointer.trim_start_matches('/');
    pointer.split_once('/').map_or(pointer, |(name, _)| name)
}

/// A value as JSON.
pub(crate) fn raw<'a>(value: &(impl Serialize + ?Sized)) -> Cow<'a, RawValue> {
    Cow::Owned(serde_json::value::to_raw_value(value).unwrap_or_default())
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
