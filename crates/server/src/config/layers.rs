//! The layers that settings come from, each value with the name of where it stands.

use super::NAMES;
use crate::cli::{Cli, Command, Place, Serving};
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The file that is read when none is named.
const FILE: &str = "bonafide.toml";

/// A value as it was written, and where.
struct Written {
    value: String,
    /// For a person: `bonafide.toml: listen`, `BONAFIDE_LISTEN`, `--listen`.
    place: String,
    option: bool,
}

/// Everything that was set, by name. A list is kept with commas between its members.
#[derive(Default)]
pub(crate) struct Layers(BTreeMap<&'static str, Written>);

impl Layers {
    /// The value as it was written.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|written| written.value.as_str())
    }

    /// The value, parsed.
    pub(crate) fn parsed<T>(&self, name: &str, default: T) -> Result<T, Failure>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().map_err(|error: T::Err| self.fault(name, &error.to_string()))
    }

    /// A whole number within bounds.
    pub(crate) fn number<N>(&self, name: &str, default: N, within: RangeInclusive<N>) -> Result<N, Failure>
    where
        N: FromStr + Display + PartialOrd,
    {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.replace('_', "").parse().ok().filter(|number| within.contains(number));
        let wanted = format!("must be a whole number from {} to {}", within.start(), within.end());
        number.ok_or_else(|| self.fault(name, &wanted))
    }

    /// The members of a list.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let members = self.text(name).unwrap_or_default().split(',');
        members.map(str::trim).filter(|member| !member.is_empty()).map(ToOwned::to_owned).collect()
    }

    /// What is wrong with a value, named by the place where it stands.
    pub(crate) fn fault(&self, name: &str, why: &str) -> Failure {
        match self.0.get(name) {
            Some(written) if written.option => Failure::Usage(format!("{} {why}", written.place)),
            Some(written) => Failure::Configuration(format!("{} {why}", written.place)),
            None => Failure::Configuration(format!("{name} {why}")),
        }
    }

    fn set(&mut self, name: &'static str, value: String, place: String, option: bool) {
        self.0.insert(name, Written { value, place, option });
    }
}

/// The variables of this process that are meant for us, by their names without `BONAFIDE_`.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings from the environment")]
pub(crate) fn environment() -> Result<Vec<(String, String)>, Failure> {
    let mut ours = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix("BONAFIDE_")) else { continue };
        // what tests and tools of the repository are told by
        if name.starts_with("TEST_") || name.starts_with("REQUIRE_") || matches!(name, "BIN" | "SHARED_DATA") {
            continue;
        }
        let Ok(value) = value.into_string() else {
            return Err(Failure::Configuration(format!("BONAFIDE_{name} is not UTF-8")));
        };
        ours.push((name.to_owned(), value));
    }
    Ok(ours)
}

/// Reads file, environment and options, the later over the earlier. An empty variable counts as not set.
pub(crate) fn read(cli: &Cli, environment: Vec<(String, String)>) -> Result<Layers, Failure> {
    let mut layers = Layers::default();
    let set: Vec<_> = environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let named = set.iter().find(|(name, _)| name == "CONFIG").map(|(_, path)| PathBuf::from(path));
    file(&mut layers, cli.place.config.as_deref().or(named.as_deref()))?;
    for (name, value) in set.into_iter().filter(|(name, _)| name != "CONFIG") {
        let place = format!("BONAFIDE_{name}");
        let Some(known) = NAMES.iter().find(|known| known.to_uppercase() == name) else {
            let similar = similar(&name.to_lowercase()).map(|near| format!("BONAFIDE_{}", near.to_uppercase()));
            return Err(unknown("the environment variable", &place, similar));
        };
        layers.set(known, value, place, false);
    }
    options(&mut layers, cli);
    Ok(layers)
}

fn file(layers: &mut Layers, named: Option<&Path>) -> Result<(), Failure> {
    let path = named.unwrap_or(Path::new(FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::Configuration(format!("{}: {error}", path.display()))),
    };
    take(layers, path, &text)
}

/// Takes over every setting of a file.
pub(super) fn take(layers: &mut Layers, path: &Path, text: &str) -> Result<(), Failure> {
    let path = path.display();
    let table: toml::Table = toml::from_str(text)
        .map_err(|error| Failure::Configuration(format!("{path}: {}", error.to_string().trim())))?;
    for (name, value) in table {
        let Some(known) = NAMES.iter().find(|known| **known == name) else {
            return Err(unknown(&format!("{path}: the setting"), &name, similar(&name).map(ToOwned::to_owned)));
        };
        let place = format!("{path}: {name}");
        let Some(value) = written(&value) else {
            return Err(Failure::Configuration(format!("{place} must be a text, a number or a list of texts")));
        };
        layers.set(known, value, place, false);
    }
    Ok(())
}

fn written(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(members) => {
            let members: Option<Vec<&str>> = members.iter().map(toml::Value::as_str).collect();
            members.map(|members| members.join(","))
        }
        _ => None,
    }
}

fn options(layers: &mut Layers, cli: &Cli) {
    let Place { config: _, data_dir, keys_dir, database_url, log, log_format } = &cli.place;
    let mut given = vec![
        ("data_dir", data_dir),
        ("keys_dir", keys_dir),
        ("database_url", database_url),
        ("log", log),
        ("log_format", log_format),
    ];
    if let Command::Serve(serving) | Command::Demo(serving) = &cli.command {
        let Serving {
            listen,
            cache_bytes,
            delivery_access,
            trusted_proxies,
            admin_origins,
            request_timeout_seconds,
            requests_per_minute,
            submissions_per_minute,
            write_batch,
            hold_decision,
            metrics_listen,
        } = serving;
        given.extend([
            ("listen", listen),
            ("cache_bytes", cache_bytes),
            ("delivery_access", delivery_access),
            ("trusted_proxies", trusted_proxies),
            ("admin_origins", admin_origins),
            ("request_timeout_seconds", request_timeout_seconds),
            ("requests_per_minute", requests_per_minute),
            ("submissions_per_minute", submissions_per_minute),
            ("write_batch", write_batch),
            ("hold_decision", hold_decision),
            ("metrics_listen", metrics_listen),
        ]);
    }
    for (name, value) in given {
        if let Some(value) = value {
            layers.set(name, value.clone(), format!("--{}", name.replace('_', "-")), true);
        }
    }
}

fn unknown(what: &str, name: &str, similar: Option<String>) -> Failure {
    let hint =
        similar.map_or_else(|| format!("settings are {}", NAMES.join(", ")), |near| format!("did you mean {near}?"));
    Failure::Configuration(format!("{what} '{name}' is not known; {hint}"))
}

/// The setting whose name is nearest, if one is near.
fn similar(name: &str) -> Option<&'static str> {
    let near = NAMES.iter().map(|known| (strsim::jaro_winkler(known, name), *known));
    near.filter(|(score, _)| *score > 0.8).max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, known)| known)
}
