//! Pages and entries as authors see them, through one code path.
//!
//! An entry has a draft, a version and a state in each of its languages. Every save is a revision: the whole document,
//! who saved it, when, and why. What is published is a revision, rendered ([`prepare`]) before the transaction that
//! shows it ([`publish`]); the draft moves on from there, and readers notice nothing until it is published again.
//!
//! - Writing: [`create`], [`patch`], [`patch_block`], [`add_locale`], [`copy`], [`restore`].
//! - [`publish`], [`unpublish`], [`archive`], [`delete`]: what readers see.
//! - [`schedule()`]: the same at an instant; [`compare()`]: what changed between two revisions.
//! - [`list`], [`get`], [`revisions`], [`revision`]: reading.
//! - [`preview`]: a draft shown to whoever has the token of a link.

mod compare;
pub mod preview;
mod publish;
mod read;
mod schedule;
mod state;
mod write;

pub use compare::{Change, Op, compare};
pub use publish::{Prepared, Shown, prepare, publish, rendered_anew};
pub use read::{count, count_revisions, get, list, revision, revisions};
pub use schedule::{Due, due, forget, next, overdue, schedule};
pub use state::{archive, delete, unpublish};
pub use write::{NewEntry, add_locale, copy, create, patch, patch_block, restore};

pub(crate) use publish::{Place, announce, insert_keys, insert_references, moved, path_clash};
pub(crate) use write::names;

use crate::Error;
use bonafide_model::content::{Fault, builtin};
use bonafide_model::id::{AccountId, EntryId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Instant, Locale};
use serde_json::{Map, Value};

/// Where an entry is: its type, its id, and the language meant, by default its first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Its type.
    pub kind: TypeKey,
    /// Its id.
    pub id: EntryId,
    /// The language.
    pub locale: Option<Locale>,
}

/// An entry in one language.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// Its type.
    pub kind: TypeKey,
    /// The language.
    pub locale: Locale,
    /// All its languages, the first one first.
    pub locales: Vec<Side>,
    /// Since when it is archived, if it is.
    pub archived_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
    /// Its draft: what the newest revision holds, without what the type no longer knows.
    pub fields: Map<String, Value>,
    /// What its author should know of the draft; pointers lead into the fields.
    pub warnings: Vec<Fault>,
}

/// What stands of an entry in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The language.
    pub locale: Locale,
    /// Raised by every change, of state too.
    pub version: i64,
    /// The number of the newest revision.
    pub revision: i64,
    /// The number of the revision that is published, if one is.
    pub published_revision: Option<i64>,
    /// When it was first published, of what is published now.
    pub published_at: Option<Instant>,
    /// When it is to be published, and unpublished.
    pub scheduled: (Option<Instant>, Option<Instant>),
    /// The title of the draft.
    pub title: Option<String>,
    /// The slug of the draft.
    pub slug: Option<String>,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// Where an entry stands in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody reads it.
    Draft,
    /// Everybody reads it.
    Published,
    /// It was put away, in all its languages.
    Archived,
}

impl State {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

impl Side {
    /// Where it stands, if its entry is (not) archived.
    pub const fn state(&self, archived: bool) -> State {
        match (archived, self.published_revision) {
            (true, _) => State::Archived,
            (false, Some(_)) => State::Published,
            (false, None) => State::Draft,
        }
    }
}

impl Entry {
    /// What stands of it in its language.
    ///
    /// # Panics
    /// Never: an entry is read in a language that it has.
    pub fn side(&self) -> &Side {
        self.locales.iter().find(|side| side.locale == self.locale).expect("an entry has the language it is read in")
    }

    /// Where it stands in its language.
    pub fn state(&self) -> State {
        self.side().state(self.archived_at.is_some())
    }
}

/// One save of an entry.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its number in its language, from 1.
    pub number: i64,
    /// Why, in its author's words.
    pub note: Option<String>,
    /// The revision that was brought back, if it was.
    pub restored_from: Option<i64>,
    /// Who saved it: `account`, `token`, `operator` or `system`.
    pub actor_kind: String,
    /// The account that answers for it.
    pub account: Option<AccountId>,
    /// When.
    pub created_at: Instant,
    /// The document, exactly as it was saved; absent in lists.
    pub fields: Option<Map<String, Value>>,
}

/// Faults as they lie in the body of a request: the fields of a page are the body itself.
pub(crate) fn placed(kind: &TypeKey, faults: Vec<Fault>) -> Vec<Fault> {
    let prefix = if kind.as_str() == builtin::PAGE { "" } else { "/fields" };
    faults.into_iter().map(|fault| fault.under(prefix)).collect()
}

/// [`Error::Invalid`] unless there are no faults.
pub(crate) fn sound(kind: &TypeKey, faults: Vec<Fault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(placed(kind, faults))) }
}
