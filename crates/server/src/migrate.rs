//! `bonafide migrate`: brings the schema up to date, or says what that would take.

use crate::cli::Migrate;
use crate::config::Settings;
use crate::failure::Failure;
use bonafide_storage::{Db, Options, migrate};
use std::process::ExitCode;

pub(crate) async fn run(settings: &Settings, command: &Migrate) -> Result<ExitCode, Failure> {
    let plan = migrate::plan(&settings.source).await?;
    if !command.plan {
        Db::open(settings.source.clone(), &Options::default()).await?;
    }
    if plan.is_empty() {
        println!("{} is up to date", settings.source);
    } else {
        let done = if command.plan { "would be run on" } else { "were run on" };
        println!("{} {done} {}:", plural(plan.len()), settings.source);
        for name in &plan {
            println!("  {name}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn plural(count: usize) -> String {
    if count == 1 { "1 migration".into() } else { format!("{count} migrations") }
}
