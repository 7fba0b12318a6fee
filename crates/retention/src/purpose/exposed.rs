//! Sealed, exposed, and the words themselves.

use super::{Grant, Purpose, Sink};
use bonafide_model::id::SubmissionId;
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// What a visitor wrote, in clear. Wiped when dropped; cannot be shown, logged, compared, copied or serialised.
pub struct Words(Zeroizing<String>);

impl Words {
    /// Takes what was opened.
    pub(crate) const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a visitor wrote in several fields, in clear.
pub struct Fields(Vec<(String, Words)>);

impl Fields {
    /// Takes an opened group: one JSON object of texts. `None` if it is not one.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let read: Vec<(String, Zeroizing<String>)> = serde_json::from_slice::<Pairs>(json).ok()?.0;
        Some(Self(read.into_iter().map(|(field, text)| (field, Words::new(text))).collect()))
    }
}

/// The members of a JSON object in their order.
struct Pairs(Vec<(String, Zeroizing<String>)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((field, text)) = map.next_entry::<String, String>()? {
                    pairs.push((field, Zeroizing::new(text)));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A value of one record under its key: bytes that mean nothing without it.
///
/// It cannot be shown, serialised or copied either, so that ciphertext does not spread to where no erasure looks.
pub struct Sealed<T> {
    record: SubmissionId,
    envelope: Vec<u8>,
    holds: PhantomData<fn() -> T>,
}

/// A grant for one record does not open another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unopened<E> {
    /// The grant is for another record.
    #[error("the grant is for another record")]
    OtherRecord,
    /// It does not open with the record's key.
    #[error("the sealed value does not open")]
    Vault(E),
}

impl<T> Sealed<T> {
    /// Takes an envelope as it stands in a column.
    pub(crate) const fn from_envelope(record: SubmissionId, envelope: Vec<u8>) -> Self {
        Self { record, envelope, holds: PhantomData }
    }

    /// Opens it for the purpose of the grant; `open` has the record's keys.
    pub(crate) fn open<P: Purpose, E>(
        &self,
        grant: &Grant<P>,
        open: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Exposed<T, P>, Unopened<E>> {
        if grant.record() != self.record {
            return Err(Unopened::OtherRecord);
        }
        let value = open(&self.envelope).map_err(Unopened::Vault)?;
        Ok(Exposed { value, purpose: PhantomData })
    }
}

/// A value in clear, for one purpose.
#[must_use = "a reading was recorded for it"]
pub struct Exposed<T, P: Purpose> {
    value: T,
    purpose: PhantomData<fn() -> P>,
}

impl<T, P: Purpose> Exposed<T, P> {
    /// Gives the value to somewhere that is for this purpose. It can be given once.
    pub fn give<S: Sink<P, Takes = T>>(self, to: &mut S, field: &str) {
        to.take(field, &self.value);
    }
}

impl<P: Purpose> Exposed<Fields, P> {
    /// Gives every field to somewhere that is for this purpose.
    pub fn give_all<S: Sink<P, Takes = Words>>(self, to: &mut S) {
        for (field, words) in &self.value.0 {
            to.take(field, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::{Flags, State};
    use crate::purpose::{Archive, Facts, FulfilRequest, Refused, Reply, Shape, SubjectRights, Terms};
    use bonafide_model::Instant;

    const NOW: fn() -> Instant = || Instant::from_micros(0);

    fn record(number: u8) -> SubmissionId {
        SubmissionId::new(NOW(), [number; 10])
    }

    fn facts(restricted: bool) -> Facts {
        let terms = Terms { fulfils: true, traces_fraud: false };
        Facts {
            state: State::Open,
            flags: Flags { restricted, ..Flags::default() },
            collected: terms,
            today: terms,
            permissions: Vec::new(),
            disclosure_decided: false,
        }
    }

    /// Stands for the key of a record: every byte is turned round.
    fn turned(bytes: &[u8]) -> Result<Words, std::string::FromUtf8Error> {
        let text = String::from_utf8(bytes.iter().map(|byte| !byte).collect())?;
        Ok(Words::new(Zeroizing::new(text)))
    }

    fn sealed(number: u8, text: &str) -> Sealed<Words> {
        Sealed::from_envelope(record(number), text.bytes().map(|byte| !byte).collect())
    }

    #[test]
    fn what_is_opened_for_a_purpose_arrives_there() {
        let grant = Grant::issue(FulfilRequest, record(1), &facts(false), NOW()).expect("allowed");
        let mut reply = Reply::new(&grant);
        sealed(1, "Is \"it\" open?").open(&grant, turned).map_err(|_| ()).expect("opens").give(&mut reply, "message");
        assert_eq!(&*reply.into_json(), r#"{"message":"Is \"it\" open?"}"#);
    }

    #[test]
    fn a_grant_opens_its_own_record_only() {
        let grant = Grant::issue(FulfilRequest, record(1), &facts(false), NOW()).expect("allowed");
        let other = sealed(2, "x").open(&grant, turned);
        assert!(matches!(other, Err(Unopened::OtherRecord)));
    }

    #[test]
    fn without_leave_there_is_no_grant() {
        let refused = Grant::issue(FulfilRequest, record(1), &facts(true), NOW()).err();
        assert_eq!(refused, Some(Refused::Restricted));
    }

    #[test]
    fn no_spreadsheet_takes_a_value_for_a_formula() {
        let grant = Grant::issue(SubjectRights, record(1), &facts(true), NOW()).expect("allowed");
        let given = |shape| {
            let mut archive = Archive::new(shape);
            for (field, text) in [("name", "=HYPERLINK(\"x\")"), ("phone", "+31 20"), ("message", "plain, \"said\"")] {
                sealed(1, text).open(&grant, turned).map_err(|_| ()).expect("opens").give(&mut archive, field);
            }
            archive.text("")
        };
        let lines = "name,\"'=HYPERLINK(\"\"x\"\")\"\r\nphone,\"'+31 20\"\r\nmessage,\"plain, \"\"said\"\"\"\r\n";
        assert_eq!(*given(Shape::Csv), lines);
        let json = r#""name":"=HYPERLINK(\"x\")","phone":"+31 20","message":"plain, \"said\"""#;
        assert_eq!(*given(Shape::Json), json);
        assert!(given(Shape::Html).contains("<td>plain, &quot;said&quot;</td>"));
    }
}
