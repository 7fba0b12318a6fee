//! The body of a form that is sent, whatever it came as: JSON from somebody's frontend, or what a browser posts.

use super::posted::Posted;
use crate::extract::{check_type, read};
use crate::json;
use crate::problem::{Fault, Problem};
use axum::extract::Request;
use bonafide_retention::intake::HONEYPOT;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The largest body that is taken.
const MOST: usize = 256 << 10;

/// Answers to a form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubmission {
    /// The token that the form was handed out with.
    #[schema(max_length = 200)]
    token: String,
    /// What was written, by the keys of the fields.
    #[schema(value_type = std::collections::BTreeMap<String, String>, example = json!({"name": "Ada", "email": "ada@example.org", "message": "Is the museum open on Monday?"}))]
    fields: Map<String, Value>,
    /// The further uses that the visitor permits.
    #[serde(default)]
    #[schema(max_items = 10, example = json!([]))]
    permissions: Vec<String>,
    /// What ALTCHA's widget found, where the form wants a proof of work.
    #[serde(default)]
    #[schema(max_length = 4096)]
    altcha: Option<String>,
    /// Hidden from people: whoever fills it in is a robot.
    #[serde(default)]
    #[schema(max_length = 200)]
    homepage: Option<String>,
}

/// What was sent. It holds what a visitor wrote: no `Debug`.
pub(crate) struct Letter {
    pub(crate) token: String,
    pub(crate) posted: Posted,
    /// The bytes as they came, for telling a repeated request from another.
    pub(crate) bytes: Vec<u8>,
    /// Whether a browser posted it, which wants a page back.
    pub(crate) is_page: bool,
}

impl Letter {
    /// Reads a body by its content type.
    ///
    /// # Errors
    /// A problem that repeats nothing of what was written.
    pub(crate) async fn read(request: Request) -> Result<Self, Problem> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is_page = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if !is_page {
            check_type(request.headers(), "application/json or application/x-www-form-urlencoded")?;
        }
        let bytes = read(request, MOST).await?;
        let mut posted =
            if is_page { Posted::parse(&bytes, HONEYPOT)? } else { json::parse::<NewSubmission>(&bytes)?.into() };
        let missing = || Problem::fault(Fault::at("/token", "missing_field", "The token of the form is missing."));
        let token = posted.token.take().ok_or_else(missing)?;
        Ok(Self { token, posted, bytes, is_page })
    }
}

impl From<NewSubmission> for Posted {
    fn from(sent: NewSubmission) -> Self {
        let NewSubmission { token, fields, permissions, altcha, homepage } = sent;
        let trapped = homepage.is_some_and(|text| !text.is_empty());
        Self { token: Some(token), altcha, fields, permissions, trapped }
    }
}
