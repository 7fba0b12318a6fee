//! Forms that visitors send, and their erasure, on a real disk: each submission is two durable commits, of its keys and of itself.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server, postgres};
use serde_json::{Value, json};

use super::wire::Wire;
use super::{Figure, PAIRS, by_turns, median};
use crate::Failure;
use crate::site::{self, Owner};

const VISITORS: usize = 64;
const RUN: Duration = Duration::from_secs(2);
/// Nobody fills in a form faster.
pub(super) const PATIENCE: Duration = Duration::from_millis(3_100);
const ERASED: usize = 300;

/// What one run came to.
struct Run {
    per_second: f64,
    /// How long each visitor waited, in milliseconds, in ascending order.
    waits: Vec<f64>,
    /// Durable commits for each form that was taken in, of the plane that had more of them.
    commits: f64,
}

/// Rates with 64 visitors and with one, each with batches of 64 and of one in alternation; then erasures under load; then
/// what PostgreSQL does.
pub(super) fn run() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (visitors, what, bound) in [
        (VISITORS, "forms sent over 64 connections, group commit, times a batch size of one", 4.0),
        (1, "forms sent over one connection, group commit, times a batch size of one", 0.95),
    ] {
        let homes = [Installation::on_sqlite(), Installation::on_sqlite()];
        homes.iter().try_for_each(prepare)?;
        let (mut ratios, mut many, mut single) = (Vec::new(), Vec::new(), Vec::new());
        let (mut slowest, mut commits) = (Vec::new(), Vec::new());
        for (batched, one) in by_turns(|| measure(&homes[0], "64", visitors), || measure(&homes[1], "1", visitors))? {
            ratios.push(batched.per_second / one.per_second);
            slowest.push(percentile(&batched.waits, 99));
            commits.push(batched.commits);
            many.push(batched.per_second);
            single.push(one.per_second);
        }
        let detail = format!("{:.0} against {:.0} forms/s; the clients share the cores", median(many), median(single));
        figures.push(Figure::at_least(what.into(), median(ratios), bound, detail));
        if visitors == VISITORS {
            let what = "wait of a visitor, 99 of 100, 64 connections".into();
            figures.push(Figure::at_most(what, median(slowest), 50.0, "ms", "median of the runs".into()));
            let what = "durable commits a form, of the plane that has more, 64 connections".into();
            figures.push(Figure::at_most(what, median(commits), 1.0 / 8.0, "", "counted by the server".into()));
            figures.extend(erasures(&homes[0])?);
        }
    }
    figures.extend(on_postgres()?);
    Ok(figures)
}

/// The same over 64 connections with the data on PostgreSQL, for which nothing is promised.
fn on_postgres() -> Result<[Figure; 2], Failure> {
    let database = postgres::durable_database().ok_or("PostgreSQL is needed and not there")?;
    let home = Installation::on_postgres(database);
    prepare(&home)?;
    let mut runs = Vec::new();
    for _ in 0..PAIRS {
        runs.push(measure(&home, "64", VISITORS)?);
    }
    let of = |value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
    let detail = || format!("{VISITORS} connections, median of {PAIRS} runs");
    let wait = of(|run| percentile(&run.waits, 99));
    Ok([
        Figure::recorded("forms sent, PostgreSQL".into(), of(|run| run.per_second), "a second", detail()),
        Figure::recorded("wait of a visitor, 99 of 100, PostgreSQL".into(), wait, "ms", detail()),
    ])
}

/// An installation with its owner and a form.
fn prepare(home: &Installation) -> Result<(), Failure> {
    site::create_owner(home);
    let server = start(home, "64", None);
    let owner = async { Owner::login(&server).await };
    super::runtime()?.block_on(async { site::publish_form(&owner.await?, "contact", "P180D").await })?;
    server.stop();
    Ok(())
}

fn start(home: &Installation, batch: &str, metrics: Option<SocketAddr>) -> Server {
    let metrics = metrics.map(|address| address.to_string());
    let mut settings = vec![("BONAFIDE_WRITE_BATCH", batch), ("BONAFIDE_SUBMISSIONS_PER_MINUTE", "1000000")];
    settings.extend(metrics.as_deref().map(|address| ("BONAFIDE_METRICS_LISTEN", address)));
    site::start(home, &settings)
}

fn measure(home: &Installation, batch: &str, visitors: usize) -> Result<Run, Failure> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let metrics = free.map_err(|cause| cause.to_string())?;
    let server = start(home, batch, Some(metrics));
    let run = super::runtime()?.block_on(load(&server, &format!("http://{metrics}"), visitors));
    server.stop();
    run
}

/// Durable commits so far, of the plane that had more of them.
async fn commits(metrics: &str) -> Result<f64, Failure> {
    let answer = Wire::open(metrics).await?.send("GET /metrics", &[], "").await?;
    let text = String::from_utf8_lossy(&answer.body);
    let counts = text.lines().filter_map(|line| line.strip_prefix("bonafide_commits_total{")?.split_once("} "));
    counts.filter_map(|(_, count)| count.parse().ok()).reduce(f64::max).ok_or_else(|| format!("no commits in {text}"))
}

async fn load(server: &Server, metrics: &str, visitors: usize) -> Result<Run, Failure> {
    // as many forms as nobody can send in the time of a run
    let each = if visitors == 1 { 4_000 } else { 400 };
    let mut fetching = Vec::new();
    for _ in 0..visitors {
        let mut wire = Wire::open(server.base_url()).await?;
        fetching.push(tokio::spawn(async move {
            let mut tokens = Vec::new();
            for _ in 0..each {
                tokens.push(token(&mut wire, "contact").await?);
            }
            Ok::<_, Failure>((wire, tokens))
        }));
    }
    let mut ready = Vec::new();
    for task in fetching {
        ready.push(task.await.map_err(|cause| cause.to_string())??);
    }
    tokio::time::sleep(PATIENCE).await;
    let before = commits(metrics).await?;
    let started = Instant::now();
    let sending: Vec<_> = ready.into_iter().map(|(wire, tokens)| tokio::spawn(send(wire, tokens, started))).collect();
    let mut waits = Vec::new();
    for task in sending {
        waits.extend(task.await.map_err(|cause| cause.to_string())??);
    }
    waits.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count for a rate")]
    let (taken, took) = (waits.len() as f64, started.elapsed().as_secs_f64());
    let commits = (commits(metrics).await? - before) / taken;
    Ok(Run { per_second: taken / took, waits, commits })
}

/// Fetches a form; gives its token.
pub(super) async fn token(wire: &mut Wire, form: &str) -> Result<String, Failure> {
    let answer = wire.send(&format!("GET /v1/forms/{form}"), &[], "").await?;
    let form: Value = serde_json::from_slice(&answer.body).map_err(|cause| cause.to_string())?;
    form["token"].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("{}: {form}", answer.status))
}

/// Sends forms until the time is over; gives how long each took.
async fn send(mut wire: Wire, tokens: Vec<String>, started: Instant) -> Result<Vec<f64>, Failure> {
    let mut waits = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        if started.elapsed() >= RUN {
            break;
        }
        let began = Instant::now();
        submit(&mut wire, "contact", token, n).await?;
        waits.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(waits)
}

/// Sends a form as one of many people; gives the receipt.
pub(super) async fn submit(wire: &mut Wire, form: &str, token: &str, n: usize) -> Result<Value, Failure> {
    let fields = json!({"name": format!("Visitor {n}"), "email": format!("visitor-{n}@example.org"), "message": "Is the museum open on Monday?"});
    let body = json!({"token": token, "fields": fields}).to_string();
    let answer = wire.send(&format!("POST /v1/forms/{form}/submissions"), &[], &body).await?;
    let sent: Value = serde_json::from_slice(&answer.body).map_err(|cause| cause.to_string())?;
    if answer.status == 201 { Ok(sent["receipt"].clone()) } else { Err(format!("{}: {sent}", answer.status)) }
}

/// Erases submissions one by one, as an officer does, while visitors send others.
fn erasures(home: &Installation) -> Result<[Figure; 2], Failure> {
    let server = start(home, "64", None);
    let figures = super::runtime()?.block_on(async {
        let owner = Owner::login(&server).await?;
        let listed = submissions(&owner).await?;
        let load = tokio::spawn(visit(server.base_url().to_owned(), 8, Duration::from_millis(5), Duration::MAX));
        tokio::time::sleep(PATIENCE + Duration::from_millis(500)).await;
        let bearer = format!("authorization: Bearer {}", owner.token());
        let mut wire = Wire::open(server.base_url()).await?;
        let (mut answered, mut scrubbed) = (Vec::new(), Vec::new());
        for id in &listed {
            let began = Instant::now();
            let line = format!("POST /admin/v1/submissions/{id}/erase");
            let answer = wire.send(&line, &[&bearer], r#"{"reason":"subject_request"}"#).await?;
            answered.push(began.elapsed().as_secs_f64() * 1e3);
            if answer.status != 200 {
                return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
            }
            let path = format!("/admin/v1/submissions/{id}");
            while owner.get(&path).await?["scrubbed_at"].is_null() {
                if began.elapsed() > Duration::from_secs(10) {
                    return Err(format!("{id} was not scrubbed in ten seconds"));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            scrubbed.push(began.elapsed().as_secs_f64() * 1e3);
        }
        load.abort();
        answered.sort_by(f64::total_cmp);
        scrubbed.sort_by(f64::total_cmp);
        let detail = || format!("{} erasures, 8 visitors sending forms meanwhile", listed.len());
        let what = |what: &str| format!("one erasure, 99 of 100: {what}");
        Ok([
            Figure::at_most(what("answered `erased`"), percentile(&answered, 99), 50.0, "ms", detail()),
            Figure::at_most(what("no file keeps any of it"), percentile(&scrubbed, 99), 1_000.0, "ms", detail()),
        ])
    });
    server.stop();
    figures
}

/// Some submissions that are there.
async fn submissions(owner: &Owner) -> Result<Vec<String>, Failure> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    while ids.len() < ERASED {
        let page = owner.get(&format!("/admin/v1/submissions?limit=100{cursor}")).await?;
        let items = page["items"].as_array().into_iter().flatten();
        ids.extend(items.filter_map(|item| Some(item["id"].as_str()?.to_owned())));
        let Some(next) = page["page"]["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    ids.truncate(ERASED);
    Ok(ids)
}

/// Visitors who fetch a form, fill it in and send it, for so long; when each form was sent, and how long that took in
/// milliseconds.
pub(super) async fn visit(
    base: String,
    visitors: usize,
    pause: Duration,
    lasting: Duration,
) -> Result<Vec<(Instant, f64)>, Failure> {
    let mut running = tokio::task::JoinSet::<Result<Vec<_>, Failure>>::new();
    for _ in 0..visitors {
        let mut wire = Wire::open(&base).await?;
        running.spawn(async move {
            let (mut tokens, mut waits, started) = (VecDeque::new(), Vec::new(), Instant::now());
            while started.elapsed() < lasting {
                // fetched and sent by turns, three seconds apart
                tokens.push_back((Instant::now(), token(&mut wire, "contact").await?));
                if let Some((_, token)) = tokens.pop_front_if(|(fetched, _)| fetched.elapsed() > PATIENCE) {
                    let began = Instant::now();
                    submit(&mut wire, "contact", &token, 0).await?;
                    waits.push((began, began.elapsed().as_secs_f64() * 1e3));
                }
                tokio::time::sleep(pause).await;
            }
            Ok(waits)
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        all.extend(ended.map_err(|cause| cause.to_string())??);
    }
    Ok(all)
}

/// Of values in ascending order.
pub(super) fn percentile(values: &[f64], percent: usize) -> f64 {
    values.get(values.len() * percent / 100).or_else(|| values.last()).copied().unwrap_or_default()
}
