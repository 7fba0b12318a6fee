//! Python, for tests that want a second opinion in another language.

use std::process::Command;
use std::sync::LazyLock;

use crate::environment;

/// A command that runs `python3`.
///
/// # Panics
/// When there is none and `CI=true` or `BONAFIDE_REQUIRE_PYTHON=1`; otherwise it says so and gives `None`.
pub fn python() -> Option<Command> {
    // the program itself: what is found by its name may be a script that looks for it each time
    static PROGRAM: LazyLock<Option<String>> = LazyLock::new(|| {
        let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    });
    let Some(program) = PROGRAM.as_ref() else {
        environment::missing("python3", "install it", "BONAFIDE_REQUIRE_PYTHON");
        return None;
    };
    let mut python = Command::new(program);
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    Some(python)
}
