//! Submissions: listed by their dates and flags, read one by one for a purpose, and brought to their end.

use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, NoQuery, Nothing, Path, Query};
use crate::paging::{Count, List, Listed, Page, PageQuery};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bonafide_model::access::{CountSubmissions, EraseSubmissions, HandleSubmissions};
use bonafide_model::id::SubmissionId;
use bonafide_model::name::FormKey;
use bonafide_model::{Instant, TimeZone};
use bonafide_retention::erase::Wanted;
use bonafide_retention::life::{Cause, Party, State as Life};
use bonafide_retention::purpose::Asked;
use bonafide_retention::submission::{self, Filter, Submission};
use bonafide_retention::{Error, Outcome};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A submission without anything of what was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubmissionView {
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    /// The key of the form.
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// `received`, `open`, `fulfilled`, `due`, `erasing`, `erased` or `final`.
    #[schema(example = "received")]
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    submitted_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    fulfilled_at: Option<Instant>,
    /// When it is erased.
    #[schema(value_type = String, format = DateTime)]
    due_at: Instant,
    /// When it is erased because the visitor wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    erase_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    erased_at: Option<Instant>,
    /// When no file kept any of it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    scrubbed_at: Option<Instant>,
    /// When the last key that could have opened it was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    final_at: Option<Instant>,
    /// Who has restricted its use, `visitor` or `staff`; each can lift what they placed themselves.
    #[schema(example = json!(["visitor"]))]
    restricted_by: Vec<&'static str>,
    /// `spam`, `restricted`, `held`, `locked`.
    flags: Vec<&'static str>,
}

impl From<Submission> for SubmissionView {
    fn from(found: Submission) -> Self {
        let flags = [
            ("spam", found.spam),
            ("restricted", found.is_restricted()),
            ("held", found.held),
            ("locked", found.locked_until.is_some()),
        ];
        Self {
            id: found.id,
            state: found.state.name(),
            submitted_at: found.received_at,
            fulfilled_at: found.fulfilled_at,
            due_at: found.due_at,
            erase_at: found.erase_at,
            erased_at: found.erased_at,
            scrubbed_at: found.scrubbed_at,
            final_at: found.final_at,
            restricted_by: found.restrictions.parties().map(Party::name).collect(),
            flags: flags.into_iter().filter(|flag| flag.1).map(|flag| flag.0).collect(),
            form: found.form,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubmissionQuery {
    /// Where the page begins: `page.next` or `page.prev` of another page of the same list.
    #[param(max_length = 2048)]
    cursor: Option<String>,
    /// How many items the page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u64>,
    /// With `exact`, the page says how many items the whole list has.
    #[param(inline)]
    count: Option<Count>,
    /// Those of one form, by its key.
    #[param(value_type = Option<String>)]
    form: Option<FormKey>,
    /// Those in one state.
    #[param(value_type = Option<String>, example = "received")]
    state: Option<StateName>,
}

/// A state, by its name.
pub(crate) struct StateName(Life);

impl<'de> Deserialize<'de> for StateName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// List submissions, newest first
///
/// States, dates and flags; nothing of what anybody wrote.
#[utoipa::path(get, path = "/admin/v1/submissions", tag = "submissions", params(SubmissionQuery), responses((status = 200, body = List<SubmissionView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_submissions(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SubmissionQuery>,
) -> Result<Listed<SubmissionView>, ApiError> {
    let by = caller.reads::<HandleSubmissions>()?;
    let SubmissionQuery { cursor, limit, count, form, state } = query;
    let filter = Filter { form, state: state.map(|name| name.0) };
    let query = PageQuery { cursor, limit, count };
    let context = format!("admin/submissions/{filter:?}/{}", caller.account());
    let page = Page::<SubmissionId>::new(&app, &query, context)?
        .counted(submission::count(app.db().read(), &by, &filter))
        .await?;
    let found = submission::list(app.db().read(), &by, &filter, page.start, page.fetch()).await?;
    Ok(page.finish(found, |found| found.id, SubmissionView::from))
}

/// How many submissions there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubmissionCount {
    /// Those that are not erased.
    live: u64,
}

/// Count submissions
///
/// All that those may know who do not work on requests.
#[utoipa::path(get, path = "/admin/v1/submissions/count", tag = "submissions", responses((status = 200, body = SubmissionCount)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn count_submissions(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
) -> Result<Json<SubmissionCount>, ApiError> {
    let by = caller.reads::<CountSubmissions>()?;
    Ok(Json(SubmissionCount { live: submission::total(app.db().read(), &by).await? }))
}

/// Read the dates of a submission
///
/// States, dates and flags; nothing of what anybody wrote.
#[utoipa::path(get, path = "/admin/v1/submissions/{id}", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = SubmissionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
) -> Result<Json<SubmissionView>, ApiError> {
    Ok(Json(submission::get(app.db().read(), &caller.reads::<HandleSubmissions>()?, id).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenFor {
    /// `fulfil_request`, `subject_rights`, `legal_disclosure`, `fraud_trace`, or `permitted:` and the use.
    #[schema(example = "fulfil_request", max_length = 80)]
    purpose: String,
}

/// A submission in clear.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the body is written by hand, in memory that is wiped")]
pub(crate) struct OpenedView {
    id: uuid::Uuid,
    #[schema(example = "open")]
    state: String,
    /// What was written, by the keys of the fields.
    #[schema(example = json!({"name": "Ada", "message": "Is the museum open on Monday?"}))]
    fields: std::collections::BTreeMap<String, String>,
}

/// Open a submission for a purpose
///
/// The reading is on record before anything is opened. What comes back may be used for that purpose alone.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/open", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), request_body = OpenFor, responses((status = 200, body = OpenedView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn open_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    body: Body<OpenFor>,
) -> Result<Response, ApiError> {
    let act = caller.may::<HandleSubmissions>()?;
    let asked: Asked = body.value.purpose.parse().map_err(|invalid: bonafide_model::Invalid| {
        crate::problem::Problem::fault(crate::problem::Fault::at("/purpose", "invalid_value", format!("{invalid}.")))
    })?;
    let opened = app.retention().open(act, id, asked).await?;
    let mut response = (StatusCode::OK, opened.json().to_string()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn zone(app: &App) -> Result<TimeZone, ApiError> {
    Ok(app.site().await?.time_zone)
}

/// Say that a request is fulfilled
///
/// From now on the shorter clock runs.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/fulfil", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = SubmissionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn fulfil_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<SubmissionView>, ApiError> {
    let act = caller.may::<HandleSubmissions>()?;
    Ok(Json(app.retention().fulfil(act, id, zone(&app).await?).await?.into()))
}

/// Take a fulfilled request up again
///
/// Not if it would be due at once.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/reopen", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = SubmissionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn reopen_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<SubmissionView>, ApiError> {
    let act = caller.may::<HandleSubmissions>()?;
    Ok(Json(app.retention().reopen(act, id, zone(&app).await?).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restriction {
    /// Whether it shall be restricted; `false` lifts the restriction that the staff placed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    restricted: bool,
}

const fn yes() -> bool {
    true
}

/// Restrict a submission
///
/// While it is restricted nobody reads it but for the rights of the person it is about. What the visitor restricted, or objected to,
/// the visitor alone can lift, with the receipt.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/restrict", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), request_body = Restriction, responses((status = 200, body = SubmissionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn restrict_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    body: Body<Restriction>,
) -> Result<Json<SubmissionView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    Ok(Json(app.retention().restrict(act, id, body.value.restricted).await?.into()))
}

/// Why a submission is erased.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The person it is about wants it.
    SubjectRequest,
    /// It is not needed any more.
    NotNeeded,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseFor {
    reason: Reason,
}

/// Erase a submission
///
/// Its keys are destroyed before this is answered: nobody can read it again, in no backup. That it was there, and its dates, stay.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/erase", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), request_body = EraseFor, responses((status = 200, body = SubmissionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn erase_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    body: Body<EraseFor>,
) -> Result<Json<SubmissionView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    let submission = submission::for_erasure(app.db().read(), act.granted(), id).await?;
    let cause = match body.value.reason {
        Reason::SubjectRequest => Cause::Subject,
        Reason::NotNeeded => Cause::Staff,
    };
    let outcomes = app.retention().erase(act.by(), &[Wanted { submission, cause, rules: None }], app.now()).await?;
    match outcomes.first() {
        Some(Outcome::Held) => return Err(Error::Held.into()),
        Some(Outcome::Locked) => return Err(Error::Locked.into()),
        _ => {}
    }
    Ok(Json(submission::for_erasure(app.db().read(), act.granted(), id).await?.into()))
}
