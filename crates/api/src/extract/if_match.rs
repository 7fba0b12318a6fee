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
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else {
            let detail = "Send `If-Match` with the ETag of the version you have read.";
            return Err(Problem::new("if_match_required", detail));
        };
        // what is no version of ours, as we write it, cannot be the present one
        let version = value.to_str().ok().and_then(exact).filter(|_| values.next().is_none());
        version.map(Self).ok_or_else(|| Problem::new("stale", "`If-Match` is not an ETag of this object."))
    }
}

/// The version of an `ETag`, if it is written as we write it: validators are compared byte by byte (RFC 9110 §8.8.3.2).
fn exact(value: &str) -> Option<i64> {
    let digits = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok().filter(|version: &i64| version.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use super::exact;

    #[test]
    fn only_our_own_spelling_of_a_version_is_one() {
        assert_eq!(exact("\"17\""), Some(17));
        for odd in ["17", "\"017\"", "\"+17\"", "\"17", "W/\"17\"", "\"17\", \"18\"", "*", "\"\"", "\" 17\""] {
            assert_eq!(exact(odd), None, "{odd}");
        }
    }
}
