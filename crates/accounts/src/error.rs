//! What can go wrong with accounts. Nothing here names a person.

use bonafide_model::access::Permission;
use std::time::Duration;

/// An error of this crate. A variant is there because a caller answers differently to it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The login is refused; why is nobody's business.
    #[error("the address or the password is wrong, or the account cannot log in")]
    InvalidCredentials,
    /// A token or session is unknown, out of date, revoked, or not meant for this.
    #[error("the token is not valid")]
    InvalidToken,
    /// A link from an invitation or a reset is unknown, used, replaced or out of date.
    #[error("the link is not valid any more")]
    InvalidLink,
    /// Somebody who is logged in gave a wrong present password.
    #[error("the present password is wrong")]
    WrongPassword,
    /// Too many attempts failed.
    #[error("too many attempts, try again later")]
    Throttled {
        /// How long to wait, in whole seconds, at least one.
        retry_after: Duration,
    },
    /// Too many passwords wait to be checked.
    #[error("too many passwords are being checked, try again in a moment")]
    Busy,
    /// There is no such thing, or none that the caller may see.
    #[error("not found")]
    NotFound,
    /// The object was changed since the caller read it.
    #[error("the object was changed meanwhile; its version is {current}")]
    Stale {
        /// The version it has now.
        current: i64,
    },
    /// Another account has this address.
    #[error("another account has this address")]
    EmailTaken,
    /// A site must have an owner who can log in.
    #[error("the last active owner can neither be suspended nor lose the role")]
    LastOwner,
    /// The account is suspended already.
    #[error("the account is suspended")]
    Suspended,
    /// The account is not suspended.
    #[error("the account is not suspended")]
    NotSuspended,
    /// A token would be allowed more than whoever makes it.
    #[error("a token cannot be allowed more than its maker")]
    ScopesTooWide(Vec<Permission>),
    /// These scopes mean nothing on the surface the token is for.
    #[error("these scopes do not belong to the token's family")]
    ScopesOfOtherFamily(Vec<Permission>),
    /// A token would be out of date at once.
    #[error("the token would have expired already")]
    ExpiryPast,
    /// A token would outlive the token it is made with.
    #[error("a token cannot outlive the token it is made with")]
    ExpiryTooLate,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] bonafide_storage::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}
