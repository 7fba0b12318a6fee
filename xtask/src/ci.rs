//! `cargo xtask ci`: everything that a change has to pass, one step after the other.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::programs::{self, cargo};
use crate::{Failure, check, openapi};

/// One step; their order is the order in which they run, the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// cargo fmt --check
    Fmt,
    /// cargo xtask check
    Check,
    /// cargo clippy on everything, warnings are errors
    Clippy,
    /// cargo test --workspace
    Test,
    /// The tests that take long or measure, which `cargo test` leaves out
    Slow,
    /// cargo doc, warnings are errors
    Doc,
    /// cargo xtask openapi --check
    Openapi,
    /// cargo deny without the advisories, where it is installed
    Deny,
}

impl Step {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Fmt => programs::run(&mut cargo(&["fmt", "--all", "--check"])),
            Self::Check => check::run(),
            Self::Clippy => {
                programs::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
            }
            Self::Test => programs::run(&mut cargo(&["test", "--workspace"])),
            Self::Slow => slow(),
            Self::Doc => programs::run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings")),
            Self::Openapi => openapi::run(true),
            Self::Deny => deny(),
        }
    }

    fn title(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Runs the given steps, or all, and stops at the first that fails.
pub(crate) fn run(steps: &[Step]) -> Result<(), Failure> {
    let chosen = Step::value_variants().iter().filter(|step| steps.is_empty() || steps.contains(step));
    let mut took: Vec<(String, Duration)> = Vec::new();
    for step in chosen {
        println!("\n=== {}", step.title());
        let started = Instant::now();
        let done = step.run();
        let verdict = if done.is_ok() { "passed" } else { "FAILED" };
        println!("=== {} {verdict} after {:.1} s", step.title(), started.elapsed().as_secs_f32());
        took.push((step.title(), started.elapsed()));
        done.map_err(|failure| format!("step {}: {failure}", step.title()))?;
    }
    println!("\nall steps passed:");
    for (title, time) in &took {
        println!("{:>8.1} s  {title}", time.as_secs_f32());
    }
    Ok(())
}

/// A program that stores in clear what it should seal: what the scanner of the tests has to find. It is built beside the
/// other, and laid apart, because both have the same name.
pub(crate) fn control() -> Result<PathBuf, Failure> {
    let features = ["--features", "bonafide/positive-control"];
    programs::run(cargo(&["build", "--workspace", "--bin", "bonafide"]).args(features))?;
    let (made, folder) = (programs::root().join("target/debug/bonafide"), programs::root().join("target/control"));
    let kept = folder.join("bonafide");
    let copied = std::fs::create_dir_all(&folder).and_then(|()| std::fs::copy(made, &kept));
    copied.map_err(|cause| format!("{}: {cause}", kept.display()))?;
    Ok(kept)
}

/// Tests in modules `slow`, of which many wait and some measure: four at once are not too much in the way of those.
fn slow() -> Result<(), Failure> {
    let control = control()?;
    let mut tests = cargo(&["test", "--workspace", "--tests", "--", "--ignored", "slow::", "--test-threads", "4"]);
    programs::run(tests.env("BONAFIDE_TEST_CONTROL", control))
}

/// Licences, banned crates and sources are also checked by `check`, which needs no program to be installed.
fn deny() -> Result<(), Failure> {
    if !programs::answers(&mut cargo(&["deny", "--version"])) {
        println!("*** SKIPPED: cargo-deny is not installed (`cargo install cargo-deny --locked`).");
        println!("*** Licences, bans and sources were checked by `cargo xtask check`; advisories were not.");
        return Ok(());
    }
    // Not the advisories: the verdict on a change must not depend on what was published since yesterday.
    programs::run(&mut cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))?;
    println!("advisories are not part of this: `cargo deny check advisories`");
    Ok(())
}
