//! Passwords and tokens on their way through.

use std::fmt;
use zeroize::Zeroizing;

/// A password that was presented, or a token: redacted in `Debug`, without `Display` and `Serialize`, wiped when dropped.
///
/// ```compile_fail
/// let secret = bonafide_accounts::Secret::from("hunter2".to_owned());
/// println!("{secret}");
/// ```
/// ```compile_fail
/// let secret = bonafide_accounts::Secret::from("hunter2".to_owned());
/// serde_json::to_string(&secret);
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself: for the one answer that shows it, or for a check.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Zeroizing<String>> for Secret {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
