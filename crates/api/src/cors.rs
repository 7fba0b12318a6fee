//! Which pages of other origins may read an answer (CORS, <https://fetch.spec.whatwg.org>).
//!
//! Delivery is for everyone, without credentials, and so is what the holder of a receipt or of a preview link can do. A form is for the origins
//! that it names; the admin surface is for the configured origins alone.

use crate::app::App;
use crate::visitor::origins;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// Who may read the answer to a request.
pub(crate) enum Origin {
    /// Every page.
    Any,
    /// The pages of one origin, which is configured.
    One(HeaderValue),
    /// No page of another origin.
    None,
}

impl Origin {
    /// What holds for a request with an `Origin`. Which origins a form names is asked only if `may_ask`: not for clients
    /// that send too much.
    pub(crate) async fn of(app: &App, path: &str, origin: Option<HeaderValue>, may_ask: bool) -> Self {
        let is_form = path.starts_with("/v1/forms/");
        if path.starts_with("/preview/v1/") || path.starts_with("/v1/") && !is_form {
            return Self::Any;
        }
        let Some(origin) = origin else { return Self::None };
        let known = if is_form {
            may_ask && origins::accepted(app, path, &origin).await
        } else {
            let configured = &app.parts.settings.admin_origins;
            path.starts_with("/admin/v1/") && configured.iter().any(|known| origin == known.as_str())
        };
        if known { Self::One(origin) } else { Self::None }
    }

    /// Says so in the answer.
    pub(crate) fn allow(&self, headers: &mut HeaderMap) {
        const EXPOSED: HeaderValue = HeaderValue::from_static(
            "ETag, Link, Content-Language, Location, Retry-After, Idempotent-Replayed, X-Request-Id",
        );
        match self {
            Self::Any => headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            Self::One(origin) => {
                headers.append(VARY, HeaderValue::from_static("origin"));
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone())
            }
            Self::None => return,
        };
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// Whether a browser asks what it may do.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a browser that asks.
pub(crate) fn preflight(origin: &Origin) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let (methods, allowed) = match origin {
        Origin::Any => {
            ("GET, HEAD, POST, PATCH, PUT, DELETE", "Authorization, Content-Type, If-None-Match, Idempotency-Key")
        }
        Origin::One(_) => (
            "GET, HEAD, POST, PATCH, PUT, DELETE",
            "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key",
        ),
        Origin::None => return response,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
