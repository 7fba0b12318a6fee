//! Settings: built in → `bonafide.toml` → environment → options of the command line. An unknown name is an error.

mod layers;
mod paths;
#[cfg(test)]
mod tests;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use bonafide_storage::{Options, Source};
use layers::Layers;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Every setting there is, by its name in `bonafide.toml`; in the environment it is `BONAFIDE_` and the name in capitals.
pub(crate) const NAMES: [&str; 16] = [
    "listen",
    "data_dir",
    "keys_dir",
    "database_url",
    "log",
    "log_format",
    "cache_bytes",
    "delivery_access",
    "trusted_proxies",
    "admin_origins",
    "request_timeout_seconds",
    "requests_per_minute",
    "submissions_per_minute",
    "write_batch",
    "hold_decision",
    "metrics_listen",
];

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

/// Who may read what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryAccess {
    Public,
    Token,
}

impl FromStr for DeliveryAccess {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "token" => Ok(Self::Token),
            _ => Err("must be public or token"),
        }
    }
}

/// How many people decide a legal hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldDecision {
    TwoPeople,
    SingleOperator,
}

impl FromStr for HoldDecision {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "two_people" => Ok(Self::TwoPeople),
            "single_operator" => Ok(Self::SingleOperator),
            _ => Err("must be two_people or single_operator"),
        }
    }
}

/// All settings, checked.
pub(crate) struct Settings {
    pub(crate) listen: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) keys_dir: PathBuf,
    pub(crate) source: Source,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) cache_bytes: usize,
    pub(crate) delivery_access: DeliveryAccess,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) admin_origins: Vec<String>,
    pub(crate) request_timeout: Duration,
    pub(crate) requests_per_minute: u32,
    pub(crate) submissions_per_minute: u32,
    pub(crate) write_batch: usize,
    pub(crate) hold_decision: HoldDecision,
    pub(crate) metrics_listen: Option<String>,
}

/// Reads the settings of a command.
pub(crate) fn load(cli: &Cli) -> Result<Settings, Failure> {
    let environment = layers::environment()?;
    settings(&layers::read(cli, environment)?, matches!(cli.command, Command::Demo(_)))
}

fn settings(layers: &Layers, demo: bool) -> Result<Settings, Failure> {
    let default_dir = if demo { "./bonafide-demo" } else { "./bonafide-data" };
    let data_dir: PathBuf = layers.text("data_dir").unwrap_or(default_dir).into();
    let keys_dir = match layers.text("keys_dir") {
        Some(dir) => dir.into(),
        None => paths::beside(&data_dir)?,
    };
    paths::refuse_inside(&keys_dir, &data_dir)?;
    let source = Source::new(layers.text("database_url"), &data_dir)
        .map_err(|error| layers.fault("database_url", &error.to_string()))?;
    let log_format = layers.parsed("log_format", LogFormat::Text)?;
    Ok(Settings {
        listen: listen(layers)?,
        data_dir,
        keys_dir,
        source,
        log: layers.text("log").unwrap_or("info").to_owned(),
        log_format,
        cache_bytes: layers.number("cache_bytes", 64 << 20, 0..=1 << 40)?,
        delivery_access: layers.parsed("delivery_access", DeliveryAccess::Public)?,
        trusted_proxies: proxies(layers)?,
        admin_origins: layers.list("admin_origins"),
        request_timeout: Duration::from_secs(layers.number("request_timeout_seconds", 30, 1..=600)?),
        requests_per_minute: layers.number("requests_per_minute", 6000, 1..=1_000_000)?,
        submissions_per_minute: layers.number("submissions_per_minute", 30, 1..=1_000_000)?,
        write_batch: layers.number("write_batch", Options::default().batch, 1..=1024)?,
        hold_decision: layers.parsed("hold_decision", HoldDecision::TwoPeople)?,
        metrics_listen: address(layers, "metrics_listen")?,
    })
}

fn proxies(layers: &Layers) -> Result<Vec<IpAddr>, Failure> {
    let addresses = layers.list("trusted_proxies");
    let parsed: Result<_, _> = addresses.iter().map(|address| address.parse()).collect();
    parsed.map_err(|_| layers.fault("trusted_proxies", "must be addresses such as 10.0.0.1"))
}

/// An address and a port; names are resolved when the server binds.
fn listen(layers: &Layers) -> Result<String, Failure> {
    Ok(address(layers, "listen")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned()))
}

/// An address to listen on, if one is set.
fn address(layers: &Layers, name: &str) -> Result<Option<String>, Failure> {
    let Some(text) = layers.text(name) else { return Ok(None) };
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(Some(text.to_owned())),
        _ => Err(layers.fault(name, "must be an address and a port such as 127.0.0.1:8080")),
    }
}
