//! `If-Match`: the version that the caller has read.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;

/// The version in `If-Match`, which routes that change an authored thing require.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfMatch(pub(crate) i64);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else {
            let detail = "Send `If-Match` with the ETag of the version you have read.";
            return Err(Problem::new("if_match_required", detail));
        };
        let version =
            value.to_str().ok().and_then(|value| value.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        // what is no version of ours cannot be the present one
        version.map(Self).ok_or_else(|| Problem::new("stale", "`If-Match` is not an ETag of this object."))
    }
}
