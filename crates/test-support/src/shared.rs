//! The real policy histories that some tests read.
//!
//! They belong to the sites that wrote them and are therefore not part of this repository.

use std::path::PathBuf;

use crate::environment;

/// The folder with the real histories: `BONAFIDE_SHARED_DATA`, else `shared/data` beside the repository.
///
/// # Panics
/// When the folder is not there and `CI=true` or `BONAFIDE_REQUIRE_SHARED_DATA=1`; otherwise it says so and gives `None`.
pub fn shared_data() -> Option<PathBuf> {
    let folder = environment::get("BONAFIDE_SHARED_DATA").map_or_else(
        || environment::workspace().parent().map(|beside| beside.join("shared/data")),
        |given| Some(PathBuf::from(given)),
    );
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        return Some(folder);
    }
    environment::missing(
        "the folder of real policy histories",
        "set BONAFIDE_SHARED_DATA to it",
        "BONAFIDE_REQUIRE_SHARED_DATA",
    );
    None
}
