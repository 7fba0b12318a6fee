//! The file with the keys of the epochs: two slots of fixed size, each with a sequence number and a checksum.
//!
//! A new state goes to the slot that is older, and once that is on disk to the other one too, in place. A process killed
//! in between leaves one good slot. A file that is written anew and renamed would leave destroyed keys readable in freed blocks.

use crate::Error;
use bonafide_keyring::{Entropy, Sealer};
use bonafide_model::Instant;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FILE: &str = "epochs.key";
const SLOT: usize = 4096;
const MAGIC: [u8; 8] = *b"BFEPOCH1";
/// Magic, sequence number, count.
const HEADER: usize = 18;
const CHECKSUM: usize = 32;
/// Number, instant, and the sealed key: nonce, 32 bytes, tag.
const ENTRY: usize = 8 + 8 + 24 + 32 + 16;
const MOST: usize = (SLOT - HEADER - CHECKSUM) / ENTRY;

/// The key of one epoch, in clear: memory only.
#[derive(Clone)]
pub(crate) struct EpochKey {
    pub(crate) number: i64,
    pub(crate) created_at: Instant,
    pub(crate) key: Zeroizing<[u8; 32]>,
}

/// What the file says.
pub(crate) struct State {
    sequence: u64,
    pub(crate) keys: Vec<EpochKey>,
}

/// The file, by its path, and what its keys are sealed under.
pub(crate) struct Slots {
    path: PathBuf,
    sealer: Sealer,
}

impl Slots {
    pub(crate) fn new(dir: &Path, sealer: Sealer) -> Self {
        Self { path: dir.join(FILE), sealer }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file in a directory, if one of its slots is whole: whatever root key its keys are sealed under.
    pub(crate) fn whole(dir: &Path) -> Result<Option<PathBuf>, Error> {
        let path = dir.join(FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::Io { path, reason: error.to_string() }),
        };
        Ok([0, 1].into_iter().any(|slot| content(&file, slot).is_some()).then_some(path))
    }

    /// Whether a slot of it is whole.
    pub(crate) fn is_whole(&self) -> Result<bool, Error> {
        Ok(self.path.parent().map(Self::whole).transpose()?.flatten().is_some())
    }

    /// The newest state that is whole; `None` if there is none, or no file.
    pub(crate) fn read(&self) -> Result<Option<State>, Error> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io(&error)),
        };
        let slots = [0, 1].map(|slot| self.read_slot(&file, slot));
        let whole = slots.into_iter().flatten();
        Ok(whole.max_by_key(|state| state.sequence))
    }

    /// Whether the last write reached both slots: it ends with an even number.
    pub(crate) fn is_settled(&self) -> Result<bool, Error> {
        Ok(self.read()?.is_some_and(|state| state.sequence % 2 == 0))
    }

    fn read_slot(&self, file: &File, slot: u64) -> Option<State> {
        let content = content(file, slot)?;
        let sequence = u64::from_be_bytes(content[8..16].try_into().ok()?);
        let count = usize::from(u16::from_be_bytes(content[16..HEADER].try_into().ok()?));
        let entries = content[HEADER..].chunks_exact(ENTRY).take(count);
        let keys = entries.map(|entry| self.open_entry(entry)).collect::<Option<Vec<_>>>()?;
        (keys.len() == count).then_some(State { sequence, keys })
    }

    fn open_entry(&self, entry: &[u8]) -> Option<EpochKey> {
        let (head, sealed) = entry.split_first_chunk::<16>()?;
        let opened = self.sealer.open(head, sealed)?;
        let key = Zeroizing::new(<[u8; 32]>::try_from(&opened[..]).ok()?);
        let [number, created_at] =
            [&head[..8], &head[8..]].map(|bytes| bytes.try_into().map(i64::from_be_bytes).unwrap_or_default());
        Some(EpochKey { number, created_at: Instant::from_micros(created_at), key })
    }

    /// Writes a state to both slots, one after the other, each durable before the next.
    pub(crate) fn write(&self, entropy: &Entropy, keys: &[EpochKey]) -> Result<(), Error> {
        let newest = self.read()?.map_or(0, |state| state.sequence);
        if keys.len() > MOST {
            return Err(self.io(&io::Error::other("too many epochs are alive at once")));
        }
        let older = u64::from(newest % 2 == 0);
        let written = self.file().and_then(|file| {
            for (step, slot) in [(1, older), (2, 1 - older)] {
                file.write_all_at(&self.slot(entropy, newest + step, keys), slot * SLOT as u64)?;
                file.sync_all()?;
            }
            Ok(())
        });
        written.map_err(|error| self.io(&error))
    }

    /// The file, made private and durable if it is not there.
    fn file(&self) -> io::Result<File> {
        let new = !self.path.exists();
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        if new && let Some(dir) = self.path.parent() {
            File::open(dir)?.sync_all()?;
        }
        Ok(file)
    }

    fn slot(&self, entropy: &Entropy, sequence: u64, keys: &[EpochKey]) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&sequence.to_be_bytes());
        bytes[16..HEADER].copy_from_slice(&u16::try_from(keys.len()).unwrap_or(u16::MAX).to_be_bytes());
        for (entry, key) in bytes[HEADER..].chunks_exact_mut(ENTRY).zip(keys) {
            let (head, rest) = entry.split_at_mut(16);
            head[..8].copy_from_slice(&key.number.to_be_bytes());
            head[8..].copy_from_slice(&key.created_at.micros().to_be_bytes());
            rest.copy_from_slice(&self.sealer.seal(entropy, head, &key.key[..]));
        }
        let checksum = Sha256::digest(&bytes[..SLOT - CHECKSUM]);
        bytes[SLOT - CHECKSUM..].copy_from_slice(&checksum);
        bytes
    }

    fn io(&self, error: &io::Error) -> Error {
        Error::Io { path: self.path.clone(), reason: error.to_string() }
    }
}

/// The content of a slot that is whole.
fn content(file: &File, slot: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; SLOT];
    file.read_exact_at(&mut bytes, slot * SLOT as u64).ok()?;
    let checksum = bytes.split_off(SLOT - CHECKSUM);
    (Sha256::digest(&bytes)[..] == checksum[..] && bytes[..8] == MAGIC).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(dir: &Path) -> Slots {
        Slots::new(dir, Sealer::under(&[3; 32]))
    }

    fn key(number: i64) -> EpochKey {
        EpochKey {
            number,
            created_at: Instant::from_micros(number),
            key: Zeroizing::new([u8::try_from(number).expect("small"); 32]),
        }
    }

    fn numbers(slots: &Slots) -> Vec<i64> {
        let state = slots.read().expect("readable").expect("a state");
        state.keys.iter().map(|key| key.number).collect()
    }

    #[test]
    fn the_newest_whole_slot_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let (slots, entropy) = (slots(dir.path()), Entropy::system());
        assert!(slots.read().expect("readable").is_none());
        slots.write(&entropy, &[key(1)]).expect("written");
        slots.write(&entropy, &[key(1), key(2)]).expect("written");
        assert_eq!(numbers(&slots), [1, 2]);
        // torn at every length of the first of the two writes: the state is the old or the new one
        let path = slots.path().to_owned();
        let before = std::fs::read(&path).expect("readable");
        slots.write(&entropy, &[key(2)]).expect("written");
        let after = std::fs::read(&path).expect("readable");
        for cut in (0..SLOT).step_by(61) {
            let mut torn = before.clone();
            torn[SLOT..SLOT + cut].copy_from_slice(&after[SLOT..SLOT + cut]);
            std::fs::write(&path, &torn).expect("written");
            assert_eq!(numbers(&slots), [1, 2], "{cut}");
        }
    }

    #[test]
    fn a_destroyed_key_stands_in_neither_slot() {
        let dir = tempfile::tempdir().expect("a directory");
        let (slots, entropy) = (slots(dir.path()), Entropy::system());
        slots.write(&entropy, &[key(1), key(2)]).expect("written");
        slots.write(&entropy, &[key(2)]).expect("written");
        let file = File::open(slots.path()).expect("there");
        for slot in [0, 1] {
            let state = slots.read_slot(&file, slot).expect("whole");
            assert_eq!(state.keys.iter().map(|key| key.number).collect::<Vec<_>>(), [2]);
        }
    }

    #[test]
    fn another_root_key_reads_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        slots(dir.path()).write(&Entropy::system(), &[key(1)]).expect("written");
        let other = Slots::new(dir.path(), Sealer::under(&[4; 32]));
        assert!(other.read().expect("readable").is_none());
    }
}
