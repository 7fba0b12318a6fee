//! Delivery from memory against the bare server, in alternating pairs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use bonafide_test_support::{Installation, Server};

use super::{Figure, median, process};
use crate::{Failure, programs, site};

const PAIRS: usize = 5;

/// The bare server as a child, killed when this is dropped.
struct Bare {
    child: Child,
    url: String,
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bare {
    fn start(bytes: usize) -> Result<Self, Failure> {
        let me = std::env::current_exe().map_err(|cause| cause.to_string())?;
        let mut command = Command::new(me);
        command.args(["bench-bare", "--bytes", &bytes.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|cause| cause.to_string())?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("standard output is a pipe")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|cause| cause.to_string())?;
        let address = line.trim().strip_prefix("listening on ").unwrap_or_default();
        Ok(Self { child, url: format!("{address}/") })
    }
}

/// One run of wrk.
struct Run {
    per_second: f64,
    /// Processor time of the server for one request, in microseconds.
    cpu: f64,
}

/// Measures the text in force and the text of a day.
pub(super) fn run(home: &Installation, policy: &str, as_of: &str) -> Result<Vec<Figure>, Failure> {
    if !programs::answers(Command::new("sh").args(["-c", "command -v wrk"])) {
        return Err("wrk is not installed (`apt-get install wrk`): delivery cannot be measured".into());
    }
    let server = site::start(home, &[]);
    let mut figures = Vec::new();
    for (name, path) in [
        ("GET /v1/policies/{policy}", format!("/v1/policies/{policy}")),
        ("GET /v1/policies/{policy}?as_of=", format!("/v1/policies/{policy}?as_of={as_of}")),
    ] {
        figures.extend(compare(&server, name, &path)?);
    }
    server.stop();
    Ok(figures)
}

fn compare(server: &Server, name: &str, path: &str) -> Result<[Figure; 2], Failure> {
    let url = server.url(path);
    let bytes = body_size(server, &url)?;
    let bare = Bare::start(bytes)?;
    let (mut rates, mut cpus, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let ours = || wrk(&url, server.pid());
        let theirs = || wrk(&bare.url, bare.child.id());
        let (ours, theirs) = if pair % 2 == 0 {
            let first = ours()?;
            (first, theirs()?)
        } else {
            let first = theirs()?;
            (ours()?, first)
        };
        rates.push(ours.per_second / theirs.per_second);
        cpus.push(ours.cpu / theirs.cpu);
        shown.push((ours.per_second, theirs.per_second, ours.cpu, theirs.cpu));
    }
    let middle = |of: fn(&(f64, f64, f64, f64)) -> f64| median(shown.iter().map(of).collect());
    let detail = format!("{bytes} bytes, {:.0} against {:.0} requests/s", middle(|run| run.0), middle(|run| run.1));
    let cpu = format!("{:.1} against {:.1} µs of processor time", middle(|run| run.2), middle(|run| run.3));
    Ok([
        Figure::at_least(format!("{name}: requests/s, share of a bare axum server"), median(rates), 0.85, detail),
        Figure::at_most(
            format!("{name}: processor time a request, times a bare axum server"),
            median(cpus),
            1.3,
            "",
            cpu,
        ),
    ])
}

/// The size of the answer, which is also in the cache afterwards.
fn body_size(server: &Server, url: &str) -> Result<usize, Failure> {
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let answer = server.client().get(url).send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|cause| cause.to_string())?;
        answer.bytes().await.map(|body| body.len()).map_err(|cause| cause.to_string())
    })
}

fn wrk(url: &str, pid: u32) -> Result<Run, Failure> {
    let before = process::cpu_time(pid)?;
    let text = programs::read(Command::new("wrk").args(["-t2", "-c64", "-d5s", url]))?;
    let spent = process::cpu_time(pid)?.saturating_sub(before);
    if text.contains("Non-2xx") {
        return Err(format!("{url} was not always answered with success:\n{text}"));
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
