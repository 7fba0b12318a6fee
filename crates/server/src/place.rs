//! One installation, opened: its database, its root key and its site, which have to belong together.

use crate::clock::SystemClock;
use crate::config::Settings;
use crate::failure::Failure;
use bonafide_accounts::{Accounts, Settings as AccountSettings};
use bonafide_keyring::{Entropy, Keyring};
use bonafide_ledger::Act;
use bonafide_model::access::{Action, Actor};
use bonafide_model::id::SiteId;
use bonafide_model::{Clock, Granted, Instant};
use bonafide_retention::Retention;
use bonafide_site::Site;
use bonafide_storage::inventory::{self, Plane};
use bonafide_storage::{Db, Error, Options, installation};
use bonafide_vault::Vault;
use futures_util::FutureExt as _;
use std::path::Path;
use std::sync::Arc;

/// An installation that is ready for work.
pub(crate) struct Place {
    pub(crate) db: Db,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) site: Site,
}

impl Place {
    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The door for people and their tokens.
    pub(crate) async fn accounts(&self) -> Result<Accounts, Failure> {
        let (db, keyring) = (self.db.clone(), Arc::clone(&self.keyring));
        let opened = Accounts::open(db, keyring, AccountSettings::default(), self.now(), self.entropy.clone());
        opened.await.map_err(|error| Failure::of(&error))
    }

    /// What visitors submitted: the data and, in the directory of the keys, the key plane, which have to belong together.
    pub(crate) async fn retention(&self, settings: &Settings) -> Result<Retention, Failure> {
        let retention = self.planes(settings).await?;
        retention.bind(self.site.id).await.map_err(|error| apart(error, settings))?;
        Ok(retention)
    }

    /// The same, before it was asked whether they belong together.
    pub(crate) async fn planes(&self, settings: &Settings) -> Result<Retention, Failure> {
        let options = Options { batch: settings.write_batch, ..Options::default() };
        let vault = Vault::open(&settings.keys_dir, &self.keyring, self.entropy.clone(), self.now(), &options).await?;
        crate::inventory::agree(&vault.compare().await?, Plane::Keys)?;
        Ok(Retention::new(self.db.clone(), vault, self.entropy.clone()))
    }

    /// An action of the operator, here and now.
    pub(crate) fn act<A: Action>(&self) -> Act<A> {
        Act::new(self.operator(), self.now(), self.entropy.clone())
    }

    /// The permission of the operator, who sits at the machine and may do everything.
    pub(crate) fn operator<A: Action>(&self) -> Granted<A> {
        Granted::issue(Actor::Operator, self.site.id)
    }
}

/// Opens an installation. A new one is made: database, root key, site.
pub(crate) async fn open(settings: &Settings) -> Result<Place, Failure> {
    let (clock, entropy) = (Arc::new(SystemClock), Entropy::system());
    let db = Db::open(settings.source.clone(), &Options { batch: settings.write_batch, ..Options::default() }).await?;
    crate::inventory::agree(&inventory::compare(&db, Plane::Data).await?, Plane::Data)?;
    let keyring = unlock(&db, &settings.keys_dir, &entropy, clock.now()).await?;
    let site = site(&db, entropy.id(clock.now()), clock.now()).await?;
    Ok(Place { db, keyring: Arc::new(keyring), clock, entropy, site })
}

/// Keys and data that do not belong together, and what to do.
pub(crate) fn apart(error: bonafide_retention::Error, settings: &Settings) -> Failure {
    use bonafide_retention::Error;
    let (keys, data) = (settings.keys_dir.display(), &settings.source);
    match error {
        Error::OtherData { recorded, given } => Failure::Configuration(format!(
            "the keys in {keys} belong to the data of site {recorded}, but {data} holds the data of site {given}: name \
             the directory of the right keys (--keys-dir) or the data that belong to them; nothing was deleted"
        )),
        Error::Apart { submissions, keys: count } => Failure::Configuration(format!(
            "there are {submissions} submissions in {data} and {count} keys of submissions in {keys}, and none of them \
             belong together: name the right directory (--keys-dir, --data-dir), or restore keys.db and epochs.key \
             together, from one moment; nothing was deleted. Only if the keys are lost for good, see \
             `bonafide keys accept-loss --help`"
        )),
        Error::Vault(error) => error.into(),
        Error::Storage(error) => error.into(),
        other => Failure::of(&other),
    }
}

async fn site(db: &Db, id: SiteId, now: Instant) -> Result<Site, Failure> {
    if let Some(site) = bonafide_site::the_only(db.read()).await? {
        return Ok(site);
    }
    Ok(db.write(move |tx| bonafide_site::ensure(tx, id, now).boxed()).await?)
}

/// Gives the root key that the database was made with, or a new one to a new database.
async fn unlock(db: &Db, dir: &Path, entropy: &Entropy, now: Instant) -> Result<Keyring, Failure> {
    let recorded = installation::root_id(db.read()).await?;
    let found = Keyring::load(dir)?;
    agree(recorded.as_deref(), found.as_ref(), dir)?;
    agree_with_keys(found.as_ref(), dir).await?;
    let keyring = match found {
        Some(keyring) => keyring,
        None => Keyring::create(dir, entropy)?,
    };
    if recorded.is_none() {
        let id = keyring.id();
        db.write::<_, Error, _>(move |tx| {
            let id = id.clone();
            async move { installation::record(tx, id.as_str(), now).await }.boxed()
        })
        .await?;
        // another process may have been faster, with another key
        agree(installation::root_id(db.read()).await?.as_deref(), Some(&keyring), dir)?;
    }
    Ok(keyring)
}

/// Refuses a root key that is not the one of the database.
pub(crate) fn agree(recorded: Option<&str>, found: Option<&Keyring>, dir: &Path) -> Result<(), Failure> {
    let dir = dir.display();
    match (recorded, found.map(Keyring::id)) {
        (Some(recorded), None) => Err(Failure::Configuration(format!(
            "this database was made with the root key {recorded}, but there is no root key in {dir}: put its file \
             root.key there, or name the directory where it is (--keys-dir)"
        ))),
        (Some(recorded), Some(found)) if recorded != found.as_str() => Err(Failure::Configuration(format!(
            "this database was made with the root key {recorded}, but the one in {dir} is {found}: name the directory \
             of the right one (--keys-dir), or the database that belongs to it"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a root key that is not the one of the key plane in the same directory. Changes nothing.
pub(crate) async fn agree_with_keys(found: Option<&Keyring>, dir: &Path) -> Result<(), Failure> {
    match (bonafide_vault::root_of(dir).await?, found.map(Keyring::id)) {
        (Some(recorded), None) => Err(Failure::Configuration(format!(
            "the keys in {} were made with the root key {recorded}, but there is no root key beside them: put its file \
             root.key there, or nothing that was sealed can be opened again",
            dir.display()
        ))),
        (Some(recorded), Some(given)) if recorded != given.as_str() => {
            Err(bonafide_vault::Error::WrongRoot { recorded, given: given.as_str().to_owned() }.into())
        }
        _ => Ok(()),
    }
}
