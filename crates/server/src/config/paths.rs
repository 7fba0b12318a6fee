//! Where the keys are: beside the data by default, and never inside of it, so that copying the data copies no keys.

use crate::failure::Failure;
use std::path::{Component, Path, PathBuf};

/// The default directory of the keys: the data directory's name and `-keys`.
pub(super) fn beside(data_dir: &Path) -> Result<PathBuf, Failure> {
    let unclear = || {
        Failure::Configuration(format!(
            "data_dir {} has no name of its own to derive keys_dir from: set keys_dir",
            data_dir.display()
        ))
    };
    let named = match data_dir.components().next_back() {
        Some(Component::Normal(_)) => data_dir.to_owned(),
        _ => real(data_dir),
    };
    let mut name = named.file_name().ok_or_else(unclear)?.to_owned();
    name.push("-keys");
    Ok(named.with_file_name(name))
}

/// Refuses a directory of keys that lies in the directory of the data.
pub(super) fn refuse_inside(keys_dir: &Path, data_dir: &Path) -> Result<(), Failure> {
    if real(keys_dir).starts_with(real(data_dir)) {
        return Err(Failure::Configuration(format!(
            "keys_dir {} lies inside of data_dir {}: whoever copies the data would copy the keys; put them elsewhere",
            keys_dir.display(),
            data_dir.display()
        )));
    }
    Ok(())
}

/// The path without links and `..`, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => {
                real.pop();
            }
            Component::CurDir => {}
            other => real.push(other),
        }
        if let Ok(found) = real.canonicalize() {
            real = found;
        }
    }
    real
}
