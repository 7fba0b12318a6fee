//! The server itself: whether it lives, whether it can serve, and its documents.

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, NoQuery};
use crate::openapi::{Surface, document, with_types};
use crate::problem::Problem;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use std::sync::LazyLock;

static PUBLIC: LazyLock<String> = LazyLock::new(|| document(Surface::Public));
static ADMIN: LazyLock<String> = LazyLock::new(|| document(Surface::Admin));

fn json(text: &'static str) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

/// Whether the process lives
///
/// Answers as long as the process runs. It asks nothing of the database.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn get_health(_: NoQuery) -> &'static str {
    "ok\n"
}

/// Whether this node can serve
///
/// 503 only if this node cannot serve, for example because its database cannot be reached.
#[utoipa::path(get, path = "/readyz", tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn get_readiness(State(app): State<App>, _: NoQuery) -> Result<&'static str, Problem> {
    match app.site().await {
        Ok(_) => Ok("ok\n"),
        Err(_) => Err(Problem::new("overloaded", "This node cannot serve now.")),
    }
}

/// This document
///
/// The OpenAPI document of the public API, as JSON, with the schemas of the content types of this site.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "system", responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn get_public_document(State(app): State<App>, _: NoQuery) -> Result<Response, ApiError> {
    let (db, site) = (app.db().read(), app.parts.site);
    let document = app.document.get(async {
        let catalogue = bonafide_content::types::catalogue(db, site).await?;
        Ok::<_, bonafide_content::Error>(with_types(&PUBLIC, &catalogue))
    });
    let document = document.await?.as_bytes().to_vec();
    Ok(([(CONTENT_TYPE, "application/json")], document).into_response())
}

/// This document
///
/// The OpenAPI document of the admin API, as JSON.
#[utoipa::path(get, path = "/admin/v1/openapi.json", tag = "system", responses((status = 200, body = serde_json::Value)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_admin_document(_: Caller, _: NoQuery) -> Result<Response, ApiError> {
    Ok(json(&ADMIN))
}
