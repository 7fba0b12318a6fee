//! Group commit against a batch of one, on a real disk.

use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server};
use reqwest::Method;
use serde_json::json;

use super::{Figure, by_turns, median};
use crate::Failure;
use crate::bench::wire::Wire;
use crate::site::{self, Owner};

const WRITERS: usize = 64;
const RUN: Duration = Duration::from_secs(3);

/// Rates with 64 writers and with one, each with batches of 64 and of one in alternation.
pub(super) fn run() -> Result<[Figure; 2], Failure> {
    let mut figures = Vec::new();
    for (writers, what, bound) in [
        (WRITERS, "64 concurrent admin writes (PATCH of drafts), group commit, times a batch size of one", 4.0),
        (1, "one admin writer alone, group commit, times a batch size of one", 0.95),
    ] {
        let homes = [Installation::on_sqlite(), Installation::on_sqlite()];
        homes.iter().for_each(site::create_owner);
        let (mut ratios, mut batched, mut single) = (Vec::new(), Vec::new(), Vec::new());
        for (many, one) in by_turns(|| rate(&homes[0], "64", writers), || rate(&homes[1], "1", writers))? {
            ratios.push(many / one);
            batched.push(many);
            single.push(one);
        }
        let detail =
            format!("{:.0} against {:.0} writes/s; the clients share the cores", median(batched), median(single));
        figures.push(Figure::at_least(what.into(), median(ratios), bound, detail));
    }
    figures.try_into().map_err(|_| "two figures".into())
}

/// Acknowledged writes per second.
fn rate(home: &Installation, batch: &str, writers: usize) -> Result<f64, Failure> {
    let server = site::start(home, &[("BONAFIDE_WRITE_BATCH", batch)]);
    // one thread for all clients: two would change places with each other and with the server all the time
    let clients = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let rate = clients.map_err(|cause| cause.to_string())?.block_on(load(&server, writers))?;
    server.stop();
    Ok(rate)
}

async fn load(server: &Server, writers: usize) -> Result<f64, Failure> {
    let owner = Owner::login(server).await?;
    let mut drafts = Vec::new();
    for writer in 0..writers {
        let draft = draft(&owner, &format!("w{writer}")).await?;
        drafts.push((Wire::open(server.base_url()).await?, draft));
    }
    let bearer = format!("authorization: Bearer {}", owner.token());
    let started = Instant::now();
    let running: Vec<_> =
        drafts.into_iter().map(|(wire, draft)| tokio::spawn(patch(wire, draft, bearer.clone(), started))).collect();
    let mut writes = 0;
    for task in running {
        writes += task.await.map_err(|cause| cause.to_string())??;
    }
    Ok(f64::from(writes) / started.elapsed().as_secs_f64())
}

/// The draft that a writer works on: its address and version.
struct Draft {
    path: String,
    etag: String,
}

async fn draft(client: &Owner, policy: &str) -> Result<Draft, Failure> {
    let path = format!("/admin/v1/policies/{policy}/revisions/1");
    let send = async |method, path: &str, body| client.send(method, path, &[], body).await.map_err(|e| e.to_string());
    let there = send(Method::GET, &path, None).await?;
    if there.status.is_success() {
        return Ok(Draft { path, etag: there.etag });
    }
    let body = json!({"policy": policy, "title": "Privacy policy", "default_locale": "en"});
    send(Method::POST, "/admin/v1/policies", Some(&body)).await?.is(201)?;
    let body = json!({"texts": {"en": "# Privacy\n\nWe keep nothing.\n"}});
    let made = send(Method::POST, &format!("/admin/v1/policies/{policy}/revisions"), Some(&body)).await?.is(201)?;
    Ok(Draft { path, etag: made.etag })
}

/// Changes the draft's summary until the time is over.
async fn patch(mut wire: Wire, mut draft: Draft, bearer: String, started: Instant) -> Result<u32, Failure> {
    let (mut writes, line) = (0, format!("PATCH {}", draft.path));
    while started.elapsed() < RUN {
        let body = json!({"summary_of_changes": format!("Change {writes} of {:?}", started.elapsed())}).to_string();
        let answer = wire.send(&line, &[&bearer, &format!("if-match: {}", draft.etag)], &body).await?;
        if answer.status != 200 {
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        }
        draft.etag = answer.etag;
        writes += 1;
    }
    Ok(writes)
}
