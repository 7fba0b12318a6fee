//! The program as it is started and left alone: time to ready, memory, import, comparison.

use std::path::Path;
use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server};

use super::{Figure, median, process};
use crate::{Failure, programs};

/// Imports every history, one command after the other, as an operator would.
pub(super) fn import(home: &Installation, histories: &Path) -> Result<Figure, Failure> {
    Server::start(home).stop(); // the database is made before, as for an operator who imports into a site
    let mut folders: Vec<_> = std::fs::read_dir(histories)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>())
        .map_err(|cause| format!("{}: {cause}", histories.display()))?;
    folders.sort();
    let started = Instant::now();
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().replace('.', "-");
        let from = folder.display().to_string();
        home.run(["import", "policy", &name, "--from", &from], "").ok();
    }
    let took = started.elapsed().as_secs_f64();
    let detail = format!("{} histories, one command each", folders.len());
    Ok(Figure::at_most("import of the real histories".into(), took, 3.0, "s", detail))
}

/// Start to ready, and memory one second later.
pub(super) fn idle(home: &Installation) -> Result<[Figure; 2], Failure> {
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for round in 0..10 {
        let started = Instant::now();
        let server = Server::start(home);
        starts.push(started.elapsed().as_secs_f64() * 1e3);
        if round < 3 {
            std::thread::sleep(Duration::from_secs(1));
            #[expect(clippy::cast_precision_loss, reason = "a size for a table")]
            memory.push(process::resident(server.pid())? as f64 / 1e6);
        }
        server.stop();
    }
    let detail = "median of 10, from exec to the line `listening`, with the imported histories";
    Ok([
        Figure::at_most("start to ready".into(), median(starts), 150.0, "ms", detail.into()),
        Figure::at_most("idle memory on SQLite".into(), median(memory), 40.0, "MB", "resident after 1 s".into()),
    ])
}

/// The word diff of the largest pair.
pub(super) fn compare() -> Result<Figure, Failure> {
    let (micros, line) = timed("bonafide-policy", &["--lib", "compare"])?;
    let what = "word diff of the largest pair of the histories".into();
    Ok(Figure::at_most(what, micros / 1e3, 50.0, "ms", line))
}

/// The keys, the sealing and the receipt of one submission.
pub(super) fn sealing() -> Result<Figure, Failure> {
    let (micros, line) = timed("bonafide-retention", &["--test", "it", "sealing"])?;
    Ok(Figure::at_most("sealing of a submission".into(), micros, 30.0, "µs", line))
}

/// What the measuring test of a module says, in microseconds and in its own words; built in the profile of the program.
fn timed(package: &str, test: &[&str]) -> Result<(f64, String), Failure> {
    let mut cargo = programs::cargo(&["test", "--release", "-q", "-p", package]);
    let text = programs::read(cargo.args(test).args(["--", "--ignored", "--nocapture"]))?;
    let line = text.lines().find(|line| line.contains(" bytes, ")).ok_or("the measuring test says nothing")?;
    let micros = line.split(", ").find_map(microseconds).ok_or_else(|| format!("no time in: {line}"))?;
    Ok((micros, line.to_owned()))
}

/// A duration as Rust prints it for debugging.
fn microseconds(text: &str) -> Option<f64> {
    for (unit, factor) in [("ms", 1e3), ("µs", 1.0), ("s", 1e6)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()) {
            return Some(number * factor);
        }
    }
    None
}
