//! One action under way.

use crate::audit::{self, Object};
use bonafide_keyring::Entropy;
use bonafide_model::access::Actor;
use bonafide_model::id::{Id, SiteId};
use bonafide_model::{Granted, Instant};
use bonafide_storage::Tx;

/// One action under way: the permission it is done with, the instant at which it happens, and randomness for new ids.
///
/// Domain functions that change something take it by value or reference and [`record`](Self::record) what they did.
pub struct Act<A> {
    granted: Granted<A>,
    now: Instant,
    entropy: Entropy,
}

// derived, it would ask `A` to be Clone
impl<A> Clone for Act<A> {
    fn clone(&self) -> Self {
        Self { granted: self.granted, now: self.now, entropy: self.entropy.clone() }
    }
}

impl<A: bonafide_model::access::Action> Act<A> {
    /// Begins an action.
    pub const fn new(granted: Granted<A>, now: Instant, entropy: Entropy) -> Self {
        Self { granted, now, entropy }
    }

    /// The permission, for what is read on the way.
    pub const fn granted(&self) -> &Granted<A> {
        &self.granted
    }

    /// The instant at which it happens; the same for everything the action does.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Who acts.
    pub const fn by(&self) -> Actor {
        self.granted.by()
    }

    /// The site it happens on.
    pub const fn site(&self) -> SiteId {
        self.granted.site()
    }

    /// Randomness, for tokens.
    pub const fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// A fresh id for something that the action makes.
    pub fn id<I: Id>(&self) -> I {
        self.entropy.id(self.now)
    }

    /// Puts the action on the audit list, in its own transaction. `action` is `OBJECT.VERB`, such as `revision.publish`.
    pub fn record(&self, tx: &Tx, action: &'static str, object: Object<'_>) {
        audit::record(tx, self.id(), self.by(), self.site(), action, object, self.now);
    }
}
