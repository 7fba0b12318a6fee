//! Keys that people choose and that stand in URLs.

use crate::Invalid;
use crate::value::serde_as_text;
use std::fmt;
use std::str::FromStr;

/// Declares keys: newtypes over the texts that a pattern takes.
macro_rules! key {
    ($($(#[$doc:meta])* $name:ident, $most:literal, $also:pat, $wanted:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The key.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, $also);
                let bytes = text.as_bytes();
                let right = bytes.first().is_some_and(u8::is_ascii_lowercase)
                    && bytes.len() <= $most
                    && bytes.iter().copied().all(allowed)
                    && !text.ends_with('.');
                if right { Ok(Self(text.to_owned())) } else { Err(Invalid($wanted)) }
            }
        }

        serde_as_text!($name);
    )*};
}

key! {
    /// The key of a policy in URLs, such as `privacy`: a lower-case letter, then up to 63 of `a-z 0-9 - _ .`.
    ///
    /// A dot is allowed because policies are often named after the host they belong to.
    PolicyKey, 64, b'-' | b'_' | b'.', "must be a lower-case letter, then up to 63 of a-z, 0-9, '-', '_' and '.'";
    /// The key of a form in URLs, such as `contact`: a lower-case letter, then up to 63 of `a-z 0-9 - _`.
    FormKey, 64, b'-' | b'_', "must be a lower-case letter, then up to 63 of a-z, 0-9, '-' and '_'";
    /// The key of a content type or component in URLs, such as `article`: a lower-case letter, then up to 63 of `a-z 0-9 - _`.
    TypeKey, 64, b'-' | b'_', "must be a lower-case letter, then up to 63 of a-z, 0-9, '-' and '_'";
    /// The key of a field of a form or content type, such as `email`: a lower-case letter, then up to 39 of `a-z 0-9 _`.
    FieldKey, 40, b'_', "must be a lower-case letter, then up to 39 of a-z, 0-9 and '_'";
}

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
