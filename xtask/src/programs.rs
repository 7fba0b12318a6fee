//! The programs that tasks start: cargo, git, and the server itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use crate::Failure;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one folder below the workspace")
}

/// cargo in the workspace, without what the cargo that started us said about xtask itself: some build scripts
/// watch these variables and would run again.
#[expect(clippy::disallowed_methods, reason = "cargo tells its children by the environment which cargo it is")]
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root()).args(arguments);
    cargo
}

/// Runs a program with our own output; its failure is ours.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|cause| format!("{} does not start: {cause}", name(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", name(command))) }
}

/// Runs a program and gives its standard output; its standard error is shown.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|cause| format!("{} does not start: {cause}", name(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", name(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} did not answer in UTF-8", name(command)))
}

/// Whether a program is there and answers.
pub(crate) fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A program as one would type it.
pub(crate) fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}

/// What cargo knows about the workspace.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value, Failure> {
    let text = read(cargo(&["metadata", "--format-version", "1"]).args(arguments))?;
    serde_json::from_str(&text).map_err(|cause| format!("cargo metadata: {cause}"))
}

/// The server, built as `cargo test --workspace` builds its dependencies, so that hardly anything is compiled twice.
pub(crate) fn server() -> Result<PathBuf, Failure> {
    static SERVER: LazyLock<Result<PathBuf, Failure>> = LazyLock::new(|| {
        let format = "json-render-diagnostics";
        let text = read(&mut cargo(&["build", "-q", "--workspace", "--bin", "bonafide", "--message-format", format]))?;
        let message = |line| serde_json::from_str::<Value>(line).ok();
        let executable = |message: Value| message["executable"].as_str().map(PathBuf::from);
        text.lines().filter_map(message).filter_map(executable).next_back().ok_or_else(|| "no server was built".into())
    });
    SERVER.clone()
}
