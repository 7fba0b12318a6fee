//! `bonafide owner`: the first account, and the way back for an owner who is locked out.

use crate::cli::Owner;
use crate::config::Settings;
use crate::failure::Failure;
use crate::place;
use bonafide_accounts::{Error, Password, user};
use bonafide_model::EmailAddress;
use bonafide_model::text::Title;
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

/// More than the longest password.
const LINE: u64 = 4096;

pub(crate) async fn run(settings: &Settings, command: Owner) -> Result<ExitCode, Failure> {
    match command {
        Owner::Create { email, name } => create(settings, email, name).await,
        Owner::Reset { email } => reset(settings, email).await,
    }
}

async fn create(settings: &Settings, email: String, name: Option<String>) -> Result<ExitCode, Failure> {
    let address = address(&email)?;
    let name = name.as_deref().unwrap_or_else(|| email.split('@').next().unwrap_or_default());
    let display_name: Title = name.parse().map_err(|error| Failure::Usage(format!("--name {error}")))?;
    let password = password()?;
    let place = place::open(settings).await?;
    let accounts = place.accounts().await?;
    let act = place.act();
    let draft = user::Draft { email: address, display_name, roles: user::Roles::owner() };
    match accounts.create_active(act, draft, password).await {
        Ok(_) => println!("{email} is now an owner of the site"),
        Err(Error::EmailTaken) => {
            return Err(Failure::Refused(format!(
                "{email} has an account already; give it a new password with 'bonafide owner reset --email {email}'"
            )));
        }
        Err(error) => return Err(Failure::of(&error)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn reset(settings: &Settings, email: String) -> Result<ExitCode, Failure> {
    let address = address(&email)?;
    let password = password()?;
    let place = place::open(settings).await?;
    let accounts = place.accounts().await?;
    let act = place.act();
    match accounts.reset_owner(act, address, password).await {
        Ok(_) => println!("{email} has a new password; all its sessions have ended"),
        Err(Error::NotFound) => return Err(Failure::Refused(format!("no owner has the address {email}"))),
        Err(error) => return Err(Failure::of(&error)),
    }
    Ok(ExitCode::SUCCESS)
}

fn address(email: &str) -> Result<EmailAddress, Failure> {
    email.parse().map_err(|error| Failure::Usage(format!("--email {error}")))
}

/// Reads a password: unseen and twice on a terminal, else the first line of standard input.
fn password() -> Result<Password, Failure> {
    let unreadable = |cause: std::io::Error| Failure::Refused(format!("the password cannot be read: {cause}"));
    let line = if std::io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        let ask = |prompt: &str| {
            terminal.write_str(prompt)?;
            terminal.read_secure_line()
        };
        let line = ask("Password: ").map_err(unreadable)?;
        if ask("Once more: ").map_err(unreadable)? != line {
            return Err(Failure::Refused("the two passwords differ".into()));
        }
        line
    } else {
        let mut line = String::new();
        std::io::stdin().lock().take(LINE).read_line(&mut line).map_err(unreadable)?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        line
    };
    line.parse().map_err(|error| Failure::Refused(format!("the password {error}")))
}
