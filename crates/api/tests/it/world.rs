//! One installation without sockets: requests go straight into the service.

use axum::body::Body;
use bonafide_accounts::{Accounts, Cost, Settings as AccountSettings};
use bonafide_api::{Front, Parts, Settings};
use bonafide_keyring::{Entropy, Keyring};
use bonafide_ledger::Act;
use bonafide_model::access::Actor;
use bonafide_model::id::SiteId;
use bonafide_model::{Clock, Granted, Instant};
use bonafide_retention::Retention;
use bonafide_storage::{Db, Options, Source};
use bonafide_test_support::{Installation, Template, TestDatabase};
use bonafide_vault::Vault;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tower::ServiceExt as _;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// An installation with one owner, at noon of 24 November 2026.
pub(crate) struct World {
    pub(crate) clock: TestClock,
    service: Front,
    token: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The same, if it is JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// A header as text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of the problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

const PASSWORD: &str = "seven lazy herons";
/// What a new database begins with.
static TABLES: Template = Template::new();

impl World {
    pub(crate) async fn new(home: &Installation, settings: Settings) -> Self {
        Self::with(home, settings, &Options::default()).await
    }

    pub(crate) async fn with(home: &Installation, settings: Settings, options: &Options) -> Self {
        let noon: Instant = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let clock = TestClock(Arc::new(AtomicI64::new(noon.micros())));
        let open = async |home: &Installation| {
            let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source");
            Db::open(source, options).await.expect("the database opens")
        };
        let db = TABLES.open(home, open).await;
        let entropy = Entropy::seeded(7);
        let keyring = Arc::new(Keyring::create(&home.keys_dir(), &entropy).expect("keys"));
        let site: SiteId = entropy.id(noon);
        let made: Result<_, bonafide_site::Error> =
            db.write(move |tx| bonafide_site::ensure(tx, site, noon).map(|made| made.map(|_| ())).boxed()).await;
        made.expect("a site");
        let cheap = AccountSettings { cost: Cost { memory: 8, passes: 1, lanes: 1 }, ..AccountSettings::default() };
        let accounts = Accounts::open(db.clone(), Arc::clone(&keyring), cheap, noon, entropy.clone()).await;
        let accounts = accounts.expect("accounts open");
        let by = Granted::issue(Actor::Operator, site);
        let draft = bonafide_accounts::user::Draft {
            email: "owner@example.org".parse().expect("an address"),
            display_name: "Owner".parse().expect("a name"),
            roles: bonafide_accounts::user::Roles::owner(),
        };
        let password = PASSWORD.parse().expect("a password");
        accounts.create_active(Act::new(by, noon, entropy.clone()), draft, password).await.expect("an owner");
        let vault = Vault::open(&home.keys_dir(), &keyring, entropy.clone(), noon, &Options::default())
            .await
            .expect("a key plane");
        let retention = Retention::new(db.clone(), vault, entropy.clone());
        let parts = Parts { db, keyring, clock: Arc::new(clock.clone()), entropy, accounts, retention, site, settings };
        let mut world = Self { clock, service: bonafide_api::service(parts), token: String::new() };
        world.login().await;
        world
    }

    /// Logs in anew: access tokens live for ten minutes.
    pub(crate) async fn login(&mut self) {
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        let answer = self.send("POST", "/admin/v1/auth/login", &[], Some(body)).await;
        answer.body["access_token"].as_str().expect("a token").clone_into(&mut self.token);
    }

    /// Moves the clock on.
    pub(crate) fn pass(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("a short while");
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], None).await
    }

    pub(crate) async fn post(&self, target: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        self.send("POST", target, headers, Some(body)).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(target).header("host", "example.org");
        if target.starts_with("/admin/") && !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let Ok(response) = self.service.clone().oneshot(request.body(body).expect("a request")).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    /// Publishes a revision of the policy `privacy` that comes into force on a day.
    pub(crate) async fn publish(&self, day: &str, text: &str) {
        let policy = json!({"policy": "privacy", "title": "Privacy", "default_locale": "en"});
        self.post("/admin/v1/policies", &[], policy).await;
        let draft = json!({"texts": {"en": text}, "effective_on": day});
        let draft = self.post("/admin/v1/policies/privacy/revisions", &[], draft).await;
        assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.body);
        let target = format!("{}/publish", draft.header("location"));
        let published = self.post(&target, &[("if-match", draft.header("etag"))], json!({})).await;
        assert_eq!(published.status, StatusCode::OK, "{}", published.body);
    }
}
