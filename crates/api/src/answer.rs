//! What handlers answer with.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        raw(StatusCode::OK, serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

/// An authored object and its version as `ETag`.
pub(crate) struct Versioned<T>(pub(crate) i64, pub(crate) T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.1).into_response();
        response.headers_mut().insert(ETAG, etag(self.0));
        response
    }
}

/// The `ETag` of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// 204.
pub(crate) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 201 with the object that was made, where it is, and its version if it has one.
#[derive(Clone, Serialize, serde::Deserialize)]
pub(crate) struct Created {
    /// The body, as JSON.
    pub(crate) body: String,
    /// The path of what was made.
    pub(crate) location: String,
    /// Its version.
    pub(crate) version: Option<i64>,
    /// Whether this answer was given before.
    #[serde(skip)]
    pub(crate) replayed: bool,
}

impl Created {
    /// An answer that was not given before.
    pub(crate) fn new(view: &impl Serialize, location: String, version: Option<i64>) -> Self {
        let body = serde_json::to_string(view).unwrap_or_default();
        Self { body, location, version, replayed: false }
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let mut response = raw(StatusCode::CREATED, self.body.into_bytes());
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            headers.insert(LOCATION, location);
        }
        if let Some(version) = self.version {
            headers.insert(ETAG, etag(version));
        }
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

fn raw(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
