//! A client that looks at every answer it gets: what all answers have in common is checked here, for every request of
//! every test.

use bonafide_test_support::Server;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Somebody who sends requests, with credentials or without.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// Nobody in particular.
    pub(crate) fn anonymous(server: &Server) -> Self {
        Self { http: server.client(), base: server.base_url().to_owned(), token: None }
    }

    /// The same client with other credentials.
    pub(crate) fn with(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Its credentials.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("this client has credentials")
    }

    /// A request that can be given headers and a body before it is sent.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let mut builder = self.http.request(method.clone(), format!("{}{path}", self.base));
        // a person's access token is for the admin surface; delivery would refuse it
        let fits = |token: &&String| path.starts_with("/admin/") || token.starts_with("bf_");
        if let Some(token) = self.token.as_ref().filter(fits) {
            builder = builder.bearer_auth(token);
        }
        Request { builder, path: path.to_owned(), is_head: method == reqwest::Method::HEAD }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, etag: &str, body: Value) -> Reply {
        self.request("PATCH", path).header("if-match", etag).json(&body).send().await
    }

    /// POST of a state change, with the version that was read.
    pub(crate) async fn verb(&self, path: &str, etag: &str) -> Reply {
        self.request("POST", path).header("if-match", etag).send().await
    }

    pub(crate) async fn delete(&self, path: &str, etag: &str) -> Reply {
        self.request("DELETE", path).header("if-match", etag).send().await
    }
}

/// A request on its way.
pub(crate) struct Request {
    builder: reqwest::RequestBuilder,
    path: String,
    is_head: bool,
}

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self { builder: self.builder.header("content-type", content_type).body(body), ..self }
    }

    /// Sends it, and looks at what all answers have in common.
    pub(crate) async fn send(self) -> Reply {
        let response = self.builder.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the answer is complete").to_vec();
        let reply = Reply { status, headers, body };
        assert!(status < 500, "{}: {reply}", self.path);
        if self.path.starts_with("/admin/") {
            assert_eq!(reply.header("cache-control"), "private, no-store", "{}: {reply}", self.path);
        }
        if self.path.starts_with("/preview/") {
            let kept = (reply.header("cache-control"), reply.header("x-robots-tag"), reply.header("surrogate-key"));
            assert_eq!(kept, ("private, no-store", "noindex", ""), "{}: {reply}", self.path);
            assert!(reply.header("etag").is_empty(), "{}: {reply}", self.path);
        }
        // a page for people says by itself what is wrong
        let is_page = reply.header("content-type").starts_with("text/html");
        if status >= 400 && !is_page {
            assert_eq!(reply.header("content-type"), "application/problem+json", "{}: {reply}", self.path);
            if self.is_head {
                assert!(reply.body.is_empty());
            } else {
                reply.check_problem();
            }
        }
        reply
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {}", self.status, body.chars().take(1000).collect::<String>())
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    /// The version of what came back.
    pub(crate) fn etag(&self) -> String {
        assert!(!self.header("etag").is_empty(), "an ETag: {self}");
        self.header("etag").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("JSON ({cause}): {self}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    /// The same, if the status is the expected one.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The same, if it is this refusal.
    #[track_caller]
    pub(crate) fn refuses(self, status: u16, code: &str) -> Self {
        let found = (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned());
        assert_eq!(found, (status, code.to_owned()), "{self}");
        self
    }

    /// The same, if it is this refusal of one place of the body.
    #[track_caller]
    pub(crate) fn refuses_at(self, status: u16, code: &str, pointer: &str) -> Self {
        let reply = self.refuses(status, code);
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply}");
        reply
    }

    /// RFC 9457, as every layer has to write it.
    fn check_problem(&self) {
        let problem = self.json();
        for field in ["type", "title", "detail", "code", "request_id"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {self}");
        }
        assert_eq!(problem["status"], self.status, "{self}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{self}");
        for fault in problem["errors"].as_array().into_iter().flatten() {
            assert!(fault["pointer"].is_string() != fault["parameter"].is_string(), "{self}");
            assert!(fault["code"].is_string() && fault["message"].is_string(), "{self}");
        }
    }
}
