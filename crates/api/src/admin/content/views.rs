//! Pages and entries as authors see them on the wire.

use bonafide_content::entry::{Entry, Revision, Side};
use bonafide_model::content::{Fault, builtin};
use bonafide_model::id::{AccountId, EntryId};
use bonafide_model::name::TypeKey;
use bonafide_model::text::Note;
use bonafide_model::{Instant, Locale, Patch};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// What stands of an entry in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct SideView {
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// `draft`, `published` or `archived`.
    #[schema(example = "draft")]
    state: &'static str,
    /// Whether the draft is another than what is published.
    changed: bool,
    /// The number of the newest revision.
    revision: i64,
    /// The number of the published revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_revision: Option<i64>,
    /// Raised by every change; the `ETag` in this language.
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    unpublish_at: Option<Instant>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl SideView {
    fn new(side: Side, archived: bool) -> Self {
        let state = side.state(archived).name();
        let Side {
            locale,
            version,
            revision,
            published_revision,
            published_at,
            scheduled: (publish_at, unpublish_at),
            title,
            slug,
            updated_at,
        } = side;
        let changed = published_revision.is_some_and(|published| published != revision);
        Self {
            locale,
            state,
            changed,
            revision,
            published_revision,
            version,
            title,
            slug,
            published_at,
            publish_at,
            unpublish_at,
            updated_at,
        }
    }
}

/// An entry of a list: what stands of it in all its languages.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntrySummary {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "article")]
    kind: TypeKey,
    /// All its languages, the first one first.
    locales: Vec<SideView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

impl From<Entry> for EntrySummary {
    fn from(entry: Entry) -> Self {
        let archived = entry.archived_at.is_some();
        let locales = entry.locales.into_iter().map(|side| SideView::new(side, archived)).collect();
        Self { id: entry.id, kind: entry.kind, locales, created_at: entry.created_at }
    }
}

/// A page or an entry in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryHead {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "article")]
    kind: TypeKey,
    /// The language of this draft.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// `draft`, `published` or `archived`.
    #[schema(example = "draft")]
    state: &'static str,
    /// Whether the draft is another than what is published.
    changed: bool,
    /// The number of the newest revision: this draft.
    revision: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_revision: Option<i64>,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    unpublish_at: Option<Instant>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
    /// All its languages, the first one first.
    locales: Vec<SideView>,
    /// What is not shown as it is written, and references that lead to what is not published.
    warnings: Vec<crate::problem::Fault>,
}

/// The fields of a page; a site can add more.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PageFields {
    #[schema(max_length = 200, example = "About us")]
    title: Option<String>,
    /// Its path: up to ten segments joined by `/`. Made of the title if absent.
    #[schema(max_length = 500, example = "about")]
    slug: Option<String>,
    /// Blocks, each with a `type` and a stable `id`: `markdown`, `heading`, `image`, `quote`, `code`, `callout`, `embed`,
    /// and the components of the site.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Vec<Value>>,
    /// `title`, `description` and `no_index` for search engines.
    #[schema(value_type = Option<Object>)]
    seo: Option<Value>,
}

/// A page in one language: its fields beside what is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageView {
    #[serde(flatten)]
    head: EntryHead,
    #[serde(flatten)]
    #[schema(value_type = PageFields)]
    fields: Map<String, Value>,
}

/// An entry in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryView {
    #[serde(flatten)]
    head: EntryHead,
    /// Its fields, as its type defines them.
    #[schema(value_type = Object)]
    fields: Map<String, Value>,
}

/// What both views are made of.
pub(crate) trait View: Serialize + Send {
    fn new(entry: Entry) -> Self;
}

impl View for PageView {
    fn new(entry: Entry) -> Self {
        let (head, fields) = split(entry);
        Self { head, fields }
    }
}

impl View for EntryView {
    fn new(entry: Entry) -> Self {
        let (head, fields) = split(entry);
        Self { head, fields }
    }
}

fn split(entry: Entry) -> (EntryHead, Map<String, Value>) {
    let (state, side) = (entry.state().name(), entry.side().clone());
    let Entry { id, kind, locale, locales, archived_at, created_at, fields, warnings } = entry;
    let head = EntryHead {
        id,
        kind,
        locale,
        state,
        changed: side.published_revision.is_some_and(|published| published != side.revision),
        revision: side.revision,
        published_revision: side.published_revision,
        version: side.version,
        published_at: side.published_at,
        archived_at,
        publish_at: side.scheduled.0,
        unpublish_at: side.scheduled.1,
        created_at,
        updated_at: side.updated_at,
        locales: locales.into_iter().map(|side| SideView::new(side, archived_at.is_some())).collect(),
        warnings: warnings.into_iter().map(crate::error::content_fault).collect(),
    };
    (head, fields)
}

/// One save of a page or entry in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedView {
    /// From 1 without gaps.
    number: i64,
    /// Why, in its author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The revision that was brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<i64>,
    /// `account`, `token`, `operator` or `system`.
    #[schema(example = "account")]
    actor: String,
    /// The account that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    account: Option<AccountId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// All its fields, exactly as they were saved; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    fields: Option<Map<String, Value>>,
}

impl From<Revision> for SavedView {
    fn from(revision: Revision) -> Self {
        let Revision { number, note, restored_from, actor_kind: actor, account, created_at, fields } = revision;
        Self { number, note, restored_from, actor, account, created_at, fields }
    }
}

/// A page to be made: its fields, its language, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct NewPage {
    /// Its first language; by default that of the site.
    #[schema(value_type = Option<String>, example = "en")]
    locale: Option<String>,
    /// Why, for the list of revisions.
    #[schema(max_length = 4000)]
    note: Option<String>,
    #[schema(max_length = 200, example = "About us")]
    title: Option<String>,
    /// Its path: up to ten segments joined by `/`. Made of the title if absent.
    #[schema(max_length = 500, example = "about")]
    slug: Option<String>,
    /// Blocks, each with a `type`; those without an `id` get one.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Vec<Value>>,
    /// `title`, `description` and `no_index` for search engines.
    #[schema(value_type = Option<Object>)]
    seo: Option<Value>,
}

/// A merge patch (RFC 7396) of a page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PagePatch {
    /// Why, for the list of revisions.
    #[schema(max_length = 4000)]
    note: Option<String>,
    #[schema(max_length = 200, example = "About us")]
    title: Option<String>,
    #[schema(max_length = 500, example = "about")]
    slug: Option<String>,
    /// All blocks, in order.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Vec<Value>>,
    #[schema(value_type = Option<Object>)]
    seo: Option<Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEntry {
    /// Its first language; by default that of the site.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "en")]
    pub(super) locale: Option<Locale>,
    /// Why, for the list of revisions.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub(super) note: Option<Note>,
    /// Its fields, as its type defines them; a draft may be incomplete.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) fields: Map<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryPatch {
    /// Why, for the list of revisions.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub(super) note: Option<Note>,
    /// A merge patch (RFC 7396) of its fields.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) fields: Map<String, Value>,
}

/// A merge patch of one block: its own members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct BlockPatch {
    /// Of a text.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLocale {
    /// The language to be added, one of those of the site.
    #[schema(value_type = String, example = "de")]
    pub(super) locale: Locale,
    /// The language whose draft it begins with; empty if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "en")]
    pub(super) from: Option<Locale>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restoration {
    /// The revision to bring back, as a new one. Without it an archived entry comes back as it was.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) revision: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    /// When the draft is published, as it is then.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) publish_at: Patch<Instant>,
    /// When it is taken back.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) unpublish_at: Patch<Instant>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LocaleQuery {
    /// The language meant; by default the first one.
    #[param(value_type = Option<String>, example = "en")]
    pub(super) locale: Option<Locale>,
}

/// Where an entry is, by the parameters of its path; those of pages name no type.
#[derive(Clone, Deserialize)]
pub(crate) struct Address {
    #[serde(rename = "type", default = "builtin::page")]
    pub(super) kind: TypeKey,
    pub(super) id: EntryId,
}

/// Faults of the body of a page that are none of its fields.
pub(super) fn take<T: serde::de::DeserializeOwned>(
    body: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, Vec<Fault>> {
    let Some(value) = body.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
    serde_json::from_value(value).map(Some).map_err(|error| {
        let message = error.to_string();
        let safe = if message.starts_with("must ") { message } else { "must be a string".to_owned() };
        vec![Fault::at(format!("/{name}"), "invalid_value", safe)]
    })
}
