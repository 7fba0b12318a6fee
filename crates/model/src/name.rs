//! Keys that people choose and that stand in URLs.

use crate::Invalid;
use crate::value::serde_as_text;
use std::fmt;
use std::str::FromStr;

/// The key of a policy in URLs, such as `privacy`: a lower-case letter, then up to 63 of `a-z 0-9 - _ .`.
///
/// A dot is allowed because policies are often named after the host they belong to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyKey(String);

impl PolicyKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PolicyKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a lower-case letter, then up to 63 of a-z, 0-9, '-', '_' and '.'");
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
        let bytes = text.as_bytes();
        let right = bytes.first().is_some_and(u8::is_ascii_lowercase)
            && bytes.len() <= 64
            && bytes.iter().copied().all(allowed)
            && !text.ends_with('.');
        if right { Ok(Self(text.to_owned())) } else { Err(WANTED) }
    }
}

serde_as_text!(PolicyKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_a_url_can_show() {
        for text in ["privacy", "sr.ht", "terms-2", "a"] {
            assert!(text.parse::<PolicyKey>().is_ok(), "{text}");
        }
        for text in ["", "Privacy", "1st", "a/b", "..", "a.", "é", "a b", &"a".repeat(65)] {
            assert!(text.parse::<PolicyKey>().is_err(), "{text}");
        }
    }
}
