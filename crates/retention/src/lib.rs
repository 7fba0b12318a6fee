//! What visitors submitted and asked for.
//!
//! The only crate in which personal data exists in clear: for a recorded purpose, for a moment.
//!
//! - The rules, which know no database and no clock: how a submission lives and when it falls due ([`life`]), who may
//!   read it for what ([`purpose`]), and when the sweep must not go on by itself ([`sweep::guard`]).
//! - [`form`]: what is asked, for which purpose, for how long. [`submission`]: what was sent. [`erase`]: the one place where it
//!   ends. [`sweep`]: who takes it there in time. [`subject`]: everything of one person.
//! - [`bond`]: keys and data that belong together, and what to do if they do not.
//! - [`intake`]: what keeps robots from the door without asking who knocks.
//!
//! [`Retention`] holds both planes; its methods are in the modules they belong to. Start reading at [`submission`].

pub mod bond;
pub mod disclosure;
pub mod erase;
mod error;
pub mod form;
pub mod hold;
pub mod intake;
pub mod life;
pub mod purpose;
mod row;
pub mod subject;
pub mod submission;
pub mod sweep;

pub use bonafide_model::Fault;
pub use bonafide_vault::{Disclosure, Error as KeyError, Hold, HoldRequest, Outcome};
pub use error::Error;

use crate::sweep::round::Found;
use bonafide_keyring::Entropy;
use bonafide_storage::Db;
use bonafide_vault::Vault;
use std::sync::Arc;
use tokio::sync::Notify;

/// The data plane and the key plane together. Cheap to clone.
#[derive(Clone)]
pub struct Retention {
    db: Db,
    vault: Vault,
    entropy: Entropy,
    /// Erasures that wait for their last steps.
    unsettled: Arc<Notify>,
    /// Something may have fallen due just now.
    woken: Arc<Notify>,
    /// What the last looks at the keys have found.
    found: Arc<Found>,
}

impl Retention {
    /// Brings both planes together.
    pub fn new(db: Db, vault: Vault, entropy: Entropy) -> Self {
        Self { db, vault, entropy, unsettled: Arc::default(), woken: Arc::default(), found: Arc::default() }
    }

    /// The key plane, for those who look after it.
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The data plane.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Says that something may have fallen due just now.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits until an erasure has been begun.
    pub async fn erasure_begun(&self) {
        self.unsettled.notified().await;
    }

    /// Waits until something may have fallen due out of its time.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }
}
