//! What can go wrong, free of any transport.

use crate::texts::{MAX_BYTES, MAX_LINES, MAX_LOCALES};
use sea_orm::DbErr;
use std::fmt;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such policy or revision here, or not for this reader.
    #[error("there is no such policy or revision")]
    NotFound,
    /// A policy with this key is there already.
    #[error("there is a policy with this key already")]
    PolicyExists,
    /// The policy has a draft already, and it can have only one.
    #[error("the policy has a draft already")]
    DraftExists,
    /// The object was changed since the caller read it.
    #[error("the object was changed meanwhile and has version {current} now")]
    Stale {
        /// The version it has now.
        current: i64,
    },
    /// The revision is published and can never change again.
    #[error("a published revision never changes")]
    Published,
    /// The policy has published revisions and can therefore not be deleted.
    #[error("a policy with published revisions cannot be deleted")]
    HasPublished,
    /// What was sent breaks rules; all of them are named.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// The two texts are too large, and too different, to be compared in time.
    #[error("the difference is too large to be computed")]
    DiffTooLarge,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] bonafide_storage::Error),
    /// A stored row is not what it should be, or a task was lost. Names no content.
    #[error("{0}")]
    Internal(String),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Storage(error.into())
    }
}

/// One broken rule and where it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer into what was sent, such as `/texts/en`.
    pub pointer: String,
    /// The rule.
    pub rule: Rule,
}

impl Fault {
    /// A fault at a pointer.
    pub fn at(pointer: impl Into<String>, rule: Rule) -> Self {
        Self { pointer: pointer.into(), rule }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.rule)
    }
}

/// The rules that a policy or revision has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The field may be changed, not cleared.
    Required,
    /// There must be a date before the revision can be published.
    EffectiveOnMissing,
    /// Only an import sets a date in the past.
    EffectiveOnPast,
    /// There must be a text in the default locale before the revision can be published.
    TextMissing,
    /// The text is too large.
    TextTooLarge,
    /// The text has too many lines.
    TextTooManyLines,
    /// There are texts in too many locales.
    TooManyLocales,
    /// The commitments are too large.
    CommitmentsTooLarge,
    /// A number in the commitments cannot be told exactly by every JSON reader (RFC 7493 §2.2).
    NumberNotExact,
    /// A character that no text may hold.
    Nul,
}

impl Rule {
    /// A stable name for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::EffectiveOnMissing => "effective_on_missing",
            Self::EffectiveOnPast => "effective_on_past",
            Self::TextMissing => "text_missing",
            Self::TextTooLarge => "text_too_large",
            Self::TextTooManyLines => "text_too_many_lines",
            Self::TooManyLocales => "too_many_locales",
            Self::CommitmentsTooLarge => "commitments_too_large",
            Self::NumberNotExact => "number_not_exact",
            Self::Nul => "nul",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("must not be null"),
            Self::EffectiveOnMissing => f.write_str("must be set before the revision is published"),
            Self::EffectiveOnPast => f.write_str("must be today or later in the site's time zone"),
            Self::TextMissing => f.write_str("must hold a text in the default locale of the policy"),
            Self::TextTooLarge => write!(f, "must have at most {MAX_BYTES} bytes"),
            Self::TextTooManyLines => write!(f, "must have at most {MAX_LINES} lines"),
            Self::TooManyLocales => write!(f, "must have at most {MAX_LOCALES} locales"),
            Self::CommitmentsTooLarge => f.write_str("must have at most 262144 bytes as JSON"),
            Self::NumberNotExact => f.write_str(
                "must hold no whole number beyond 9007199254740991, which not every reader can tell exactly",
            ),
            Self::Nul => f.write_str("must not contain NUL"),
        }
    }
}
