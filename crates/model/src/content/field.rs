//! Fields of content types: what kind of value they hold, and which rules it keeps.

use crate::name::{FieldKey, TypeKey};
use crate::text::{Note, Title};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Characters without meaning of their own.
    Text,
    /// Markdown (`CommonMark` with tables); delivered as it is and as sanitised HTML.
    Markdown,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A civil date.
    Date,
    /// An instant in UTC.
    Instant,
    /// One of several values.
    Choice,
    /// Some of several values.
    Choices,
    /// A name in URLs.
    Slug,
    /// An address on the web.
    Url,
    /// An e-mail address.
    Email,
    /// Any JSON.
    Json,
    /// One entry of given types.
    Reference,
    /// Several entries of given types, in order.
    References,
    /// Fields of its own.
    Group,
    /// Items of one kind, in order.
    List,
    /// Components, in order, each with a stable id.
    Blocks,
    /// A file; reserved, not there yet.
    Asset,
}

impl Kind {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Instant => "instant",
            Self::Choice => "choice",
            Self::Choices => "choices",
            Self::Slug => "slug",
            Self::Url => "url",
            Self::Email => "email",
            Self::Json => "json",
            Self::Reference => "reference",
            Self::References => "references",
            Self::Group => "group",
            Self::List => "list",
            Self::Blocks => "blocks",
            Self::Asset => "asset",
        }
    }

    /// Whether a value is one text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Markdown | Self::Slug | Self::Url | Self::Email)
    }

    /// Whether a value is a list of something.
    pub const fn is_many(self) -> bool {
        matches!(self, Self::Choices | Self::References | Self::List | Self::Blocks)
    }

    /// Whether a value is a number.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }

    /// Whether lists can be filtered by it.
    pub const fn can_be_indexed(self) -> bool {
        !matches!(self, Self::Markdown | Self::Json | Self::Group | Self::List | Self::Blocks | Self::Asset)
    }

    /// Whether lists can be sorted by it: it has one value that has an order.
    pub const fn can_be_sorted(self) -> bool {
        self.can_be_indexed() && !self.is_many() && !matches!(self, Self::Reference)
    }
}

/// A field of a type, of a component, or of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in documents.
    pub key: FieldKey,
    /// What it holds.
    pub kind: Kind,
    /// Whether something cannot be published without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// What authors call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Title>,
    /// What authors should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Note>,
    /// Whether each language has its own value (by default), or all share one. Only of fields of the type itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub localized: Option<bool>,
    /// Whether lists can be filtered and sorted by it. Only of fields of the type itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub indexed: bool,
    /// Whether no two published entries of the type may have the same value, in one language.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// What a new entry has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Of a slug: the field it is made from where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FieldKey>,
    /// What values keep to.
    #[serde(flatten)]
    pub rules: Rules,
}

/// What a list holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The kind of each item.
    pub kind: Kind,
    /// What each keeps to.
    #[serde(flatten)]
    pub rules: Rules,
}

/// What a value keeps to, by its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Of a number: the smallest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Of a number: the greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// The fewest characters of a text, or items of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// The most characters of a text, or items of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Of a text: a regular expression that it matches as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Of a reference: the types of what it may lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<TypeKey>,
    /// Of a group: its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Of a list: what it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Box<Item>>,
    /// Of blocks: which components; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TypeKey>,
    /// What no field has; a definition with any of it is refused.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// One value that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: Title,
    /// What authors see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Title>,
}

impl Field {
    /// A field of a kind without any rule.
    pub fn new(key: FieldKey, kind: Kind) -> Self {
        Self {
            key,
            kind,
            required: false,
            label: None,
            help: None,
            localized: None,
            indexed: false,
            unique: false,
            default: None,
            from: None,
            rules: Rules::default(),
        }
    }

    /// Whether all languages share its value.
    pub fn is_shared(&self) -> bool {
        self.localized == Some(false)
    }

    /// Whether its values are kept apart for lists to be filtered by, or to be unique.
    pub const fn is_keyed(&self) -> bool {
        self.indexed || self.unique
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
const fn is_false(value: &bool) -> bool {
    !*value
}
