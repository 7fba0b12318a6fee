//! `bonafide check`: do settings, keys and database fit together? Changes nothing.

use crate::config::Settings;
use crate::failure::Failure;
use crate::place;
use bonafide_keyring::{Entropy, Keyring};
use bonafide_retention::Retention;
use bonafide_site::Site;
use bonafide_storage::inventory::{self, Plane};
use bonafide_storage::{Db, Options, Source, installation, migrate};
use bonafide_vault::Vault;
use std::process::ExitCode;

pub(crate) async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    println!("settings   read, all known");
    println!("database   {}", settings.source);
    println!("keys       {}", settings.keys_dir.display());
    let key = Keyring::load(&settings.keys_dir)?;
    match &key {
        Some(key) => println!("root key   {}, private", key.id()),
        None => println!("root key   none yet"),
    }
    if matches!(&settings.source, Source::Sqlite(dir) if !dir.join("bonafide.db").exists()) {
        println!("schema     no database yet: the first start makes it");
        return Ok(ExitCode::SUCCESS);
    }
    let plan = migrate::plan(&settings.source).await?;
    if !plan.is_empty() {
        // the root key is compared at the next start: to read its id here the schema would have to be changed
        println!("schema     {} to run at the next start: {}", plan.len(), plan.join(", "));
        return Ok(ExitCode::SUCCESS);
    }
    println!("schema     up to date");
    let db = Db::open(settings.source.clone(), &Options::default()).await?;
    let recorded = installation::root_id(db.read()).await?;
    place::agree(recorded.as_deref(), key.as_ref(), &settings.keys_dir)?;
    place::agree_with_keys(key.as_ref(), &settings.keys_dir).await?;
    crate::inventory::agree(&inventory::compare(&db, Plane::Data).await?, Plane::Data)?;
    let site = bonafide_site::the_only(db.read()).await?;
    if let Some(key) = &key {
        keys(settings, &db, key, site.as_ref()).await?;
    }
    println!("inventory  every column is declared");
    match site {
        Some(site) => println!("site       {} ({})", site.name, site.time_zone),
        None => println!("site       none yet: the first start makes it"),
    }
    println!("all is well");
    Ok(ExitCode::SUCCESS)
}

/// The keys of what visitors sent, as they stand.
async fn keys(settings: &Settings, db: &Db, key: &Keyring, site: Option<&Site>) -> Result<(), Failure> {
    let vault = Vault::look(&settings.keys_dir, key, Entropy::system(), &Options::default()).await?;
    let Some(vault) = vault else {
        println!("epoch      none yet: the first start makes it");
        return Ok(());
    };
    crate::inventory::agree(&vault.compare().await?, Plane::Keys)?;
    let status = vault.status().await?;
    if let Some(site) = site {
        let retention = Retention::new(db.clone(), vault, Entropy::system());
        retention.belong_together(site.id).await.map_err(|error| place::apart(error, settings))?;
    }
    println!("epoch      {}, keys of {} submissions", status.epoch, status.records);
    Ok(())
}
