//! Problem details (RFC 9457): the one form in which anything is refused.
//!
//! A [`Problem`] travels as a response extension until [`crate::layers`] writes it out with the request's id, so that
//! the answers of every layer look the same. [`ApiError`](crate::error::ApiError) is where domain errors become one.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal on its way out: small to hand around, because every extractor and handler can return one.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Content>);

/// Why a request was refused, for programs and for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs/problems#not_found", "title": "Not found", "status": 404, "detail": "There is nothing here.",
    "code": "not_found", "request_id": "0199b2c4e8a07d1f"
}))]
pub(crate) struct Content {
    /// Where the code is described, relative to this server.
    #[serde(rename = "type")]
    kind: String,
    /// The same for every problem of this code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong in this case, for a person.
    detail: String,
    /// Stable; what a program should look at.
    code: &'static str,
    /// The name of this request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The single faults, where there can be several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One fault of a request.
#[derive(Debug, Clone, Serialize, ToSchema, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where in the body, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which query or path parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Stable; what a program should look at.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl Fault {
    /// A fault in the body.
    pub(crate) fn at(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), parameter: None, code, message: message.into() }
    }

    /// A fault in a parameter.
    pub(crate) fn of(parameter: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: None, parameter: Some(parameter.into()), code, message: message.into() }
    }
}

/// Every code there is: its status, its title, and what to do about it. The reference page is made from it.
pub(crate) const CODES: &[(&str, u16, &str, &str)] = &[
    (
        "malformed_request",
        400,
        "Malformed request",
        "The request is not well-formed: not UTF-8, a NUL, or a header that cannot be read.",
    ),
    ("malformed_json", 400, "Malformed JSON", "The body is not one JSON value, or nests deeper than 64 levels."),
    ("duplicate_key", 400, "Duplicate key", "An object of the body has the same key twice."),
    (
        "unknown_parameter",
        400,
        "Unknown parameter",
        "The route does not know this query parameter; nothing is ignored in silence.",
    ),
    ("invalid_parameter", 400, "Invalid parameter", "A path or query parameter has a value that it cannot have."),
    (
        "invalid_cursor",
        400,
        "Invalid cursor",
        "The cursor is altered, older than 24 hours, or belongs to another list or caller. Start again without it.",
    ),
    (
        "filter_too_broad",
        400,
        "Filter too broad",
        "`contains` would look through more than 10,000 items; add conditions that leave less.",
    ),
    (
        "unauthenticated",
        401,
        "Not logged in",
        "Credentials are missing, wrong, expired or revoked, or belong to another surface.",
    ),
    (
        "login_failed",
        401,
        "Login failed",
        "The e-mail address and password do not go together, or the account cannot log in.",
    ),
    ("forbidden", 403, "Not permitted", "The caller may see this, but not do it."),
    (
        "purpose_refused",
        403,
        "Purpose refused",
        "The submission may not be read for this purpose: nobody permitted it, or its use is restricted.",
    ),
    (
        "hold_refused",
        403,
        "Hold refused",
        "Two people have to decide a legal hold or a disclosure, and the account of the second has to be at least a day old.",
    ),
    ("origin_refused", 403, "Origin refused", "The form does not take answers from pages of this origin."),
    ("not_found", 404, "Not found", "There is nothing here, or nothing the caller may see."),
    ("not_in_force", 404, "Not in force", "No revision of the policy was in force on that day."),
    (
        "method_not_allowed",
        405,
        "Method not allowed",
        "The resource does not know this method; `Allow` lists those it knows.",
    ),
    ("timeout", 408, "Timed out", "The request took too long to arrive."),
    ("conflict", 409, "Conflict", "The request clashes with the present state."),
    ("already_exists", 409, "Already exists", "Another object has this unique value."),
    ("draft_exists", 409, "Draft exists", "The policy has a draft already; publish or delete it first."),
    (
        "already_published",
        409,
        "Already published",
        "A published revision cannot be changed, deleted or published again.",
    ),
    ("form_in_use", 409, "Form in use", "A form that was published cannot be deleted; take it offline."),
    ("form_sent", 409, "Form sent already", "The form that was handed out is good once, and it was sent already."),
    ("erased", 409, "Erased", "The submission is erased: nobody can read it any more."),
    (
        "restriction_not_yours",
        409,
        "Somebody else's restriction",
        "A restriction is lifted by those who placed it: the visitor with the receipt, the staff with their account.",
    ),
    ("held", 409, "Held", "A legal hold, or an open request of the person it is about, stops the erasure."),
    ("policy_in_use", 409, "Policy in use", "A policy with published revisions cannot be deleted."),
    ("type_in_use", 409, "Type in use", "The type is built in, has entries, or other types name it."),
    (
        "would_lose",
        409,
        "Would lose data",
        "The change would lose what entries hold. `plan=true` tells what; `drop` names the fields that may be lost.",
    ),
    ("archived", 409, "Archived", "The entry is archived; restore it first."),
    ("still_published", 409, "Still published", "The entry is published; unpublish it in all its languages first."),
    ("not_published", 409, "Not published", "The entry is not published in this language."),
    ("last_owner", 409, "Last owner", "The site would be left without an active owner."),
    ("stale", 412, "Stale version", "The object was changed since you read it; `ETag` has its present version."),
    ("too_large", 413, "Too large", "The body is larger than the route takes."),
    (
        "unsupported_media_type",
        415,
        "Unsupported media type",
        "The body must have the content type that the route takes.",
    ),
    (
        "unknown_field",
        422,
        "Unknown field",
        "The body has a field that the route does not know; nothing is ignored in silence.",
    ),
    ("missing_field", 422, "Missing field", "The body lacks a field."),
    ("wrong_type", 422, "Wrong type", "A field has a value of another type."),
    ("invalid_value", 422, "Invalid value", "A field has a value that it cannot have."),
    (
        "effective_on_past",
        422,
        "Date in the past",
        "A revision cannot come into force before today, in the site's time zone.",
    ),
    (
        "form_token_invalid",
        422,
        "Form token not valid",
        "The token is not one that this form was handed out with, or older than a day. Fetch the form again.",
    ),
    (
        "form_too_early",
        422,
        "Sent too early",
        "The form came back faster than a person fills it in. Wait a few seconds and send it again.",
    ),
    (
        "proof_of_work_invalid",
        422,
        "Proof of work not valid",
        "The form wants a proof of work, and it is missing, wrong, for another form, or too old.",
    ),
    ("incomplete", 422, "Incomplete", "The draft lacks something that publishing needs."),
    ("diff_too_large", 422, "Comparison too large", "The texts differ too much to be compared in two seconds."),
    (
        "idempotency_key_reused",
        422,
        "Idempotency-Key reused",
        "The same Idempotency-Key came with another body before.",
    ),
    ("weak_password", 422, "Weak password", "The password is too short, too long, or among the most common ones."),
    ("wrong_password", 422, "Wrong password", "The present password is another one."),
    ("scope_too_wide", 422, "Scope too wide", "A token cannot have a scope that its maker lacks."),
    ("link_invalid", 422, "Link not valid", "The link is unknown, used, or has expired."),
    ("if_match_required", 428, "If-Match required", "Send `If-Match` with the ETag of the version you have read."),
    ("too_many_requests", 429, "Too many requests", "Wait as many seconds as `Retry-After` says."),
    (
        "internal",
        500,
        "Internal error",
        "Something went wrong on the server; its log has the cause under the request id.",
    ),
    ("overloaded", 503, "Overloaded", "The server has too much to do; try again in a moment."),
    (
        "storage_unavailable",
        503,
        "Storage unavailable",
        "The database cannot be used, for example because its disk is full: nothing of the request is kept, unless `detail` says that it may be: then look before you send it again, or send it with the same Idempotency-Key. Log and status have the cause.",
    ),
];

impl Problem {
    /// A problem of a code of [`CODES`].
    ///
    /// # Panics
    /// In tests if the code is not in the table; in production it is reported as an internal error.
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let row = CODES.iter().find(|row| row.0 == code);
        debug_assert!(row.is_some(), "the code {code} must be in the table");
        let (code, status, title, _) = row.copied().unwrap_or(("internal", 500, "Internal error", ""));
        Self(Box::new(Content {
            kind: format!("/docs/problems#{code}"),
            title,
            status,
            detail: detail.into(),
            code,
            request_id: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// A problem whose code is that of its only fault.
    pub(crate) fn fault(fault: Fault) -> Self {
        let code = CODES.iter().find(|row| row.0 == fault.code).map_or("invalid_value", |row| row.0);
        Self::new(code, fault.message.clone()).with(fault)
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Adds a fault.
    #[must_use]
    pub(crate) fn with(mut self, fault: Fault) -> Self {
        self.0.errors.push(fault);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Nothing here, or nothing that the caller may see.
    pub(crate) fn not_found() -> Self {
        Self::new("not_found", "There is nothing here.")
    }

    /// What an answer without a body of our own means (from a library's layer), by its status.
    pub(crate) fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::new("method_not_allowed", "This method is not known here."),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new("too_large", "The body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new("unsupported_media_type", "This content type is not taken here.")
            }
            StatusCode::REQUEST_TIMEOUT => Self::new("timeout", "The request took too long to arrive."),
            status if status.is_client_error() => Self::new("malformed_request", "The request cannot be read."),
            _ => Self::new("internal", "Something went wrong on the server."),
        }
    }

    /// Writes the problem out. `headers` are those of the answer it takes the place of.
    pub(crate) fn write(mut self, request_id: &str) -> Response {
        self.0.request_id = Some(request_id.to_owned());
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.0.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
