//! `bonafide types apply`: content types from files that can stand in a repository.

use crate::cli::Types;
use crate::config::Settings;
use crate::failure::Failure;
use crate::place;
use bonafide_content::Error;
use bonafide_content::types::{self, Applied, Plan};
use bonafide_ledger::Act;
use bonafide_model::access::WriteTypes;
use bonafide_model::content::Definition;
use bonafide_model::name::{FieldKey, TypeKey};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// What a definition says of itself when the API gives it, and what no definition says.
const TOLD: [&str; 5] = ["built_in", "version", "created_at", "updated_at", "slug_field"];

/// Why a transaction was not kept.
enum Undone {
    /// It was a plan: this is what would have been done.
    Planned(Vec<(TypeKey, Applied)>),
    /// It failed.
    Failed(Error),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<bonafide_storage::Error> for Undone {
    fn from(error: bonafide_storage::Error) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) async fn run(settings: &Settings, command: Types) -> Result<ExitCode, Failure> {
    let Types::Apply { dir, plan, drop } = command;
    // everything is read before anything is opened, let alone made
    let wanted = Arc::new(read(&dir)?);
    let dropped = Arc::new(drop.iter().map(|named| dropped(named)).collect::<Result<Vec<_>, _>>()?);
    let place = place::open(settings).await?;
    let act: Act<WriteTypes> = place.act();
    let outcome = place.db.write(move |tx| {
        let (act, wanted, dropped) = (act.clone(), Arc::clone(&wanted), Arc::clone(&dropped));
        async move {
            let done = types::apply(tx, &act, &wanted, &dropped).await?;
            if plan { Err(Undone::Planned(done)) } else { Ok(done) }
        }
        .boxed()
    });
    match outcome.await {
        Ok(done) => tell(&done, false),
        Err(Undone::Planned(done)) => tell(&done, true),
        Err(Undone::Failed(error)) => return Err(failure(error)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A field that may be lost.
fn dropped(named: &str) -> Result<(TypeKey, FieldKey), Failure> {
    let wrong = || Failure::Usage(format!("--drop must be TYPE.FIELD, such as article.subtitle; not {named}"));
    let (kind, field) = named.split_once('.').ok_or_else(wrong)?;
    Ok((kind.parse().map_err(|_| wrong())?, field.parse().map_err(|_| wrong())?))
}

/// The definitions of a directory, in the order of their files.
fn read(dir: &Path) -> Result<Vec<(TypeKey, Definition)>, Failure> {
    let failed = |path: &Path, cause: &dyn std::fmt::Display| Failure::Refused(format!("{}: {cause}", path.display()));
    let entries = std::fs::read_dir(dir).map_err(|cause| failed(dir, &cause))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|cause| failed(dir, &cause))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(failed(dir, &"there is no file NAME.json"));
    }
    let mut found: Vec<(TypeKey, Definition)> = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).map_err(|cause| failed(path, &cause))?;
        let mut value: Value = serde_json::from_str(&text).map_err(|cause| failed(path, &cause))?;
        let members = value.as_object_mut().ok_or_else(|| failed(path, &"must be an object"))?;
        let key = members.remove("type").and_then(|key| key.as_str().map(ToOwned::to_owned));
        let key = key.ok_or_else(|| failed(path, &"\"type\" is missing: the key of the type"))?;
        members.retain(|name, _| !TOLD.contains(&name.as_str()));
        let key: TypeKey = key.parse().map_err(|cause| failed(path, &format!("\"type\" {cause}")))?;
        if found.iter().any(|(other, _)| *other == key) {
            return Err(failed(path, &format!("the type {key} stands in another file already")));
        }
        found.push((key, serde_json::from_value(value).map_err(|cause| failed(path, &cause))?));
    }
    Ok(found)
}

fn tell(done: &[(TypeKey, Applied)], plan: bool) {
    let would = if plan { "would be " } else { "" };
    for (key, applied) in done {
        match applied {
            Applied::Made => println!("{key}: {would}made"),
            Applied::Kept => println!("{key}: stays as it is"),
            Applied::Changed(plan) => println!("{key}: {would}changed{}", effect(plan)),
        }
    }
}

/// What a change does to the entries that are there.
fn effect(plan: &Plan) -> String {
    let mut said = vec![format!("; {} drafts looked at", plan.entries)];
    if plan.invalid_drafts > 0 {
        said.push(format!(", {} could no longer be published as they are", plan.invalid_drafts));
    }
    if plan.invalid_published > 0 {
        said.push(format!(", {} published ones break the new rules and stay as they are", plan.invalid_published));
    }
    said.extend(plan.lost.iter().map(|lost| format!(", {} lose their {}", lost.entries, lost.field)));
    for example in &plan.examples {
        let faults = example.faults.iter().take(3);
        said.extend(faults.map(|fault| format!("\n    {} ({}): {fault}", example.id, example.locale)));
    }
    said.concat()
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Invalid(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{fault}")).collect();
            Failure::Refused(format!("the definitions are not sound; nothing was changed\n{}", lines.join("\n")))
        }
        Error::Loses(plan) => {
            let lost = plan.lost.iter().map(|lost| format!("{} entries have a value of {}", lost.entries, lost.field));
            let why = if plan.refused {
                "entries have several languages, or are several".to_owned()
            } else {
                lost.collect::<Vec<_>>().join(", ")
            };
            Failure::Refused(format!(
                "the change would lose data; nothing was changed: {why}\nname fields with --drop TYPE.FIELD"
            ))
        }
        other => Failure::of(&other),
    }
}
