//! Delivery for holders of a read token only (`delivery.access = token`).

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{bearer, unauthenticated};
use crate::problem::Problem;
use axum::body::Body;
use bonafide_accounts::ApiFamily;
use bonafide_model::access::Permission;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, Response};

/// Refuses a request without a read token that may read published content. One primary-key read, no cache.
pub(crate) async fn check(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let token =
        bearer(headers).ok_or_else(|| unauthenticated("Send a read token as `Authorization: Bearer bf_read_…`."))?;
    let identity = app.parts.accounts.authenticate_token(ApiFamily::Read, token, app.now()).await;
    if identity.map_err(ApiError::from)?.has(app.parts.site, Permission::ReadDelivery) {
        return Ok(());
    }
    Err(Problem::new("forbidden", "The token may not read published content."))
}

/// Keeps an answer out of shared caches.
pub(crate) fn make_private(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
