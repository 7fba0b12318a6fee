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

pub use digest::Digest;
pub use error::{Error, Fault, Rule};

/// Where a part of a list begins.
///
/// What follows comes in the order of the list; what goes before comes nearest first, against that order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start<K> {
    /// At the head of the list.
    #[default]
    First,
    /// Behind this item.
    After(K),
    /// Before this item, going backwards.
    Before(K),
}

impl<K> Start<K> {
    /// The same place under another key.
    pub fn map<L>(self, key: impl FnOnce(K) -> L) -> Start<L> {
        match self {
            Self::First => Start::First,
            Self::After(item) => Start::After(key(item)),
            Self::Before(item) => Start::Before(key(item)),
        }
    }
}

/// The name under which changes of a policy stand in the change feed.
pub fn object_key(policy: &bonafide_model::name::PolicyKey) -> String {
    format!("policy/{policy}")
}
