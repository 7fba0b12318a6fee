//! The OpenAPI documents: generated from the routers, completed with what all operations have in common.
//!
//! A handler describes its path, parameters, body and success. Which errors can occur follows from those: a body can
//! be malformed, a path can lead nowhere, a version can be stale. So they are added here, once, for every operation.

mod own;
mod shapes;

pub(crate) use own::with_types;

use crate::problem::CODES;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Delivery, visitor and preview routes.
    Public,
    /// Admin routes.
    Admin,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bonafide: public API",
        description = "What frontends fetch and visitors use. No credentials are needed unless the site asks for a read token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "Bonafide contributors")
    ),
    servers((url = "/", description = "The server that gave you this document")),
    tags((name = "pages", description = "Published pages"), (name = "entries", description = "Published entries of other types"), (name = "preview", description = "Drafts, for whoever has the token of a preview link"), (name = "policies", description = "Policies and their dated revisions"), (name = "forms", description = "What visitors fill in and send"), (name = "receipts", description = "What the holder of a receipt can see and do"), (name = "system", description = "The server itself")),
    components(schemas(crate::problem::Content))
)]
pub(crate) struct PublicDoc;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bonafide: admin API",
        description = "What authors, editors, privacy officers and owners use. Log in for an access token, or make an API token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "Bonafide contributors")
    ),
    servers((url = "/", description = "The server that gave you this document")),
    tags(
        (name = "auth", description = "Logging in and out, sessions, passwords"),
        (name = "users", description = "The people who work with this API"),
        (name = "tokens", description = "API tokens for scripts and frontends"),
        (name = "site", description = "The settings of the site"),
        (name = "types", description = "Content types and components"),
        (name = "pages", description = "Pages: drafts in each language, revisions, publishing"),
        (name = "entries", description = "Entries of other types, in the same way"),
        (name = "policies", description = "Policies and their revisions"),
        (name = "forms", description = "What is asked of visitors, for what, and for how long"),
        (name = "submissions", description = "What visitors sent: dates and flags, and reading for a purpose"),
        (name = "subjects", description = "Everything of one person: export and erasure"),
        (name = "retention", description = "What is due, and the sweeps that erase it"),
        (name = "audit", description = "The list of admin actions"),
        (name = "status", description = "The state of the system"),
        (name = "system", description = "The server itself")
    ),
    components(schemas(crate::problem::Content))
)]
pub(crate) struct AdminDoc;

/// One document, complete, as pretty JSON with a newline at its end. Needs no database.
pub fn document(surface: Surface) -> String {
    let document = match surface {
        Surface::Public => crate::routes::public().into_openapi(),
        Surface::Admin => crate::routes::admin().into_openapi(),
    };
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    plain_paths(&mut document);
    complete(&mut document, surface);
    name_items(&mut document);
    shapes::narrow(&mut document);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Writes the rest of a path as any other parameter: its star is the router's own.
fn plain_paths(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    let starred: Vec<String> = paths.keys().filter(|path| path.contains("{*")).cloned().collect();
    for path in starred {
        let item = paths.remove(&path).unwrap_or_default();
        paths.insert(path.replace("{*", "{"), item);
    }
}

/// Whether a path is one of delivery, whose answers are kept.
fn is_delivered(path: &str) -> bool {
    ["/v1/policies", "/v1/pages", "/v1/entries", "/v1/sitemap"].iter().any(|at| path.starts_with(at))
}

fn complete(document: &mut Value, surface: Surface) {
    let mut used = std::collections::BTreeSet::from([]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            operation_headers(operation, path, method);
            for status in errors(operation, path, method) {
                used.insert(status);
                operation["responses"][status.to_string()] =
                    json!({"$ref": format!("#/components/responses/{}", name(status))});
            }
            if operation.get("security").is_none() {
                operation["security"] = match surface {
                    Surface::Public if is_delivered(path) => json!([{}, {"read_token": []}]),
                    _ => json!([]),
                };
            }
        }
    }
    let responses: Map<String, Value> = used.into_iter().map(|status| (name(status), response(status))).collect();
    document["components"]["responses"] = responses.into();
    document["components"]["securitySchemes"] = match surface {
        Surface::Public => {
            json!({
                "read_token": bearer("A read token `bf_read_…`, where the site asks for one", "bf_read"),
                "preview_token": bearer("The token of a preview link, `bf_preview_…`", "bf_preview"),
                "receipt": bearer("The token of a receipt, `bf_receipt_…`", "bf_receipt"),
            })
        }
        Surface::Admin => json!({
            "session": bearer("An access token from a login", "JWT"),
            "api_token": bearer("An API token `bf_admin_…`", "bf_admin"),
        }),
    };
}

/// Lets the items of a list refer to their schema by name, which utoipa writes out: a generated client then has one type
/// for an object, wherever it comes from.
fn name_items(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let lists: Vec<String> = schemas.keys().filter(|name| name.starts_with("List_")).cloned().collect();
    for list in lists {
        let item = list.trim_start_matches("List_").to_owned();
        if schemas.contains_key(&item) {
            schemas[&list]["properties"]["items"]["items"] = json!({"$ref": format!("#/components/schemas/{item}")});
        }
    }
}

fn bearer(description: &str, format: &str) -> Value {
    json!({"type": "http", "scheme": "bearer", "bearerFormat": format, "description": description})
}

/// Whether the operation changes an authored thing, so that it wants `If-Match`.
fn is_conditional(path: &str, method: &str) -> bool {
    let versioned = [
        "/admin/v1/policies/",
        "/admin/v1/forms/",
        "/admin/v1/users/",
        "/admin/v1/types/",
        "/admin/v1/pages/",
        "/admin/v1/entries/",
    ]
    .iter()
    .any(|at| path.starts_with(at))
        || path == "/admin/v1/site";
    // a preview link is never changed
    let versioned = versioned && !path.contains("/preview-links");
    let verbs = ["/publish", "/unpublish", "/archive", "/restore", "/schedule", "/suspend", "/reactivate"];
    let verb = method == "post" && verbs.iter().any(|verb| path.ends_with(verb));
    versioned && (matches!(method, "patch" | "put" | "delete") || verb)
}

fn is_creation(operation: &Value, method: &str) -> bool {
    method == "post" && operation["responses"].get("201").is_some()
}

/// Adds request headers, and headers of the success, that follow from the conventions.
fn operation_headers(operation: &mut Value, path: &str, method: &str) {
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let header = |name: &str, required: bool, description: &str, example: &str, schema: Value| json!({"name": name, "in": "header", "required": required, "description": description, "schema": schema, "example": example});
    let text = json!({"type": "string"});
    let version = json!({"type": "string", "pattern": "^\"(0|[1-9][0-9]{0,18})\"$"});
    if is_conditional(path, method) {
        parameters.push(header("If-Match", true, "The ETag of the version you have read", "\"1\"", version));
    }
    if is_creation(operation, method) {
        let schema = json!({"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]{16,128}$"});
        let what = "Makes it safe to send the request again: the same key gives the first answer, for 24 hours";
        parameters.push(header("Idempotency-Key", false, what, "0199b2c4-e8a0-7d1f-8b6e-0c5d4f3a2b1c", schema));
    }
    let is_delivery = method == "get" && is_delivered(path);
    if is_delivery {
        parameters.push(header(
            "If-None-Match",
            false,
            "The ETag of the answer you have",
            "\"0123456789abcdef\"",
            text,
        ));
        operation["responses"]["304"] = json!({"description": "You have the present answer already"});
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    let etag = json!({"description": "The version of the object or answer", "schema": {"type": "string"}});
    for status in ["200", "201"] {
        let Some(success) = operation["responses"].get_mut(status) else { continue };
        if success["description"].as_str().unwrap_or_default().is_empty() {
            success["description"] = json!(if status == "201" { "It was made" } else { "As asked" });
        }
        if is_delivery || is_conditional(path, "patch") && success["content"].get("application/json").is_some() {
            success["headers"]["ETag"] = etag.clone();
        }
        if status == "201" {
            success["headers"]["Location"] = json!({"description": "Where it is", "schema": {"type": "string"}});
        }
    }
    if method == "patch"
        && let Some(body) = operation.pointer_mut("/requestBody/content")
    {
        body["application/merge-patch+json"] = body["application/json"].clone();
    }
}

/// The error statuses that an operation can answer with.
fn errors(operation: &Value, path: &str, method: &str) -> Vec<u16> {
    let has_path_parameter = path.contains('{');
    let has_body = operation.get("requestBody").is_some();
    let secured = operation["security"].as_array().is_some_and(|security| !security.is_empty());
    let changes = method != "get";
    let is_receipt = path.starts_with("/v1/my/");
    let is_preview = path.starts_with("/preview/");
    let is_sending = path.starts_with("/v1/forms/") && changes;
    let is_plain = path.starts_with("/healthz") || path.starts_with("/readyz");
    if is_plain {
        return if path == "/readyz" { vec![400, 405, 429, 503] } else { vec![400, 405, 429] };
    }
    let candidates = [
        (400, true),
        (
            401,
            secured
                || is_receipt && changes
                || path.ends_with("/login")
                || path.ends_with("/refresh")
                || is_delivered(path),
        ),
        (403, secured && !is_receipt && !is_preview || is_sending || is_delivered(path)),
        (404, has_path_parameter),
        // of the path: no operation answers so itself
        (405, true),
        (408, true),
        (
            409,
            is_sending
                || is_receipt && changes
                || changes && secured && !path.contains("/auth/") && !path.contains("/site"),
        ),
        (412, is_conditional(path, method)),
        (413, has_body || changes),
        (415, has_body || changes),
        (422, has_body || changes || path.ends_with("/diff")),
        (428, is_conditional(path, method)),
        (429, true),
        (500, true),
        (503, true),
    ];
    candidates
        .into_iter()
        .filter(|(status, applies)| *applies && !(method == "delete" && matches!(status, 413 | 415 | 422)))
        .map(|(status, _)| status)
        .collect()
}

fn name(status: u16) -> String {
    let name = match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        412 => "PreconditionFailed",
        413 => "ContentTooLarge",
        415 => "UnsupportedMediaType",
        422 => "UnprocessableContent",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    };
    name.to_owned()
}

/// The shared description of one error status, with an example for each code it can have.
fn response(status: u16) -> Value {
    let rows = CODES.iter().filter(|row| row.1 == status);
    let examples: Map<String, Value> = rows
        .map(|(code, status, title, detail)| {
            let value = json!({
                "type": format!("/docs/problems#{code}"), "title": title, "status": status, "detail": detail,
                "code": code, "request_id": "0199b2c400000001"
            });
            ((*code).to_owned(), json!({"summary": title, "value": value}))
        })
        .collect();
    let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut response = json!({
        "description": title,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}
    });
    if status == 405 {
        let methods = "The methods that the path knows";
        response["headers"]["Allow"] = json!({"description": methods, "schema": {"type": "string"}});
    }
    if matches!(status, 429 | 503) {
        response["headers"]["Retry-After"] = json!({"description": "Seconds to wait", "schema": {"type": "integer"}});
    }
    response
}
