//! `bonafide import policy`: a whole history from a directory.

use crate::cli::{Import, ImportPolicy};
use crate::config::Settings;
use crate::failure::Failure;
use crate::place::{self, Place};
use bonafide_model::Locale;
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Title;
use bonafide_policy::import::{self, ImportError, Plan, Progress, Report, Request};
use bonafide_storage::migrate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::process::ExitCode;

pub(crate) async fn run(settings: &Settings, command: Import) -> Result<ExitCode, Failure> {
    let Import::Policy(ImportPolicy { name, from, title, locale, dry_run, json }) = command;
    let key: PolicyKey = name.parse().map_err(|error| Failure::Usage(format!("NAME {error}")))?;
    let title: Option<Title> =
        title.map(|title| title.parse()).transpose().map_err(|error| usage("--title", &error))?;
    let locale: Option<Locale> =
        locale.map(|locale| locale.parse()).transpose().map_err(|error| usage("--locale", &error))?;
    // everything is read and checked before anything is opened, let alone made
    let plan = import::read_dir(&from).map_err(|error| Failure::of(&error))?;
    let report = if dry_run {
        preview(settings, &key, &plan).await?
    } else {
        let place = place::open(settings).await?;
        let report = write(&place, Request { key: key.clone(), title, locale }, plan).await;
        report.map_err(|error| Failure::of(&error))?
    };
    if json {
        println!("{}", document(&key, &report, dry_run));
    } else {
        tell(&key, &report, dry_run);
    }
    Ok(ExitCode::SUCCESS)
}

fn usage(option: &str, error: &dyn std::error::Error) -> Failure {
    Failure::Usage(format!("{option} {error}"))
}

/// Says what an import would do. Neither makes a database nor changes the schema of one.
async fn preview(settings: &Settings, key: &PolicyKey, plan: &Plan) -> Result<Report, Failure> {
    let pending = migrate::plan(&settings.source).await?;
    if pending.len() == migrate::count() {
        let line = |(number, planned): (u32, &import::Planned)| import::Line {
            number,
            file: planned.file.clone(),
            date: planned.date,
            sha256: planned.sha256,
        };
        return Ok(Report { created: true, imported: (1..).zip(&plan.revisions).map(line).collect(), present: 0 });
    }
    if !pending.is_empty() {
        return Err(Failure::Refused("the database is not up to date: run 'bonafide migrate' first".into()));
    }
    let place = place::open(settings).await?;
    let report = import::preview(place.db.read(), place.site.id, key, plan).await;
    report.map_err(|error| Failure::of(&error))
}

/// Imports with a progress bar on standard error, which is not drawn where that is no terminal.
async fn write(place: &Place, request: Request, plan: Plan) -> Result<Report, ImportError> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let act = place.act();
    let show = |progress: Progress<'_>| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.file.to_owned());
    };
    let report = import::import(&place.db, act, request, plan, show).await;
    bar.finish_and_clear();
    report
}

fn tell(key: &PolicyKey, report: &Report, dry_run: bool) {
    let Report { created, imported, present } = report;
    for line in imported {
        println!("{key} revision {:>3}  in force from {}  {}", line.number, line.date, line.file);
    }
    let done = if dry_run { "would be imported" } else { "imported" };
    let new = if *created { ", a new policy" } else { "" };
    let count = imported.len();
    let revisions = if count == 1 { "revision" } else { "revisions" };
    println!("{count} {revisions} {done} into {key}{new}; {present} there already");
}

fn document(key: &PolicyKey, report: &Report, dry_run: bool) -> serde_json::Value {
    let Report { created, imported, present } = report;
    let line = |line: &import::Line| {
        let import::Line { number, file, date, sha256 } = line;
        serde_json::json!({"number": number, "file": file, "effective_on": date, "sha256": sha256.hex()})
    };
    let imported: Vec<_> = imported.iter().map(line).collect();
    serde_json::json!({
        "policy": key, "dry_run": dry_run, "created": created, "imported": imported, "present": present,
    })
}
