//! The log of what was done.
//!
//! Two tables, both append-only by trigger: the [`leaf`] table, which later carries a Merkle tree and is made to be
//! shown to strangers, and the [`audit`] list of admin actions, for the people who run the site.
//! An [`Act`] is what a domain function is called with: who does it, with which permission, when.

mod act;
pub mod audit;
pub mod leaf;

pub use act::Act;
pub use leaf::Leaf;
