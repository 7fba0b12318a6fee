//! Access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519, good for ten minutes.
//!
//! A signing key is derived from the root key and its name (`kid`), so that the database holds names alone.
//! Whether a name is good is decided by the database in the same look-up that finds the session (`identity`):
//! a rotation counts on the next request, on every node, and a forged token costs no look-up.

use crate::{Error, Secret};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bonafide_keyring::{Entropy, Keyring, Use};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::Instant;
use bonafide_model::access::WriteUsers;
use bonafide_model::id::{AccountId, SessionId};
use bonafide_storage::{Tx, sql};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long an access token is good for, and with it a retired signing key.
pub const LIFE: Duration = Duration::from_mins(10);

const ISSUER: &str = "bonafide";
const AUDIENCE: &str = "bonafide-admin";
/// PKCS #8 (RFC 8410) of an Ed25519 key, up to the 32 bytes of its seed.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// How many characters the name of a key has.
const KID: usize = 16;
/// How many keys are kept ready. More than two are good only when keys are rotated in a hurry.
const KEPT: usize = 16;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: SessionId,
    jti: String,
    iat: i64,
    exp: i64,
}

/// How many tokens whose signature was checked are remembered.
const CHECKED: usize = 4096;

/// What a token with a good signature says. Whether its session and its key are still good is another question.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) kid: String,
}

struct Pair {
    signs: EncodingKey,
    verifies: DecodingKey,
}

/// Signs and verifies.
pub(crate) struct AccessTokens {
    keyring: Arc<Keyring>,
    ready: Mutex<HashMap<String, Arc<Pair>>>,
    /// What tokens say whose signature was good, by their SHA-256, and when they expire: the signature of the same bytes is
    /// as good the next time, and checking it costs more than the rest of a request. Time, session and key are asked anew.
    checked: Mutex<HashMap<[u8; 32], (Verified, i64)>>,
    validation: Validation,
}

impl AccessTokens {
    pub(crate) fn new(keyring: Arc<Keyring>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // the crate would ask the system for the time
        validation.validate_exp = false;
        Self { keyring, ready: Mutex::default(), checked: Mutex::default(), validation }
    }

    /// A token for a session, signed with a key whose name was just read from the database.
    pub(crate) fn sign(
        &self,
        kid: &str,
        account: AccountId,
        session: SessionId,
        now: Instant,
        entropy: &Entropy,
    ) -> Secret {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: account,
            sid: session,
            jti: BASE64.encode(entropy.bytes::<16>()),
            iat: now.unix_seconds(),
            exp: now.plus(LIFE).unix_seconds(),
        };
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let pair = self.pair(kid);
        self.trust(kid, &pair);
        let token = jsonwebtoken::encode(&header, &claims, &pair.signs).expect("an Ed25519 key signs any message");
        Secret::from(token)
    }

    /// Checks signature, issuer, audience and time of a token.
    pub(crate) fn verify(&self, token: &str, now: Instant) -> Result<Verified, Error> {
        let digest = <[u8; 32]>::from(Sha256::digest(token));
        let known = self.checked.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        let (verified, expires) = match known {
            Some(known) => known,
            None => self.check(token, digest)?,
        };
        if expires <= now.unix_seconds() { Err(Error::InvalidToken) } else { Ok(verified) }
    }

    /// Checks a signature, and what does not change with time.
    fn check(&self, token: &str, digest: [u8; 32]) -> Result<(Verified, i64), Error> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::InvalidToken)?;
        let kid = header.kid.filter(|kid| is_kid(kid)).ok_or(Error::InvalidToken)?;
        let pair = self.pair(&kid);
        let claims = jsonwebtoken::decode::<Claims>(token, &pair.verifies, &self.validation)
            .map_err(|_| Error::InvalidToken)?
            .claims;
        // the signature was made by whoever holds the root key, so the name is worth keeping
        self.trust(&kid, &pair);
        let checked = (Verified { account: claims.sub, session: claims.sid, kid }, claims.exp);
        let mut known = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CHECKED {
            known.clear();
        }
        known.insert(digest, checked.clone());
        Ok(checked)
    }

    fn pair(&self, kid: &str) -> Arc<Pair> {
        if let Some(pair) = self.ready.lock().unwrap_or_else(PoisonError::into_inner).get(kid) {
            return Arc::clone(pair);
        }
        let seed = self.keyring.sub_key_for(Use::AccessTokens, kid);
        let mut der = Zeroizing::new([0; 48]);
        der[..16].copy_from_slice(&PKCS8);
        der[16..].copy_from_slice(seed.as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).expect("any 32 bytes are a seed");
        Arc::new(Pair {
            signs: EncodingKey::from_ed_der(der.as_slice()),
            verifies: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        })
    }

    fn trust(&self, kid: &str, pair: &Arc<Pair>) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains_key(kid) {
            if ready.len() >= KEPT {
                ready.clear();
            }
            ready.insert(kid.to_owned(), Arc::clone(pair));
        }
    }
}

fn is_kid(text: &str) -> bool {
    text.len() == KID && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The name of the key to sign with; `None` before the first start.
pub(crate) async fn current(on: &impl ConnectionTrait) -> Result<Option<String>, Error> {
    let select = "SELECT kid FROM signing_key WHERE retired_at IS NULL ORDER BY created_at DESC, kid LIMIT 1";
    let row = on.query_one_raw(sql(on, select, [])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Makes the first key of an installation, if there is none.
pub(crate) async fn ensure(tx: &Tx, now: Instant, entropy: Entropy) -> Result<String, Error> {
    match current(tx).await? {
        Some(kid) => Ok(kid),
        None => insert(tx, now, &entropy).await,
    }
}

/// Makes a new signing key. What the present one signed stays good until it expires.
///
/// # Errors
/// If a statement fails.
pub async fn rotate(tx: &Tx, act: Act<WriteUsers>) -> Result<(), Error> {
    let retire = "UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NULL";
    tx.execute_raw(sql(tx, retire, [act.now().micros().into()])).await?;
    let kid = insert(tx, act.now(), act.entropy()).await?;
    act.record(tx, "signing_key.rotate", Object::new("signing_key", &kid));
    Ok(())
}

async fn insert(tx: &Tx, now: Instant, entropy: &Entropy) -> Result<String, Error> {
    let kid = BASE64.encode(entropy.bytes::<12>());
    let insert = "INSERT INTO signing_key (kid, created_at) VALUES ($1, $2)";
    tx.execute_raw(sql(tx, insert, [kid.clone().into(), now.micros().into()])).await?;
    Ok(kid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const OURS: &str = "AAAAAAAAAAAAAAAA";

    fn tokens() -> AccessTokens {
        let dir = tempfile::tempdir().expect("a directory");
        AccessTokens::new(Arc::new(Keyring::create(dir.path(), &Entropy::seeded(1)).expect("writable")))
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn signed(tokens: &AccessTokens) -> String {
        let (account, session) = (AccountId::new(at(1), [1; 10]), SessionId::new(at(2), [2; 10]));
        tokens.sign(OURS, account, session, at(1000), &Entropy::seeded(1)).expose().to_owned()
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).expect("three parts");
        serde_json::from_slice(&BASE64.decode(part).expect("base64")).expect("JSON")
    }

    fn resign(tokens: &AccessTokens, kid: &str, token: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = part(token, 1);
        change(&mut claims);
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &tokens.pair(kid).signs).expect("signed")
    }

    #[test]
    fn a_token_says_what_it_is() {
        let tokens = tokens();
        let token = signed(&tokens);
        assert_eq!(part(&token, 0), json!({"typ": "JWT", "alg": "EdDSA", "kid": OURS}));
        let claims = part(&token, 1);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("bonafide"), &json!("bonafide-admin")));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1000), &json!(1600)));
        let verified = tokens.verify(&token, at(1599)).expect("good");
        assert_eq!(verified.account, AccountId::new(at(1), [1; 10]));
        assert_eq!(verified.session, SessionId::new(at(2), [2; 10]));
        assert_eq!(verified.kid, OURS);
    }

    #[test]
    fn a_token_ends_after_ten_minutes() {
        let tokens = tokens();
        assert!(tokens.verify(&signed(&tokens), at(1600)).is_err());
    }

    #[test]
    fn foreign_claims_are_refused() {
        let tokens = tokens();
        let token = signed(&tokens);
        let changed = |change: fn(&mut Value)| tokens.verify(&resign(&tokens, OURS, &token, change), at(1001)).is_ok();
        assert!(changed(|_| ()));
        assert!(!changed(|claims| claims["aud"] = json!("another")));
        assert!(!changed(|claims| claims["iss"] = json!("another")));
        assert!(!changed(|claims| claims["sub"] = json!("ada")));
        for name in ["iss", "aud", "sub", "sid", "exp", "jti", "iat"] {
            let without = resign(&tokens, OURS, &token, |claims| {
                claims.as_object_mut().expect("an object").remove(name);
            });
            assert!(tokens.verify(&without, at(1001)).is_err(), "{name}");
        }
    }

    #[test]
    fn another_key_or_algorithm_is_refused() {
        let tokens = tokens();
        let token = signed(&tokens);
        let (_, rest) = token.split_once('.').expect("three parts");
        let (claims, _) = rest.split_once('.').expect("three parts");
        for header in [
            json!({"typ": "JWT", "alg": "EdDSA", "kid": "BAAAAAAAAAAAAAAA"}),
            json!({"typ": "JWT", "alg": "EdDSA", "kid": "../../x"}),
            json!({"typ": "JWT", "alg": "EdDSA"}),
            json!({"typ": "JWT", "alg": "HS256", "kid": OURS}),
            json!({"typ": "JWT", "alg": "none", "kid": OURS}),
        ] {
            let header = BASE64.encode(header.to_string());
            assert!(tokens.verify(&format!("{header}.{rest}"), at(1001)).is_err());
            assert!(tokens.verify(&format!("{header}.{claims}."), at(1001)).is_err());
        }
        let public = BASE64.encode(tokens.pair(OURS).verifies.try_get_as_bytes().expect("bytes"));
        let confused = jsonwebtoken::encode(
            &Header { kid: Some(OURS.into()), ..Header::new(Algorithm::HS256) },
            &part(&token, 1),
            &EncodingKey::from_secret(public.as_bytes()),
        );
        assert!(tokens.verify(&confused.expect("signed"), at(1001)).is_err());
        for text in ["", ".", "..", "a.b.c", &token[..token.len() - 1], &format!("{token}.")] {
            assert!(tokens.verify(text, at(1001)).is_err(), "{text}");
        }
    }

    #[test]
    fn ready_keys_are_few() {
        let tokens = tokens();
        for n in 0..100 {
            let kid = format!("{n:016}");
            tokens.trust(&kid, &tokens.pair(&kid));
        }
        assert!(tokens.ready.lock().expect("whole").len() <= KEPT);
    }
}
