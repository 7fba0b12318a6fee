//! `bonafide keys`: replacing keys by hand.

use crate::config::Settings;
use crate::failure::Failure;
use crate::place;
use futures_util::FutureExt as _;
use std::process::ExitCode;

/// Makes a new key for signing access tokens.
pub(crate) async fn rotate_signing(settings: &Settings) -> Result<ExitCode, Failure> {
    let place = place::open(settings).await?;
    let act = place.act();
    let rotated = place.db.write(move |tx| bonafide_accounts::rotate_signing_key(tx, act.clone()).boxed()).await;
    rotated.map_err(|error| Failure::of(&error))?;
    println!("access tokens are signed with a new key from now on");
    Ok(ExitCode::SUCCESS)
}
