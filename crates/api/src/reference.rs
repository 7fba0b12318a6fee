//! The API reference: pages served by this process, with no request to another host.

use crate::app::App;
use crate::extract::{NoQuery, Path};
use crate::problem::{CODES, Problem};
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

static UI: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/v1/openapi.json")));

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(|_: NoQuery| async { page(include_str!("reference/index.html")) }))
        .route("/docs/reference.js", get(|_: NoQuery| async { script() }))
        .route("/docs/problems", get(|_: NoQuery| async { page(&problems()) }))
        .route("/docs/assets/{file}", get(asset))
}

fn page(html: &str) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-cache")];
    (headers, html.to_owned()).into_response()
}

fn script() -> Response {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        include_str!("reference/reference.js"),
    )
        .into_response()
}

/// The files of Swagger UI, embedded in the binary.
async fn asset(Path(file): Path<String>, _: NoQuery) -> Result<Response, Problem> {
    let wanted = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
    if !wanted.contains(&file.as_str()) {
        return Err(Problem::not_found());
    }
    match utoipa_swagger_ui::serve(&file, Arc::clone(&UI)) {
        Ok(Some(found)) => Ok(([(CONTENT_TYPE, found.content_type)], found.bytes.into_owned()).into_response()),
        _ => Err(Problem::not_found()),
    }
}

/// What every problem code means.
fn problems() -> String {
    let mut rows = String::new();
    for (code, status, title, meaning) in CODES {
        let written = writeln!(
            rows,
            "<tr id=\"{code}\"><td><code>{code}</code></td><td>{status}</td><td>{title}</td><td>{meaning}</td></tr>"
        );
        written.expect("a string takes every character");
    }
    include_str!("reference/problems.html").replace("<!-- rows -->", &rows)
}
