//! Legal holds: asked for by one person, confirmed by another, released.

use crate::answer::Json;
use crate::app::{App, HoldDecision};
use crate::error::ApiError;
use crate::extract::{Body, Caller, NoQuery, Nothing, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use crate::problem::{Fault, Problem};
use axum::extract::State;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::SubmissionId;
use bonafide_model::name::FormKey;
use bonafide_model::{Date, Instant};
use bonafide_retention::hold::{Ask, Standing};
use bonafide_retention::life::hold::{Mode, Reason, Reference};
use bonafide_retention::{Hold, HoldRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a submission stands as to legal holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldView {
    /// The id of the submission.
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    /// The key of the form.
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// The state of the submission.
    #[schema(example = "open")]
    state: &'static str,
    /// When it is erased unless it is held.
    #[schema(value_type = String, format = DateTime)]
    due_at: Instant,
    /// The hold in force: nothing destroys the submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldInForce>,
    /// What one person has asked for and another one can confirm. It stops nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<HoldAsked>,
}

/// A hold in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldInForce {
    /// `legal_claim`, `legal_obligation`, `authority_request` or `subject_wish`.
    #[schema(example = "legal_claim")]
    reason: String,
    /// The number of the file it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// When somebody has to look whether it is still needed. The status is red from then on; the hold stays.
    #[schema(value_type = String, format = DateTime)]
    review_at: Instant,
    /// Whether that day has come.
    wants_review: bool,
    /// The account that asked.
    asked_by: uuid::Uuid,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Instant,
    /// The account that confirmed.
    placed_by: uuid::Uuid,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Instant,
}

/// A hold that was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoldAsked {
    /// `legal_claim`, `legal_obligation`, `authority_request` or `subject_wish`.
    #[schema(example = "legal_claim")]
    reason: String,
    /// The number of the file it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    review_at: Instant,
    /// The account that asked.
    asked_by: uuid::Uuid,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Instant,
    /// Until when another person can confirm it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

impl HoldView {
    fn of(standing: Standing, now: Instant) -> Self {
        let (wants_review, until) = (standing.wants_review(now), standing.can_be_confirmed_until());
        let Standing { submission, hold, asked } = standing;
        let hold = hold.map(|hold| {
            let Hold { request, placed_by, placed_at } = hold;
            let HoldRequest { record: _, reason, reference, review_at, asked_by, asked_at } = request;
            HoldInForce { reason, reference, review_at, wants_review, asked_by, asked_at, placed_by, placed_at }
        });
        let asked = asked.zip(until).map(|(asked, expires_at)| {
            let HoldRequest { record: _, reason, reference, review_at, asked_by, asked_at } = asked;
            HoldAsked { reason, reference, review_at, asked_by, asked_at, expires_at }
        });
        let (id, state, due_at) = (submission.id, submission.state.name(), submission.due_at);
        Self { id, state, due_at, hold, asked, form: submission.form }
    }
}

/// A step towards a hold: what is asked for, or that it is confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldStep {
    /// Confirm what somebody else has asked for. Nothing else is said then.
    #[serde(default)]
    #[schema(default = false)]
    confirm: bool,
    /// Why: `legal_claim`, `legal_obligation`, `authority_request` or `subject_wish`.
    #[schema(example = "legal_claim")]
    reason: Option<String>,
    /// The number of a file: letters, digits, spaces and `./_-`, with at least one digit.
    #[schema(max_length = 64, example = "2026-117")]
    reference: Option<String>,
    /// The day on which somebody has to look whether it is still needed, within a year.
    #[schema(value_type = Option<String>, format = Date, example = "2027-05-01")]
    review_on: Option<Date>,
}

/// What a step is.
enum Step {
    Confirm,
    Ask { reason: Reason, reference: Option<Reference>, review_on: Date },
}

impl HoldStep {
    fn read(self) -> Result<Step, Problem> {
        let Self { confirm, reason, reference, review_on } = self;
        let said =
            [("reason", reason.is_some()), ("reference", reference.is_some()), ("review_on", review_on.is_some())];
        if confirm {
            return match said.iter().find(|said| said.1) {
                Some((name, _)) => Err(Problem::fault(Fault::at(
                    format!("/{name}"),
                    "invalid_value",
                    "Who confirms changes nothing of what was asked for: leave it out.",
                ))),
                None => Ok(Step::Confirm),
            };
        }
        let missing = |name: &str| {
            Problem::fault(Fault::at(format!("/{name}"), "missing_field", "It is needed to ask for a hold."))
        };
        let wrong = |name: &str, error: &bonafide_model::Invalid| {
            Problem::fault(Fault::at(format!("/{name}"), "invalid_value", format!("{error}.")))
        };
        let reason = reason.ok_or_else(|| missing("reason"))?.parse().map_err(|error| wrong("reason", &error))?;
        let reference = reference.map(|text| text.parse().map_err(|error| wrong("reference", &error))).transpose()?;
        Ok(Step::Ask { reason, reference, review_on: review_on.ok_or_else(|| missing("review_on"))? })
    }
}

/// How this site decides.
pub(super) fn mode(app: &App) -> Mode {
    match app.parts.settings.hold_decision {
        HoldDecision::TwoPeople => Mode::TwoPeople,
        HoldDecision::SingleOperator => Mode::SingleOperator,
    }
}

/// Ask for a legal hold, or confirm one
///
/// One person asks, with a reason and a day of review; it stops nothing yet. Within seven days another person, whose account
/// is at least a day old, confirms it with `{"confirm": true}`: from then on nothing destroys the submission. Its due date goes on.
/// A hold in force gets a new reason and day of review in the same way.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/hold", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), request_body = HoldStep, responses((status = 200, body = HoldView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn hold_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    body: Body<HoldStep>,
) -> Result<Json<HoldView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    let standing = match body.value.read()? {
        Step::Confirm => app.retention().confirm_hold(act, id, mode(&app)).await?,
        Step::Ask { reason, reference, review_on } => {
            let zone = app.site().await?.time_zone;
            let review_at = zone.start_of(review_on);
            app.retention().ask_for_hold(act, id, Ask { reason, reference, review_at }).await?
        }
    };
    Ok(Json(HoldView::of(standing, app.now())))
}

/// Release a legal hold
///
/// Also takes back what was asked for. What is overdue is erased at once.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/release", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = HoldView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn release_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<HoldView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    Ok(Json(HoldView::of(app.retention().release_hold(act, id).await?, app.now())))
}

/// List legal holds, the oldest submission first
///
/// Those in force and those that wait for a second person.
#[utoipa::path(get, path = "/admin/v1/retention/holds", tag = "retention", params(PageQuery), responses((status = 200, body = List<HoldView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_holds(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<HoldView>, ApiError> {
    let by = caller.reads::<EraseSubmissions>()?;
    let now = app.now();
    let page = Page::<SubmissionId>::new(&app, &query, format!("admin/retention/holds/{}", caller.account()))?
        .counted(app.retention().count_holds(&by))
        .await?;
    let found = app.retention().holds(&by, page.start, page.fetch()).await?;
    Ok(page.finish(found, |standing| standing.submission.id, |standing| HoldView::of(standing, now)))
}
