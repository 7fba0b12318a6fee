//! Policies, their revisions, digests and comparison.
//!
//! A policy (`privacy`, `terms`) is a line of revisions, numbered without gaps. The last one may be a draft; all others
//! are published and can never change again, not even by SQL. Which revision was in force on a day follows from their
//! dates alone, so that nothing has to run at midnight.
//!
//! - [`policy`]: the policies themselves; [`revision`]: drafts, and [`publish`](revision::publish()), for authors.
//! - [`delivery`]: what everyone may read. It selects published rows only and asks for no permission.
//! - [`digest`]: the chain of digests, and how a stranger recomputes it.
//! - [`compare`]: what changed between two texts; [`difference`]: the same between two revisions.
//! - [`import`]: a whole history at once, from a directory.
//!
//! Start reading at [`revision`]. Nothing here knows HTTP.

pub mod compare;
pub mod delivery;
pub mod difference;
pub mod digest;
mod error;
pub mod import;
pub mod policy;
pub mod revision;
mod row;
pub mod texts;

pub use bonafide_model::Start;
pub use digest::Digest;
pub use error::{Error, Fault, Rule};

/// The name under which changes of a policy stand in the change feed.
pub fn object_key(policy: &bonafide_model::name::PolicyKey) -> String {
    format!("policy/{policy}")
}
