//! The state of the system, for the people who run it.

use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, NoQuery};
use axum::extract::State;
use bonafide_model::Instant;
use bonafide_model::access::ReadStatus;
use bonafide_retention::sweep::health::{Cause, Health};
use serde::Serialize;
use utoipa::ToSchema;

/// From when on what was set for an instant is overdue.
const LATE: std::time::Duration = std::time::Duration::from_secs(5);

/// The state of this node.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// The version of the product.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where the data is; never with a password.
    #[schema(example = "SQLite in ./bonafide-data")]
    database: String,
    /// When this process was started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Instant,
    /// The clock of this process.
    #[schema(value_type = String, format = DateTime)]
    now: Instant,
    /// How many bytes of finished answers are in memory.
    cache_bytes: usize,
    /// Whether pages and entries are published when they shall be.
    content: ContentStatus,
    /// Whether what was promised to visitors is kept.
    retention: RetentionStatus,
}

/// Whether pages and entries are published when they shall be.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentStatus {
    /// How many instants of publishing and unpublishing have passed by five seconds or more, and nothing happened.
    overdue: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    overdue_since: Option<Instant>,
}

/// Whether what was promised to visitors is kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionStatus {
    /// `green`, or `red` if somebody has to look.
    #[schema(example = "green")]
    state: &'static str,
    /// Why it is red.
    causes: Vec<StatusCause>,
    /// How many submissions are kept. Like all that is told of keys it is absent while they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    submissions: Option<u64>,
    /// How many of them are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u64>,
    /// Since when the submission that waits longest for its erasure has been due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    overdue_since: Option<Instant>,
    /// How many requests have waited for half of the time in which they have to be answered, or longer; counted once an hour.
    half_over: u64,
    /// How many of them for four fifths of it: `GET /admin/v1/retention/due` with a later instant lists those that go first.
    nearly_over: u64,
    /// How many erasures are under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    erasing: Option<u64>,
    /// Since when the one that waits longest has been.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    erasing_since: Option<Instant>,
    /// When a sweep last did all there was to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sweep_at: Option<Instant>,
    /// When the keys of submissions were last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    keys_renewed_at: Option<Instant>,
}

/// Something that a person has to look at.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusCause {
    /// Stable; what a program should look at.
    #[schema(example = "submissions_overdue")]
    code: &'static str,
    /// What it means, and what to do.
    message: &'static str,
}

impl From<Health> for RetentionStatus {
    fn from(health: Health) -> Self {
        let causes: Vec<_> = health.causes().map(StatusCause::from).collect();
        let keys = health.keys.as_ref();
        Self {
            state: if causes.is_empty() { "green" } else { "red" },
            causes,
            submissions: keys.map(|keys| keys.records),
            held: keys.map(|keys| keys.held),
            overdue_since: health.overdue_since,
            half_over: health.watch.half_over,
            nearly_over: health.watch.nearly_over,
            erasing: keys.map(|keys| keys.pending),
            erasing_since: keys.and_then(|keys| keys.pending_since),
            last_sweep_at: health.watch.last_success_at,
            keys_renewed_at: keys.map(|keys| keys.epoch_began_at),
        }
    }
}

impl From<Cause> for StatusCause {
    fn from(cause: Cause) -> Self {
        let message = match cause {
            Cause::Overdue => "Submissions are kept beyond their time: see the log for why the sweep does not come.",
            Cause::ClockJumped => {
                "The clock jumped, and nothing is erased since: look at it, then POST /admin/v1/retention/trust-clock."
            }
            Cause::Unconfirmed => {
                "A sweep would erase unusually much: see GET /admin/v1/retention/due, then POST /admin/v1/retention/confirm."
            }
            Cause::Unsettled => {
                "An erasure was begun and does not end: see the log for why. Nobody can read what it is about."
            }
            Cause::HoldsUnreviewed => {
                "The day of review of a legal hold has come: see GET /admin/v1/retention/holds, then release it or ask for it anew."
            }
            Cause::HeldByOne => "One person alone has placed a legal hold, as this site of one person declares it may.",
            Cause::DisclosedByOne => {
                "One person alone has decided a disclosure, as this site of one person declares it may."
            }
            Cause::DataUnwritable => "The data cannot be written: see the log for why, a full disk for example.",
            Cause::KeysUnwritable => "The keys cannot be written, so that no form is taken in: see the log for why.",
            Cause::KeysUnreadable => {
                "The keys cannot be read: no form is taken in, and nothing that was sent can be opened or erased; see the log for why."
            }
            Cause::KeysOutdated => {
                "The keys were not renewed within a day, or by a clock that was ahead: see the log for why."
            }
            Cause::KeysWithoutSubmissions => {
                "Many keys have no submission, and are kept: see whether the data are those that belong to the keys."
            }
            Cause::SubmissionsWithoutKeys => {
                "Submissions have no keys, and nobody can read them: restore keys.db and epochs.key, or see bonafide keys accept-loss --help."
            }
            Cause::KeysDamaged => {
                "Keys do not open, and nobody can read what they belong to: see bonafide keys rehearse for which."
            }
        };
        Self { code: cause.name(), message }
    }
}

/// Read the state of the system
///
/// The state of the node that answers.
#[utoipa::path(get, path = "/admin/v1/status", tag = "status", responses((status = 200, body = StatusView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_status(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
) -> Result<Json<StatusView>, ApiError> {
    caller.reads::<ReadStatus>()?;
    let late = app.now().minus(LATE);
    let (overdue, overdue_since) = bonafide_content::entry::overdue(app.db().read(), late).await?;
    Ok(Json(StatusView {
        version: app.parts.settings.version,
        database: app.db().source().to_string(),
        started_at: app.started,
        now: app.now(),
        cache_bytes: app.store.bytes(),
        content: ContentStatus { overdue, overdue_since },
        retention: app.retention().health(app.parts.site, app.now()).await?.into(),
    }))
}
