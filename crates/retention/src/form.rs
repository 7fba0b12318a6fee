//! Forms: what visitors are asked, for which purpose, and for how long.
//!
//! A form has versions, like a policy: one draft at a time, and published ones that never change. A submission keeps the
//! version that it answered. [`Definition`] is what a version says; [`create()`], [`patch()`], [`publish()`] are what
//! authors do; [`published`] is what visitors see.

mod answers;
mod definition;
mod read;
mod write;

pub use answers::Answers;
pub use definition::{
    Choice, Definition, ExtraUse, Field, Kind, Localized, Origin, Purpose, Retention, Spam, Switch, Term,
};
pub use read::{count, count_versions, for_change, get, list, published, version, versions};
pub(crate) use read::{rules_since, version_by_id};
pub use write::{create, delete, patch, publish, unpublish};

use bonafide_model::Instant;
use bonafide_model::id::{FormId, FormVersionId};
use bonafide_model::name::FormKey;

/// A form, as authors see it.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its id.
    pub id: FormId,
    /// Its name in URLs. It never changes.
    pub key: FormKey,
    /// Whether visitors can fill it in.
    pub online: bool,
    /// The number of the version that is published.
    pub published: Option<u32>,
    /// The number of the draft, if there is one.
    pub draft: Option<u32>,
    /// What the draft says or, without one, the published version.
    pub definition: Definition,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Form {
    /// `draft`, `published` or `offline`.
    pub const fn state(&self) -> &'static str {
        match (self.published, self.online) {
            (None, _) => "draft",
            (Some(_), true) => "published",
            (Some(_), false) => "offline",
        }
    }
}

/// One version of a form.
#[derive(Clone, Debug)]
pub struct FormVersion {
    /// Its id, which submissions keep.
    pub id: FormVersionId,
    /// The form.
    pub form: FormId,
    /// The form's name in URLs.
    pub key: FormKey,
    /// Its number, from 1 without gaps.
    pub number: u32,
    /// What it says.
    pub definition: Definition,
    /// When it was published; a draft was not.
    pub published_at: Option<Instant>,
}

/// The name under which a change of a form stands in the change feed.
pub fn object_key(form: &FormKey) -> String {
    format!("form/{form}")
}
