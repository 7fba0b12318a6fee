//! Passwords: what may be one, and the slow hash, away from the threads that answer requests.

use crate::{Error, Secret};
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use bonafide_keyring::Entropy;
use bonafide_model::Invalid;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

/// How many may wait for their turn, beside those that are being hashed.
const QUEUE: usize = 64;

/// A password that somebody chooses: 10 to 256 characters, none of them a control character, and not one
/// that everybody tries first. There are no rules of composition (NIST SP 800-63B §3.1.1.2).
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl FromStr for Password {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = normal(text);
        let length = text.chars().take(257).count();
        if length < 10 {
            return Err(Invalid("must have at least 10 characters"));
        }
        if length > 256 {
            return Err(Invalid("must have at most 256 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid("must not contain control characters"));
        }
        if is_common(&text) {
            return Err(Invalid("must not be one of the passwords that everybody tries first"));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer)?.expose().parse().map_err(serde::de::Error::custom)
    }
}

/// The same password typed on different systems is one text (NFC, as in RFC 8265).
fn normal(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.nfc().collect())
}

/// Whether a password is one character, a common one, one of them repeated, or one with digits or signs at its end.
fn is_common(text: &str) -> bool {
    let lower = Zeroizing::new(text.to_lowercase());
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    lower.chars().all(|c| lower.starts_with(c))
        || COMMON
            .lines()
            .any(|common| lower.as_str() == common || stem == common || lower.split(common).all(str::is_empty))
        || DIGITS.iter().any(|row| row.contains(lower.as_str()))
}

/// Rows of digits that no password may be a piece of.
const DIGITS: &[&str] = &["01234567890123456789", "98765432109876543210"];

/// The most frequent passwords of published lists, in lower case, without the digits people put at their end.
const COMMON: &str = include_str!("password/common.txt");

/// What a hash costs. [`Default`] is the OWASP recommendation: argon2id, 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// The hasher: as many hashes at once as there are cores.
pub(crate) struct Passwords {
    params: Params,
    nobody: String,
    queue: Semaphore,
    cores: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(cost: Cost, entropy: &Entropy) -> Self {
        let params = Params::new(cost.memory, cost.passes, cost.lanes, None).expect("a cost that argon2 allows");
        // the hash of no password at all: whoever compares with it does the same work, and fails
        let nobody = written(&params, &entropy.bytes::<16>(), &entropy.bytes::<32>());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { params, nobody, queue: Semaphore::new(cores + QUEUE), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: Password, entropy: &Entropy) -> Result<String, Error> {
        let (params, salt) = (self.params.clone(), entropy.bytes::<16>());
        let hash = move || {
            let mut out = [0; 32];
            argon2id(&params, password.0.as_bytes(), &salt, &mut out).map(|()| written(&params, &salt, &out))
        };
        Ok(self.run(hash).await?.expect("the parameters were checked and the salt has a fitting length"))
    }

    /// Whether a presented password is the one that was stored; no, and at the same cost, if none was.
    pub(crate) async fn verify(&self, guess: &Secret, stored: Option<String>) -> Result<bool, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let guess = normal(guess.expose());
        let right = self.run(move || matches(guess.as_bytes(), &stored)).await?;
        Ok(known && right)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = self.queue.try_acquire().map_err(|_| Error::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Error::Busy)?;
        // the permit goes with the work: a request that is given up does not free a core that is still busy
        let work = tokio::task::spawn_blocking(move || {
            let _core = core;
            work()
        });
        work.await.map_err(|_| Error::Busy)
    }
}

/// Argon2id, version 1.3 (RFC 9106), in memory that is wiped and goes back to the system afterwards.
fn argon2id(params: &Params, password: &[u8], salt: &[u8], out: &mut [u8]) -> Result<(), argon2::Error> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = vec![Block::default(); params.block_count()];
    let done = argon2.hash_password_into_with_memory(password, salt, out, &mut memory[..]);
    memory.iter_mut().for_each(Block::zeroize);
    done
}

/// A hash as it is stored, in the PHC string format.
fn written(params: &Params, salt: &[u8], hash: &[u8]) -> String {
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={m},t={t},p={p}${}${}", BASE64.encode(salt), BASE64.encode(hash))
}

/// Whether a password has this stored hash, whatever it cost when it was made.
fn matches(password: &[u8], stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else { return false };
    let (Ok(params), Some(salt), Some(expected)) = (Params::try_from(&hash), &hash.salt, &hash.hash) else {
        return false;
    };
    let mut found = vec![0; expected.len()];
    let done = argon2id(&params, password, salt, &mut found);
    // compared in constant time by the type
    hash.algorithm.as_str() == "argon2id" && done.is_ok() && Output::new(&found).is_ok_and(|found| found == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHEAP: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

    fn refused(text: &str) -> bool {
        text.parse::<Password>().is_err()
    }

    #[test]
    fn length_is_all_that_counts() {
        assert!(refused("short pas"));
        assert!(!refused("ten chars!"));
        assert!(!refused(&"é-".repeat(128)));
        assert!(refused(&"é-".repeat(129)));
        assert!(refused("with a\0 in it"));
        assert!(!refused("lower case words only"));
        assert!(!refused("4921-8837-1123-0045"));
    }

    #[test]
    fn what_everybody_tries_is_refused() {
        for text in [
            "Password123",
            "PASSWORD!!",
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "passwordpassword",
            "admin12345",
            "12345123451234512345",
            "Correct horse battery staple",
            "welcome2026!",
            "!!!!!!!!!!",
        ] {
            assert!(refused(text), "{text}");
        }
    }

    #[tokio::test]
    async fn only_the_same_password_is_right() {
        let entropy = Entropy::seeded(1);
        let passwords = Passwords::new(CHEAP, &entropy);
        let chosen: Password = "Bücher am Nachmittag".parse().expect("allowed");
        let hash = passwords.hash(chosen.clone(), &entropy).await.expect("room");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert_ne!(hash, passwords.hash(chosen, &entropy).await.expect("room"));
        for (guess, right) in [
            ("Bücher am Nachmittag", true),
            ("Bu\u{308}cher am Nachmittag", true),
            ("bücher am Nachmittag", false),
            ("Bücher am Nachmittag ", false),
            ("", false),
        ] {
            let verified = passwords.verify(&Secret::from(guess.to_owned()), Some(hash.clone())).await.expect("room");
            assert_eq!(verified, right, "{guess}");
        }
        assert!(!passwords.verify(&Secret::from(String::new()), None).await.expect("room"));
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_a_hash_costs() {
        let passwords = Passwords::new(Cost::default(), &Entropy::seeded(1));
        let parsed = argon2::PasswordHash::new(&passwords.nobody).expect("a well-formed hash");
        let params = Params::try_from(&parsed).expect("known parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19_456, 2, 1));
        assert!(parsed.hash.is_some_and(|hash| hash.len() == 32) && parsed.salt.is_some_and(|salt| salt.len() == 16));
    }

    #[tokio::test]
    async fn a_full_queue_says_so() {
        let passwords = Passwords::new(CHEAP, &Entropy::seeded(1));
        let _full =
            passwords.queue.acquire_many(u32::try_from(passwords.queue.available_permits()).expect("few")).await;
        assert!(matches!(passwords.verify(&Secret::from("x".to_owned()), None).await, Err(Error::Busy)));
    }

    #[test]
    fn debug_shows_nothing() {
        let password: Password = "ten chars!".parse().expect("allowed");
        assert_eq!(
            format!("{password:?} {:?}", Secret::from("ten chars!".to_owned())),
            "Password(redacted) Secret(redacted)"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_password_or_a_reason(text in "\\PC{0,300}") {
            let _ = text.parse::<Password>();
        }
    }
}
