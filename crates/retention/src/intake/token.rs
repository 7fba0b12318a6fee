//! The token that a form is handed out with: which version of which form, and when.
//!
//! Whoever sends a form shows that it was handed out to somebody, a few seconds ago at least and a day ago at most. The
//! token says nothing about whom; the server keeps nothing until it comes back. It is no credential: it opens nothing.

use crate::intake::LIFETIME;
use crate::intake::spent::Nonce;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bonafide_keyring::{Entropy, Keyring, SubKey, Use};
use bonafide_model::Instant;
use bonafide_model::id::FormVersionId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::time::Duration;

/// Nobody fills in a form faster.
pub const MINIMUM: Duration = Duration::from_secs(3);

/// The minimum for a page without scripts, which does no proof of work.
pub const SCRIPTLESS_MINIMUM: Duration = Duration::from_secs(10);

/// How far ahead of the clock a token may have been issued: nodes differ, and clocks are set back.
const TOLERANCE: Duration = Duration::from_mins(1);

/// What is signed: a format, whether it is for a page without scripts, the version of the form, the instant, a nonce.
const SIGNED: usize = 1 + 1 + 16 + 8 + 16;
const FORMAT: u8 = 1;
/// 128 bits of HMAC-SHA-256 (NIST SP 800-107 §5.1 lets a MAC be cut to that).
const MAC: usize = 16;

/// Issues and checks tokens. All nodes with one root key take each other's.
#[derive(Clone)]
pub struct Issuer(SubKey);

/// A token that is ours and in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was handed out; perhaps no longer the published version.
    pub form_version: FormVersionId,
    /// By which it is used once.
    pub nonce: Nonce,
    /// Whether it was handed out with a page without scripts.
    pub scriptless: bool,
    /// How long ago it was handed out.
    pub age: Duration,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not made here, or altered.
    #[error("this is not a form token of this server")]
    Unknown,
    /// Sent faster than a person can fill in a form.
    #[error("the form came back too quickly")]
    TooEarly {
        /// How long to wait before sending it again.
        wait: Duration,
    },
    /// Handed out too long ago.
    #[error("the form was handed out too long ago")]
    Expired,
}

impl Issuer {
    /// An issuer under the installation's root key.
    pub fn new(keyring: &Keyring) -> Self {
        Self(keyring.sub_key(Use::FormTokens))
    }

    /// A token for a form that is handed out now.
    pub fn issue(&self, form_version: FormVersionId, scriptless: bool, now: Instant, entropy: &Entropy) -> String {
        let mut signed = [0; SIGNED];
        signed[0] = FORMAT;
        signed[1] = u8::from(scriptless);
        signed[2..18].copy_from_slice(form_version.uuid().as_bytes());
        signed[18..26].copy_from_slice(&now.micros().to_be_bytes());
        signed[26..].copy_from_slice(&entropy.bytes::<16>());
        let mac = self.mac(&signed).finalize().into_bytes();
        BASE64.encode([&signed[..], &mac[..MAC]].concat())
    }

    /// Takes a token for what it says.
    ///
    /// # Errors
    /// [`Refused`], for whatever is not a token that was issued here between the minimum and [`LIFETIME`] ago.
    pub fn check(&self, text: &str, now: Instant) -> Result<Checked, Refused> {
        let mut bytes = [0; SIGNED + MAC];
        let length = BASE64.decode_slice(text, &mut bytes).map_err(|_| Refused::Unknown)?;
        let (signed, mac) = bytes.split_first_chunk::<SIGNED>().ok_or(Refused::Unknown)?;
        if length != bytes.len() || self.mac(signed).verify_truncated_left(mac).is_err() || signed[0] != FORMAT {
            return Err(Refused::Unknown);
        }
        let issued = Instant::from_micros(i64::from_be_bytes(array(&signed[18..26])));
        let (expires, scriptless) = (issued.plus(LIFETIME), signed[1] != 0);
        if now >= expires || issued > now.plus(TOLERANCE) {
            return Err(Refused::Expired);
        }
        let checked = Checked {
            form_version: FormVersionId::from_uuid(uuid::Uuid::from_bytes(array(&signed[2..18]))),
            nonce: Nonce::new(expires, array(&signed[26..])),
            scriptless,
            age: now.since(issued),
        };
        checked.waited(if scriptless { SCRIPTLESS_MINIMUM } else { MINIMUM })?;
        Ok(checked)
    }

    fn mac(&self, signed: &[u8; SIGNED]) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length").chain_update(signed)
    }
}

impl Checked {
    /// Holds a form to a longer minimum of its own.
    ///
    /// # Errors
    /// [`Refused::TooEarly`].
    pub fn waited(&self, minimum: Duration) -> Result<(), Refused> {
        match minimum.saturating_sub(self.age) {
            Duration::ZERO => Ok(()),
            wait => Err(Refused::TooEarly { wait }),
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn issuer(seed: u64) -> Issuer {
        let dir = tempfile::tempdir().expect("a directory");
        Issuer::new(&Keyring::create(dir.path(), &Entropy::seeded(seed)).expect("writable"))
    }

    fn start() -> Instant {
        "2026-12-01T09:30:00Z".parse().expect("an instant")
    }

    fn form() -> FormVersionId {
        FormVersionId::new(start(), [7; 10])
    }

    #[test]
    fn a_token_comes_back_with_what_it_was_issued_for() {
        let issuer = issuer(1);
        let token = issuer.issue(form(), false, start(), &Entropy::seeded(2));
        let checked = issuer.check(&token, start().plus(Duration::from_mins(1))).expect("in time");
        assert_eq!((checked.form_version, checked.scriptless, checked.age), (form(), false, Duration::from_mins(1)));
        assert!(token.len() < 80, "{}", token.len());
    }

    #[test]
    fn a_form_that_comes_back_at_once_or_after_days_is_refused() {
        let issuer = issuer(1);
        for (scriptless, minimum) in [(false, MINIMUM), (true, SCRIPTLESS_MINIMUM)] {
            let token = issuer.issue(form(), scriptless, start(), &Entropy::system());
            let check = |age| issuer.check(&token, start().plus(age));
            let second = Duration::from_secs(1);
            assert_eq!(check(minimum.checked_sub(second).expect("longer")), Err(Refused::TooEarly { wait: second }));
            assert!(check(minimum).is_ok());
            assert!(check(LIFETIME.checked_sub(second).expect("longer")).is_ok());
            assert_eq!(check(LIFETIME), Err(Refused::Expired));
        }
    }

    #[test]
    fn a_form_can_ask_for_more_patience() {
        let issuer = issuer(1);
        let token = issuer.issue(form(), false, start(), &Entropy::system());
        let checked = issuer.check(&token, start().plus(Duration::from_secs(5))).expect("in time");
        assert!(checked.waited(Duration::from_secs(5)).is_ok());
        let wait = Duration::from_secs(25);
        assert_eq!(checked.waited(Duration::from_secs(30)), Err(Refused::TooEarly { wait }));
    }

    #[test]
    fn clocks_that_jump_cost_a_new_form_and_nothing_else() {
        let issuer = issuer(1);
        let token = issuer.issue(form(), false, start(), &Entropy::system());
        let year = Duration::from_hours(24 * 365);
        assert_eq!(issuer.check(&token, start().minus(year)), Err(Refused::Expired));
        assert_eq!(issuer.check(&token, start().plus(year)), Err(Refused::Expired));
        let wait = MINIMUM;
        let another_node = start().minus(Duration::from_secs(2));
        assert_eq!(issuer.check(&token, another_node), Err(Refused::TooEarly { wait }));
        for extreme in [i64::MIN, i64::MAX] {
            assert!(issuer.check(&token, Instant::from_micros(extreme)).is_err());
        }
    }

    #[test]
    fn another_root_key_means_another_server() {
        let token = issuer(1).issue(form(), false, start(), &Entropy::system());
        assert_eq!(issuer(2).check(&token, start().plus(MINIMUM)), Err(Refused::Unknown));
    }

    proptest! {
        #[test]
        fn any_other_text_is_unknown(text in "\\PC{0,200}", flip: prop::sample::Index, bit in 0u8..8) {
            let issuer = issuer(1);
            let later = start().plus(Duration::from_mins(1));
            prop_assert_eq!(issuer.check(&text, later), Err(Refused::Unknown));
            let token = issuer.issue(form(), false, start(), &Entropy::seeded(3));
            let mut bytes = BASE64.decode(&token).expect("base64");
            let at = flip.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(issuer.check(&BASE64.encode(&bytes), later), Err(Refused::Unknown));
            prop_assert_eq!(issuer.check(&format!("{token}A"), later), Err(Refused::Unknown));
            prop_assert_eq!(issuer.check(&token[..token.len() - 1], later), Err(Refused::Unknown));
        }
    }
}
