//! An installation with a running server and its owner, for the tasks that put load on one.

use bonafide_test_support::{Installation, Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::Failure;

/// Nobody but the throw-away installations of these tasks has it.
const PASSWORD: &str = "knots, boats and the weather";
const EMAIL: &str = "owner@example.org";

/// Starts a server that is not slowed down by the limit of requests a minute, with further settings.
pub(crate) fn start(home: &Installation, settings: &[(&str, &str)]) -> Server {
    let mut command = home.command();
    command.arg("serve").env("BONAFIDE_LOG", "warn").env("BONAFIDE_REQUESTS_PER_MINUTE", "1000000");
    command.envs(settings.iter().copied());
    Server::start_command(home, command)
}

/// Makes the owner of a new installation.
pub(crate) fn create_owner(home: &Installation) {
    home.run(["owner", "create", "--email", EMAIL], format!("{PASSWORD}\n")).ok();
}

/// Makes and publishes a form that asks for a name, an e-mail address and a message.
pub(crate) async fn publish_form(owner: &Owner, key: &str, unanswered: &str) -> Result<(), Failure> {
    let field = |key: &str, kind: &str| json!({"key": key, "kind": kind, "required": true, "label": {"en": key}});
    let form = json!({
        "form": key, "title": {"en": "Contact"},
        "purpose": {"term": "fulfil_request", "text": {"en": "To answer your question"}},
        "fields": [field("name", "name"), field("email", "email"), field("message", "free_text")],
        "retention": {"after_fulfilment": "P7D", "unanswered": unanswered},
    });
    let send = async |path: &str, headers: &[(&str, &str)], body| {
        owner.send(Method::POST, path, headers, body).await.map_err(|cause| cause.to_string())
    };
    let made = send("/admin/v1/forms", &[], Some(&form)).await?.is(201)?;
    send(&format!("/admin/v1/forms/{key}/publish"), &[("if-match", &made.etag)], None).await?.is(200)?;
    Ok(())
}

/// What came back from a server that was there.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) etag: String,
    /// Where it leads; empty if nowhere.
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text).map_err(|cause| format!("{cause}: {}", self.text))
    }

    /// The same, if it has the expected status.
    pub(crate) fn is(self, status: u16) -> Result<Self, Failure> {
        if self.status.as_u16() == status {
            return Ok(self);
        }
        Err(format!("expected {status}, got {}: {}", self.status, self.text))
    }
}

/// The owner, logged in.
#[derive(Clone)]
pub(crate) struct Owner {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Owner {
    pub(crate) async fn login(server: &Server) -> Result<Self, Failure> {
        let owner = Self::nobody(server);
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let pair = owner.send(Method::POST, "/admin/v1/auth/login", &[], Some(&body)).await;
        let pair = pair.map_err(|cause| cause.to_string())?.is(200)?.json()?;
        let token = pair["access_token"].as_str().ok_or("no access token")?.to_owned();
        Ok(Self { token, ..owner })
    }

    /// Somebody without credentials.
    pub(crate) fn nobody(server: &Server) -> Self {
        Self { http: server.client(), base: server.base_url().to_owned(), token: String::new() }
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same person on a connection of its own.
    pub(crate) fn elsewhere(&self, server: &Server) -> Self {
        Self { http: server.client(), ..self.clone() }
    }

    /// An error means that no whole answer came: the server is gone, or going.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        // delivery refuses the tokens of another surface
        if !self.token.is_empty() && path.starts_with("/admin/") {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (etag, location) = (header("etag").to_owned(), header("location").to_owned());
        Ok(Reply { status: answer.status(), etag, location, text: answer.text().await? })
    }

    /// Reads something that has to be there.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let reply = self.send(Method::GET, path, &[], None).await.map_err(|cause| format!("{path}: {cause}"))?;
        reply.is(200).and_then(|reply| reply.json()).map_err(|failure| format!("{path}: {failure}"))
    }
}
