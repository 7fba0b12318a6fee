//! Leaves: one line per thing that was promised, done or changed, in canonical CBOR of a fixed schema.
//!
//! A leaf is an array, its members in this order: version (1), type, hour (since the epoch), object (32 bytes or
//! null), revision digest (32 bytes or null), rule, actor (16 bytes or null), role, counts (array of numbers), old
//! state, new state. There is no free text. An object is named by `SHA-256("obj" ‖ salt ‖ record)`: with the salt
//! destroyed only whoever knows salt and record can say what a leaf was about.

use bonafide_model::Instant;
use bonafide_model::access::{Actor, Role};
use bonafide_model::id::SiteId;
use bonafide_storage::Tx;
use minicbor::Encoder;
use sha2::{Digest as _, Sha256};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A policy revision was published.
    PolicyPublished,
    /// A setting that bears on a promise was changed.
    ConfigChanged,
    /// Something was submitted.
    SubmissionReceived,
    /// Leave to read was used; written before the reading.
    GrantUsed,
    /// Two people have decided that the law demands a submission is shown; written before anybody reads it for that.
    DisclosureMade,
    /// A visitor permitted a further use.
    PermissionGiven,
    /// A visitor took a permission back.
    PermissionWithdrawn,
    /// Two people have put a legal hold into force.
    HoldPlaced,
    /// It was lifted.
    HoldReleased,
    /// Something is to be erased.
    EraseIntent,
    /// It is erased.
    EraseDone,
    /// Nothing that could open it exists any more.
    EraseFinal,
    /// A sweep has run.
    SweepReport,
    /// The clock jumped.
    ClockSuspect,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::PolicyPublished => "policy.published",
            Self::ConfigChanged => "config.changed",
            Self::SubmissionReceived => "submission.received",
            Self::GrantUsed => "grant.used",
            Self::DisclosureMade => "disclosure.made",
            Self::PermissionGiven => "permission.given",
            Self::PermissionWithdrawn => "permission.withdrawn",
            Self::HoldPlaced => "hold.placed",
            Self::HoldReleased => "hold.released",
            Self::EraseIntent => "erase.intent",
            Self::EraseDone => "erase.done",
            Self::EraseFinal => "erase.final",
            Self::SweepReport => "sweep.report",
            Self::ClockSuspect => "clock.suspect",
        }
    }
}

/// A line of the log, before it is written.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// What happened.
    pub kind: Kind,
    /// When; only the hour is kept.
    pub at: Instant,
    /// What it happened to.
    pub object: Option<[u8; 32]>,
    /// The digest of the policy revision it happened under.
    pub revision: Option<[u8; 32]>,
    /// The rule or purpose it happened by, as a term.
    pub rule: Option<String>,
    /// Who did it; only a hash of the account's id is kept.
    pub actor: Actor,
    /// In which role.
    pub role: Option<Role>,
    /// How many of each kind, in the order that the type has.
    pub counts: Vec<u64>,
    /// The state before.
    pub old: Option<&'static str>,
    /// The state after.
    pub new: Option<&'static str>,
}

/// The name of an object in the log. Objects that are public have the empty salt.
pub fn object(salt: &[u8], record: &str) -> [u8; 32] {
    Sha256::new().chain_update("obj").chain_update(salt).chain_update(record).finalize().into()
}

impl Leaf {
    /// A line of which only this much is known; the rest is set by name.
    pub const fn new(kind: Kind, at: Instant, actor: Actor) -> Self {
        let (object, revision, rule, role, old, new) = (None, None, None, None, None, None);
        Self { kind, at, object, revision, rule, actor, role, counts: Vec::new(), old, new }
    }

    /// The bytes of the leaf.
    ///
    /// # Panics
    /// Never: a vector takes every byte.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        let result = self.write(&mut Encoder::new(&mut bytes));
        result.expect("a vector takes every byte");
        bytes
    }

    fn write(&self, to: &mut Encoder<&mut Vec<u8>>) -> Encoded {
        to.array(11)?.u8(1)?.str(self.kind.name())?.i64(self.at.unix_seconds().div_euclid(3600))?;
        optional_bytes(to, self.object.as_ref().map(<[u8; 32]>::as_slice))?;
        optional_bytes(to, self.revision.as_ref().map(<[u8; 32]>::as_slice))?;
        optional_str(to, self.rule.as_deref())?;
        let actor = self.actor.account().map(|account| -> [u8; 32] {
            Sha256::new().chain_update("actor").chain_update(account.uuid().as_bytes()).finalize().into()
        });
        optional_bytes(to, actor.as_ref().map(|hash| &hash[..16]))?;
        optional_str(to, self.role.map(Role::name))?;
        to.array(self.counts.len() as u64)?;
        for count in &self.counts {
            to.u64(*count)?;
        }
        optional_str(to, self.old)?;
        optional_str(to, self.new)
    }
}

type Encoded = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn optional_bytes(to: &mut Encoder<&mut Vec<u8>>, bytes: Option<&[u8]>) -> Encoded {
    match bytes {
        Some(bytes) => to.bytes(bytes)?,
        None => to.null()?,
    };
    Ok(())
}

fn optional_str(to: &mut Encoder<&mut Vec<u8>>, text: Option<&str>) -> Encoded {
    match text {
        Some(text) => to.str(text)?,
        None => to.null()?,
    };
    Ok(())
}

/// Appends a leaf, in the transaction of what it records.
pub fn append(tx: &Tx, site: SiteId, leaf: &Leaf) {
    tx.append("INSERT INTO leaf (site_id, content)", [site.uuid().into(), leaf.encode().into()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_has_one_encoding() {
        let leaf = Leaf {
            kind: Kind::PolicyPublished,
            at: Instant::from_micros(3_600_000_000 * 5 + 1),
            object: Some(object(b"", "privacy/1")),
            revision: None,
            rule: None,
            actor: Actor::Operator,
            role: Some(Role::Owner),
            counts: Vec::new(),
            old: Some("draft"),
            new: Some("published"),
        };
        let bytes = leaf.encode();
        assert_eq!(bytes[..4], [0x8b, 0x01, 0x70, b'p']);
        let mut read = minicbor::Decoder::new(&bytes);
        assert_eq!(read.array().expect("an array"), Some(11));
        assert_eq!(read.u8().expect("a version"), 1);
        assert_eq!(read.str().expect("a type"), "policy.published");
        assert_eq!(read.i64().expect("an hour"), 5);
        assert_eq!(read.bytes().expect("an object"), object(b"", "privacy/1"));
    }
}
