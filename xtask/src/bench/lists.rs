//! Lists and includes among 100,000 entries, one client at a time. Every address is asked for once: nothing comes from
//! the memory of answers.

use std::time::Instant;

use bonafide_test_support::{Installation, Server, postgres};
use serde_json::Value;

use super::wire::Wire;
use super::{Figure, content, median};
use crate::{Failure, site};

const ENTRIES: usize = 100_000;
/// How many pages of a list are walked.
const PAGES: usize = 400;
/// How many entries are fetched with what they lead to.
const FETCHED: usize = 1_000;

/// The figures of both databases.
pub(super) fn run() -> Result<Vec<Figure>, Failure> {
    let database = postgres::durable_database().ok_or("PostgreSQL is needed and not there")?;
    let mut figures = Vec::new();
    for (name, home) in [("SQLite", Installation::on_sqlite()), ("PostgreSQL", Installation::on_postgres(database))] {
        site::create_owner(&home);
        let server = site::start(&home, &[]);
        let runtime = super::runtime()?;
        runtime.block_on(content::articles(&server, ENTRIES))?;
        figures.extend(runtime.block_on(measure(&server, name))?);
        server.stop();
    }
    Ok(figures)
}

async fn measure(server: &Server, database: &str) -> Result<[Figure; 3], Failure> {
    let mut wire = Wire::open(server.base_url()).await?;
    let list = "/v1/entries/article?filter[stars][eq]=7&sort=-day&limit=20";
    let (mut times, mut cursor) = (Vec::new(), String::new());
    while times.len() < PAGES {
        let (took, page) = get(&mut wire, &format!("{list}{cursor}")).await?;
        times.push(took);
        let next = page["page"]["next"].as_str().ok_or_else(|| format!("page {} has no next one", times.len()))?;
        cursor = format!("&cursor={next}");
    }
    let mut fetched = Vec::new();
    for number in 0..FETCHED {
        let number = 1 + number * (ENTRIES / FETCHED);
        let path = format!("/v1/entries/article/article-{number:06}?include=author,related.author");
        let (took, found) = get(&mut wire, &path).await?;
        if found["included"].as_array().is_none_or(Vec::is_empty) {
            return Err(format!("{path} includes nothing"));
        }
        fetched.push(took);
    }
    let (first, last) = (median(times[..PAGES / 4].to_vec()), median(times[PAGES / 4 * 3..].to_vec()));
    let detail = format!("{ENTRIES} entries, {PAGES} pages of 20, 1 connection");
    Ok([
        Figure::at_most(
            format!("list with filter and sort, {database}: half of them within"),
            median(times),
            3.0,
            "ms",
            detail,
        ),
        Figure::at_most(
            format!("the last quarter of these pages, {database}: times the first"),
            last / first,
            1.25,
            "",
            format!("{last:.2} against {first:.2} ms"),
        ),
        Figure::at_most(
            format!("an entry with two includes, {database}: half of them within"),
            median(fetched),
            3.0,
            "ms",
            format!("{ENTRIES} entries, {FETCHED} of them fetched, 1 connection"),
        ),
    ])
}

/// Fetches something, in milliseconds.
async fn get(wire: &mut Wire, path: &str) -> Result<(f64, Value), Failure> {
    let began = Instant::now();
    let answer = wire.send(&format!("GET {path}"), &[], "").await?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    if answer.status != 200 {
        return Err(format!("{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    serde_json::from_slice(&answer.body).map(|found| (took, found)).map_err(|cause| cause.to_string())
}
