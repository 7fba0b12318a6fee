//! `/metrics` for Prometheus, on a listener of its own: counts and ages, and nothing of any visitor.
//!
//! The text is that of the exposition format 0.0.4. What has to be asked of the databases is asked once in ten seconds at most.

use crate::connections::{self, Patience};
use crate::failure::Failure;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Response, StatusCode};
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::get;
use bonafide_model::access::{Actor, CountSubmissions, EraseSubmissions};
use bonafide_model::id::SiteId;
use bonafide_model::{Clock, Granted, Instant};
use bonafide_retention::life::State as Life;
use bonafide_retention::sweep::health::Health;
use bonafide_retention::sweep::{due, run};
use bonafide_retention::{Retention, submission};
use bonafide_storage::feed;
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// For how long figures of the databases are good.
const GOOD_FOR: Duration = Duration::from_secs(10);

/// How many requests were answered, by the first digit of their status.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<[AtomicU64; 6]>);

impl Requests {
    /// Counts an answer.
    pub(crate) fn count(&self, response: &Response<Body>) {
        let class = usize::from(response.status().as_u16() / 100);
        if let Some(counter) = self.0.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the figures come from.
pub(crate) struct Figures {
    pub(crate) retention: Retention,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) site: SiteId,
    pub(crate) requests: Requests,
    pub(crate) started: Instant,
    kept: Mutex<Option<(Instant, Asked)>>,
}

/// What was asked of the databases.
#[derive(Clone)]
struct Asked {
    states: Vec<(Life, u64)>,
    due: u64,
    sweeps: u64,
    feed: i64,
    health: Health,
}

impl Figures {
    pub(crate) fn new(retention: Retention, clock: Arc<dyn Clock>, site: SiteId, requests: Requests) -> Self {
        let started = clock.now();
        Self { retention, clock, site, requests, started, kept: Mutex::default() }
    }

    async fn ask(&self, now: Instant) -> Result<Asked, bonafide_retention::Error> {
        let (count, erase) = (self.may::<CountSubmissions>(), self.may::<EraseSubmissions>());
        let db = self.retention.db().read();
        Ok(Asked {
            states: submission::by_state(db, &count).await?,
            due: due::count(db, &erase, now).await?,
            sweeps: run::count(db, &erase).await?,
            feed: feed::position(db).await?,
            health: self.retention.health(self.site, now).await?,
        })
    }

    /// The permission of the operator, to whom these figures go.
    const fn may<A: bonafide_model::access::Action>(&self) -> Granted<A> {
        Granted::issue(Actor::Operator, self.site)
    }

    async fn text(&self) -> Result<String, bonafide_retention::Error> {
        let now = self.clock.now();
        let mut kept = self.kept.lock().await;
        let fresh = kept.as_ref().filter(|(at, _)| *at <= now && now.since(*at) < GOOD_FOR);
        let asked = match fresh {
            Some((_, asked)) => asked.clone(),
            None => kept.insert((now, self.ask(now).await?)).1.clone(),
        };
        drop(kept);
        Ok(self.write(&asked, now))
    }

    fn write(&self, asked: &Asked, now: Instant) -> String {
        let age = |since: Option<Instant>| since.map_or(0, |since| now.since(since).as_secs());
        let of = |state: Life| asked.states.iter().find(|found| found.0 == state).map_or(0, |found| found.1);
        let health = &asked.health;
        let mut text = Text::default();
        text.head("info", "gauge", "The version that runs.");
        text.line("info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        text.one("started_seconds", "gauge", "When the process was started, since 1970.", self.started.unix_seconds());
        text.head("requests_total", "counter", "Requests that were answered, by the class of their status.");
        for (class, name) in [(1, "1xx"), (2, "2xx"), (3, "3xx"), (4, "4xx"), (5, "5xx")] {
            text.line("requests_total", &[("status", name)], self.requests.0[class].load(Ordering::Relaxed));
        }
        let planes = [("data", self.retention.db().commits()), ("keys", self.retention.vault().commits())];
        text.head("commits_total", "counter", "Durable commits of this process, by plane.");
        for (plane, made) in planes {
            text.line("commits_total", &[("plane", plane)], made.commits);
        }
        text.head("writes_total", "counter", "Writes that shared those commits.");
        for (plane, made) in planes {
            text.line("writes_total", &[("plane", plane)], made.writes);
        }
        text.head("submissions", "gauge", "Submissions by state; of the erased only the dates are left.");
        for state in Life::ALL {
            text.line("submissions", &[("state", state.name())], of(state));
        }
        text.one("submissions_due", "gauge", "Submissions that the next sweep would erase.", asked.due);
        let overdue = age(health.overdue_since);
        text.one("oldest_overdue_seconds", "gauge", "For how long the oldest of those has been due.", overdue);
        text.head(
            "requests_waiting",
            "gauge",
            "Requests without an answer by how much of their time is over, counted hourly.",
        );
        text.line("requests_waiting", &[("over", "half")], health.watch.half_over);
        text.line("requests_waiting", &[("over", "four_fifths")], health.watch.nearly_over);
        text.one("sweeps_total", "counter", "Sweeps that found something, or stopped early.", asked.sweeps);
        let last = health.watch.last_success_at.map_or(0, Instant::unix_seconds);
        text.one("sweep_last_success_seconds", "gauge", "When a sweep last did all there was to do, since 1970.", last);
        text.one("erased_total", "counter", "Submissions that are erased.", of(Life::Erased) + of(Life::Final));
        // what is not known is left out
        if let Some(keys) = &health.keys {
            text.one("submissions_held", "gauge", "Submissions under a legal hold.", keys.held);
            text.one("erasures_pending", "gauge", "Erasures whose last traces are not gone yet.", keys.pending);
            let unscrubbed = age(keys.pending_since);
            text.one("oldest_unscrubbed_seconds", "gauge", "For how long the oldest of those has waited.", unscrubbed);
            text.one("key_epoch", "gauge", "The number of the epoch of keys.", keys.epoch);
            text.one("key_epoch_age_seconds", "gauge", "How old it is.", age(Some(keys.epoch_began_at)));
        }
        text.one("change_feed_position", "gauge", "The last entry of the change feed.", asked.feed);
        text.head("attention", "gauge", "1 for each reason for which somebody has to look, as in the status.");
        for (cause, found) in &health.looked_for {
            text.line("attention", &[("cause", cause.name())], u8::from(*found));
        }
        text.0
    }
}

/// The text under way.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // writing to a string does not fail
        let _ = writeln!(self.0, "# HELP bonafide_{name} {help}\n# TYPE bonafide_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "bonafide_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}

/// Takes the address that the metrics are served on.
pub(crate) async fn bind(address: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|cause| Failure::Refused(format!("cannot listen on {address} for metrics: {cause}")))
}

/// Serves the metrics, for ever.
pub(crate) async fn serve(listener: TcpListener, figures: Figures) {
    let router = Router::new().route("/metrics", get(metrics)).with_state(Arc::new(figures));
    connections::serve(listener, move |_| router.clone(), Patience::default(), std::future::pending()).await;
}

async fn metrics(State(figures): State<Arc<Figures>>) -> Answer {
    match figures.text().await {
        Ok(text) => {
            let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
            (kind, text).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "The metrics could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "The databases do not answer; the log has the cause.\n").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_labels_and_its_kind() {
        let mut text = Text::default();
        text.one("epoch", "gauge", "The epoch.", 3);
        text.line("states", &[("state", "open"), ("form", "x")], 1);
        let wanted = "# HELP bonafide_epoch The epoch.\n# TYPE bonafide_epoch gauge\nbonafide_epoch 3\nbonafide_states{state=\"open\",form=\"x\"} 1\n";
        assert_eq!(text.0, wanted);
    }

    #[test]
    fn answers_are_counted_by_their_class() {
        let requests = Requests::default();
        for status in [200, 204, 404, 503] {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            requests.count(&response);
        }
        let counted: Vec<_> = requests.0.iter().map(|counter| counter.load(Ordering::Relaxed)).collect();
        assert_eq!(counted, [0, 0, 2, 0, 1, 1]);
    }
}
