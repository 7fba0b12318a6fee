//! An installation with a running server, and the people who work with it.

use crate::client::{Client, Reply};
use bonafide_test_support::{Installation, Server, Template};
use serde_json::{Value, json};
use std::time::Duration;

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
    /// Makes the owner, starts the server and logs in.
    pub(crate) async fn open(home: &Installation) -> Self {
        make_owner(home).await;
        Self::on(Server::start(home)).await
    }

    /// Logs in to a running server.
    pub(crate) async fn on(server: Server) -> Self {
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

    /// Makes and publishes a form that asks for a name, an address and a message; `more` is what else it says.
    pub(crate) async fn form(&self, key: &str, more: Value) {
        let mut form = json!({
            "form": key,
            "title": {"en": "Contact", "de": "Kontakt"},
            "purpose": {"term": "fulfil_request", "text": {"en": "To answer your question", "de": "Um Ihre Frage zu beantworten"}},
            "fields": [
                {"key": "name", "kind": "name", "required": true, "label": {"en": "Your name", "de": "Ihr Name"}},
                {"key": "email", "kind": "email", "required": true, "label": {"en": "Your e-mail address", "de": "Ihre E-Mail-Adresse"}},
                {"key": "message", "kind": "free_text", "required": true, "label": {"en": "Your message", "de": "Ihre Nachricht"}},
            ],
            "retention": {"after_fulfilment": "P30D", "unanswered": "P180D"},
            "permissions": [{"use": "newsletter", "text": {"en": "Send me news", "de": "Neuigkeiten"}, "period": "P24M"}],
        });
        for (name, value) in more.as_object().expect("an object") {
            form[name] = value.clone();
        }
        let made = self.owner.post("/admin/v1/forms", form).await.is(201);
        self.owner.verb(&format!("/admin/v1/forms/{key}/publish"), &made.etag()).await.is(200);
    }

    /// Publishes another version of a form.
    pub(crate) async fn publish_again(&self, key: &str) {
        let path = format!("/admin/v1/forms/{key}");
        let form = self.owner.get(&path).await.is(200);
        let number = form.json()["published"].as_u64().unwrap_or(0);
        let changed =
            self.owner.patch(&path, &form.etag(), json!({"title": {"en": format!("Contact {number}")}})).await.is(200);
        self.owner.verb(&format!("{path}/publish"), &changed.etag()).await.is(200);
    }

    /// Sends a form, as patiently as a person; gives the receipt.
    pub(crate) async fn submit(&self, key: &str) -> Value {
        self.submit_many(key, 1).await.remove(0)
    }

    /// Sends a form so many times.
    pub(crate) async fn submit_many(&self, key: &str, count: usize) -> Vec<Value> {
        let path = format!("/v1/forms/{key}");
        let mut tokens = Vec::new();
        for _ in 0..count {
            tokens.push(text(&self.anonymous.get(&path).await.is(200).json()["token"]).to_owned());
        }
        patience().await;
        let mut receipts = Vec::new();
        for (n, token) in tokens.iter().enumerate() {
            let sent = self.anonymous.post(&format!("{path}/submissions"), answers(token, n)).await.is(201);
            receipts.push(sent.json()["receipt"].clone());
        }
        receipts
    }

    /// Waits until what stands at a path of the admin API is as it shall be, for at most ten seconds.
    pub(crate) async fn until(&self, path: &str, is: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let found = self.owner.get(path).await.is(200).json();
            if is(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} did not become as it should: {}", self.owner.get(path).await);
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

/// Makes a new installation and its owner.
pub(crate) async fn make_owner(home: &Installation) {
    static OWNED: Template = Template::new();
    let create = async |home: &Installation| {
        home.run(["owner", "create", "--email", "owner@example.org"], format!("{PASSWORD}\n")).ok();
    };
    OWNED.lay(home, create).await;
}

/// Waits for as long as nobody fills in a form faster.
pub(crate) async fn patience() {
    tokio::time::sleep(Duration::from_millis(3_100)).await;
}

/// Answers of the n-th invented visitor to the form of [`Site::form`].
pub(crate) fn answers(token: &str, n: usize) -> Value {
    let fields = json!({"name": format!("Visitor {n}"), "email": format!("visitor-{n}@example.org"), "message": "Is the museum open?"});
    json!({"token": token, "fields": fields})
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
