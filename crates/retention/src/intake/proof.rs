//! The proof of work: a challenge in ALTCHA's v2 format, which its unmodified widget (npm `altcha` 3) solves.
//!
//! The widget looks for a counter for which PBKDF2 of `nonce ‖ counter` (32 bits, big-endian) begins with given digits.
//! To issue a challenge costs nothing; to solve it takes [`COST`] iterations 256 times on average, about half a second of
//! one core, and to verify it takes them once. The challenge is signed and comes back with its solution, so that the
//! server keeps nothing. <https://altcha.org/docs/v2/> describes the format; unlike its reference implementation,
//! which only looks whether the key belongs to the counter, this one also looks whether the key begins as it has to.

use crate::intake::LIFETIME;
use crate::intake::spent::Nonce;
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bonafide_keyring::{Entropy, Keyring, SubKey, Use};
use bonafide_model::Instant;
use bonafide_model::id::FormVersionId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::num::NonZeroU32;

/// Iterations of PBKDF2 for one attempt.
pub const COST: NonZeroU32 = NonZeroU32::new(5_000).expect("not zero");

/// How the key has to begin, in hexadecimal: one counter of 256 does it.
const PREFIX: &str = "00";
const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY: usize = 32;
/// A solution takes some 600 characters.
const LONGEST: usize = 4_096;

/// A challenge as the widget takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// What to do.
    pub parameters: Parameters,
    /// Over the parameters, in hexadecimal.
    pub signature: String,
}

/// What to do. The fields are in the order of their names in JSON, since the signature is over that text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
    /// `PBKDF2/SHA-256`.
    pub algorithm: String,
    /// Iterations.
    pub cost: u32,
    /// What it is for.
    pub data: Data,
    /// In seconds since 1970; the widget asks for a new challenge then.
    pub expires_at: i64,
    /// Bytes of a key.
    pub key_length: usize,
    /// What the key has to begin with, in hexadecimal.
    pub key_prefix: String,
    /// 16 random bytes, in hexadecimal.
    pub nonce: String,
    /// 16 more.
    pub salt: String,
}

/// What a challenge is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The version of the form that was handed out with it.
    pub form_version: FormVersionId,
}

/// Issues challenges and takes them back.
#[derive(Clone)]
pub struct Issuer(SubKey);

/// What was sent for a challenge of ours; the work is not verified yet.
#[derive(Debug)]
pub struct Solution {
    /// By which the challenge is used once.
    pub nonce: Nonce,
    salt: [u8; 16],
    password: [u8; 20],
    key: [u8; KEY],
}

/// Why a proof of work is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not what the widget sends.
    #[error("this is not a proof of work")]
    Malformed,
    /// The challenge is not one of ours, or was altered, or is for another form.
    #[error("the proof of work is not for this form")]
    Unknown,
    /// The challenge is too old.
    #[error("the proof of work has expired")]
    Expired,
    /// The work was not done.
    #[error("the proof of work is wrong")]
    Wrong,
}

/// What the widget sends, in base64. It may say more, such as the time it took.
#[derive(Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Found,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    counter: u32,
    derived_key: String,
}

impl Issuer {
    /// An issuer under the installation's root key.
    pub fn new(keyring: &Keyring) -> Self {
        Self(keyring.sub_key(Use::Proofs))
    }

    /// A challenge for a form that is handed out now.
    pub fn issue(&self, form_version: FormVersionId, now: Instant, entropy: &Entropy) -> Challenge {
        let parameters = Parameters {
            algorithm: ALGORITHM.to_owned(),
            cost: COST.get(),
            data: Data { form_version },
            expires_at: now.plus(LIFETIME).unix_seconds(),
            key_length: KEY,
            key_prefix: PREFIX.to_owned(),
            nonce: hex(&entropy.bytes::<16>()),
            salt: hex(&entropy.bytes::<16>()),
        };
        let signature = hex(&self.mac(&parameters).finalize().into_bytes());
        Challenge { parameters, signature }
    }

    /// Takes what the widget sent for a challenge of this server, for this form, that has not expired.
    ///
    /// # Errors
    /// [`Refused`], for anything else.
    pub fn authenticate(&self, text: &str, form_version: FormVersionId, now: Instant) -> Result<Solution, Refused> {
        let json = (text.len() <= LONGEST).then(|| BASE64.decode(text).ok()).flatten().ok_or(Refused::Malformed)?;
        let Payload { challenge, solution } = serde_json::from_slice(&json).map_err(|_| Refused::Malformed)?;
        let parameters = challenge.parameters;
        let signature = unhex::<32>(&challenge.signature).ok_or(Refused::Malformed)?;
        let ours = self.mac(&parameters).verify_slice(&signature).is_ok();
        if !ours || parameters.data.form_version != form_version {
            return Err(Refused::Unknown);
        }
        let expires = Instant::from_micros(parameters.expires_at.saturating_mul(1_000_000));
        if now >= expires {
            return Err(Refused::Expired);
        }
        // what is signed is well-formed
        let nonce = unhex::<16>(&parameters.nonce).ok_or(Refused::Unknown)?;
        let salt = unhex(&parameters.salt).ok_or(Refused::Unknown)?;
        let mut password = [0; 20];
        password[..16].copy_from_slice(&nonce);
        password[16..].copy_from_slice(&solution.counter.to_be_bytes());
        let key = unhex(&solution.derived_key).ok_or(Refused::Wrong)?;
        Ok(Solution { nonce: Nonce::new(expires, nonce), salt, password, key })
    }

    fn mac(&self, parameters: &Parameters) -> Hmac<Sha256> {
        let text = serde_json::to_vec(parameters).expect("strings and numbers are JSON");
        Hmac::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length").chain_update(text)
    }
}

impl Solution {
    /// Does one attempt's work, about 2 ms, and compares.
    ///
    /// # Errors
    /// [`Refused::Wrong`], if the key does not begin as it has to or does not belong to the counter.
    pub fn verify(&self) -> Result<(), Refused> {
        let begins = hex(&self.key).starts_with(PREFIX);
        let holds = || pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, COST, &self.salt, &self.password, &self.key);
        if begins && holds().is_ok() { Ok(()) } else { Err(Refused::Wrong) }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Lower case only, as everybody writes it here: one text for one value.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
