//! Logs on standard error: sentences with fields, never SQL, never personal data.

use crate::config::{LogFormat, Settings};
use crate::failure::Failure;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// Libraries that would log statements, headers or frames: they stay quiet whatever filter is asked for.
const QUIET: [&str; 6] =
    ["sqlx=error", "sea_orm=warn", "sea_orm_migration=warn", "hyper=info", "hyper_util=info", "h2=info"];

/// Starts logging. Panics are logged with their place and without their values.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| Failure::Configuration(format!("log: '{}' is not a filter: {error}", settings.log)))?;
    let quiet = QUIET.iter().filter_map(|directive| directive.parse::<Directive>().ok());
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    // a log that cannot be written, on a full disk or a pipe that nobody reads, is no reason to stop: to say so on
    // standard error, as the subscriber does by itself, would panic there
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match settings.log_format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => logs.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        // only a text that stands in the code; one that was made at run time could hold anything
        let text = panic.payload().downcast_ref::<&'static str>();
        tracing::error!(panic.place = place, panic.text = text, "A piece of code panicked");
    }));
    Ok(())
}
