//! A whole history at once: `index.json` and the files it lists, as revisions of a policy.
//!
//! [`read_dir`] reads and verifies everything before the database is touched and gives a [`Plan`]; [`import`] renders
//! and compares, then writes all of it in one transaction. A revision is known by its file and that file's SHA-256:
//! what is there already is passed over, so that a run can be repeated, and a longer history continues a shorter one.
//! Only here can a revision come into force before it is published, and its `source` says so.
//! Texts are kept byte for byte.

mod index;
mod read;
mod write;

pub use read::read_dir;
pub use write::{import, preview};

use crate::{Digest, Error};
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Title;
use bonafide_model::{Date, Locale};
use std::path::PathBuf;

/// The name of the file that lists the others.
pub const INDEX: &str = "index.json";
/// How many bytes the index may have: 16 MiB.
pub const MAX_INDEX: usize = 16 << 20;
/// How many revisions an index may list.
pub const MAX_REVISIONS: usize = 10_000;
/// How many bytes all texts together may have: 256 MiB. They are held in memory.
pub const MAX_TOTAL: usize = 256 << 20;

/// What stands in a directory: verified texts, oldest first.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The title that the index gives the document, if any.
    pub title: Option<Title>,
    /// The revisions, oldest first.
    pub revisions: Vec<Planned>,
}

/// One text to be imported.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The name of its file.
    pub file: String,
    /// The day it is dated.
    pub date: Date,
    /// The content of the file, byte for byte.
    pub text: String,
    /// The SHA-256 of the file.
    pub sha256: Digest,
    /// What is told of where it comes from.
    pub source: crate::revision::Source,
}

/// Where a plan is to be imported to.
#[derive(Clone, Debug)]
pub struct Request {
    /// The policy. It is created if it is not there.
    pub key: PolicyKey,
    /// The title of a new policy; else that of the index, else the key. The title of an existing one stays.
    pub title: Option<Title>,
    /// The locale of the texts; else the default locale of the policy, or `en` if that is new.
    pub locale: Option<Locale>,
}

/// What was imported, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether the policy is new.
    pub created: bool,
    /// The new revisions, in order.
    pub imported: Vec<Line>,
    /// How many revisions of the plan were there already.
    pub present: usize,
}

/// One imported revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: u32,
    /// The file it comes from.
    pub file: String,
    /// The day it comes, or came, into force.
    pub date: Date,
    /// The SHA-256 of the file.
    pub sha256: Digest,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// How many revisions are rendered and compared.
    pub done: usize,
    /// How many there are to be.
    pub total: usize,
    /// The file that is now done.
    pub file: &'a str,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A directory or file cannot be read.
    #[error("{}: {reason}", .path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The index is not what it should be.
    #[error("{}: {reason}", .path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// A file is not what the index says of it, or not a text that can be kept.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The policy has a draft, whose number the import would need.
    #[error("the policy has a draft (revision {0}): publish or delete it first")]
    Draft(u32),
    /// The policy could not be written.
    #[error(transparent)]
    Policy(#[from] Error),
}

impl From<bonafide_storage::Error> for ImportError {
    fn from(error: bonafide_storage::Error) -> Self {
        Self::Policy(error.into())
    }
}
