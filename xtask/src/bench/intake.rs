//! Forms that visitors send, and their erasure, on a real disk: each submission is two durable commits, of its keys and of itself.

use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server};
use serde_json::{Value, json};

use super::wire::Wire;
use super::{Figure, median};
use crate::Failure;
use crate::site::{self, Owner};

const VISITORS: usize = 64;
const PAIRS: usize = 5;
const RUN: Duration = Duration::from_secs(2);
/// Nobody fills in a form faster.
const PATIENCE: Duration = Duration::from_millis(3_100);
const ERASED: usize = 300;

/// What one run came to.
struct Run {
    per_second: f64,
    /// How long each visitor waited, in milliseconds, in ascending order.
    waits: Vec<f64>,
}

/// Rates with 64 visitors and with one, each with batches of 64 and of one in alternation; then erasures under load.
pub(super) fn run() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (visitors, what, bound) in [
        (VISITORS, "forms sent over 64 connections, group commit, times a batch size of one", 4.0),
        (1, "forms sent over one connection, group commit, times a batch size of one", 0.95),
    ] {
        let homes = [Installation::on_sqlite(), Installation::on_sqlite()];
        for home in &homes {
            site::create_owner(home);
            let server = start(home, "64");
            super::runtime()?.block_on(async { site::publish_form(&Owner::login(&server).await?).await })?;
            server.stop();
        }
        let (mut ratios, mut many, mut single, mut slowest) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            let batched = || measure(&homes[0], "64", visitors);
            let one = || measure(&homes[1], "1", visitors);
            let (batched, one) = if pair % 2 == 0 {
                let first = batched()?;
                (first, one()?)
            } else {
                let first = one()?;
                (batched()?, first)
            };
            ratios.push(batched.per_second / one.per_second);
            slowest.push(percentile(&batched.waits, 99));
            many.push(batched.per_second);
            single.push(one.per_second);
        }
        let detail = format!("{:.0} against {:.0} forms/s; the clients share the cores", median(many), median(single));
        figures.push(Figure::at_least(what.into(), median(ratios), bound, detail));
        if visitors == VISITORS {
            let what = "wait of a visitor, 99 of 100, 64 connections".into();
            figures.push(Figure::at_most(what, median(slowest), 50.0, "ms", "median of the runs".into()));
            figures.extend(erasures(&homes[0])?);
        }
    }
    Ok(figures)
}

fn start(home: &Installation, batch: &str) -> Server {
    site::start(home, &[("BONAFIDE_WRITE_BATCH", batch), ("BONAFIDE_SUBMISSIONS_PER_MINUTE", "1000000")])
}

fn measure(home: &Installation, batch: &str, visitors: usize) -> Result<Run, Failure> {
    let server = start(home, batch);
    let run = super::runtime()?.block_on(load(&server, visitors));
    server.stop();
    run
}

async fn load(server: &Server, visitors: usize) -> Result<Run, Failure> {
    // as many forms as nobody can send in the time of a run
    let each = if visitors == 1 { 4_000 } else { 400 };
    let mut fetching = Vec::new();
    for _ in 0..visitors {
        let mut wire = Wire::open(server.base_url()).await?;
        fetching.push(tokio::spawn(async move {
            let mut tokens = Vec::new();
            for _ in 0..each {
                tokens.push(token(&mut wire).await?);
            }
            Ok::<_, Failure>((wire, tokens))
        }));
    }
    let mut ready = Vec::new();
    for task in fetching {
        ready.push(task.await.map_err(|cause| cause.to_string())??);
    }
    tokio::time::sleep(PATIENCE).await;
    let started = Instant::now();
    let sending: Vec<_> = ready.into_iter().map(|(wire, tokens)| tokio::spawn(send(wire, tokens, started))).collect();
    let mut waits = Vec::new();
    for task in sending {
        waits.extend(task.await.map_err(|cause| cause.to_string())??);
    }
    waits.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count for a rate")]
    let per_second = waits.len() as f64 / started.elapsed().as_secs_f64();
    Ok(Run { per_second, waits })
}

async fn token(wire: &mut Wire) -> Result<String, Failure> {
    let answer = wire.send("GET /v1/forms/contact", &[], "").await?;
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
        submit(&mut wire, token, n).await?;
        waits.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(waits)
}

async fn submit(wire: &mut Wire, token: &str, n: usize) -> Result<Value, Failure> {
    let fields = json!({"name": format!("Visitor {n}"), "email": format!("visitor-{n}@example.org"), "message": "Is the museum open on Monday?"});
    let body = json!({"token": token, "fields": fields}).to_string();
    let answer = wire.send("POST /v1/forms/contact/submissions", &[], &body).await?;
    let sent: Value = serde_json::from_slice(&answer.body).map_err(|cause| cause.to_string())?;
    if answer.status == 201 { Ok(sent["receipt"].clone()) } else { Err(format!("{}: {sent}", answer.status)) }
}

/// Erases submissions one by one, as an officer does, while visitors send others.
fn erasures(home: &Installation) -> Result<[Figure; 2], Failure> {
    let server = start(home, "64");
    let figures = super::runtime()?.block_on(async {
        let owner = Owner::login(&server).await?;
        let listed = submissions(&owner).await?;
        let load = tokio::spawn(load_for(server.base_url().to_owned()));
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

/// Eight visitors who fetch a form, fill it in and send it, for ever.
async fn load_for(base: String) -> Result<(), Failure> {
    let mut visitors = tokio::task::JoinSet::<Result<(), Failure>>::new();
    for _ in 0..8 {
        let base = base.clone();
        visitors.spawn(async move {
            let mut wire = Wire::open(&base).await?;
            let mut tokens = Vec::new();
            loop {
                // fetched and sent by turns, three seconds apart
                tokens.push((Instant::now(), token(&mut wire).await?));
                if tokens[0].0.elapsed() > PATIENCE {
                    let (_, token) = tokens.remove(0);
                    submit(&mut wire, &token, 0).await?;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    while let Some(ended) = visitors.join_next().await {
        ended.map_err(|cause| cause.to_string())??;
    }
    Ok(())
}

/// Of values in ascending order.
fn percentile(values: &[f64], percent: usize) -> f64 {
    values.get(values.len() * percent / 100).or_else(|| values.last()).copied().unwrap_or_default()
}
