//! Two nodes on one PostgreSQL: more than a second after a version was acknowledged by one, the other shows no older one,
//! whatever becomes of the notifications.

use crate::client::Client;
use crate::content::{change, now, write};
use crate::proxy::{Proxy, Way};
use crate::site::Site;
use bonafide_test_support::{Backend, Installation, Server, installation};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a reader waits for an answer.
const PATIENCE: Duration = Duration::from_millis(300);
const SECOND: Duration = Duration::from_secs(1);

/// When each version was acknowledged; the first is version 0.
type Acknowledged = Arc<Mutex<Vec<Instant>>>;

/// Whoever reads one page on the other node again and again.
struct Reader {
    http: reqwest::Client,
    url: String,
    acknowledged: Acknowledged,
    /// By how much the staleest answer was too old.
    stalest: Duration,
    answers: usize,
    newest: usize,
}

impl Reader {
    /// Reads once. How stale the answer is counts from the moment of the question.
    async fn read(&mut self) {
        let asked = Instant::now();
        let Ok(answer) = self.http.get(&self.url).timeout(PATIENCE).send().await else { return };
        if answer.status() != 200 {
            return;
        }
        let Ok(body) = answer.bytes().await else { return };
        let page: Value = serde_json::from_slice(&body).expect("JSON");
        let said = |value: &Value| value.as_str().and_then(|text| text.rsplit(' ').next()?.parse::<usize>().ok());
        let version = said(&page["title"]).expect("a version");
        assert_eq!(said(&page["body"][0]["markdown"]), Some(version), "{page}");
        let next = self.acknowledged.lock().expect("not poisoned").get(version + 1).copied();
        let stale = next.map_or(Duration::ZERO, |next| asked.saturating_duration_since(next));
        self.stalest = self.stalest.max(stale);
        self.newest = self.newest.max(version);
        self.answers += 1;
    }

    /// Reads for a while.
    async fn read_for(&mut self, duration: Duration) {
        let began = Instant::now();
        while began.elapsed() < duration {
            self.read().await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn document(version: usize) -> Value {
    json!({"title": format!("Version {version}"), "slug": "about", "body": [{"type": "markdown", "text": format!("Version {version}")}]})
}

/// Publishes so many versions, after pauses of many lengths.
async fn publish(site: &Site, path: &str, acknowledged: &Acknowledged, count: u64) {
    for n in 0..count {
        tokio::time::sleep(Duration::from_millis(n * 97 % 430)).await;
        let version = acknowledged.lock().expect("not poisoned").len();
        change(site, path, document(version)).await.is(200);
        now(site, path, "publish").await.is(200);
        acknowledged.lock().expect("not poisoned").push(Instant::now());
    }
}

/// Cuts the connections on which nodes listen, again and again.
async fn cut(home: &Installation) {
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    loop {
        tokio::task::block_in_place(|| home.database().expect("on PostgreSQL").sql(cut));
        tokio::time::sleep(Duration::from_millis(170)).await;
    }
}

#[test]
#[ignore = "slow: `cargo xtask ci slow`"]
fn no_node_shows_what_is_older_than_a_second() {
    installation::on(Backend::Postgres, async |home: &Installation| {
        let site = Site::open(home).await;
        let proxy = Proxy::open(home);
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_DATABASE_URL", proxy.url());
        let other = Server::start_command(home, command);
        let acknowledged = Acknowledged::default();
        let (path, made) = write(&site, "page", document(0)).await;
        site.owner.verb(&format!("{path}/publish"), &made.etag()).await.is(200);
        acknowledged.lock().expect("not poisoned").push(Instant::now());
        let mut reader = Reader {
            http: other.client(),
            url: other.url("/v1/pages/about"),
            acknowledged: Arc::clone(&acknowledged),
            stalest: Duration::ZERO,
            answers: 0,
            newest: 0,
        };
        for disturbed in ["not", "by silence", "by cuts", "by frost"] {
            proxy.lets(match disturbed {
                "by silence" => Way::WithoutNotifications,
                "by frost" => Way::Frozen,
                _ => Way::Open,
            });
            let before = reader.answers;
            let publishing = async {
                publish(&site, &path, &acknowledged, 12).await;
                tokio::time::sleep(SECOND).await;
            };
            let reading = async {
                tokio::select! {
                    () = publishing => {}
                    () = cut(home), if disturbed == "by cuts" => {}
                    () = async { loop { reader.read_for(SECOND).await } } => {}
                }
            };
            reading.await;
            println!(
                "disturbed {disturbed}: {} answers, the stalest {:?} too old",
                reader.answers - before,
                reader.stalest
            );
            assert!(reader.stalest < SECOND, "disturbed {disturbed}: {:?} too old\n{}", reader.stalest, other.log());
            assert!(reader.answers > before || disturbed == "by frost", "disturbed {disturbed}: nothing was read");
        }
        // afterwards all is as before
        proxy.lets(Way::Open);
        let newest = acknowledged.lock().expect("not poisoned").len() - 1;
        let began = Instant::now();
        while reader.newest < newest {
            assert!(began.elapsed() < Duration::from_secs(20), "it goes on\n{}", other.log());
            reader.read_for(Duration::from_millis(50)).await;
        }
        let shown = Client::anonymous(&other).get("/v1/pages/about").await.is(200).json();
        assert_eq!(shown["title"], format!("Version {newest}"));
        other.stop();
        site.server.stop();
    });
}
