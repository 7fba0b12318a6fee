//! An installation with a running server, and the people who work with it.

use crate::client::{Client, Reply};
use bonafide_test_support::{Installation, Server};
use serde_json::{Value, json};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "knots, boats and the weather";
/// Every role there is.
pub(crate) const ROLES: [&str; 5] = ["owner", "editor", "author", "privacy_officer", "viewer"];

/// A site that runs.
pub(crate) struct Site {
    pub(crate) server: Server,
    /// Without credentials.
    pub(crate) anonymous: Client,
    /// The owner, logged in.
    pub(crate) owner: Client,
}

impl Site {
    /// Makes the owner on the command line, starts the server and logs in.
    pub(crate) async fn open(home: &Installation) -> Self {
        home.run(["owner", "create", "--email", "owner@example.org"], format!("{PASSWORD}\n")).ok();
        let server = Server::start(home);
        let anonymous = Client::anonymous(&server);
        let owner = login(&anonymous, "owner@example.org").await;
        Self { server, anonymous, owner }
    }

    /// Invites somebody who accepts and logs in.
    pub(crate) async fn invite(&self, role: &str) -> Client {
        let email = format!("{role}@example.org");
        let body = json!({"email": email, "display_name": role, "roles": [role]});
        let invited = self.owner.post("/admin/v1/users", body).await.is(201).json();
        accept(&self.anonymous, &invited["invitation"]).await.is(204);
        login(&self.anonymous, &email).await
    }

    /// An API token of the owner.
    pub(crate) async fn token(&self, family: &str, scopes: &[&str]) -> Client {
        let body = json!({"name": family, "family": family, "scopes": scopes});
        let made = self.owner.post("/admin/v1/tokens", body).await.is(201).json();
        self.anonymous.with(text(&made["token"]))
    }

    /// Makes a policy.
    pub(crate) async fn policy(&self, key: &str) {
        let body = json!({"policy": key, "title": "Privacy policy", "default_locale": "en"});
        self.owner.post("/admin/v1/policies", body).await.is(201);
    }

    /// Makes and publishes a revision that comes into force on a day.
    pub(crate) async fn publish(&self, key: &str, markdown: &str, effective_on: &str) -> Value {
        let body = json!({"texts": {"en": markdown}, "effective_on": effective_on, "material": true});
        let path = format!("/admin/v1/policies/{key}/revisions");
        let draft = self.owner.post(&path, body).await.is(201);
        let verb = format!("{path}/{}/publish", draft.json()["number"]);
        self.owner.verb(&verb, &draft.etag()).await.is(200).json()
    }

    /// Today, in the zone of a new site (UTC).
    pub(crate) async fn today(&self) -> String {
        text(&self.owner.get("/admin/v1/status").await.is(200).json()["now"])[..10].to_owned()
    }

    /// How many admin actions are recorded and how many policies there are.
    pub(crate) async fn stored(&self) -> (u64, u64) {
        let count = async |path| {
            let page = self.owner.get(path).await.is(200).json();
            page["page"]["count"].as_u64().expect("a number")
        };
        (count("/admin/v1/audit?count=exact&limit=1").await, count("/admin/v1/policies?count=exact&limit=1").await)
    }
}

/// Logs somebody in.
pub(crate) async fn login(anonymous: &Client, email: &str) -> Client {
    anonymous.with(text(&pair(anonymous, email).await["access_token"]))
}

/// What a login gives.
pub(crate) async fn pair(anonymous: &Client, email: &str) -> Value {
    anonymous.post("/admin/v1/auth/login", json!({"email": email, "password": PASSWORD})).await.is(200).json()
}

/// Sets the password of a link.
pub(crate) async fn accept(anonymous: &Client, link: &Value) -> Reply {
    anonymous.post("/admin/v1/auth/accept", json!({"token": link["token"], "password": PASSWORD})).await
}

/// A JSON string's text.
#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a string: {value}"))
}
