//! Reading a directory. Nothing outside it is opened, and nothing larger than it may be is held.

use super::index::{self, Entry};
use super::{INDEX, ImportError, MAX_INDEX, MAX_TOTAL, Plan, Planned};
use crate::texts::{self, MAX_BYTES};
use crate::{Digest, Rule};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads and verifies the index of a directory and all files it lists, and puts them in order: oldest first, those of
/// one day as the index lists them.
///
/// # Errors
/// The first fault, with its file.
pub fn read_dir(dir: &Path) -> Result<Plan, ImportError> {
    if !dir.is_dir() {
        return Err(ImportError::Unreadable { path: dir.into(), reason: "is not a directory".into() });
    }
    let path = dir.join(INDEX);
    let wrong = |reason| ImportError::Index { path: path.clone(), reason };
    let bytes = bounded(&path, MAX_INDEX)?.ok_or_else(|| wrong(format!("has more than {MAX_INDEX} bytes")))?;
    let index = index::parse(&bytes).map_err(wrong)?;
    let mut total = 0;
    let mut revisions = Vec::with_capacity(index.entries.len());
    for entry in index.entries {
        let revision = read(dir, entry)?;
        total += revision.text.len();
        if total > MAX_TOTAL {
            return Err(wrong(format!("lists files of more than {MAX_TOTAL} bytes together")));
        }
        revisions.push(revision);
    }
    // stable: those of one day stay as they are listed
    revisions.sort_by_key(|revision| revision.date);
    Ok(Plan { title: index.title, revisions })
}

fn read(dir: &Path, entry: Entry) -> Result<Planned, ImportError> {
    let Entry { file, date, sha256, source } = entry;
    let path = dir.join(&file);
    let wrong = |reason| ImportError::File { path: path.clone(), reason };
    let bytes = bounded(&path, MAX_BYTES)?.ok_or_else(|| wrong(Rule::TextTooLarge.to_string()))?;
    let found = Digest::of(&bytes);
    if found != sha256 {
        return Err(wrong(format!("has the SHA-256 {}, the index says {}", found.hex(), sha256.hex())));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| wrong(format!("is not UTF-8: the byte at {} is wrong", error.utf8_error().valid_up_to())))?;
    if text.is_empty() {
        return Err(wrong("is empty".into()));
    }
    match texts::broken_rule(&text) {
        Some(rule) => Err(wrong(rule.to_string())),
        None => Ok(Planned { file, date, text, sha256, source }),
    }
}

/// The bytes of a regular file; `None` if there are too many.
fn bounded(path: &Path, most: usize) -> Result<Option<Vec<u8>>, ImportError> {
    let unreadable = |reason: String| ImportError::Unreadable { path: path.into(), reason };
    let kind = std::fs::symlink_metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !kind.is_file() {
        return Err(unreadable("is not a regular file".into()));
    }
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(if bytes.len() > most { None } else { Some(bytes) })
}
