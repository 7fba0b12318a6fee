//! Rules about files as such: which there must be, what they may be called, how long they may be.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::Finding;
use crate::{Failure, openapi, programs};

/// The greatest number of lines of a Rust file, its tests included.
const MOST_LINES: usize = 500;

/// Names that say what kind of thing is inside instead of what it is about.
const KINDS: [&str; 11] =
    ["util", "utils", "helper", "helpers", "common", "service", "services", "misc", "manager", "managers", "stuff"];

/// A text file of the repository; others are of no interest here.
pub(super) struct TextFile {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl TextFile {
    /// Whether it is a Rust source.
    pub(super) fn is_rust(&self) -> bool {
        PathBuf::from(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

/// All text files that are in the repository, or would be with the next `git add`.
pub(super) fn all() -> Result<Vec<TextFile>, Failure> {
    let root = programs::root();
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let paths = programs::read(&mut git)?;
    let paths = paths.split_terminator('\0');
    // A file that is not UTF-8 is not a text; one that is gone is about to be removed.
    let read = |path: &str| Some(TextFile { path: path.to_owned(), text: fs::read_to_string(root.join(path)).ok()? });
    Ok(paths.filter_map(read).collect())
}

/// Name, length and first line of one file.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let (path, mut findings) = (&file.path, Vec::new());
    if !file.is_rust() {
        return findings;
    }
    let names = path.split('/').map(|name| name.trim_end_matches(".rs"));
    for kind in names.filter(|name| KINDS.contains(name)) {
        findings.push(format!("{path}: `{kind}` is a kind of thing; name the file after its subject"));
    }
    let lines = file.text.lines().count();
    if lines > MOST_LINES {
        findings.push(format!("{path}: {lines} lines, {MOST_LINES} at most; split it by operation"));
    }
    if !file.text.starts_with("//!") {
        findings.push(format!("{path}:1: begin with `//!`: what it is for, what it must not do, where to start"));
    }
    findings
}

/// Files that must be there.
pub(super) fn required(files: &[TextFile]) -> Vec<Finding> {
    let documents = openapi::DOCUMENTS.map(|document| format!("openapi/{document}.json"));
    let missing = documents.iter().filter(|path| !files.iter().any(|file| file.path == **path));
    missing.map(|path| format!("{path}: missing; run `cargo xtask openapi`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&TextFile { path: path.into(), text: text.into() }).len()
    }

    #[test]
    fn a_good_file_passes() {
        assert_eq!(count("crates/policy/src/digest.rs", "//! Digests.\n"), 0);
        assert_eq!(count("crates/policy/src/digest.rs", &"//! Digests.\n".repeat(500)), 0);
        assert_eq!(count("docs/utils.md", "Anything goes here.\n"), 0);
    }

    #[test]
    fn names_lengths_and_first_lines_are_looked_at() {
        assert_eq!(count("crates/policy/src/utils.rs", "//! Everything.\n"), 1);
        assert_eq!(count("crates/policy/src/services/digest.rs", "//! Digests.\n"), 1);
        assert_eq!(count("crates/policy/src/digest.rs", &"//! Digests.\n".repeat(501)), 1);
        assert_eq!(count("crates/policy/src/digest.rs", "use std::fs;\n"), 1);
    }
}
