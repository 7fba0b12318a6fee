//! `cargo xtask check`: the rules of the architecture that the compiler cannot hold us to.
//!
//! Each rule is a module that gives a list of findings, one line each, with the file and what to do about it.

mod dependencies;
mod edges;
mod files;
mod licences;
mod texts;

use crate::{Failure, programs, retention};

/// One thing that is not as it should be: where, and what to do.
type Finding = String;

/// Applies all rules and shows everything that they find.
pub(crate) fn run() -> Result<(), Failure> {
    let files = files::all()?;
    let findings: Vec<Finding> = [
        edges::check(&programs::metadata(&["--no-deps"])?)?,
        files.iter().flat_map(files::check).collect(),
        files.iter().flat_map(texts::check).collect(),
        files::required(&files),
        dependencies::check()?,
        retention::stale()?.into_iter().collect(),
    ]
    .concat();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("architecture: {} files, nothing to object to", files.len());
            Ok(())
        }
        count => Err(format!("{count} objections")),
    }
}
