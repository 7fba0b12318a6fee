//! The keys of one record, and sealing under them.
//!
//! A sealed value is an envelope: `"BF" ‖ format ‖ algorithm ‖ group ‖ key id (8) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`.
//! All of it before the nonce, and the [`Context`], are associated data.

use crate::context::length_prefixed;
use crate::{Context, Error, Group, Groups, Record};
use bonafide_keyring::{Entropy, Sealer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const MAGIC: [u8; 2] = *b"BF";
const FORMAT: u8 = 1;
/// XChaCha20-Poly1305. Another number is another algorithm.
const ALGORITHM: u8 = 1;
const HEADER: usize = 13;

type Key = Zeroizing<[u8; 32]>;

/// The keys of one record: one for each group, and the salt of its log leaves. In memory, wiped when dropped.
pub struct RecordKeys {
    record: Record,
    groups: [Option<Key>; 3],
    salt: Key,
    pub(crate) version: i64,
}

impl RecordKeys {
    pub(crate) fn random(record: Record, entropy: &Entropy) -> Self {
        let key = || Zeroizing::new(entropy.bytes::<32>());
        Self { record, groups: [Some(key()), Some(key()), Some(key())], salt: key(), version: 1 }
    }

    /// Whose keys they are.
    pub const fn record(&self) -> Record {
        self.record
    }

    /// The salt of the record's log leaves: with it destroyed, nobody can say which leaves were about the record.
    pub fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// How often the rules about the record have changed; [`crate::Destruction`] asks for it.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The groups that still have a key.
    pub fn groups(&self) -> Groups {
        let there = Group::ALL.into_iter().filter(|group| self.key(*group).is_some());
        there.fold(Groups::NONE, Groups::with)
    }

    /// These keys without those of other groups than `keep`.
    #[must_use]
    pub(crate) fn only(mut self, keep: Groups) -> Self {
        for group in Group::ALL.into_iter().filter(|group| !keep.has(*group)) {
            self.groups[usize::from(group.number())] = None;
        }
        self
    }

    fn key(&self, group: Group) -> Option<&Key> {
        self.groups[usize::from(group.number())].as_ref()
    }

    /// Seals a value for its place. About a microsecond and a half, and no input or output.
    ///
    /// # Errors
    /// [`Error::Gone`] if the key of the group was destroyed.
    pub fn seal(&self, entropy: &Entropy, group: Group, context: &Context<'_>, value: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.key(group).ok_or(Error::Gone)?;
        let header = header(key, group);
        let sealed = if cfg!(feature = "positive-control") {
            value.to_vec()
        } else {
            Sealer::under(key).seal(entropy, &context.encode(group, &header), value)
        };
        Ok([&header[..], &sealed].concat())
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`Error::Gone`] if the key of the group was destroyed; [`Error::Altered`] if it is not what was sealed here.
    pub fn open(&self, group: Group, context: &Context<'_>, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.key(group).ok_or(Error::Gone)?;
        let (found, sealed) = envelope.split_first_chunk::<HEADER>().ok_or(Error::Altered)?;
        if *found != header(key, group) {
            return Err(Error::Altered);
        }
        if cfg!(feature = "positive-control") {
            return Ok(Zeroizing::new(sealed.to_vec()));
        }
        Sealer::under(key).open(&context.encode(group, found), sealed).ok_or(Error::Altered)
    }

    /// The keys as they are wrapped: which groups, the salt, then the keys.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + 4 * 32));
        bytes.push(self.groups().bits());
        bytes.extend_from_slice(&self.salt[..]);
        for key in self.groups.iter().flatten() {
            bytes.extend_from_slice(&key[..]);
        }
        bytes
    }

    pub(crate) fn from_bytes(record: Record, version: i64, bytes: &[u8]) -> Option<Self> {
        let (bits, rest) = bytes.split_first()?;
        let there = Groups::from_bits(*bits)?;
        let mut keys = rest.chunks(32).map(|chunk| <[u8; 32]>::try_from(chunk).ok().map(Zeroizing::new));
        let salt = keys.next()??;
        let mut groups = [None, None, None];
        for group in Group::ALL.into_iter().filter(|group| there.has(*group)) {
            groups[usize::from(group.number())] = Some(keys.next()??);
        }
        keys.next().is_none().then_some(Self { record, groups, salt, version })
    }
}

/// The associated data of wrapped record keys.
pub(crate) fn wrapped_context(record: Record, epoch: i64) -> Vec<u8> {
    length_prefixed(&[b"bonafide/record-keys", record.as_bytes(), &epoch.to_be_bytes()])
}

fn header(key: &Key, group: Group) -> [u8; HEADER] {
    let digest = Sha256::new().chain_update(b"bonafide/key-id").chain_update(&key[..]).finalize();
    let mut header = [0; HEADER];
    header[..2].copy_from_slice(&MAGIC);
    header[2..5].copy_from_slice(&[FORMAT, ALGORITHM, group.number()]);
    header[5..].copy_from_slice(&digest[..8]);
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn context<'a>(record: Record) -> Context<'a> {
        Context {
            site: Uuid::from_u128(1),
            table: "submission",
            record,
            field: "contact",
            schema_version: 1,
            policy_digest: &[7; 32],
            form: Uuid::from_u128(2),
        }
    }

    fn keys(number: u128) -> RecordKeys {
        RecordKeys::random(Uuid::from_u128(number), &Entropy::system())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_and_no_flipped_bit_does(value: Vec<u8>, at: prop::sample::Index, bit in 0..8u8) {
            let (keys, entropy) = (keys(9), Entropy::system());
            let context = context(keys.record());
            let sealed = keys.seal(&entropy, Group::Contact, &context, &value).expect("sealed");
            prop_assert_eq!(&keys.open(Group::Contact, &context, &sealed).expect("opens")[..], &value[..]);
            let mut flipped = sealed.clone();
            flipped[at.index(sealed.len())] ^= 1 << bit;
            prop_assert!(keys.open(Group::Contact, &context, &flipped).is_err());
            prop_assert!(keys.open(Group::Contact, &context, &sealed[..at.index(sealed.len())]).is_err());
            prop_assert!(keys.open(Group::Contact, &context, &[&sealed[..], &[0]].concat()).is_err());
        }

        #[test]
        fn wrapped_keys_read_back_and_nothing_else_does(keep in 0..8u8, cut in 0usize..140) {
            let kept = Groups::from_bits(keep).expect("a set");
            let keys = keys(9).only(kept);
            let bytes = keys.to_bytes();
            let read = RecordKeys::from_bytes(keys.record(), 1, &bytes).expect("reads back");
            prop_assert_eq!(read.groups(), kept);
            prop_assert_eq!(read.salt(), keys.salt());
            if cut < bytes.len() {
                prop_assert!(RecordKeys::from_bytes(keys.record(), 1, &bytes[..cut]).is_none());
            }
        }
    }

    #[test]
    fn a_value_opens_nowhere_else() {
        let (ours, other, entropy) = (keys(9), keys(10), Entropy::system());
        let place = context(ours.record());
        let sealed = ours.seal(&entropy, Group::Contact, &place, b"Ada").expect("sealed");
        let elsewhere = [
            Context { site: Uuid::from_u128(3), ..place.clone() },
            Context { table: "submissio", field: "ncontact", ..place.clone() },
            Context { table: "draft", ..place.clone() },
            Context { record: other.record(), ..place.clone() },
            Context { field: "message", ..place.clone() },
            Context { schema_version: 2, ..place.clone() },
            Context { policy_digest: &[], ..place.clone() },
            Context { policy_digest: &[8; 32], ..place.clone() },
            Context { form: Uuid::from_u128(4), ..place.clone() },
        ];
        for context in elsewhere {
            assert!(matches!(ours.open(Group::Contact, &context, &sealed), Err(Error::Altered)), "{context:?}");
        }
        assert!(matches!(ours.open(Group::Message, &place, &sealed), Err(Error::Altered)));
        assert!(matches!(other.open(Group::Contact, &place, &sealed), Err(Error::Altered)));
        assert!(ours.open(Group::Contact, &place, &sealed).is_ok());
    }

    #[test]
    fn another_algorithm_or_format_is_refused() {
        let keys = keys(9);
        let place = context(keys.record());
        let sealed = keys.seal(&Entropy::system(), Group::Contact, &place, b"Ada").expect("sealed");
        for (position, value) in [(2, 0), (2, 2), (3, 0), (3, 2), (4, 1)] {
            let mut downgraded = sealed.clone();
            downgraded[position] = value;
            assert!(matches!(keys.open(Group::Contact, &place, &downgraded), Err(Error::Altered)));
        }
    }

    #[test]
    fn a_destroyed_group_neither_seals_nor_opens() {
        let keys = keys(9);
        let place = context(keys.record());
        let sealed = keys.seal(&Entropy::system(), Group::Message, &place, b"Hello").expect("sealed");
        let rest = keys.only(Groups::NONE.with(Group::Contact));
        assert!(matches!(rest.open(Group::Message, &place, &sealed), Err(Error::Gone)));
        assert!(matches!(rest.seal(&Entropy::system(), Group::Message, &place, b"x"), Err(Error::Gone)));
    }
}
