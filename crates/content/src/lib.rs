//! Content types, pages and entries, their revisions, and the published snapshot that delivery reads.
//!
//! - [`types`]: content types and components, and what a change of one would do to the entries that are there.
//! - [`entry`]: pages and entries as authors see them, through one code path: drafts in each language, a revision for
//!   every save, publishing and what undoes it.
//! - [`delivery`]: what everyone may read. It selects rows of the snapshot only and asks for no permission.
//!
//! What is published is rendered before the transaction that shows it ([`entry::prepare`]), and stands in tables of its
//! own: the finished JSON of the entry's own fields, what lists filter and sort by, and its references as rows, which
//! are joined when an answer is built, so that they appear and vanish with what they lead to.
//!
//! The rules of types and values are in [`bonafide_model::content`]. Nothing here knows HTTP.

pub mod delivery;
pub mod entry;
mod error;
mod keys;
mod render;
mod row;
pub mod types;

pub use bonafide_model::Start;
pub use error::Error;

use bonafide_model::id::EntryId;
use bonafide_model::name::TypeKey;
use std::fmt::Write as _;

/// The name under which changes of what is published of one entry stand in the change feed.
pub fn entry_key(id: EntryId) -> String {
    format!("entry/{id}")
}

/// The same for any entry of a type: what lists depend on.
pub fn list_key(kind: &TypeKey) -> String {
    format!("entries/{kind}")
}

/// The same for the definition of a type: what every answer of its entries depends on.
pub fn type_key(kind: &TypeKey) -> String {
    format!("type/{kind}")
}

/// The same for what has, or had, an address, in ASCII.
pub fn path_key(kind: &TypeKey, path: &str) -> String {
    format!("path/{kind}/{}", encoded(path))
}

/// A path as it stands in addresses: in ASCII, what is no letter, digit, `-` or `/` as `%` and two hexadecimal digits.
pub fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes every character");
        }
    }
    encoded
}
