//! Disclosures by order of the law: asked for by one person, decided by another, taken back.

use super::holds::mode;
use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, NoQuery, Nothing, Path};
use crate::problem::{Fault, Problem};
use axum::extract::State;
use bonafide_model::Instant;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::SubmissionId;
use bonafide_retention::Disclosure;
use bonafide_retention::disclosure::Standing;
use bonafide_retention::life::disclosure::Ground;
use bonafide_retention::life::hold::Reference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a submission stands as to disclosures.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisclosureView {
    /// The id of the submission.
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    /// The state of the submission.
    #[schema(example = "open")]
    state: &'static str,
    /// What was asked for, while it can be decided or used.
    #[serde(skip_serializing_if = "Option::is_none")]
    disclosure: Option<DisclosureAsked>,
}

/// A disclosure that was asked for, and perhaps decided.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisclosureAsked {
    /// `court_order`, `authority_request` or `legal_obligation`.
    #[schema(example = "court_order")]
    ground: String,
    /// The number of the file it belongs to.
    #[schema(example = "12 O 45/26")]
    reference: String,
    /// The account that asked.
    asked_by: uuid::Uuid,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Instant,
    /// The account that decided. Without one nothing can be read for it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Instant>,
    /// Until when it can be decided, or used once it is.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Instant,
}

impl From<Standing> for DisclosureView {
    fn from(standing: Standing) -> Self {
        let ends_at = standing.ends_at();
        let Standing { submission, disclosure } = standing;
        let disclosure = disclosure.zip(ends_at).map(|(disclosure, ends_at)| {
            let Disclosure { record: _, ground, reference, asked_by, asked_at, decided } = disclosure;
            let (decided_by, decided_at) = decided.unzip();
            DisclosureAsked { ground, reference, asked_by, asked_at, decided_by, decided_at, ends_at }
        });
        Self { id: submission.id, state: submission.state.name(), disclosure }
    }
}

/// A step towards a disclosure: what is asked for, or that it is decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisclosureStep {
    /// Decide what somebody else has asked for. Nothing else is said then.
    #[serde(default)]
    #[schema(default = false)]
    confirm: bool,
    /// On which ground: `court_order`, `authority_request` or `legal_obligation`.
    #[schema(example = "court_order")]
    ground: Option<String>,
    /// The number of a file: letters, digits, spaces and `./_-`, with at least one digit.
    #[schema(max_length = 64, example = "12 O 45/26")]
    reference: Option<String>,
}

impl DisclosureStep {
    /// What is asked for; `None` if it is decided.
    fn read(self) -> Result<Option<(Ground, Reference)>, Problem> {
        let Self { confirm, ground, reference } = self;
        if confirm {
            let said = [("ground", ground.is_some()), ("reference", reference.is_some())];
            return match said.iter().find(|said| said.1) {
                Some((name, _)) => {
                    Err(fault(name, "invalid_value", "Who decides changes nothing of what was asked for."))
                }
                None => Ok(None),
            };
        }
        let missing = |name| fault(name, "missing_field", "It is needed to ask for a disclosure.");
        let wrong = |name, error: &bonafide_model::Invalid| fault(name, "invalid_value", &format!("{error}."));
        let ground = ground.ok_or_else(|| missing("ground"))?.parse().map_err(|error| wrong("ground", &error))?;
        let reference = reference.ok_or_else(|| missing("reference"))?;
        Ok(Some((ground, reference.parse().map_err(|error| wrong("reference", &error))?)))
    }
}

fn fault(name: &str, code: &'static str, text: &str) -> Problem {
    Problem::fault(Fault::at(format!("/{name}"), code, text))
}

/// See whether a submission may be disclosed
///
/// Who has asked for a disclosure and on what ground, and until when it can be opened for it. Without `disclosure` if nobody has
/// asked, or what was asked for is no longer good.
#[utoipa::path(get, path = "/admin/v1/submissions/{id}/disclosure", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = DisclosureView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_disclosure(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
) -> Result<Json<DisclosureView>, ApiError> {
    let by = caller.reads::<EraseSubmissions>()?;
    Ok(Json(app.retention().disclosure(&by, id, app.now()).await?.into()))
}

/// Ask for a disclosure by order of the law, or decide one
///
/// One person asks, with a ground and the number of the file; nothing can be read for it yet. Within seven days another person,
/// whose account is at least a day old, decides it with `{"confirm": true}`: for seven days from then on the submission can be
/// opened for `legal_disclosure`, also if its use is restricted. Each reading is on record.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/disclosure", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), request_body = DisclosureStep, responses((status = 200, body = DisclosureView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn disclose_submission(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    body: Body<DisclosureStep>,
) -> Result<Json<DisclosureView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    let standing = match body.value.read()? {
        None => app.retention().decide_disclosure(act, id, mode(&app)).await?,
        Some((ground, reference)) => app.retention().ask_for_disclosure(act, id, ground, reference).await?,
    };
    Ok(Json(standing.into()))
}

/// Take a disclosure back
///
/// Decided or not. What was read for it stays on record.
#[utoipa::path(post, path = "/admin/v1/submissions/{id}/disclosure/withdraw", tag = "submissions", params(("id" = uuid::Uuid, Path, description = "The id of the submission")), responses((status = 200, body = DisclosureView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn withdraw_disclosure(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SubmissionId>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<DisclosureView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    Ok(Json(app.retention().withdraw_disclosure(act, id).await?.into()))
}
