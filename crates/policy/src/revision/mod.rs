//! Revisions, as authors see them: a draft is written, changed, and published once.
//!
//! [`create()`] and [`delete()`] work on drafts. What takes its time has two steps: [`revise()`] and [`prepare()`] read, check,
//! render and compare before any transaction is open; [`save()`] and [`publish()`] then write in one short transaction, if
//! the draft is still the one that was read.

mod draft;
mod publish;
mod read;

pub use draft::{Revised, create, delete, revise, save};
pub(crate) use draft::{insert, remove_draft};
pub use publish::{Prepared, prepare, publish};
pub(crate) use publish::{Rendered, line, seal, store, text_missing};
pub use read::{count, get, list};
pub(crate) use read::{load, revision, select};

use crate::Digest;
use crate::texts::Texts;
use bonafide_model::id::RevisionId;
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Note;
use bonafide_model::{Date, Instant, Locale, Patch};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format of the commitments of a revision. 0 means that nothing interprets them.
pub const COMMITMENTS_FORMAT: u32 = 0;

/// One revision without its texts.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// The policy it belongs to.
    pub policy: PolicyKey,
    /// The present title of that policy.
    pub title: String,
    /// The present default locale of that policy.
    pub default_locale: Locale,
    /// Its number, from 1 without gaps.
    pub number: u32,
    /// The day it comes into force; a published revision has one.
    pub effective_on: Option<Date>,
    /// What changed, in words.
    pub summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    pub material: bool,
    /// What is promised, in data.
    pub commitments: Vec<serde_json::Value>,
    /// How the commitments are to be read.
    pub commitments_format: u32,
    /// Where the text was recorded, if it was imported.
    pub source: Option<Source>,
    /// The locales it has texts in, sorted.
    pub locales: Vec<Locale>,
    /// Present once it is published.
    pub publication: Option<Publication>,
    /// Raised by every change, that of state included.
    pub version: i64,
    /// When the draft was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Revision {
    /// Whether it can still change.
    pub const fn state(&self) -> State {
        if self.publication.is_some() { State::Published } else { State::Draft }
    }
}

/// A revision with its texts.
#[derive(Clone, Debug)]
pub struct Manuscript {
    /// The revision.
    pub revision: Revision,
    /// Its texts, by locale.
    pub texts: Texts,
}

/// Whether a revision can still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It can.
    Draft,
    /// It never will.
    Published,
}

impl State {
    /// The name in columns and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }
}

/// That a revision was published, and with which place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// When.
    pub published_at: Instant,
    /// Its digest; see [`crate::digest`].
    pub digest: Digest,
    /// The digest of the revision before; absent for the first.
    pub previous_digest: Option<Digest>,
}

/// Where an imported text was recorded. It is serialised as it stands in the digest and in answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The address it was recorded at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Instant>,
    /// The SHA-256 of the recorded bytes, in hexadecimal digits.
    pub sha256: String,
}

/// A draft to be made.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its texts, by locale.
    pub texts: Texts,
    /// The day it shall come into force.
    pub effective_on: Option<Date>,
    /// What changed, in words.
    pub summary_of_changes: Option<Note>,
    /// Whether the change matters to the people concerned.
    pub material: bool,
    /// What is promised, in data.
    pub commitments: Vec<serde_json::Value>,
}

/// A change of a draft.
#[derive(Clone, Debug, Default)]
pub struct DraftPatch {
    /// Texts to be set or, with [`Patch::Null`], removed; the others stay. `Null` in place of all removes all.
    pub texts: Patch<BTreeMap<Locale, Patch<String>>>,
    /// The day it shall come into force.
    pub effective_on: Patch<Date>,
    /// What changed, in words.
    pub summary_of_changes: Patch<Note>,
    /// Whether the change matters; null means that it does not.
    pub material: Patch<bool>,
    /// What is promised; null means nothing.
    pub commitments: Patch<Vec<serde_json::Value>>,
}
