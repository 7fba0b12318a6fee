//! What can go wrong, free of any transport. No message repeats anything that a visitor wrote.

use crate::life::disclosure::Misstep as NoDisclosure;
use crate::life::hold::{Misstep, Refused as HoldRefused};
use crate::life::{Clash, NotTheirs};
use crate::purpose::Refused;
use bonafide_model::Fault;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such form, version or submission here, or not for this caller.
    #[error("there is no such form or submission")]
    NotFound,
    /// A form with this key is there already.
    #[error("there is a form with this key already")]
    FormExists,
    /// The form has been changed since it was read.
    #[error("the form was changed since; its version is now {current}")]
    Stale {
        /// Its present version.
        current: i64,
    },
    /// There is nothing to publish.
    #[error("the form has no draft")]
    NoDraft,
    /// The form has submissions that are not erased.
    #[error("the form was answered and cannot be deleted")]
    Answered,
    /// These places break a rule.
    #[error("{} places break a rule", .0.len())]
    Invalid(Vec<Fault>),
    /// The submission is in a state that does not allow it.
    #[error(transparent)]
    Clash(#[from] Clash),
    /// The restriction is another's.
    #[error(transparent)]
    NotTheirs(#[from] NotTheirs),
    /// The longest time that a request may stay unanswered has passed.
    #[error("the longest time that a request may stay unanswered has passed")]
    TooLate,
    /// No sweep waits for a person's word, or for one about more than was agreed to.
    #[error("no sweep waits for this")]
    NotAsked,
    /// The purpose is refused.
    #[error("it may not be read for this purpose: {0}")]
    Refused(#[from] Refused),
    /// A legal hold stops the erasure.
    #[error("a legal hold is in force")]
    Held,
    /// A step towards a hold, or away from it, is not possible now.
    #[error(transparent)]
    Misstep(#[from] Misstep),
    /// A step towards a disclosure, or away from it, is not possible now.
    #[error(transparent)]
    NoDisclosure(#[from] NoDisclosure),
    /// The hold, or the disclosure, is not confirmed.
    #[error(transparent)]
    HoldRefused(#[from] HoldRefused),
    /// A request of the person it is about stops the erasure.
    #[error("a request of the person it is about is open")]
    Locked,
    /// The visitor gave no such permission, or the form asks for none.
    #[error("the form asks for no such permission")]
    NoSuchPermission,
    /// The keys belong to the data of another site.
    #[error("the keys belong to the data of site {recorded}, and these are the data of site {given}")]
    OtherData {
        /// The site whose data the keys belong to.
        recorded: uuid::Uuid,
        /// The site whose data these are.
        given: uuid::Uuid,
    },
    /// The keys were never used with any data, or none of these data.
    #[error("there are {submissions} submissions and {keys} keys, and none of them belong together")]
    Apart {
        /// How many submissions there are that are not erased.
        submissions: u64,
        /// How many keys of submissions.
        keys: u64,
    },
    /// The key plane failed.
    #[error(transparent)]
    Vault(#[from] bonafide_vault::Error),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] bonafide_storage::Error),
    /// An export cannot be written any further: a file of more than 4 GiB.
    #[error("an archive cannot be written: {0}")]
    Archive(String),
    /// An export was not taken within [`LONGEST`](crate::subject::LONGEST).
    #[error("an export was not taken within ten minutes")]
    TooSlow,
    /// A row holds what this product does not write.
    #[error("the column {0} holds a value that was not written by this product")]
    Damaged(&'static str),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}
