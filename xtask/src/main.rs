//! Tasks of the repository, run as `cargo xtask TASK`.
//!
//! Each task is a module with a `run` function; to add one, add its module and its line in [`Task`].

mod check;
mod ci;
mod openapi;
mod programs;

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
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci { steps } => ci::run(&steps),
        Task::Check => check::run(),
        Task::Openapi { check } => openapi::run(check),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
