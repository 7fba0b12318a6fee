//! What happens around every request that is not answered from memory: its id, its time limit, its log line, the
//! limit of its client, and that whatever comes back as an error is a problem document.

use crate::app::App;
use crate::cors;
use crate::extract::client_address;
use crate::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::header::{self, HeaderName};
use http::{HeaderValue, Method};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What search engines may do with an answer.
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Names of requests: unique in this process, and hardly ever the same in two.
static COUNTER: AtomicU64 = AtomicU64::new(0);

fn request_id(app: &App) -> String {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}{:08x}", app.started.unix_millis() & 0xffff_ffff, count)
}

/// The one layer of the router.
pub(crate) async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let (id, started, method) = (request_id(&app), Instant::now(), request.method().clone());
    let path = request.uri().path().to_owned();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let client = client_address(request.extensions(), request.headers(), &app.parts.settings.trusted_proxies);
    let counted = app.limiter.count(client, app.now());
    let asks_from = request.headers().get(header::ORIGIN).cloned();
    let origin = cors::Origin::of(&app, &path, asks_from, counted.is_ok()).await;
    let response = match counted {
        Err(seconds) => too_many(seconds).into_response(),
        Ok(()) if cors::is_preflight(&request) => cors::preflight(&origin),
        Ok(()) => answer(&app, request, next).await,
    };
    let mut response = finish(response, &path, &method, &id);
    origin.allow(response.headers_mut());
    let (status, duration) = (response.status().as_u16(), started.elapsed());
    // the route, not the path: a path may hold what a visitor typed
    tracing::info!(request.id = id, http.method = %method, http.route = route, http.status = status,
        duration_ms = duration.as_secs_f64() * 1000.0, "A request was answered");
    response
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let run = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.parts.settings.request_timeout, run).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new("internal", "Something went wrong on the server.").into_response(),
        Err(_) => Problem::new("timeout", "The request took too long.").into_response(),
    }
}

/// Marks a page for people that says by itself what is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Page;

/// Makes every error a problem document and adds the headers that all answers have.
fn finish(mut response: Response, path: &str, method: &Method, id: &str) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    let is_page = response.extensions_mut().remove::<Page>().is_some();
    let is_error = !is_page && (response.status().is_client_error() || response.status().is_server_error());
    if let Some(problem) = problem.or_else(|| is_error.then(|| Problem::for_status(response.status()))) {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = problem.write(id);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        if *method == Method::HEAD {
            *response.body_mut() = axum::body::Body::empty();
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    if path.starts_with("/admin/") || path.starts_with("/preview/") {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    if path.starts_with("/preview/") {
        headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    }
    if path.starts_with("/v1/forms/") || path.starts_with("/v1/my/") {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Writes a problem out where no request has come as far as the router: counted and logged like those that have.
pub(crate) fn refuse<B>(problem: Problem, app: &App, request: &http::Request<B>) -> Response {
    let client = client_address(request.extensions(), request.headers(), &app.parts.settings.trusted_proxies);
    let (id, method) = (request_id(app), request.method());
    let problem = app.limiter.count(client, app.now()).map_or_else(too_many, |()| problem);
    let mut response = finish(problem.into_response(), request.uri().path(), method, &id);
    cors::Origin::Any.allow(response.headers_mut());
    let status = response.status().as_u16();
    tracing::info!(request.id = id, http.method = %method, http.status = status, "A request was refused");
    response
}

fn too_many(seconds: u64) -> Problem {
    let problem = Problem::new("too_many_requests", "This client has sent too many requests in a minute.");
    problem.header(header::RETRY_AFTER, seconds.to_string())
}

/// What is not routed.
pub(crate) async fn no_such_route() -> Problem {
    Problem::not_found()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn an_error_of_any_layer_becomes_a_problem() {
        let mut bare = StatusCode::METHOD_NOT_ALLOWED.into_response();
        bare.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        let finished = finish(bare, "/v1/x", &Method::PUT, "1");
        assert_eq!(finished.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(finished.headers()[header::ALLOW], "GET");
    }
}
