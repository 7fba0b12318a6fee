//! The program `bonafide`: configuration, command line, background work, wiring.
//!
//! Nothing here knows a rule of the product. A command reads its settings ([`config`]), opens what they name
//! ([`place`]), and calls one function of the crate that knows. Start with [`cli`], then [`serve`].

mod check;
mod cli;
mod clock;
mod config;
mod connections;
mod demo;
mod failure;
mod housekeeping;
mod import;
mod inventory;
mod keeping;
mod keys;
mod logging;
mod metrics;
mod migrate;
mod openapi;
mod owner;
mod place;
mod schedule;
mod serve;
mod types;

use clap::Parser as _;
use cli::{Cli, Command};
use failure::Failure;
use std::process::ExitCode;

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    if let Command::Openapi(command) = &cli.command {
        return openapi::run(command); // needs neither settings nor a database
    }
    if let Command::Inventory(command) = &cli.command {
        return Ok(inventory::run(command));
    }
    let settings = config::load(&cli)?;
    logging::start(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::Refused(format!("the runtime cannot be started: {cause}")))?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(_) => serve::run(&settings).await,
            Command::Demo(_) => demo::run(&settings).await,
            Command::Owner(command) => owner::run(&settings, command).await,
            Command::Keys(command) => keys::run(&settings, command).await,
            Command::Import(command) => import::run(&settings, command).await,
            Command::Types(command) => types::run(&settings, command).await,
            Command::Migrate(command) => migrate::run(&settings, &command).await,
            Command::Check => check::run(&settings).await,
            Command::Openapi(command) => openapi::run(&command),
            Command::Inventory(command) => Ok(inventory::run(&command)),
        }
    })
}
