//! The root key file, its public id, and the sub-keys derived from it.

use crate::Entropy;
use crate::seal::Sealer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize as _, Zeroizing};

/// The name of the root key file in the keys directory.
const FILE: &str = "root.key";
/// What its only line starts with, so that a person who finds the file knows what it is.
const PREFIX: &str = "bonafide-root-key-v1:";

/// What can go wrong with the root key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("the root key {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there but holds something else.
    #[error("the file {0} is not a root key: it must hold one line that starts with '{PREFIX}' and nothing else")]
    Malformed(PathBuf),
    /// The file can be read by other users of the machine.
    #[error("the root key {path} can be read by others (mode {mode:o}): make it private with 'chmod 600 {path}'")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// What a sub-key is for. Each use has a label of its own, and labels are never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Seals the cursors of lists.
    Cursors,
    /// Identifies and authenticates repeated requests (`Idempotency-Key`).
    Idempotency,
    /// Signs access tokens.
    AccessTokens,
    /// Hashes what clients are limited by, in memory.
    Throttle,
    /// Wraps the keys of the epochs, in their file.
    EpochKeys,
    /// Signs the tokens that a form is sent with.
    FormTokens,
    /// Signs the challenges of the proof of work.
    Proofs,
}

impl Use {
    const fn label(self) -> &'static str {
        match self {
            Self::Cursors => "cursors",
            Self::Idempotency => "idempotency",
            Self::AccessTokens => "access-tokens",
            Self::Throttle => "throttle",
            Self::EpochKeys => "epoch-keys",
            Self::FormTokens => "form-tokens",
            Self::Proofs => "proofs",
        }
    }
}

/// The public name of a root key: 16 bytes derived from it, written in hexadecimal. It gives nothing away.
#[derive(Clone, PartialEq, Eq)]
pub struct RootId(String);

impl RootId {
    /// The id as it is recorded in a database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A derived key of 32 bytes, wiped when dropped.
#[derive(Clone)]
pub struct SubKey(Zeroizing<[u8; 32]>);

impl SubKey {
    /// The bytes, for a cipher or a MAC.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The root key, in memory. It has no `Debug` and is wiped when dropped.
pub struct Keyring {
    root: Zeroizing<[u8; 32]>,
}

impl Keyring {
    /// Reads the root key of a directory; `None` if there is none yet.
    ///
    /// # Errors
    /// If the file cannot be read, is open to other users, or holds something else.
    pub fn load(dir: &Path) -> Result<Option<Self>, Error> {
        let path = dir.join(FILE);
        let mut text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) if source.kind() == io::ErrorKind::InvalidData => return Err(Error::Malformed(path)),
            Err(source) => return Err(Error::Io { path, source }),
        };
        check_private(&path)?;
        let mut root = Zeroizing::new([0; 32]);
        let encoded = text.strip_prefix(PREFIX).map(str::trim_end);
        let decoded = encoded.and_then(|encoded| BASE64.decode_slice(encoded, root.as_mut_slice()).ok());
        text.zeroize();
        if decoded == Some(32) { Ok(Some(Self { root })) } else { Err(Error::Malformed(path)) }
    }

    /// Makes a root key in a directory (0700), in a file only its owner can read (0600), durable before it returns.
    ///
    /// If two processes do it at once, both end up with the same key.
    ///
    /// # Errors
    /// If the directory or the file cannot be written.
    pub fn create(dir: &Path, entropy: &Entropy) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let root = Zeroizing::new(entropy.bytes::<32>());
        let line = Zeroizing::new(format!("{PREFIX}{}\n", BASE64.encode(root.as_slice())));
        let suffix = u64::from_le_bytes(entropy.bytes());
        let draft = dir.join(format!("{FILE}.{suffix:016x}"));
        let written = create_private_dir(dir)
            .and_then(|()| write_private_file(&draft, line.as_bytes()))
            // a hard link, unlike a rename, does not replace what another process has put there meanwhile
            .and_then(|()| match fs::hard_link(&draft, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            })
            .and_then(|()| fs::remove_file(&draft))
            .and_then(|()| File::open(dir)?.sync_all());
        written.map_err(|source| Error::Io { path: path.clone(), source })?;
        Self::load(dir)?.ok_or(Error::Malformed(path))
    }

    /// The public name of this root key.
    pub fn id(&self) -> RootId {
        let key = self.derive(b"root-id");
        let id: [u8; 16] = std::array::from_fn(|index| key.as_bytes()[index]);
        RootId(format!("{:032x}", u128::from_be_bytes(id)))
    }

    /// The key for one use.
    pub fn sub_key(&self, key_use: Use) -> SubKey {
        self.derive(format!("use/{}", key_use.label()).as_bytes())
    }

    /// The key for one use and one context (for example a key id), which may come from outside.
    pub fn sub_key_for(&self, key_use: Use, context: &str) -> SubKey {
        self.derive(format!("use/{}/{context}", key_use.label()).as_bytes())
    }

    /// An authenticated cipher under the key for one use.
    pub fn sealer(&self, key_use: Use) -> Sealer {
        Sealer::new(&self.sub_key(key_use))
    }

    fn derive(&self, info: &[u8]) -> SubKey {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(b"bonafide/v1"), self.root.as_slice())
            .expand(info, key.as_mut_slice())
            .expect("32 bytes are within what HKDF-SHA-256 can give");
        SubKey(key)
    }
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).map_err(|source| Error::Io { path: path.into(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode.trailing_zeros() >= 6 { Ok(()) } else { Err(Error::TooOpen { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), Error> {
    Ok(())
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn write_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_is_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let keys = dir.path().join("keys");
        assert!(Keyring::load(&keys).expect("readable").is_none());
        let made = Keyring::create(&keys, &Entropy::system()).expect("writable");
        let read = Keyring::load(&keys).expect("readable").expect("there");
        assert_eq!(made.id().as_str(), read.id().as_str());
        assert_eq!(fs::read_dir(&keys).expect("readable").count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(keys.join(FILE), fs::Permissions::from_mode(0o644)).expect("owned");
            assert!(matches!(Keyring::load(&keys), Err(Error::TooOpen { mode: 0o644, .. })));
        }
    }

    #[test]
    fn making_it_again_keeps_the_first() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = Keyring::create(dir.path(), &Entropy::system()).expect("writable");
        let second = Keyring::create(dir.path(), &Entropy::system()).expect("writable");
        assert_eq!(first.id().as_str(), second.id().as_str());
    }

    #[test]
    fn anything_else_in_the_file_is_refused() {
        for content in [&b""[..], b"hello", b"bonafide-root-key-v1:AAAA\n", b"\xff\xfe", &[0; 32]] {
            let dir = tempfile::tempdir().expect("a directory");
            write_private_file(&dir.path().join(FILE), content).expect("writable");
            assert!(matches!(Keyring::load(dir.path()), Err(Error::Malformed(_))));
        }
    }

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let dir = tempfile::tempdir().expect("a directory");
        let keyring = Keyring::create(dir.path(), &Entropy::system()).expect("writable");
        let keys = [
            keyring.sub_key(Use::Cursors),
            keyring.sub_key(Use::Idempotency),
            keyring.sub_key_for(Use::AccessTokens, "a"),
            keyring.sub_key_for(Use::AccessTokens, "b"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(keys[..index].iter().all(|other| other.as_bytes() != key.as_bytes()));
        }
    }
}
