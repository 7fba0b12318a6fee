//! Where a page of a list begins.

use serde::{Deserialize, Serialize};

/// Where a page begins, by the key of an item of the list.
///
/// What follows comes in the order of the list; what goes before comes nearest first, against that order, so that
/// a limit keeps the nearest. Whoever shows the page turns it round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether the page is read against the order of the list.
    pub const fn is_backwards(&self) -> bool {
        matches!(self, Self::Before(_))
    }
}
