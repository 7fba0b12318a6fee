//! Short texts that people write: titles, names, notes.

use crate::Invalid;
use std::fmt;

/// One to `MAX` characters without control characters, trimmed; line breaks only where `LINES` is true.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize, const LINES: bool = false>(String);

/// A title or a display name.
pub type Title = Text<200>;

/// A few sentences, such as the summary of what changed in a revision.
pub type Note = Text<4000, true>;

impl<const MAX: usize, const LINES: bool> Text<MAX, LINES> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as an owned string, for a column.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize, const LINES: bool> fmt::Debug for Text<MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize, const LINES: bool> std::str::FromStr for Text<MAX, LINES> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid("must not be empty"));
        }
        if text.chars().nth(MAX).is_some() {
            return Err(match MAX {
                200 => Invalid("must have at most 200 characters"),
                4000 => Invalid("must have at most 4000 characters"),
                _ => Invalid("is too long"),
            });
        }
        let break_allowed = |c: char| LINES && matches!(c, '\n' | '\r' | '\t');
        if text.chars().any(|c| c.is_control() && !break_allowed(c)) {
            return Err(Invalid("must not contain control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize, const LINES: bool> serde::Serialize for Text<MAX, LINES> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize, const LINES: bool> serde::Deserialize<'de> for Text<MAX, LINES> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(" Privacy ".parse::<Title>().expect("valid").as_str(), "Privacy");
        assert!("".parse::<Title>().is_err());
        assert!("  ".parse::<Title>().is_err());
        assert!("é".repeat(200).parse::<Title>().is_ok());
        assert!("é".repeat(201).parse::<Title>().is_err());
        assert!("a\0b".parse::<Title>().is_err());
        assert!("a\nb".parse::<Title>().is_err());
        assert!("a\nb".parse::<Note>().is_ok());
    }
}
