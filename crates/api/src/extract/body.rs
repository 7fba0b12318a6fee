//! Bodies: strict JSON of a type, or nothing.

use crate::json;
use crate::problem::Problem;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

/// The largest body of a route that takes policy texts; others take a hundredth.
pub(crate) const LARGE: usize = 10 << 20;

/// How much of a body is read beyond what a route takes.
const FORGOTTEN: usize = 32 << 20;

/// A JSON body of at most `LIMIT` bytes. A PATCH may also come as `application/merge-patch+json`.
pub(crate) struct Body<T, const LIMIT: usize = { LARGE / 100 }> {
    /// What it says.
    pub(crate) value: T,
    /// The bytes as they came, for telling a repeated request from another.
    pub(crate) bytes: Vec<u8>,
}

impl<T: DeserializeOwned, S: Sync, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let patch = request.method() == Method::PATCH;
        check_type(request.headers(), if patch { PATCH } else { JSON })?;
        let bytes = read(request, LIMIT).await?;
        Ok(Self { value: json::parse(&bytes)?, bytes })
    }
}

/// The body of a verb: none at all, or an empty JSON object.
pub(crate) struct Nothing;

impl<S: Sync> FromRequest<S> for Nothing {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}

        let headers = request.headers().clone();
        let bytes = read(request, 1024).await?;
        if !bytes.is_empty() {
            check_type(&headers, JSON)?;
            let Empty {} = json::parse(&bytes)?;
        }
        Ok(Self)
    }
}

const JSON: &str = "application/json";
const PATCH: &str = "application/merge-patch+json or application/json";

/// Whether a body is JSON in UTF-8; of a PATCH, also whether it is a merge patch. `wanted` is what a refusal says, and what
/// is taken: a list with `or` in between.
pub(crate) fn check_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let utf8 = parts.all(|part| {
        let part = part.to_ascii_lowercase();
        part.strip_prefix("charset=").is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    if wanted.split(" or ").any(|known| known == essence) && utf8 {
        return Ok(());
    }
    Err(Problem::new("unsupported_media_type", format!("The body must be {wanted}, in UTF-8.")))
}

/// Reads a body. What is too large is read on for a while and forgotten: a client that is still sending would see its
/// connection break, and never the refusal.
pub(crate) async fn read(request: Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let (mut body, mut bytes, mut total) = (request.into_body(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new("malformed_request", "The body ended before it was complete."))?;
        let Ok(data) = frame.into_data() else { continue };
        total += data.len();
        if total <= limit {
            bytes.extend_from_slice(&data);
        } else if total > limit + FORGOTTEN {
            break;
        }
    }
    if total <= limit {
        return Ok(bytes);
    }
    Err(Problem::new("too_large", format!("The body must have at most {limit} bytes.")))
}
