//! `cargo xtask bench`: what the product promises about speed, measured on an optimised build.
//!
//! Ratios are taken within one run: both sides alternate on the same machine, so that a slow or busy machine weighs
//! on both. A missed bound is a failure.

pub(crate) mod bare;
mod delivery;
mod intake;
pub(crate) mod process;
mod program;
pub(crate) mod record;
mod wire;
mod writes;

use std::process::Command;

use bonafide_test_support::{Installation, shared_data};

use crate::{Failure, programs};

/// One measured value and its bound.
struct Figure {
    what: String,
    value: f64,
    bound: f64,
    unit: &'static str,
    at_least: bool,
    detail: String,
}

impl Figure {
    fn at_least(what: String, value: f64, bound: f64, detail: String) -> Self {
        Self { what, value, bound, unit: "", at_least: true, detail }
    }

    fn at_most(what: String, value: f64, bound: f64, unit: &'static str, detail: String) -> Self {
        Self { what, value, bound, unit, at_least: false, detail }
    }

    fn kept(&self) -> bool {
        if self.at_least { self.value >= self.bound } else { self.value <= self.bound }
    }

    fn row(&self) -> String {
        let Self { what, value, bound, unit, detail, .. } = self;
        let relation = if self.at_least { "≥" } else { "≤" };
        let verdict = if self.kept() { "" } else { " **missed**" };
        format!("| {what} | {value:.2} {unit}{verdict} | {relation} {bound} {unit} | {detail} |")
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
}

impl Part {
    const ALL: [Self; 5] = [Self::Program, Self::Delivery, Self::Writes, Self::Intake, Self::Compare];
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
    let mut figures = Vec::new();
    let home = Installation::on_sqlite();
    for part in Part::ALL.into_iter().filter(|part| only.is_none_or(|only| only == *part)) {
        match part {
            Part::Program => {
                show(&mut figures, [program::import(&home, &histories)?]);
                show(&mut figures, program::idle(&home)?);
            }
            Part::Delivery => {
                if only.is_some() {
                    program::import(&home, &histories)?;
                }
                show(&mut figures, delivery::run(&home, "pythonspot-com", "2016-06-01")?);
            }
            Part::Writes => show(&mut figures, writes::run()?),
            Part::Intake => show(&mut figures, intake::run()?),
            Part::Compare => show(&mut figures, [program::compare()?]),
        }
    }
    let rows: Vec<String> = figures.iter().map(Figure::row).collect();
    let table = format!("| what | measured | bound | how |\n| --- | --- | --- | --- |\n{}\n", rows.join("\n"));
    println!("\n{}\n\n{table}", process::machine());
    if record {
        record::section("Bounds", &table)?;
    }
    let missed: Vec<&str> = figures.iter().filter(|figure| !figure.kept()).map(|figure| figure.what.as_str()).collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("missed: {}", missed.join("; "))) }
}

fn show(figures: &mut Vec<Figure>, new: impl IntoIterator<Item = Figure>) {
    for figure in new {
        println!("{}", figure.row());
        figures.push(figure);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A runtime for clients.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|cause| cause.to_string())
}
