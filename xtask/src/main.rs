//! Tasks of the repository, run as `cargo xtask TASK`.
//!
//! Each task is a module with a `run` function; to add one, add its module and its line in [`Task`].

mod bench;
mod check;
mod ci;
mod openapi;
mod programs;
mod retention;
mod site;
mod soak;

use std::process::ExitCode;

use clap::Parser;

/// Why a task failed, for the person in front of the terminal.
type Failure = String;

/// Tasks of the repository.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
enum Task {
    /// Run everything that a change has to pass, or only the named steps
    Ci {
        /// Steps to run, in the order of the list
        #[arg(value_enum)]
        steps: Vec<ci::Step>,
    },
    /// Check the architecture: who knows whom, sizes, names, licences
    Check,
    /// Write openapi/public.json and openapi/admin.json
    Openapi {
        /// Only compare them with what the program says
        #[arg(long)]
        check: bool,
    },
    /// Write docs/RETENTION.md, the inventory of personal data
    Retention,
    /// Build target/control/bonafide, which stores in clear: what the scanner of the tests has to find
    Control,
    /// Measure an optimised build against the bounds that it has to keep
    Bench {
        /// Write the figures into docs/benchmarks.md
        #[arg(long)]
        record: bool,
        /// Measure only this part
        #[arg(long, value_enum)]
        only: Option<bench::Part>,
    },
    /// The bare server that `bench` compares with
    #[command(hide = true)]
    BenchBare(bench::bare::Bodies),
    /// Kill the server in the middle of writes, again and again, and look for what is lost
    Soak {
        /// How many times
        #[arg(long, default_value_t = 100)]
        rounds: u32,
        /// On PostgreSQL, too
        #[arg(long)]
        postgres: bool,
        /// Write the figures into docs/benchmarks.md
        #[arg(long)]
        record: bool,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci { steps } => ci::run(&steps),
        Task::Check => check::run(),
        Task::Openapi { check } => openapi::run(check),
        Task::Retention => retention::run(),
        Task::Control => ci::control().map(|made| println!("{}", made.display())),
        Task::Bench { record, only } => bench::run(record, only),
        Task::BenchBare(bodies) => bench::bare::run(bodies),
        Task::Soak { rounds, postgres, record } => soak::run(rounds, postgres, record),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
