//! The outermost service: answers from memory, or hands on and keeps what comes back.

use super::entry::{Cacheable, Entry};
use super::negotiate::{Coding, Representation};
use crate::app::{App, DeliveryAccess};
use crate::delivery;
use crate::problem::Problem;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Service, ServiceExt as _};

/// How many bytes are hashed without handing them to another thread.
const AT_ONCE: usize = 64 << 10;

/// The whole HTTP surface as one service.
#[derive(Clone)]
pub struct Front {
    app: App,
    router: Router,
    peer: Option<SocketAddr>,
}

impl Front {
    pub(crate) fn new(app: App, router: Router) -> Self {
        Self { app, router, peer: None }
    }

    /// The same for the requests of one connection. What is in memory is answered without a look at who asks; all others get
    /// their socket's address as `ConnectInfo<SocketAddr>`.
    #[must_use]
    pub fn of(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }

    fn remembered(&self, method: &Method, target: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        let now = self.app.now();
        let entry = self.app.store.find(target, Representation::wanted(headers), now)?;
        Some(entry.answer(method, headers, now))
    }

    /// Lets the router answer, and finishes and keeps its answer if it says so.
    async fn fill(self, mut request: Request<Body>) -> Response<Body> {
        let private = self.app.parts.settings.delivery_access == DeliveryAccess::Token;
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let target = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        let access = if private {
            delivery::access::check(&self.app, &headers).await
        } else {
            delivery::access::check_family(&headers)
        };
        if let Err(problem) = access {
            return crate::layers::refuse(problem, &self.app, &request);
        }
        if private && let Some(response) = self.remembered(&method, &target, &headers) {
            return delivery::access::make_private(response);
        }
        // a HEAD tells of the same answer as a GET, so it is one until the body is left out
        *request.method_mut() = Method::GET;
        let read_at = self.app.store.moment();
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (mut parts, body) = response.into_parts();
        let Some(cacheable) = parts.extensions.get::<Cacheable>().cloned() else {
            let body = if method == Method::HEAD { Body::empty() } else { body };
            let response = Response::from_parts(parts, body);
            let leads_on = response.status().is_redirection();
            return if private && leads_on { delivery::access::make_private(response) } else { response };
        };
        // the name of one request is no part of an answer that many get
        parts.headers.remove("x-request-id");
        let Ok(body) = body.collect().await else {
            return Response::from_parts(parts, Body::empty());
        };
        let wanted = Representation::wanted(&headers);
        let entry = self.finish(parts.headers, body.to_bytes(), wanted.coding, cacheable).await;
        if parts.status == StatusCode::OK {
            self.app.store.keep(&target, wanted, Arc::clone(&entry), read_at);
        }
        let response = entry.answer(&method, &headers, self.app.now());
        if private { delivery::access::make_private(response) } else { response }
    }

    /// Finishes an answer, elsewhere if that takes long.
    async fn finish(&self, headers: HeaderMap, body: Bytes, coding: Coding, cacheable: Cacheable) -> Arc<Entry> {
        let now = self.app.now();
        if coding == Coding::Identity && body.len() <= AT_ONCE {
            return Arc::new(Entry::finish(headers, &body, coding, cacheable, now));
        }
        let (copy, bytes, what) = (headers.clone(), body.clone(), cacheable.clone());
        let finished = tokio::task::spawn_blocking(move || Entry::finish(copy, &bytes, coding, what, now)).await;
        // the runtime refuses only when it is shutting down
        Arc::new(finished.unwrap_or_else(|_| Entry::finish(headers, &body, coding, cacheable, now)))
    }
}

/// What is wrong with a request before anybody looks at what it asks for (RFC 9112 §3.2: one `Host`).
fn malformed<B>(request: &Request<B>) -> Option<Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Some(Problem::new("malformed_request", "The request has more than one `Host`.")),
        (None, _) if request.version() == Version::HTTP_11 => {
            Some(Problem::new("malformed_request", "The request has no `Host`."))
        }
        _ => None,
    }
}

/// Whether a request can be answered from memory at all.
fn is_delivery<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    let is_visitor = path.starts_with("/v1/forms/") || path.starts_with("/v1/my/");
    matches!(*request.method(), Method::GET | Method::HEAD) && path.starts_with("/v1/") && !is_visitor
}

impl<B> Service<Request<B>> for Front
where
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        Either<Ready<Result<Response<Body>, Infallible>>, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let public = self.app.parts.settings.delivery_access == DeliveryAccess::Public
            && !request.headers().contains_key(AUTHORIZATION);
        if let Some(problem) = malformed(&request) {
            return Either::Left(ready(Ok(crate::layers::refuse(problem, &self.app, &request))));
        }
        let is_delivery = is_delivery(&request);
        if public
            && is_delivery
            && let Some(target) = request.uri().path_and_query()
            && let Some(response) = self.remembered(request.method(), target.as_str(), request.headers())
        {
            return Either::Left(ready(Ok(response)));
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        if !is_delivery {
            let router = self.router.clone();
            return Either::Right(router.oneshot(request.map(Body::new)).boxed());
        }
        Either::Right(self.clone().fill(request.map(Body::new)).map(Ok).boxed())
    }
}
