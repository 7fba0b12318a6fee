//! Which credentials delivery takes: none, or with `delivery.access = token` a read token. Never those of another surface.

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{bearer, unauthenticated};
use crate::problem::Problem;
use axum::body::Body;
use bonafide_accounts::ApiFamily;
use bonafide_keyring::TokenFamily;
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

/// Refuses a bearer token that is not of the family of read tokens, where nobody needs one.
pub(crate) fn check_family(headers: &HeaderMap) -> Result<(), Problem> {
    match bearer(headers) {
        Some(token) if !token.starts_with(TokenFamily::Read.prefix()) => {
            Err(unauthenticated("Delivery takes no token but a read token `bf_read_…`; send none."))
        }
        _ => Ok(()),
    }
}

/// Keeps an answer out of shared caches.
pub(crate) fn make_private(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
