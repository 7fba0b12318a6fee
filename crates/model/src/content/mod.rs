//! What content is made of: types with typed fields, blocks, slugs, and the rules that values keep. Pure.
//!
//! - [`field`]: fields, their kinds and rules; [`define`]: a type as a whole, and what makes a definition sound.
//! - [`check`]: values against a definition. A draft must have the right shape; what is published must keep every rule.
//! - [`tidy`]: the one form in which values are stored: ids for blocks, slugs normalised, no nulls.
//! - [`slug`]: names in URLs; [`builtin`]: the type `page` and the components that are always there.
//!
//! A definition names other types by their keys; [`Catalogue`] is where they are looked up.

pub mod builtin;
pub mod check;
pub mod define;
pub mod field;
pub mod slug;
#[cfg(test)]
mod tests;
pub mod tidy;

pub use crate::Fault;
pub use define::{Catalogue, Definition};
pub use field::{Choice, Field, Item, Kind, Rules};

use std::fmt;

/// The most fields of a type, those inside of groups and lists counted.
pub const MOST_FIELDS: usize = 100;
/// The most indexed or unique fields of a type.
pub const MOST_INDEXED: usize = 10;
/// How deep groups and lists of groups may nest in a definition.
pub const GROUP_DEPTH: usize = 4;
/// The most choices of a field.
pub const MOST_CHOICES: usize = 200;
/// The longest pattern, in bytes.
pub const PATTERN_BYTES: usize = 500;
/// The most memory that a compiled pattern may take, in bytes.
pub const PATTERN_SIZE: usize = 1 << 18;
/// The most blocks of one document, those inside of blocks counted.
pub const MOST_BLOCKS: usize = 1000;
/// How deep blocks may nest in blocks.
pub const BLOCK_DEPTH: usize = 5;
/// The most items of a list, of choices or of references.
pub const MOST_ITEMS: usize = 500;
/// The longest text, in characters, unless a field says less.
pub const TEXT_LENGTH: usize = 10_000;
/// The longest text that is indexed, in characters, unless a field says less.
pub const INDEXED_LENGTH: usize = 500;
/// The longest Markdown, in characters.
pub const MARKDOWN_LENGTH: usize = 500_000;
/// The largest document, in bytes as JSON.
pub const DOCUMENT_BYTES: usize = 2 << 20;
/// The most faults that one answer names.
pub const MOST_FAULTS: usize = 100;

/// A pointer one step deeper (RFC 6901).
pub fn push(pointer: &str, key: impl fmt::Display) -> String {
    let key = key.to_string();
    if key.contains(['~', '/']) {
        format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
    } else {
        format!("{pointer}/{key}")
    }
}
