//! Python, for tests that want a second opinion in another language.

use std::process::Command;

use crate::environment;

/// A command that runs `python3`.
///
/// # Panics
/// When there is none and `CI=true` or `BONAFIDE_REQUIRE_PYTHON=1`; otherwise it says so and gives `None`.
pub fn python() -> Option<Command> {
    if Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        let mut python = Command::new("python3");
        python.env("PYTHONDONTWRITEBYTECODE", "1");
        return Some(python);
    }
    environment::missing("python3", "install it", "BONAFIDE_REQUIRE_PYTHON");
    None
}
