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

/// The word diff of the largest pair, timed by the test of the module that makes it, in the same profile.
pub(super) fn compare() -> Result<Figure, Failure> {
    let arguments = ["test", "--release", "-q", "-p", "bonafide-policy", "--lib", "compare", "--", "--ignored"];
    let text = programs::read(programs::cargo(&arguments).arg("--nocapture"))?;
    let line = text.lines().find(|line| line.contains(" bytes, ")).ok_or("the test of the comparison says nothing")?;
    let time = line.split(", ").find_map(milliseconds).ok_or_else(|| format!("no time in: {line}"))?;
    Ok(Figure::at_most("word diff of the largest pair of the histories".into(), time, 50.0, "ms", line.into()))
}

/// A duration as Rust prints it for debugging.
fn milliseconds(text: &str) -> Option<f64> {
    for (unit, factor) in [("ms", 1.0), ("µs", 1e-3), ("s", 1e3)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()) {
            return Some(number * factor);
        }
    }
    None
}
