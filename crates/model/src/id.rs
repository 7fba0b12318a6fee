//! The registry of typed ids. Every id is a `UUIDv7` (RFC 9562): sortable by the time it was made.

use crate::value::serde_as_text;
use crate::{Instant, Invalid};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Declares newtypes over [`Uuid`], so that an id of one thing cannot be passed for another.
macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes an id from the present instant and ten random bytes.
            pub fn new(now: Instant, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid())
            }

            /// Takes an id as it stands in a database column.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// When it was made, to the millisecond.
            pub fn made_at(self) -> Instant {
                let millis = self.0.as_u128() >> 80;
                Instant::from_micros(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1000))
            }

            /// Gives the id for a database column.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Id for $name {
            fn new(now: Instant, random: [u8; 10]) -> Self {
                Self::new(now, random)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                match Uuid::try_parse(text) {
                    Ok(uuid) if text.len() == 36 => Ok(Self(uuid)),
                    _ => Err(Invalid("must be a UUID in its hyphenated form")),
                }
            }
        }

        serde_as_text!($name);
    )*};
}

/// What every typed id can do: be made from an instant and randomness.
pub trait Id: Copy + fmt::Display {
    /// Makes an id from the present instant and ten random bytes.
    fn new(now: Instant, random: [u8; 10]) -> Self;
}

typed_id! {
    /// One content base with its own hosts; a fresh installation has exactly one.
    SiteId;
    /// A person who works with the admin API.
    AccountId;
    /// One login of an account, from its password to its logout.
    SessionId;
    /// A long-lived credential for a script or a frontend.
    ApiTokenId;
    /// A line of revisions such as the privacy policy.
    PolicyId;
    /// One dated text of a policy.
    RevisionId;
    /// One line of the list of admin actions.
    AuditId;
    /// A form that visitors can fill in.
    FormId;
    /// One published or drafted text of a form; a submission keeps the one it answered.
    FormVersionId;
    /// What a visitor sent; also the id of its record among the keys.
    SubmissionId;
    /// A page or an entry of another content type.
    EntryId;
    /// A content type or a component.
    ContentTypeId;
    /// One block in a list of blocks.
    BlockId;
    /// A credential to look at a draft.
    PreviewId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_sorts_by_time_and_reads_back() {
        let early = PolicyId::new(Instant::from_micros(1_000_000), [255; 10]);
        let late = PolicyId::new(Instant::from_micros(2_000_000), [0; 10]);
        assert!(early < late);
        assert_eq!(early.uuid().get_version_num(), 7);
        assert_eq!(late.made_at(), Instant::from_micros(2_000_000));
        assert_eq!(early.to_string().parse::<PolicyId>(), Ok(early));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "x", "{0192f0c1-0000-7000-8000-000000000000}", "0192f0c1000070008000000000000000"] {
            assert!(text.parse::<PolicyId>().is_err(), "{text}");
        }
    }
}
