//! `cargo xtask retention`: docs/RETENTION.md, as the program itself prints its inventory of personal data.

use std::fs;
use std::process::Command;

use crate::{Failure, openapi, programs};

/// Where it stands.
const FILE: &str = "docs/RETENTION.md";

/// Writes the document.
pub(crate) fn run() -> Result<(), Failure> {
    if stale()?.is_none() {
        println!("{FILE} is up to date");
        return Ok(());
    }
    fs::write(programs::root().join(FILE), printed()?).map_err(|cause| format!("{FILE}: {cause}"))?;
    println!("{FILE} written");
    Ok(())
}

/// What is wrong with the document, if it is not what the program prints.
pub(crate) fn stale() -> Result<Option<String>, Failure> {
    let stored = fs::read_to_string(programs::root().join(FILE)).unwrap_or_default();
    let difference = openapi::first_difference(&stored, &printed()?);
    Ok(difference.map(|difference| format!("{FILE}: out of date, {difference}; run `cargo xtask retention`")))
}

fn printed() -> Result<String, Failure> {
    programs::read(Command::new(programs::server()?).arg("inventory"))
}
