//! What the holder of a receipt can see and do: no account, no content, and nothing that needs anybody's consent.

use super::receipt::UsePermitted;
use crate::answer::{Done, Json};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, Nothing, Path, bearer, unauthenticated};
use crate::problem::Problem;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use bonafide_keyring::TokenFamily;
use bonafide_model::Instant;
use bonafide_model::id::SubmissionId;
use bonafide_model::name::FormKey;
use bonafide_retention::Error;
use bonafide_retention::life::{Party, Restrictions};
use bonafide_retention::purpose::Use;
use bonafide_retention::submission::mine::Mine;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The token of a receipt, as it came.
pub(crate) struct Token(Zeroizing<String>);

impl FromRequestParts<App> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).filter(|token| token.starts_with(TokenFamily::Receipt.prefix()));
        let token = token
            .ok_or_else(|| unauthenticated("Send the receipt's token as `Authorization: Bearer bf_receipt_…`."))?;
        Ok(Self(Zeroizing::new(token.to_owned())))
    }
}

/// A submission as the holder of its receipt sees it. It can be asked for after the erasure too.
#[derive(Serialize, ToSchema)]
pub(crate) struct MySubmission {
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// `received`, `open`, `fulfilled`, `due`, `erasing`, `erased` or `final`; `restricted` while nobody may use it.
    #[schema(example = "received")]
    pub(super) state: &'static str,
    /// Who has restricted its use, `visitor` or `staff`; each can lift what they placed themselves.
    #[schema(example = json!(["visitor"]))]
    pub(super) restricted_by: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    pub(super) submitted_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) fulfilled_at: Option<Instant>,
    /// When it is erased at the latest.
    #[schema(value_type = String, format = DateTime)]
    pub(super) due_at: Instant,
    /// When it is erased because that was asked for. Until then it can be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) erase_at: Option<Instant>,
    /// Since when nobody can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) erased_at: Option<Instant>,
    /// Since when no file keeps any of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) scrubbed_at: Option<Instant>,
    /// Since when the last key that could have opened it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    final_at: Option<Instant>,
    /// The further uses that are permitted.
    pub(super) permissions: Vec<UsePermitted>,
    /// The further uses that can be permitted.
    #[schema(example = json!(["newsletter"]))]
    offered: Vec<String>,
}

impl From<Mine> for MySubmission {
    fn from(mine: Mine) -> Self {
        let Mine { submission: found, permissions, offered } = mine;
        let live = found.state.is_live();
        let restrictions = if live { found.restrictions } else { Restrictions::default() };
        Self {
            id: found.id,
            restricted_by: restrictions.parties().map(Party::name).collect(),
            state: if live && found.is_restricted() { "restricted" } else { found.state.name() },
            submitted_at: found.received_at,
            fulfilled_at: found.fulfilled_at,
            due_at: found.due_at,
            erase_at: found.erase_at.filter(|_| found.erased_at.is_none()),
            erased_at: found.erased_at,
            scrubbed_at: found.scrubbed_at,
            final_at: found.final_at,
            permissions: UsePermitted::all(&permissions),
            offered: offered.into_iter().map(|(r#use, _)| r#use).collect(),
            form: found.form,
        }
    }
}

/// What the holder of a receipt wants.
pub(super) enum Wish {
    Erase,
    Cancel,
    Restrict,
    Unrestrict,
    Permit(Use),
    Withdraw(Use),
}

impl Wish {
    /// Does it.
    pub(super) async fn fulfil(self, app: &App, token: &str) -> Result<(), ApiError> {
        let (retention, site, now) = (app.retention(), app.parts.site, app.now());
        match self {
            Self::Erase => drop(retention.wish_erasure(site, token, now).await?),
            Self::Cancel => drop(retention.cancel_erasure(site, token, now).await?),
            Self::Restrict => drop(retention.restrict_mine(site, token).await?),
            Self::Unrestrict => drop(retention.unrestrict_mine(site, token).await?),
            Self::Permit(r#use) => retention.permit(site, token, &r#use, &app.site().await?.time_zone, now).await?,
            Self::Withdraw(r#use) => retention.withdraw(site, token, &r#use, now).await?,
        }
        Ok(())
    }
}

/// A receipt that nobody was given is no credential.
fn known(error: ApiError) -> ApiError {
    match error {
        ApiError::Retention(Error::NotFound) => unauthenticated("There is no such receipt.").into(),
        error => error,
    }
}

async fn mine(app: &App, token: &Token) -> Result<Json<MySubmission>, ApiError> {
    let mine = app.retention().mine(app.parts.site, &token.0, app.now()).await;
    Ok(Json(mine.map_err(|error| known(error.into()))?.into()))
}

async fn after(wish: Wish, app: &App, token: &Token) -> Result<Json<MySubmission>, ApiError> {
    wish.fulfil(app, &token.0).await.map_err(known)?;
    mine(app, token).await
}

/// See what becomes of a submission
///
/// States and dates, nothing of what was written; after the erasure too.
#[utoipa::path(get, path = "/v1/my/submission", tag = "receipts", responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn get_my_submission(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
) -> Result<Json<MySubmission>, ApiError> {
    mine(&app, &token).await
}

/// Have a submission erased
///
/// Nobody can use it from now on. It is erased 24 hours later, unless that is cancelled.
#[utoipa::path(delete, path = "/v1/my/submission", tag = "receipts", responses((status = 202, description = "It will be erased", body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn erase_my_submission(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
) -> Result<Response, ApiError> {
    Ok((StatusCode::ACCEPTED, after(Wish::Erase, &app, &token).await?).into_response())
}

/// Keep a submission after all
///
/// As long as it is not erased.
#[utoipa::path(post, path = "/v1/my/submission/cancel-erasure", tag = "receipts", responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn cancel_my_erasure(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<MySubmission>, ApiError> {
    after(Wish::Cancel, &app, &token).await
}

/// Restrict the use of a submission
///
/// It is kept until it falls due, and nobody uses it (GDPR article 18). Nobody else can lift that.
#[utoipa::path(post, path = "/v1/my/submission/restrict", tag = "receipts", responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn restrict_my_submission(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<MySubmission>, ApiError> {
    after(Wish::Restrict, &app, &token).await
}

/// Object to the use of a submission
///
/// It is kept until it falls due, and nobody uses it (GDPR article 21). Nobody else can lift that.
#[utoipa::path(post, path = "/v1/my/submission/object", tag = "receipts", responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn object_my_submission(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<MySubmission>, ApiError> {
    after(Wish::Restrict, &app, &token).await
}

/// Allow the use of a submission again
///
/// Takes a restriction or an objection back that was made with this receipt. What the staff has restricted stays so.
#[utoipa::path(post, path = "/v1/my/submission/unrestrict", tag = "receipts", responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn unrestrict_my_submission(
    State(app): State<App>,
    token: Token,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<MySubmission>, ApiError> {
    after(Wish::Unrestrict, &app, &token).await
}

/// Permit a further use
///
/// One that the form offers, for the period that it names.
#[utoipa::path(put, path = "/v1/my/submission/permissions/{use}", tag = "receipts", params(("use" = String, Path, description = "The further use")), responses((status = 200, body = MySubmission)), security(("receipt" = [])))]
pub(crate) async fn permit_my_use(
    State(app): State<App>,
    token: Token,
    Path(r#use): Path<Use>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<MySubmission>, ApiError> {
    after(Wish::Permit(r#use), &app, &token).await
}

/// Take a permission back
///
/// What was kept for that use alone is erased at once.
#[utoipa::path(delete, path = "/v1/my/submission/permissions/{use}", tag = "receipts", params(("use" = String, Path, description = "The further use")), responses((status = 204, description = "It is not permitted any more")), security(("receipt" = [])))]
pub(crate) async fn withdraw_my_use(
    State(app): State<App>,
    token: Token,
    Path(r#use): Path<Use>,
    _: NoQuery,
) -> Result<Done, ApiError> {
    Wish::Withdraw(r#use).fulfil(&app, &token.0).await.map_err(known)?;
    Ok(Done)
}
