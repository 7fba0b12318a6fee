//! The root key and everything derived from it.
//!
//! One secret of 32 bytes stands in `--keys-dir`; every other secret that can be recomputed is
//! derived from it with HKDF-SHA-256 (RFC 5869) under a label of its own ([`Use`]), so that no two
//! parts of the product share a key. What must be destroyable is *not* derived: it is random, and
//! lives in the vault. Start with [`Keyring`].

pub mod entropy;
mod root;
mod seal;
mod token;

pub use entropy::Entropy;
pub use root::{Error, Keyring, RootId, SubKey, Use};
pub use seal::{Opened, Sealer};
pub use token::{TokenFamily, TokenHash, mint, parse};
