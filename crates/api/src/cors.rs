//! Which pages of other origins may read an answer (CORS, <https://fetch.spec.whatwg.org>).
//!
//! Delivery is for everyone, without credentials. The admin surface is for the configured origins alone.

use crate::app::App;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
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
    /// What holds for a request.
    pub(crate) fn of(app: &App, request: &Request) -> Self {
        let path = request.uri().path();
        if path.starts_with("/v1/") {
            return Self::Any;
        }
        let origin = request.headers().get(ORIGIN).filter(|_| path.starts_with("/admin/v1/"));
        let known =
            |origin: &HeaderValue| app.parts.settings.admin_origins.iter().any(|known| origin == known.as_str());
        origin.filter(|origin| known(origin)).map_or(Self::None, |origin| Self::One(origin.clone()))
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
            ("GET, HEAD, POST, PATCH, DELETE", "Authorization, Content-Type, If-None-Match, Idempotency-Key")
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
