//! `cargo xtask bench`: what the product promises about speed, measured on an optimised build.
//!
//! Ratios are taken within one run: both sides alternate on the same machine, so that a slow or busy machine weighs
//! on both. A missed bound is a failure.

pub(crate) mod bare;
mod content;
mod delivery;
mod intake;
mod lists;
mod million;
mod pages;
pub(crate) mod process;
mod program;
pub(crate) mod record;
mod wire;
mod writes;
mod wrk;

use std::path::Path;
use std::process::Command;

use bonafide_test_support::{Installation, shared_data};

use crate::{Failure, programs};

/// How often two sides are compared.
const PAIRS: usize = 5;

/// One measured value and its bound.
struct Figure {
    what: String,
    value: f64,
    bound: Bound,
    unit: &'static str,
    detail: String,
}

/// What was promised.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing: it is only written down.
    None,
}

impl Figure {
    fn at_least(what: String, value: f64, bound: f64, detail: String) -> Self {
        Self { what, value, bound: Bound::AtLeast(bound), unit: "", detail }
    }

    fn at_most(what: String, value: f64, bound: f64, unit: &'static str, detail: String) -> Self {
        Self { what, value, bound: Bound::AtMost(bound), unit, detail }
    }

    fn recorded(what: String, value: f64, unit: &'static str, detail: String) -> Self {
        Self { what, value, bound: Bound::None, unit, detail }
    }

    fn kept(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::AtMost(bound) => self.value <= bound,
            Bound::None => true,
        }
    }

    fn row(&self) -> String {
        let Self { what, value, bound, unit, detail } = self;
        let bound = match bound {
            Bound::AtLeast(bound) => format!("≥ {bound} {unit}"),
            Bound::AtMost(bound) => format!("≤ {bound} {unit}"),
            Bound::None => "none".to_owned(),
        };
        let verdict = if self.kept() { "" } else { " **missed**" };
        format!("| {what} | {value:.2} {unit}{verdict} | {} | {detail} |", bound.trim_end())
    }
}

/// The parts of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Import, start and memory
    Program,
    /// Policies from memory against a bare server
    Delivery,
    /// Shared commits
    Writes,
    /// Forms that are sent, and their erasure
    Intake,
    /// The word diff of the largest pair
    Compare,
    /// Pages against a bare server, and while others are published
    Pages,
    /// Lists among 100,000 entries, on both databases
    Lists,
    /// Ten minutes of mixed load on 100,000 pages
    Memory,
    /// Finding, sweeping and new keys among a million submissions
    Million,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Program,
        Self::Delivery,
        Self::Writes,
        Self::Intake,
        Self::Compare,
        Self::Pages,
        Self::Lists,
        Self::Memory,
        Self::Million,
    ];

    /// The title of its section in docs/benchmarks.md.
    const fn title(self) -> &'static str {
        match self {
            Self::Program => "Import, start, idle memory",
            Self::Delivery => "Policies from memory",
            Self::Writes => "Shared commits",
            Self::Intake => "Forms that are sent, and their erasure",
            Self::Compare => "Comparing",
            Self::Pages => "Pages",
            Self::Lists => "Lists and includes among 100,000 entries",
            Self::Memory => "Memory under load",
            Self::Million => "Among a million submissions",
        }
    }

    fn measure(self, histories: &Path) -> Result<Vec<Figure>, Failure> {
        let home = Installation::on_sqlite();
        Ok(match self {
            Self::Program => {
                let import = program::import(&home, histories)?;
                std::iter::once(import).chain(program::idle(&home)?).collect()
            }
            Self::Delivery => {
                program::import(&home, histories)?;
                delivery::run(&home, "pythonspot-com", "2016-06-01")?
            }
            Self::Writes => writes::run()?.into(),
            Self::Intake => std::iter::once(program::sealing()?).chain(intake::run()?).collect(),
            Self::Compare => vec![program::compare()?],
            Self::Pages => pages::run()?,
            Self::Lists => lists::run()?,
            Self::Memory => vec![pages::memory()?],
            Self::Million => million::run()?,
        })
    }
}

/// Builds program and task with optimisation, and measures in that build.
pub(crate) fn run(record: bool, only: Option<Part>) -> Result<(), Failure> {
    if !cfg!(debug_assertions) {
        return measure(record, only);
    }
    // in one go: apart, they would have other features of the same crates, which would be built twice
    programs::run(&mut programs::cargo(&["build", "--release", "-p", "bonafide", "-p", "xtask"]))?;
    let release = programs::root().join("target/release");
    let disk = programs::root().join("target/bench");
    std::fs::create_dir_all(&disk).map_err(|cause| cause.to_string())?;
    let mut command = Command::new(release.join("xtask"));
    command.arg("bench").args(record.then_some("--record"));
    if let Some(part) = only.and_then(|part| clap::ValueEnum::to_possible_value(&part)) {
        command.args(["--only", part.get_name()]);
    }
    // on the disk of the build: /tmp is memory on many machines
    command.env("BONAFIDE_BIN", release.join("bonafide")).env("TMPDIR", disk);
    programs::run(&mut command)
}

fn measure(record: bool, only: Option<Part>) -> Result<(), Failure> {
    let histories = shared_data().ok_or("the real histories are needed: set BONAFIDE_SHARED_DATA")?.join("policies");
    println!("{}", process::machine());
    let mut missed = Vec::new();
    for part in Part::ALL.into_iter().filter(|part| only.is_none_or(|only| only == *part)) {
        let figures = part.measure(&histories)?;
        let rows: Vec<String> = figures.iter().map(Figure::row).collect();
        let table = format!("| what | measured | bound | how |\n| --- | --- | --- | --- |\n{}\n", rows.join("\n"));
        println!("\n{}\n\n{table}", part.title());
        if record {
            record::section(part.title(), &table)?;
        }
        missed.extend(figures.into_iter().filter(|figure| !figure.kept()).map(|figure| figure.what));
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("missed: {}", missed.join("; "))) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures two sides by turns, so that whatever the machine does beside it weighs on both; gives [`PAIRS`] pairs.
fn by_turns<T>(
    one: impl Fn() -> Result<T, Failure>,
    other: impl Fn() -> Result<T, Failure>,
) -> Result<Vec<(T, T)>, Failure> {
    let pair = |number: usize| {
        if number.is_multiple_of(2) {
            let first = one()?;
            Ok((first, other()?))
        } else {
            let first = other()?;
            Ok((one()?, first))
        }
    };
    (0..PAIRS).map(pair).collect()
}

/// A runtime for clients.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|cause| cause.to_string())
}
