//! What can go wrong in the key plane.

use std::path::PathBuf;

/// An error of the key plane. None of them carries anything of what was sealed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The record has no keys: they were destroyed, or never were.
    #[error("the keys of the record are gone")]
    Gone,
    /// Something does not open: it was altered, moved to another place, or belongs to other keys.
    #[error("a sealed value does not open: it was altered or moved")]
    Altered,
    /// The key plane belongs to another root key.
    #[error(
        "the keys were made with the root key {recorded}, and the one given is {given}: put the right root.key beside them"
    )]
    WrongRoot {
        /// The public name of the root key that the key plane was made with.
        recorded: String,
        /// The public name of the one given.
        given: String,
    },
    /// The file with the keys of the epochs is missing, damaged or older than the database beside it.
    #[error(
        "{path} lacks the key of epoch {epoch}, under which keys of records stand: restore keys.db and this file together, from one moment"
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// The number of the epoch.
        epoch: i64,
    },
    /// There are keys of epochs, but not the database that belongs to them.
    #[error(
        "{path} holds the keys of epochs, but keys.db, the database that belongs to it, is not beside it: restore keys.db and this file together, from one moment; nothing was changed. Only if keys.db is lost for good, move this file away and see `bonafide keys accept-loss --help`"
    )]
    Orphaned {
        /// The file.
        path: PathBuf,
    },
    /// The file with the keys of the epochs cannot be read or written.
    #[error("the file of epoch keys {path}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A row holds what this product does not write.
    #[error("the key plane holds a value that was not written by this product: {0}")]
    Damaged(&'static str),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] bonafide_storage::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}
