//! E-mail addresses: the HTML living standard's notion of validity, with internationalised domains.

use crate::Invalid;
use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;

/// An e-mail address in the one form under which it is stored and compared: NFKC, lower case, domain in ASCII.
///
/// Dots and plus signs of the local part are kept: folding them would join two people's addresses.
/// It is personal data: `Debug` is redacted and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address itself. Keep it out of logs, errors and URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(redacted)")
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be an e-mail address such as ada@example.org");
        if text.len() > 512 {
            return Err(WANTED);
        }
        let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
        let (local, domain) = folded.rsplit_once('@').ok_or(WANTED)?;
        let in_local = |c: char| {
            c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
        };
        if local.is_empty() || local.len() > 64 || !local.chars().all(in_local) {
            return Err(WANTED);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| WANTED)?;
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if domain.len() > 253 || !domain.split('.').all(label) {
            return Err(WANTED);
        }
        Ok(Self(format!("{local}@{domain}")))
    }
}

impl serde::Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_one_address() {
        for (text, form) in [
            ("Ada@Example.ORG", "ada@example.org"),
            ("ada+news@example.org", "ada+news@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().expect(text).as_str(), form);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.d",
            "a@b..c",
            "a@-b.c",
            "a@b\0.c",
            "a\0@b.c",
            "a@[::1]",
            "\"a\"@b.c",
            "a@b@c.d",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let address: EmailAddress = "ada@example.org".parse().expect("valid");
        assert_eq!(format!("{address:?}"), "EmailAddress(redacted)");
    }
}
