//! `bonafide demo`: a small site to try things on.
//!
//! The data directory is filled once; the owner's account comes last, so that a run that was broken off is taken up
//! again by the next one.

mod contact;
mod history;
mod pages;
mod tour;

use crate::config::Settings;
use crate::failure::Failure;
use crate::place::{self, Place};
use crate::serve;
use bonafide_accounts::{Accounts, Password, user};
use bonafide_keyring::Entropy;
use bonafide_model::{Locale, Patch};
use bonafide_policy::import::{self, Request};
use bonafide_site::SitePatch;
use futures_util::FutureExt as _;
use std::process::ExitCode;

/// The address that the owner of the demonstration logs in with.
const OWNER: &str = "owner@example.org";
/// The policy of the demonstration.
const POLICY: &str = "privacy";

pub(crate) async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    // first, so that no password is made that could not be shown
    let listener = serve::bind(settings).await?;
    let place = place::open(settings).await?;
    let accounts = place.accounts().await?;
    let password = if accounts.has_owner(place.site.id).await.map_err(|error| Failure::of(&error))? {
        refuse_others(&place, settings).await?;
        None
    } else {
        Some(fill(&place, &accounts).await?)
    };
    let today = place.site.time_zone.date(place.now());
    let data_dir = settings.data_dir.clone();
    let tour = move |address| tour::text(address, &data_dir, password.as_deref(), today);
    serve::serve(settings, listener, place, accounts, tour).await
}

/// Only what the demonstration has made itself is used again.
async fn refuse_others(place: &Place, settings: &Settings) -> Result<(), Failure> {
    let users = user::list(place.db.read(), &place.operator(), bonafide_accounts::Start::First, 100).await;
    let users = users.map_err(|error| Failure::of(&error))?;
    if users.iter().any(|user| user.email.as_str() == OWNER) {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "there is another site in {} already; name a new directory with --data-dir",
        settings.data_dir.display()
    )))
}

/// Makes the site, its policy and its owner; gives the owner's password.
async fn fill(place: &Place, accounts: &Accounts) -> Result<String, Failure> {
    name_site(place).await?;
    let locale: Locale = history::LOCALE.parse().map_err(|error| Failure::of(&error))?;
    let key = POLICY.parse().map_err(|error| Failure::of(&error))?;
    let title = history::TITLE.parse().map_err(|error| Failure::of(&error))?;
    let request = Request { key, title: Some(title), locale: Some(locale) };
    let act = place.act();
    let plan = history::plan()?;
    import::import(&place.db, act, request, plan, |_| {}).await.map_err(|error| Failure::of(&error))?;
    contact::publish(place).await?;
    pages::publish(place).await?;
    let secret = secret(&place.entropy);
    let password: Password = secret.parse().map_err(|error| Failure::of(&error))?;
    let draft = user::Draft {
        email: OWNER.parse().map_err(|error| Failure::of(&error))?,
        display_name: "Owner of the demonstration".parse().map_err(|error| Failure::of(&error))?,
        roles: user::Roles::owner(),
    };
    let act = place.act();
    accounts.create_active(act, draft, password).await.map_err(|error| Failure::of(&error))?;
    Ok(secret)
}

async fn name_site(place: &Place) -> Result<(), Failure> {
    let act = place.act();
    let name = history::SITE.parse().map_err(|error| Failure::of(&error))?;
    let languages = ["en", "de"].map(str::parse).into_iter().collect::<Result<_, _>>();
    let patch = SitePatch {
        name: Patch::Value(name),
        locales: Patch::Value(languages.map_err(|error| Failure::of(&error))?),
        base_url: Patch::Value(history::FRONTEND.to_owned()),
        page_url_template: Patch::Value(format!("{}/{{locale}}/{{path}}", history::FRONTEND)),
        ..SitePatch::default()
    };
    let version = place.site.version;
    place.db.write(move |tx| bonafide_site::patch(tx, act.clone(), version, patch.clone()).boxed()).await?;
    Ok(())
}

/// A password of 100 random bits, without letters that look alike.
fn secret(entropy: &Entropy) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = entropy.bytes::<20>().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_random_and_can_be_read_aloud() {
        let (one, other) = (secret(&Entropy::seeded(1)), secret(&Entropy::seeded(2)));
        assert_ne!(one, other);
        assert_eq!(one.len(), 23);
        assert!(one.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(one.parse::<Password>().is_ok());
    }
}
