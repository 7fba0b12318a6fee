//! The load generator wrk, pointed at one address or at a list of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bare::{Bare, Bodies};
use super::{Figure, by_turns, median, process};
use crate::{Failure, programs};

/// Asks for the paths of a file one after the other; its two threads begin at different places.
const SCRIPT: &str = r"
local threads = 0
function setup(thread) thread:set('number', threads); threads = threads + 1 end
local requests, at = {}, 0
function init(arguments)
    for line in io.lines(arguments[1]) do requests[#requests + 1] = wrk.format('GET', line) end
    at = math.floor(#requests / 2) * number
end
function request() at = at % #requests + 1; return requests[at] end
";

/// Where the requests go: one path, or those of a file in their order, again and again.
pub(super) enum Target {
    One(String),
    Many { script: PathBuf, paths: PathBuf },
}

impl Target {
    /// Many paths; writes them and the script into a directory.
    pub(super) fn many(dir: &Path, name: &str, paths: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut text = String::new();
        paths.for_each(|path| {
            let _ = writeln!(text, "{path}"); // a string takes all
        });
        let (script, list) = (dir.join("paths.lua"), dir.join(format!("{name}.txt")));
        let written = std::fs::write(&script, SCRIPT).and_then(|()| std::fs::write(&list, text));
        written.map_err(|cause| cause.to_string())?;
        Ok(Self::Many { script, paths: list })
    }
}

/// One run of wrk.
pub(super) struct Run {
    pub(super) per_second: f64,
    /// Processor time of the server for one request, in microseconds.
    pub(super) cpu: f64,
}

/// Loads a server over 64 connections.
pub(super) fn run(base: &str, target: &Target, pid: u32, seconds: u32) -> Result<Run, Failure> {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t2", "-c64", &format!("-d{seconds}s")]);
    match target {
        Target::One(path) => wrk.arg(format!("{base}{path}")),
        Target::Many { script, paths } => wrk.arg("-s").arg(script).arg(base).arg("--").arg(paths),
    };
    let before = process::cpu_time(pid)?;
    let text = programs::read(&mut wrk)
        .map_err(|failure| format!("{failure} (`apt-get install wrk`: delivery is measured with it)"))?;
    let spent = process::cpu_time(pid)?.saturating_sub(before);
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("{base} did not always answer with success:\n{text}"));
    }
    let after = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    let per_second = after("Requests/sec:").and_then(|value| value.parse().ok());
    let requests = text.lines().find_map(|line| line.split_once(" requests in ")).map(|(count, _)| count.trim());
    let requests: Option<f64> = requests.and_then(|count| count.parse().ok());
    let (Some(per_second), Some(requests)) = (per_second, requests) else {
        return Err(format!("wrk is not understood:\n{text}"));
    };
    Ok(Run { per_second, cpu: spent.as_secs_f64() * 1e6 / requests })
}

/// What is held against the bare server, and the bounds of it.
pub(super) struct Bounds {
    pub(super) rate: f64,
    /// `None` where only the rate is promised.
    pub(super) cpu: Option<f64>,
}

/// Alternating pairs of a server and a bare one that answers with such bodies.
pub(super) fn against_bare(
    (base, pid): (&str, u32),
    (name, target): (&str, &Target),
    bodies: Bodies,
    bounds: &Bounds,
) -> Result<Vec<Figure>, Failure> {
    let bare = Bare::start(bodies)?;
    let pairs = by_turns(|| run(base, target, pid, 5), || run(bare.url(), target, bare.pid(), 5))?;
    let ratio = |of: fn(&Run) -> f64| median(pairs.iter().map(|(ours, bare)| of(ours) / of(bare)).collect());
    let ours = |of: fn(&Run) -> f64| median(pairs.iter().map(|pair| of(&pair.0)).collect());
    let theirs = |of: fn(&Run) -> f64| median(pairs.iter().map(|pair| of(&pair.1)).collect());
    let rate: fn(&Run) -> f64 = |run| run.per_second;
    let detail = format!("{} bytes, {:.0} against {:.0} requests/s", bodies.bytes, ours(rate), theirs(rate));
    let what = format!("{name}: requests/s, share of a bare axum server");
    let mut figures = vec![Figure::at_least(what, ratio(rate), bounds.rate, detail)];
    if let Some(bound) = bounds.cpu {
        let cpu: fn(&Run) -> f64 = |run| run.cpu;
        let detail = format!("{:.1} against {:.1} µs of processor time", ours(cpu), theirs(cpu));
        let what = format!("{name}: processor time a request, times a bare axum server");
        figures.push(Figure::at_most(what, ratio(cpu), bound, "", detail));
    }
    Ok(figures)
}
