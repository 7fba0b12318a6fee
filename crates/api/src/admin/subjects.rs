//! Everything of one person, by their e-mail address: handed over, or erased.

use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, NoQuery};
use axum::body::{Body as Streamed, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bonafide_model::EmailAddress;
use bonafide_model::access::EraseSubmissions;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// The address that they gave in a form.
    #[schema(value_type = String, format = Email, max_length = 320, example = "ada@example.org")]
    email: EmailAddress,
    /// Only say what would happen.
    #[serde(default)]
    #[schema(default = false)]
    dry_run: bool,
}

/// What an export would hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportCounts {
    submissions: usize,
}

/// Export everything of a person
///
/// A ZIP archive of what they sent, as JSON, as CSV and as a page to read, and of who has read it. Each opening is on record
/// before it happens. The archive is made while it is sent, and kept nowhere; if something goes wrong meanwhile, the connection
/// is broken off. With `dry_run` only how much it would hold.
#[utoipa::path(post, path = "/admin/v1/subjects/export", tag = "subjects", request_body = Person, responses((status = 200, content((Vec<u8> = "application/zip"), (ExportCounts = "application/json")))), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn export_subject(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
    body: Body<Person>,
) -> Result<Response, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    let export = app.retention().export(act, &body.value.email).await?;
    if body.value.dry_run {
        return Ok(Json(ExportCounts { submissions: export.submissions() }).into_response());
    }
    // what goes wrong from here on breaks the transfer off, so that nobody takes a part for the whole
    let pieces = futures_util::stream::try_unfold(export.begin().await?, |mut pieces| async move {
        let piece = pieces.next().await.inspect_err(|error| tracing::error!(error = %error, "An export broke off"))?;
        Ok::<_, bonafide_retention::Error>(piece.map(|piece| (Bytes::from_owner(piece), pieces)))
    });
    let mut response = Streamed::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"export.zip\""));
    Ok(response)
}

/// What an erasure did, or would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasedView {
    /// How many submissions are erased.
    erased: u64,
    counts: ErasedCounts,
}

/// How much went, by where it stood.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasedCounts {
    submissions: u64,
    /// Those whose keys were destroyed.
    keys: u64,
    /// Submissions that a legal hold keeps.
    held: u64,
}

/// Erase everything of a person
///
/// Every submission that was sent with their address. Done again, it finds nothing left. With `dry_run` only how much would go.
#[utoipa::path(post, path = "/admin/v1/subjects/erase", tag = "subjects", request_body = Person, responses((status = 200, body = ErasedView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn erase_subject(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
    body: Body<Person>,
) -> Result<Json<ErasedView>, ApiError> {
    let act = caller.may::<EraseSubmissions>()?;
    let Person { email, dry_run } = body.value;
    let erased = app.retention().erase_subject(act, &email, dry_run).await?;
    let counts = ErasedCounts { submissions: erased.submissions, keys: erased.keys, held: erased.held };
    Ok(Json(ErasedView { erased: if dry_run { 0 } else { erased.submissions }, counts }))
}
