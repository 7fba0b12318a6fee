//! `bonafide openapi`: prints a document that is made from the routes themselves.

use crate::cli::{Openapi, Surface};
use crate::failure::Failure;
use std::io::Write as _;
use std::process::ExitCode;

pub(crate) fn run(command: &Openapi) -> Result<ExitCode, Failure> {
    let surface = match command.surface {
        Surface::Public => bonafide_api::Surface::Public,
        Surface::Admin => bonafide_api::Surface::Admin,
    };
    let document = bonafide_api::document(surface);
    let written = std::io::stdout().lock().write_all(document.as_bytes());
    written.map_err(|error| Failure::Refused(format!("the document cannot be written: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
