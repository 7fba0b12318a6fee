//! `bonafide keys`: the keys of what visitors sent looked at, tried and replaced, and the one that signs access tokens.
//!
//! Whatever only looks opens the key plane as it stands; nothing is made on the way. Root key, key plane and data have
//! to belong together, which is asked before anything else.

mod told;

use crate::cli::{KeyWork, Keys};
use crate::config::Settings;
use crate::failure::Failure;
use crate::place;
use bonafide_keyring::{Entropy, Keyring};
use bonafide_model::Clock as _;
use bonafide_storage::{Db, Options, Source, installation, migrate};
use bonafide_vault::{Rehearsal, Vault};
use futures_util::FutureExt as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::process::ExitCode;

pub(crate) async fn run(settings: &Settings, command: Keys) -> Result<ExitCode, Failure> {
    match command {
        Keys::Status { json } => status(settings, json).await,
        Keys::Rotate(KeyWork { plan: true, json }) => plan_rotation(settings, json).await,
        Keys::Rotate(KeyWork { plan: false, json }) => rotate(settings, json).await,
        Keys::Rehearse(KeyWork { plan: true, json }) => plan_rehearsal(settings, json).await,
        Keys::Rehearse(KeyWork { plan: false, json }) => rehearse(settings, json).await,
        Keys::AcceptLoss(KeyWork { plan, json }) => accept_loss(settings, plan, json).await,
        Keys::RotateSigning => rotate_signing(settings).await,
    }
}

async fn status(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let (vault, root) = look(settings).await?;
    let (status, now) = (vault.status().await?, crate::clock::SystemClock.now());
    let told =
        if json { told::status_json(&root, &status) } else { told::status(&root, &settings.keys_dir, &status, now) };
    println!("{told}");
    Ok(ExitCode::SUCCESS)
}

async fn plan_rotation(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let (vault, _) = look(settings).await?;
    let status = vault.status().await?;
    println!("{}", if json { told::rotation_plan_json(&status) } else { told::rotation_plan(&status) });
    Ok(ExitCode::SUCCESS)
}

async fn rotate(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    belongs_together(settings).await?;
    // as every command that changes something: what a new installation lacks is made
    let place = place::open(settings).await?;
    let retention = place.retention(settings).await?;
    let vault = retention.vault();
    let bar = bar(vault.status().await?.records);
    let rotated = vault.rotate(place.now(), |moved| bar.set_position(moved)).await;
    bar.finish_and_clear();
    let rotated = rotated?;
    println!("{}", if json { told::rotated_json(&rotated) } else { told::rotated(&rotated) });
    Ok(ExitCode::SUCCESS)
}

async fn plan_rehearsal(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let (vault, _) = look(settings).await?;
    let status = vault.status().await?;
    println!("{}", if json { told::rehearsal_plan_json(&status) } else { told::rehearsal_plan(&status) });
    Ok(ExitCode::SUCCESS)
}

async fn rehearse(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let (vault, _) = look(settings).await?;
    let bar = bar(vault.status().await?.records);
    let found = vault.rehearse(|tried| bar.set_position(tried)).await;
    bar.finish_and_clear();
    let Rehearsal { sound, broken, first_broken } = found?;
    println!(
        "{}",
        if json { told::rehearsed_json(sound, broken, first_broken) } else { told::rehearsed(sound, broken) }
    );
    if let Some(record) = first_broken {
        return Err(Failure::Refused(format!(
            "{broken} of {} keys do not open, the first is that of submission {record}: restore keys.db and epochs.key \
             together, from one moment",
            sound + broken
        )));
    }
    Ok(ExitCode::SUCCESS)
}

/// Goes on without what was lost of the keys.
async fn accept_loss(settings: &Settings, plan: bool, json: bool) -> Result<ExitCode, Failure> {
    belongs_together(settings).await?;
    let place = place::open(settings).await?;
    let retention = place.planes(settings).await?;
    let (site, now) = (place.site.id, place.now());
    let losses = if plan { retention.losses(site, now).await } else { retention.accept_loss(site, now).await };
    let losses = losses.map_err(|error| place::apart(error, settings))?;
    println!("{}", if json { told::losses_json(&losses, plan) } else { told::losses(&losses, plan) });
    Ok(ExitCode::SUCCESS)
}

/// Makes a new key for signing access tokens.
async fn rotate_signing(settings: &Settings) -> Result<ExitCode, Failure> {
    let place = place::open(settings).await?;
    let act = place.act();
    let rotated = place.db.write(move |tx| bonafide_accounts::rotate_signing_key(tx, act.clone()).boxed()).await;
    rotated.map_err(|error| Failure::of(&error))?;
    println!("access tokens are signed with a new key from now on");
    Ok(ExitCode::SUCCESS)
}

/// The key plane as it stands, and the public name of its root key.
async fn look(settings: &Settings) -> Result<(Vault, String), Failure> {
    let dir = &settings.keys_dir;
    let none = || {
        Failure::Refused(format!(
            "there are no keys of submissions in {} yet: the first start of the server makes them",
            dir.display()
        ))
    };
    let keyring = belongs_together(settings).await?.ok_or_else(none)?;
    let vault = Vault::look(dir, &keyring, Entropy::system(), &Options::default()).await?;
    Ok((vault.ok_or_else(none)?, keyring.id().as_str().to_owned()))
}

/// Refuses a root key that is missing or another one than that of the key plane or of the data. Changes nothing.
async fn belongs_together(settings: &Settings) -> Result<Option<Keyring>, Failure> {
    let dir = &settings.keys_dir;
    let keyring = Keyring::load(dir)?;
    place::agree(recorded(settings).await?.as_deref(), keyring.as_ref(), dir)?;
    place::agree_with_keys(keyring.as_ref(), dir).await?;
    Ok(keyring)
}

/// The public name of the root key that the data were made with, if there are data of this version.
async fn recorded(settings: &Settings) -> Result<Option<String>, Failure> {
    if matches!(&settings.source, Source::Sqlite(dir) if !dir.join("bonafide.db").exists()) {
        return Ok(None);
    }
    if !migrate::plan(&settings.source).await?.is_empty() {
        return Ok(None);
    }
    let db = Db::open(settings.source.clone(), &Options::default()).await?;
    Ok(installation::root_id(db.read()).await?)
}

/// A progress bar on standard error, which is not drawn where that is no terminal.
fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} keys") {
        bar.set_style(style);
    }
    bar
}
