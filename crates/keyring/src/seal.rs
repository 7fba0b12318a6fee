//! Authenticated encryption for what leaves the server and comes back: cursors, replayed answers.

use crate::{Entropy, SubKey};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// What was sealed, wiped when dropped.
pub type Opened = Zeroizing<Vec<u8>>;

const NONCE: usize = 24;

/// XChaCha20-Poly1305 under one key: `nonce ‖ ciphertext ‖ tag`.
#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// A sealer under a key.
    pub fn new(key: &SubKey) -> Self {
        Self::under(key.as_bytes())
    }

    /// A sealer under a key that was not derived but drawn, and can be destroyed.
    pub fn under(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Seals a message so that it opens only with the same context.
    ///
    /// # Panics
    /// For messages beyond 256 GiB, the limit of the cipher.
    pub fn seal(&self, entropy: &Entropy, context: &[u8], message: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let payload = Payload { msg: message, aad: context };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("the message is within the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    /// Opens a message; `None` if it was altered, made under another key, or belongs to another context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Opened> {
        let (nonce, message) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: message, aad: context };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keyring, Use};
    use proptest::prelude::*;

    fn sealer(key_use: Use) -> Sealer {
        let dir = tempfile::tempdir().expect("a directory");
        Keyring::create(dir.path(), &Entropy::seeded(7)).expect("writable").sealer(key_use)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn only_the_same_bytes_key_and_context_open(message: Vec<u8>, context: Vec<u8>, flip: prop::sample::Index) {
            let (ours, other) = (sealer(Use::Cursors), sealer(Use::Idempotency));
            let sealed = ours.seal(&Entropy::system(), &context, &message);
            prop_assert_eq!(ours.open(&context, &sealed).map(|opened| opened.to_vec()), Some(message));
            prop_assert!(other.open(&context, &sealed).is_none());
            prop_assert!(ours.open(&[&context[..], &[0]].concat(), &sealed).is_none());
            let mut flipped = sealed.clone();
            flipped[flip.index(sealed.len())] ^= 1;
            prop_assert!(ours.open(&context, &flipped).is_none());
            prop_assert!(ours.open(&context, &sealed[..sealed.len() - 1]).is_none());
        }
    }
}
