//! Pages against the bare server: all of them in memory, a tenth of them in memory, while others are published, and how
//! much memory that takes.

use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server};

use super::bare::Bodies;
use super::content;
use super::wire;
use super::wrk::{self, Bounds, Target};
use super::{Figure, by_turns, median, process};
use crate::Failure;
use crate::site::{self, Owner};

const FEW: usize = 1_000;
const MANY: usize = 100_000;
/// How many requests of wrk are drawn: more than a run sends.
const DRAWN: usize = 400_000;
/// What an answer takes in the memory of answers beside its own bytes, at most.
const OVERHEAD: usize = 4_800;

/// The three figures of delivery.
pub(super) fn run() -> Result<Vec<Figure>, Failure> {
    let home = Installation::on_sqlite();
    site::create_owner(&home);
    let server = site::start(&home, &[]);
    let runtime = super::runtime()?;
    runtime.block_on(content::pages(&server, 0..FEW))?;
    let bytes = wire::size(server.base_url(), &content::path(0))?;
    let all = Target::many(home.root(), "all", (0..FEW).map(content::path))?;
    let measured = (server.base_url(), server.pid());
    let bounds = Bounds { rate: 0.85, cpu: Some(1.4) };
    let mut figures = wrk::against_bare(
        measured,
        ("GET /v1/pages/{path}, 1,000 pages in memory", &all),
        Bodies { bodies: FEW, bytes },
        &bounds,
    )?;
    figures.push(while_publishing(&server, &runtime, &all)?);
    runtime.block_on(content::pages(&server, FEW..MANY))?;
    server.stop();

    let cache = (MANY / 10 * (bytes + OVERHEAD)).to_string();
    let server = site::start(&home, &[("BONAFIDE_CACHE_BYTES", &cache)]);
    let drawn = Target::many(home.root(), "drawn", popular(MANY).map(content::path))?;
    let name = "GET /v1/pages/{path}, 100,000 pages, memory for a tenth, the n-th most popular asked for 1/n as often";
    wrk::run(server.base_url(), &drawn, server.pid(), 10)?; // the memory is filled
    let bounds = Bounds { rate: 0.85 / 2.0, cpu: None };
    figures.extend(wrk::against_bare(
        (server.base_url(), server.pid()),
        (name, &drawn),
        Bodies { bodies: MANY / 10, bytes },
        &bounds,
    )?);
    server.stop();
    Ok(figures)
}

/// Reading with and without a thousand publications a minute, in alternation.
fn while_publishing(server: &Server, runtime: &tokio::runtime::Runtime, target: &Target) -> Result<Figure, Failure> {
    let read = || wrk::run(server.base_url(), target, server.pid(), 5).map(|run| run.per_second);
    let owner = runtime.block_on(Owner::login(server))?;
    let ids = runtime.block_on(ids(&owner))?;
    let reading_beside = || {
        let publisher = runtime.spawn(publish(owner.clone(), ids.clone()));
        let rate = read();
        if publisher.is_finished() {
            let ended = runtime.block_on(publisher).map_err(|cause| cause.to_string())?;
            return ended.and(Err("the publisher has stopped".to_owned()));
        }
        publisher.abort();
        rate
    };
    let rates = by_turns(reading_beside, read)?;
    let middle = |of: fn(&(f64, f64)) -> f64| median(rates.iter().map(of).collect());
    let detail = format!("{:.0} against {:.0} requests/s alone", middle(|rate| rate.0), middle(|rate| rate.1));
    let what = "reading 1,000 pages while 1,000 a minute are published, times the rate without".into();
    Ok(Figure::at_least(what, middle(|rate| rate.0 / rate.1), 0.8, detail))
}

async fn ids(owner: &Owner) -> Result<Vec<String>, Failure> {
    let list = owner.get("/admin/v1/pages?limit=100").await?;
    let items = list["items"].as_array().into_iter().flatten();
    Ok(items.filter_map(|item| item["id"].as_str().map(ToOwned::to_owned)).collect())
}

/// Publishes a thousand times a minute: as many as are due by the clock, so that a slow server does not slow it down.
async fn publish(owner: Owner, ids: Vec<String>) -> Result<(), Failure> {
    let mut due = tokio::time::interval(Duration::from_millis(60));
    for number in 0.. {
        due.tick().await;
        content::publish_again(&owner, &ids[number % ids.len()], number).await?;
    }
    Ok(())
}

/// Numbers below `count`, of which the n-th is drawn 1/n as often as the first (Zipf's law, s = 1).
fn popular(count: usize) -> impl Iterator<Item = usize> {
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    let weights = (1..=count).scan(0.0, |sum, rank| {
        *sum += 1.0 / rank as f64;
        Some(*sum)
    });
    let weights: Vec<f64> = weights.collect();
    let total = weights.last().copied().unwrap_or_default();
    // xorshift64 (Marsaglia 2003): the same draws in every run
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        #[expect(clippy::cast_precision_loss, reason = "a draw")]
        let drawn = (state >> 11) as f64 / (1_u64 << 53) as f64 * total;
        weights.partition_point(|sum| *sum < drawn).min(weights.len() - 1)
    })
    .take(DRAWN)
}

/// The greatest memory of a server in minutes of mixed load: reading 100,000 pages, lists, publications.
pub(super) fn memory() -> Result<Figure, Failure> {
    const MINUTES: u32 = 10;
    const CACHE: u64 = 64_000_000;
    let home = Installation::on_sqlite();
    site::create_owner(&home);
    let server = site::start(&home, &[("BONAFIDE_CACHE_BYTES", &CACHE.to_string())]);
    let runtime = super::runtime()?;
    runtime.block_on(content::pages(&server, 0..MANY))?;
    let lists = (0..2_000).map(|n| format!("/v1/pages?limit=20&filter[title][gte]=Page%20{:06}", n * 50));
    let mixed = popular(MANY).map(content::path).zip(lists.cycle()).enumerate();
    let mixed = mixed.flat_map(|(n, (page, list))| [Some(page), n.is_multiple_of(50).then_some(list)]).flatten();
    let target = Target::many(home.root(), "mixed", mixed)?;
    let (started, mut greatest, mut asked) = (Instant::now(), 0, 0.0);
    while started.elapsed() < Duration::from_secs(u64::from(MINUTES) * 60) {
        // a session lasts ten minutes
        let owner = runtime.block_on(Owner::login(&server))?;
        let publisher = runtime.spawn(publish(owner.clone(), runtime.block_on(ids(&owner))?));
        for _ in 0..12 {
            asked += wrk::run(server.base_url(), &target, server.pid(), 5)?.per_second * 5.0;
            greatest = greatest.max(process::resident(server.pid())?);
        }
        publisher.abort();
    }
    server.stop();
    let detail = format!(
        "{MINUTES} minutes, {asked:.0} requests, 1,000 publications a minute; resident, cache of {} MB",
        CACHE / 1_000_000
    );
    #[expect(clippy::cast_precision_loss, reason = "a size for a table")]
    let over = (greatest as f64 - CACHE as f64) / 1e6;
    let what = "memory beyond the configured cache with 100,000 pages".into();
    Ok(Figure::at_most(what, over, 80.0, "MB", detail))
}
