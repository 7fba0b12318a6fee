//! `Idempotency-Key`: a request that may be sent again and is done once.

use crate::problem::{Fault, Problem};
use axum::extract::FromRequestParts;
use http::request::Parts;

/// The key of a request that creates something, if the caller sent one: 16 to 128 visible ASCII characters.
#[derive(Clone)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value
            .to_str()
            .ok()
            .filter(|key| (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
        if let (Some(key), None) = (key, values.next()) {
            return Ok(Self(Some(key.to_owned())));
        }
        let message = "Must be one key of 16 to 128 visible ASCII characters.";
        Err(Problem::fault(Fault::of("Idempotency-Key", "invalid_parameter", message)))
    }
}
