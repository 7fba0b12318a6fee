//! The one place that reads environment variables, and what to do about a thing that is not there.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The value of an environment variable; an empty one counts as not set.
#[expect(clippy::disallowed_methods, reason = "tests are configured by their environment")]
pub(crate) fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// True for `1`, `true` and `yes`.
pub(crate) fn is_on(name: &str) -> bool {
    get(name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "yes"))
}

/// Takes away the variables of ours that the caller's shell may have set.
#[expect(clippy::disallowed_methods, reason = "a test must not depend on the developer's own settings")]
pub(crate) fn clear_ours(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BONAFIDE_") {
            command.env_remove(name);
        }
    }
}

/// Takes away what `cargo test` tells about the package under test, which would make a nested cargo rebuild things.
#[expect(clippy::disallowed_methods, reason = "the names are cargo's, one for each field of the manifest")]
pub(crate) fn clear_cargos(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
}

/// Something a test needs is not on this machine: says so once, past the capture of the test runner, and
/// lets the test be skipped.
///
/// # Panics
/// When skipping is forbidden: `CI=true`, or the variable `required_by` is on.
pub(crate) fn missing(what: &str, how: &str, required_by: &str) {
    static SAID: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    let message = format!("{what} was not found; {how}");
    assert!(!is_on("CI") && !is_on(required_by), "{message} (skipping is forbidden by CI or {required_by})");
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned()) {
        // Not eprintln!, which the test runner shows only for tests that fail.
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {message}\n");
    }
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors().nth(2).expect("this crate lies two folders below the workspace").to_owned()
    });
    &ROOT
}

/// A disk in memory, where the machine has one with enough room: in containers it often has 64 MB.
pub(crate) fn memory() -> Option<&'static Path> {
    static MEMORY: LazyLock<Option<&'static Path>> = LazyLock::new(|| {
        let disk = Path::new("/dev/shm");
        let output = Command::new("df").arg("-Pk").arg(disk).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
        (disk.is_dir() && free.is_some_and(|free| free >= ROOM_KIB)).then_some(disk)
    });
    *MEMORY
}

/// What the memory disk must have free to be used.
const ROOM_KIB: u64 = 1024 * 1024;
