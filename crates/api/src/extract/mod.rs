//! Our extractors: the only ones a handler may use. Every refusal is a [`Problem`](crate::problem::Problem).

mod body;
mod caller;
mod client;
mod idempotency;
mod if_match;
mod path;
mod query;

pub(crate) use body::{Body, LARGE, Nothing, check_type, read};
pub(crate) use caller::{Caller, bearer, unauthenticated};
pub(crate) use client::{Client, client_address};
pub(crate) use idempotency::IdempotencyKey;
pub(crate) use if_match::IfMatch;
pub(crate) use path::Path;
pub(crate) use query::{Filtered, NoQuery, Query};
