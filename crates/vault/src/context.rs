//! What a sealed value is bound to.

use crate::Record;
use uuid::Uuid;

/// Which of a record's keys. Groups can be destroyed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Who somebody is and how to reach them.
    Contact,
    /// What they wrote.
    Message,
    /// What they attached.
    Attachment,
}

impl Group {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Message, Self::Attachment];

    /// Its number in envelopes and sets.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Contact => 0,
            Self::Message => 1,
            Self::Attachment => 2,
        }
    }
}

/// A set of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Groups(u8);

impl Groups {
    /// No group.
    pub const NONE: Self = Self(0);
    /// Every group.
    pub const ALL: Self = Self(0b111);

    /// This set and one more group.
    #[must_use]
    pub const fn with(self, group: Group) -> Self {
        Self(self.0 | 1 << group.number())
    }

    /// The groups of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a group is in the set.
    pub const fn has(self, group: Group) -> bool {
        self.0 & 1 << group.number() != 0
    }

    /// The groups of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no group is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every group is in the set.
    pub const fn is_all(self) -> bool {
        self.0 == Self::ALL.0
    }

    /// The set as a number, for a column.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of a number.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits <= Self::ALL.0 { Some(Self(bits)) } else { None }
    }
}

impl FromIterator<Group> for Groups {
    fn from_iter<I: IntoIterator<Item = Group>>(groups: I) -> Self {
        groups.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The place of a sealed value: it opens nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The site.
    pub site: Uuid,
    /// The table.
    pub table: &'a str,
    /// The row's record.
    pub record: Record,
    /// The column or field.
    pub field: &'a str,
    /// The version of how the value is written.
    pub schema_version: u16,
    /// The digest of the policy revision in force when it was collected; empty if there was none.
    pub policy_digest: &'a [u8],
    /// The version of the form that was answered.
    pub form: Uuid,
}

impl Context<'_> {
    /// The associated data: every part with its length before it, so that no two contexts read the same.
    pub(crate) fn encode(&self, group: Group, header: &[u8]) -> Vec<u8> {
        let parts: [&[u8]; 10] = [
            b"bonafide/sealed",
            self.site.as_bytes(),
            self.table.as_bytes(),
            self.record.as_bytes(),
            self.field.as_bytes(),
            &[group.number()],
            &self.schema_version.to_be_bytes(),
            self.policy_digest,
            self.form.as_bytes(),
            header,
        ];
        length_prefixed(&parts)
    }
}

/// Parts with the length of each before it.
pub(crate) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
