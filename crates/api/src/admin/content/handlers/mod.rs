//! The routes of pages and of entries: the same verbs under two addresses, with bodies of two shapes.
//!
//! A page's fields are the members of its body; an entry's stand under `fields`.

pub(crate) mod entries;
pub(crate) mod pages;

use super::compared::{DiffQuery, DocumentDiff};
use super::links::{MadePreviewLink, NewPreviewLink, PreviewLinkView};
use super::{
    Address, BlockPatch, EntryPatch, EntrySummary, EntryView, LocaleQuery, NewEntry, NewLocale, NewPage, PagePatch,
    PageView, Restoration, SavedView, Schedule, Sent, no_page,
};
use crate::answer::{Created, Done, Json, Versioned};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, LARGE, NoQuery, Nothing, Path, Query};
use crate::paging::{Count, List, Listed, PageQuery};
use axum::extract::State;
use bonafide_model::Locale;
use bonafide_model::content::builtin;
use bonafide_model::id::{BlockId, EntryId, PreviewId};
use bonafide_model::name::TypeKey;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

impl Address {
    /// The address of an entry that is no page.
    fn of_type(self) -> Result<Self, ApiError> {
        let kind = no_page(self.kind)?;
        Ok(Self { kind, ..self })
    }
}

/// The path of one block.
#[derive(Deserialize)]
pub(crate) struct BlockAddress {
    #[serde(rename = "type", default = "builtin::page")]
    kind: TypeKey,
    id: EntryId,
    block: BlockId,
}

/// The path of one revision.
#[derive(Deserialize)]
pub(crate) struct SaveAddress {
    #[serde(rename = "type", default = "builtin::page")]
    kind: TypeKey,
    id: EntryId,
    number: i64,
}

/// The path of one preview link.
#[derive(Deserialize)]
pub(crate) struct LinkAddress {
    #[serde(rename = "type", default = "builtin::page")]
    kind: TypeKey,
    id: EntryId,
    link: PreviewId,
}

impl LinkAddress {
    fn split(self) -> (Address, PreviewId) {
        (Address { kind: self.kind, id: self.id }, self.link)
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SavesQuery {
    /// The language meant; by default the first one.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Where the page begins: `page.next` or `page.prev` of another page of the same list.
    #[param(max_length = 2048)]
    cursor: Option<String>,
    /// How many items the page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// With `exact`, the page says how many items the whole list has.
    #[param(inline)]
    count: Option<Count>,
}

impl SavesQuery {
    fn split(self) -> (LocaleQuery, PageQuery) {
        let Self { locale, cursor, limit, count } = self;
        (LocaleQuery { locale }, PageQuery { cursor, limit, count })
    }
}
