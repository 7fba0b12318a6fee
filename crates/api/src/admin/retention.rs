//! What is due, what was swept, and what waits for a person's word.

use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, NoQuery, Nothing, Query};
use crate::paging::{Count, List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::SubmissionId;
use bonafide_model::name::FormKey;
use bonafide_model::{Instant, Start};
use bonafide_retention::submission::Submission;
use bonafide_retention::sweep::{Report, Watch, due, run};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Something that ends by an instant.
#[derive(Serialize, ToSchema)]
pub(crate) struct DueView {
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// When it ends, or something of it does.
    #[schema(value_type = String, format = DateTime)]
    due_at: Instant,
    /// `subject_request`, `after_fulfilment`, `unanswered` or `spam`.
    #[schema(example = "after_fulfilment")]
    rule: &'static str,
}

impl From<Submission> for DueView {
    fn from(found: Submission) -> Self {
        let rule = due::Rule::of(&found).name();
        Self { id: found.id, due_at: found.ends_at, rule, form: found.form }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DueQuery {
    /// Where the page begins: `page.next` of another page of the same list.
    #[param(max_length = 2048)]
    cursor: Option<String>,
    /// How many items the page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// With `exact`, the page says how many items the whole list has.
    #[param(inline)]
    count: Option<Count>,
    /// The instant; now if absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2027-01-01T00:00:00Z")]
    at: Option<Instant>,
}

/// List what is due at an instant
///
/// What would go, when and why, by the query that does it. Holds and requests under way are taken off.
#[utoipa::path(get, path = "/admin/v1/retention/due", tag = "retention", params(DueQuery), responses((status = 200, body = List<DueView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_due(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<DueQuery>,
) -> Result<Listed<DueView>, ApiError> {
    let by = caller.reads::<EraseSubmissions>()?;
    let DueQuery { cursor, limit, count, at } = query;
    let context = format!("admin/retention/due/{at:?}/{}", caller.account());
    let query = PageQuery { cursor, limit, count };
    let at = at.unwrap_or_else(|| app.now());
    let page = Page::<due::Place>::new(&app, &query, context)?.counted(due::count(app.db().read(), &by, at)).await?;
    let found = due::list(app.db().read(), &by, at, page.start, page.fetch()).await?;
    Ok(page.finish(found, |found| (found.ends_at, found.id), DueView::from))
}

/// What one sweep did.
#[derive(Serialize, ToSchema)]
pub(crate) struct SweepView {
    number: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
    /// How many were due.
    due: u64,
    /// How many were erased.
    erased: u64,
    /// How many lost some fields and keep others by permission.
    reduced: u64,
    /// How many a hold or a request of the person held back.
    held_back: u64,
    /// Why it stopped before its work was done: `confirmation`, `clock` or `lease`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

impl From<Report> for SweepView {
    fn from(report: Report) -> Self {
        let Report { position, started_at, finished_at, due, erased, reduced, held_back, stopped } = report;
        Self { number: position, started_at, finished_at, due, erased, reduced, held_back, stopped }
    }
}

/// List sweeps, newest first
///
/// Those that found something, or stopped before their work was done.
#[utoipa::path(get, path = "/admin/v1/retention/sweeps", tag = "retention", params(PageQuery), responses((status = 200, body = List<SweepView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_sweeps(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<SweepView>, ApiError> {
    let by = caller.reads::<EraseSubmissions>()?;
    let page = Page::<i64>::new(&app, &query, format!("admin/retention/sweeps/{}", caller.account()))?
        .counted(run::count(app.db().read(), &by))
        .await?;
    let start: Start<i64> = page.start;
    let found = run::list(app.db().read(), &by, start, page.fetch()).await?;
    Ok(page.finish(found, |report| report.position, SweepView::from))
}

/// What is known of sweeps.
#[derive(Serialize, ToSchema)]
pub(crate) struct WatchView {
    /// When one last did all there was to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Instant>,
    /// How many erasures wait for a person's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    wants_confirmation: Option<u64>,
    /// Since when nothing is erased because the clock jumped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_at: Option<Instant>,
    /// By how many seconds it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    jumped_by_seconds: Option<i64>,
}

impl From<Watch> for WatchView {
    fn from(watch: Watch) -> Self {
        let Watch { last_success_at, asked, suspended_at, jumped_by, .. } = watch;
        Self { last_success_at, wants_confirmation: asked, suspended_at, jumped_by_seconds: jumped_by }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// The number of erasures that is agreed to; as many as `wants_confirmation` says, or more.
    count: u64,
}

/// Agree to a large sweep
///
/// A rule that would erase more than a fifth of everything, and more than 50, waits for this.
#[utoipa::path(post, path = "/admin/v1/retention/confirm", tag = "retention", request_body = Confirmation, responses((status = 200, body = WatchView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn confirm_sweep(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
    body: Body<Confirmation>,
) -> Result<Json<WatchView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    Ok(Json(app.retention().confirm(act, body.value.count).await?.into()))
}

/// Say that the clock is right
///
/// After it jumped, nothing is erased until a person has looked.
#[utoipa::path(post, path = "/admin/v1/retention/trust-clock", tag = "retention", responses((status = 200, body = WatchView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn trust_clock(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<WatchView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    Ok(Json(app.retention().trust_clock(act).await?.into()))
}
