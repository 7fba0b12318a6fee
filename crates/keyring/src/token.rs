//! Opaque bearer tokens: `bf_FAMILY_` and 256 random bits with a checksum. Only their hash is stored.
//!
//! The prefix lets secret scanners find a leaked token; the checksum refuses a mistyped one without a look-up.

use crate::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// The kinds of opaque tokens. One family's token is worth nothing on another surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFamily {
    /// An API token for the admin surface.
    Admin,
    /// An API token for delivery.
    Read,
    /// Renews a login.
    Refresh,
    /// Accepts an invitation or sets a new password.
    Link,
    /// What a visitor got for what they submitted.
    Receipt,
    /// Shows one draft.
    Preview,
}

impl TokenFamily {
    /// What every token of the family starts with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Admin => "bf_admin_",
            Self::Read => "bf_read_",
            Self::Refresh => "bf_refresh_",
            Self::Link => "bf_link_",
            Self::Receipt => "bf_receipt_",
            Self::Preview => "bf_preview_",
        }
    }
}

/// The SHA-256 of a token: what is stored and looked up. A token has 256 random bits, so that a slow hash adds nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The bytes, for a column.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes as a vector, for a column.
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

fn checksum(family: TokenFamily, secret: &[u8]) -> [u8; 3] {
    let digest: [u8; 32] = Sha256::new().chain_update(family.prefix()).chain_update(secret).finalize().into();
    [digest[0], digest[1], digest[2]]
}

/// Makes a token: the text to show once, and the hash to store.
pub fn mint(family: TokenFamily, entropy: &Entropy) -> (Zeroizing<String>, TokenHash) {
    let mut bytes = Zeroizing::new([0; 35]);
    bytes[..32].copy_from_slice(&entropy.bytes::<32>());
    let sum = checksum(family, &bytes[..32]);
    bytes[32..].copy_from_slice(&sum);
    let token = Zeroizing::new(format!("{}{}", family.prefix(), BASE64.encode(bytes.as_slice())));
    let hash = TokenHash::of(&token);
    (token, hash)
}

/// Takes a presented token for its hash; `None` if it is of another family or cannot have been made here.
pub fn parse(family: TokenFamily, token: &str) -> Option<TokenHash> {
    let mut bytes = Zeroizing::new([0; 35]);
    let encoded = token.strip_prefix(family.prefix())?;
    let length = BASE64.decode_slice(encoded, bytes.as_mut_slice()).ok()?;
    (length == 35 && bytes[32..] == checksum(family, &bytes[..32])).then(|| TokenHash::of(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_family() {
        let (token, hash) = mint(TokenFamily::Admin, &Entropy::system());
        assert_eq!(parse(TokenFamily::Admin, &token), Some(hash));
        assert_eq!(parse(TokenFamily::Read, &token), None);
        assert_eq!(parse(TokenFamily::Read, &token.replace("bf_admin_", "bf_read_")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_hash_or_nothing(text in "\\PC{0,80}", at in 9usize..56, with in "[A-Za-z0-9_-]") {
            let _ = parse(TokenFamily::Admin, &text);
            let (token, _) = mint(TokenFamily::Admin, &Entropy::seeded(3));
            let mut typo = token.to_string();
            typo.replace_range(at..=at, &with);
            prop_assert_eq!(parse(TokenFamily::Admin, &typo).is_some(), typo == *token);
        }
    }
}
