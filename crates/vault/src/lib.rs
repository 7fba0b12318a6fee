//! The key plane: random keys that can be destroyed, and nothing else.
//!
//! What a visitor sends is sealed under keys that are random and its own ([`RecordKeys`]). Those are wrapped under the key
//! of an epoch, which is replaced every day, and stand in a database of their own, `keys.db`, apart from the data and
//! from its write-ahead log and backups. To destroy the row is to destroy what was sealed, wherever copies of it are.
//!
//! The crate knows nothing of forms. Read [`record`] for how bytes are sealed, `epochs` and [`rotate`] for how keys
//! are kept, [`destroy`] for the point of no return, [`index`] for how the records of one address are found.

#[cfg(all(feature = "positive-control", not(debug_assertions)))]
compile_error!("a program that stores in clear is for tests");

mod bond;
mod context;
pub mod destroy;
mod disclosures;
mod epochs;
mod error;
pub mod holds;
pub mod index;
mod keys;
pub mod record;
pub mod rotate;
pub mod rules;
mod slots;
mod status;
pub mod strays;

pub use bond::Examined;
pub use context::{Context, Group, Groups};
pub use destroy::{Destruction, Outcome, Pending, Reduction};
pub use disclosures::Disclosure;
pub use error::Error;
pub use holds::{Hold, HoldRequest};
pub use index::SealedAddress;
pub use record::RecordKeys;
pub use rules::{Permission, Rules};
pub use status::{Rehearsal, Status};

use crate::epochs::Epochs;
use crate::index::Index;
use bonafide_keyring::{Entropy, Keyring};
use bonafide_model::Instant;
use bonafide_storage::inventory::{self, Difference, Plane};
use bonafide_storage::{Commits, Db, Options, Tx};
use futures_util::FutureExt as _;
use std::path::Path;
use std::sync::Arc;

/// The public name of the root key that the key plane in a directory was made with; `None` if there is none yet.
/// Changes nothing, and says nothing of one that an older version left: [`Vault::open`] brings it up to date first.
///
/// # Errors
/// If it cannot be read, or was written by a newer version.
pub async fn root_of(dir: &Path) -> Result<Option<String>, Error> {
    match Db::open_keys_as_they_stand(dir, &Options::default()).await {
        Ok(Some(db)) => epochs::recorded(db.read()).await,
        Ok(None) => refuse_orphaned(dir).await.map(|()| None),
        Err(bonafide_storage::Error::Outdated(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Refuses keys of epochs without the database that belongs to them: a new one in its place would overwrite them.
/// The database is made before the file, so that a first start that was cut short does not look like this.
async fn refuse_orphaned(dir: &Path) -> Result<(), Error> {
    // in this order: another process may make both just now
    let Some(path) = slots::Slots::whole(dir)? else { return Ok(()) };
    match Db::open_keys_as_they_stand(dir, &Options::default()).await {
        Ok(None) => Err(Error::Orphaned { path }),
        Ok(Some(_)) | Err(bonafide_storage::Error::Outdated(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The id of a record, given by whoever keeps the sealed bytes.
pub type Record = uuid::Uuid;

/// The key plane, open. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    db: Db,
    entropy: Entropy,
    epochs: Epochs,
    index: Index,
}

impl Vault {
    /// Opens the key plane in a directory, or makes it if there is none.
    ///
    /// # Errors
    /// [`Error::WrongRoot`], [`Error::Lost`] and [`Error::Orphaned`] if the root key, the file of the epochs or the
    /// database is not the one that belongs to the others; then nothing was changed.
    pub async fn open(
        dir: &Path,
        keyring: &Keyring,
        entropy: Entropy,
        now: Instant,
        options: &Options,
    ) -> Result<Self, Error> {
        refuse_orphaned(dir).await?;
        let db = Db::open_keys(dir, options).await?;
        let inner = Arc::new(Inner { db, entropy, epochs: Epochs::new(dir, keyring), index: Index::default() });
        let root = keyring.id().as_str().to_owned();
        inner
            .write(move |inner, tx| {
                let root = root.clone();
                async move {
                    epochs::agree(tx, &root).await?;
                    inner.epochs.establish(tx, &inner.entropy, now).await?;
                    index::establish(&inner, tx, now).await
                }
                .boxed()
            })
            .await?;
        inner.epochs.reload(inner.db.read()).await?;
        inner.reload_index().await?;
        Ok(Self(inner))
    }

    /// Opens a key plane that is there, to look at it: nothing is made, finished or changed, and what writes fails.
    /// `None` if there is none yet.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn look(
        dir: &Path,
        keyring: &Keyring,
        entropy: Entropy,
        options: &Options,
    ) -> Result<Option<Self>, Error> {
        let Some(db) = Db::open_keys_as_they_stand(dir, options).await? else {
            return refuse_orphaned(dir).await.map(|()| None);
        };
        let inner = Inner { db, entropy, epochs: Epochs::new(dir, keyring), index: Index::default() };
        epochs::compare(inner.db.read(), keyring.id().as_str()).await?;
        inner.epochs.refuse_lost(inner.db.read()).await?;
        inner.epochs.reload(inner.db.read()).await?;
        inner.reload_index().await?;
        Ok(Some(Self(Arc::new(inner))))
    }

    /// What this process has committed to the key plane so far.
    pub fn commits(&self) -> Commits {
        self.0.db.commits()
    }

    /// How the schema of the key plane differs from the inventory.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn compare(&self) -> Result<Difference, Error> {
        Ok(inventory::compare(&self.0.db, Plane::Keys).await?)
    }

    /// Keys for a new record, in memory only.
    pub fn new_record(&self, record: Record) -> RecordKeys {
        RecordKeys::random(record, &self.0.entropy)
    }
}

impl Inner {
    /// [`Db::write`] with a handle on the vault.
    async fn write<T, F>(self: &Arc<Self>, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> Fn(Arc<Self>, &'t Tx) -> bonafide_storage::Work<'t, T, Error> + Send + Sync + 'static,
    {
        let inner = Arc::clone(self);
        self.db.write(move |tx| work(Arc::clone(&inner), tx)).await
    }
}
