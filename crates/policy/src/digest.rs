//! The digest of a revision, and the chain that the digests of a policy form.
//!
//! # How a stranger recomputes it
//!
//! Take the published answer of a revision (`GET /v1/policies/{policy}/revisions/{number}`) and the exact bytes of its
//! text in every locale it has (`…/revisions/{number}.md?locale=…`). Make this JSON object, with exactly these eleven
//! members:
//!
//! | member | value |
//! | --- | --- |
//! | `format` | the string `bonafide-policy-revision-1` |
//! | `policy` | the key of the policy, a string such as `privacy` |
//! | `number` | the number of the revision, a JSON number |
//! | `effective_on` | the string `YYYY-MM-DD` as published |
//! | `published_at` | the string as published, such as `2026-12-01T09:30:00.25Z` (do not reformat it) |
//! | `texts` | an object: for each locale of the revision, as its tag is published, the SHA-256 of the UTF-8 bytes of the Markdown text as 64 lower-case hexadecimal digits |
//! | `summary_of_changes` | the string as published, or `null` if there is none |
//! | `material` | `true` or `false` |
//! | `commitments` | the JSON array as published; `[]` if there are none |
//! | `source` | the object as published, or `null` if there is none: `sha256` (hexadecimal digits), and `url` and `recorded_at` where they are known; unknown ones are left out |
//! | `previous_digest` | the digest of revision `number` − 1 as published, `sha256:` included, or `null` for revision 1 |
//!
//! Write it in the canonical form of RFC 8785 (members sorted by UTF-16 code units, no white space, numbers and strings
//! as ECMAScript writes them), encode that as UTF-8, and take the SHA-256. The published digest is `sha256:` and its 64
//! lower-case hexadecimal digits.
//!
//! Because each digest covers the one before, the digest of the newest revision covers the whole history.

use crate::revision::Source;
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Instant, Invalid, Locale};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The name of the format, the first thing that is hashed of a revision.
pub const FORMAT: &str = "bonafide-policy-revision-1";

/// A SHA-256, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest itself.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes a digest as it stands in a database column.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 64 hexadecimal digits alone.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
    }

    /// Reads 64 hexadecimal digits, of either case.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn from_hex(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a SHA-256 of 64 hexadecimal digits");
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(WANTED);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let (high, low) = (digit(pair[0]).ok_or(WANTED)?, digit(pair[1]).ok_or(WANTED)?);
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::from_hex(text.strip_prefix("sha256:").ok_or(Invalid("must start with sha256:"))?)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// All that the digest of a revision covers.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// The key of the policy.
    pub policy: &'a PolicyKey,
    /// The number of the revision.
    pub number: u32,
    /// The day it comes into force.
    pub effective_on: Date,
    /// The instant it was published.
    pub published_at: Instant,
    /// The SHA-256 of the bytes of each text.
    pub texts: &'a BTreeMap<Locale, Digest>,
    /// What changed, in words.
    pub summary_of_changes: Option<&'a str>,
    /// Whether the change matters to the people concerned.
    pub material: bool,
    /// What is promised, in data.
    pub commitments: &'a [serde_json::Value],
    /// Where the text was recorded, if it was imported.
    pub source: Option<&'a Source>,
    /// The digest of the revision before.
    pub previous: Option<Digest>,
}

impl Sealed<'_> {
    /// The digest, as the head of this module describes it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical())
    }

    /// The bytes that are hashed.
    fn canonical(&self) -> Vec<u8> {
        let texts: BTreeMap<&str, String> =
            self.texts.iter().map(|(locale, digest)| (locale.as_str(), digest.hex())).collect();
        let object = serde_json::json!({
            "format": FORMAT,
            "policy": self.policy,
            "number": self.number,
            "effective_on": self.effective_on,
            "published_at": self.published_at,
            "texts": texts,
            "summary_of_changes": self.summary_of_changes,
            "material": self.material,
            "commitments": self.commitments,
            "source": self.source,
            "previous_digest": self.previous,
        });
        serde_json_canonicalizer::to_vec(&object).expect("a JSON value has a canonical form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed<'a>(policy: &'a PolicyKey, texts: &'a BTreeMap<Locale, Digest>) -> Sealed<'a> {
        Sealed {
            policy,
            number: 1,
            effective_on: "2026-12-01".parse().expect("a date"),
            published_at: "2026-11-24T09:30:00.25Z".parse().expect("an instant"),
            texts,
            summary_of_changes: None,
            material: true,
            commitments: &[],
            source: None,
            previous: None,
        }
    }

    #[test]
    fn the_canonical_form_is_the_described_one() {
        let policy: PolicyKey = "privacy".parse().expect("a key");
        let texts = BTreeMap::from([("en".parse().expect("a locale"), Digest::of("# Privacy\n"))]);
        let hash = Digest::of("# Privacy\n").hex();
        let commitments = [serde_json::json!({"b": 1.0, "a": "é\n"})];
        let plain = sealed(&policy, &texts);
        let full = Sealed { commitments: &commitments, previous: Some(Digest([0xab; 32])), ..plain };
        let expected = format!(
            r#"{{"commitments":[{{"a":"é\n","b":1}}],"effective_on":"2026-12-01","format":"bonafide-policy-revision-1","material":true,"number":1,"policy":"privacy","previous_digest":"sha256:{}","published_at":"2026-11-24T09:30:00.25Z","source":null,"summary_of_changes":null,"texts":{{"en":"{hash}"}}}}"#,
            "ab".repeat(32)
        );
        assert_eq!(String::from_utf8(full.canonical()).expect("UTF-8"), expected);
        assert_eq!(full.digest(), Digest::of(expected));
    }

    #[test]
    fn a_known_answer() {
        assert_eq!(
            Digest::of("").to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    proptest! {
        #[test]
        fn digests_read_back(bytes: [u8; 32]) {
            let digest = Digest(bytes);
            prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
            prop_assert_eq!(Digest::from_hex(&digest.hex().to_uppercase()), Ok(digest));
        }

        #[test]
        fn any_text_is_a_digest_or_an_error(text in "\\PC{0,80}") {
            let _ = text.parse::<Digest>();
        }

        #[test]
        fn a_digest_covers_every_field(number in 2u32..1000, summary in "[a-z]{1,20}") {
            let policy: PolicyKey = "privacy".parse().expect("a key");
            let texts = BTreeMap::new();
            let before = sealed(&policy, &texts).digest();
            let numbered = Sealed { number, ..sealed(&policy, &texts) };
            let told = Sealed { summary_of_changes: Some(&summary), ..sealed(&policy, &texts) };
            let immaterial = Sealed { material: false, ..sealed(&policy, &texts) };
            let chained = Sealed { previous: Some(before), ..sealed(&policy, &texts) };
            for other in [numbered, told, immaterial, chained] {
                prop_assert_ne!(other.digest(), before);
            }
        }
    }
}
