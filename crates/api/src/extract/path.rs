//! Path parameters, parsed into their types. What is no key or id of anything is 404: there is nothing there.

use crate::problem::{Fault, Problem};
use axum::extract::FromRequestParts;
use axum::extract::rejection::PathRejection;
use http::request::Parts;
use serde::de::DeserializeOwned;

#[expect(clippy::disallowed_types, reason = "this is the wrapper that takes its place")]
type Bare<T> = axum::extract::Path<T>;

/// The path parameters of a route.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Bare::from_request_parts(parts, state).await {
            Ok(bare) => Ok(Self(bare.0)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                use axum::extract::path::ErrorKind;
                match error.kind() {
                    ErrorKind::InvalidUtf8InPathParam { key } => {
                        let fault = Fault::of(key.clone(), "malformed_request", "Must be UTF-8.");
                        Err(Problem::fault(fault))
                    }
                    _ => Err(Problem::not_found()),
                }
            }
            Err(_) => Err(Problem::not_found()),
        }
    }
}
