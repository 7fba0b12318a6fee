//! What can go wrong, free of any transport.

use crate::types::Plan;
use bonafide_model::content::Fault;
use sea_orm::DbErr;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such type, entry, language, block or revision here, or not for this reader.
    #[error("there is no such type or entry")]
    NotFound,
    /// A type with this key is there already.
    #[error("there is a type with this key already")]
    TypeExists,
    /// There are as many types as there can be.
    #[error("there are too many types")]
    TooManyTypes,
    /// Entries of the type are there, or other types name it.
    #[error("the type is in use")]
    TypeInUse,
    /// The type is built in and stays.
    #[error("the type is built in")]
    BuiltIn,
    /// The change would lose what entries hold; the plan says what.
    #[error("the change would lose what entries hold")]
    Loses(Box<Plan>),
    /// More entries would have to be looked at than one change may take.
    #[error("the type has too many entries for this change")]
    TooManyEntries,
    /// What is published was changed between two statements of one reading; it is to be read again, in a snapshot.
    #[error("what is published was changed meanwhile")]
    Changed,
    /// A type was changed while something was being published.
    #[error("a type was changed meanwhile")]
    TypeChanged,
    /// The object was changed since the caller read it.
    #[error("the object was changed meanwhile and has version {current} now")]
    Stale {
        /// The version it has now.
        current: i64,
    },
    /// What was sent does not have the shape it must have; all faults are named.
    #[error("{} faults", .0.len())]
    Invalid(Vec<Fault>),
    /// The draft cannot be published as it is; all faults are named.
    #[error("{} faults", .0.len())]
    Incomplete(Vec<Fault>),
    /// Another published entry has the same value where it must be unique.
    #[error("another entry has the same value")]
    NotUnique(Vec<Fault>),
    /// Another published entry has this path.
    #[error("another entry has this path")]
    PathTaken(Fault),
    /// The entry is archived; bring it back first.
    #[error("the entry is archived")]
    Archived,
    /// The entry is archived already.
    #[error("the entry is not archived")]
    NotArchived,
    /// What is published cannot be deleted; unpublish it first.
    #[error("the entry is published")]
    Published,
    /// Nothing of it is published.
    #[error("the entry is not published")]
    NotPublished,
    /// The entry has this language already.
    #[error("the entry has this language already")]
    LocaleExists,
    /// Entries of the type have one language.
    #[error("the type is not localized")]
    NotLocalized,
    /// The type has its one entry already.
    #[error("there is an entry of this type already, and there can be only one")]
    SingletonExists,
    /// As many preview links of the entry are good as can be.
    #[error("there are too many preview links")]
    TooManyLinks,
    /// A condition with `contains` would have to look through too much.
    #[error("the filter leaves too much to look through")]
    TooBroad,
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
