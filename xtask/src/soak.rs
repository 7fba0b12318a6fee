//! `cargo xtask soak`: SIGKILL at a random instant in the middle of writes, again and again on the same data.
//!
//! After every kill the server is started again, with nothing done in between, and everything it had acknowledged is
//! looked for: [`verify`]. The first violation ends the run.

mod content;
mod submissions;
mod verify;
mod writers;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, postgres};

use crate::Failure;
use crate::bench::{record, runtime};
use crate::site::{self, Owner, Reply};
use verify::Seen;
use writers::{Story, WRITERS};

/// What a whole run came to.
#[derive(Default)]
struct Sum {
    acknowledged: u64,
    /// Kills that left at least one request without its answer.
    in_the_middle: u32,
    /// Requests without an answer that had taken effect all the same.
    effective: u64,
    restarts: Vec<Duration>,
}

/// Runs the rounds on SQLite and, if wanted, on a durable PostgreSQL.
pub(crate) fn run(rounds: u32, with_postgres: bool, recorded: bool) -> Result<(), Failure> {
    let mut homes = vec![("SQLite", Installation::on_sqlite())];
    if with_postgres {
        let database = postgres::durable_database().ok_or("PostgreSQL was asked for and is not there")?;
        homes.push(("PostgreSQL", Installation::on_postgres(database)));
    }
    let (mut rows, mut forms, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for (name, home) in &homes {
        let sum = soak(home, rounds).map_err(|failure| format!("{name}: {failure}"))?;
        rows.push(row(name, rounds, &sum));
        println!("{}", rows.last().map_or("", String::as_str));
        let sum = submissions::soak(home, rounds).map_err(|failure| format!("{name}, submissions: {failure}"))?;
        forms.push(forms_row(name, rounds, &sum));
        println!("{}", forms.last().map_or("", String::as_str));
        let sum = content::soak(home, rounds).map_err(|failure| format!("{name}, content: {failure}"))?;
        pages.push(pages_row(name, rounds, &sum));
        println!("{}", pages.last().map_or("", String::as_str));
    }
    if recorded {
        let head = "| database | kills | during writes | acknowledged writes | lost | unacknowledged but done | slowest restart |";
        let table = format!("{head}\n| --- | --- | --- | --- | --- | --- | --- |\n{}\n", rows.join("\n"));
        record::section("Killed in the middle of writes", &table)?;
        let head = "| database | kills | during writes | forms acknowledged | lost | acknowledged as erased | opened later | slowest restart |";
        let table = format!("{head}\n| --- | --- | --- | --- | --- | --- | --- | --- |\n{}\n", forms.join("\n"));
        record::section("Killed while forms are sent and erased", &table)?;
        let head = "| database | kills | during writes | versions published | lost | pages read meanwhile | not of one version | slowest restart |";
        let table = format!("{head}\n| --- | --- | --- | --- | --- | --- | --- | --- |\n{}\n", pages.join("\n"));
        record::section("Killed while pages are published and read", &table)?;
    }
    Ok(())
}

fn row(name: &str, rounds: u32, sum: &Sum) -> String {
    let slowest = sum.restarts.iter().max().copied().unwrap_or_default().as_millis();
    let Sum { acknowledged, in_the_middle, effective, .. } = sum;
    format!("| {name} | {rounds} | {in_the_middle} | {acknowledged} | 0 | {effective} | {slowest} ms |")
}

fn forms_row(name: &str, rounds: u32, sum: &submissions::Sum) -> String {
    let slowest = sum.restarts.iter().max().copied().unwrap_or_default().as_millis();
    let submissions::Sum { acknowledged, erased, in_the_middle, .. } = sum;
    format!("| {name} | {rounds} | {in_the_middle} | {acknowledged} | 0 | {erased} | 0 | {slowest} ms |")
}

fn pages_row(name: &str, rounds: u32, sum: &content::Sum) -> String {
    let slowest = sum.restarts.iter().max().copied().unwrap_or_default().as_millis();
    let content::Sum { published, read, in_the_middle, .. } = sum;
    format!("| {name} | {rounds} | {in_the_middle} | {published} | 0 | {read} | 0 | {slowest} ms |")
}

fn soak(home: &Installation, rounds: u32) -> Result<Sum, Failure> {
    site::create_owner(home);
    let runtime = runtime()?;
    let mut sum = Sum::default();
    let mut policies = 0;
    for round in 0..rounds {
        let stories =
            runtime.block_on(one_round(home, round)).map_err(|failure| format!("round {round}: {failure}"))?;
        let started = Instant::now();
        let server = site::start(home, &[]);
        sum.restarts.push(started.elapsed());
        let seen = runtime.block_on(async {
            let owner = Owner::login(&server).await?;
            let mut seen = Seen::default();
            for story in &stories {
                let found = verify::story(&owner, story).await;
                seen.add(&found.map_err(|failure| format!("{}: {failure}", story.describe()))?);
            }
            policies += seen.policies;
            verify::count(&owner, policies).await.map(|()| seen)
        });
        let seen = seen.map_err(|failure| format!("round {round}: {failure}\n{}", server.log()))?;
        server.kill(); // the next round starts from a kill, too
        sum.acknowledged += stories.iter().map(|story| story.acknowledged).sum::<u64>();
        sum.in_the_middle += u32::from(stories.iter().any(|story| story.open.is_some()));
        sum.effective += seen.effective;
        if (round + 1) % 10 == 0 {
            println!(
                "{} rounds, {} writes acknowledged, {} kills during writes",
                round + 1,
                sum.acknowledged,
                sum.in_the_middle
            );
        }
    }
    let verdict = home.run(["check"], "").ok();
    if verdict.contains("all is well") { Ok(sum) } else { Err(format!("bonafide check: {verdict}")) }
}

/// Writes until the kill; gives back what every writer was told.
async fn one_round(home: &Installation, round: u32) -> Result<Vec<Story>, Failure> {
    let server = site::start(home, &[]);
    let owner = Owner::login(&server).await?;
    let writing: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(writers::write(owner.elsewhere(&server), format!("r{round}-w{writer}"))))
        .collect();
    tokio::time::sleep(instant()).await;
    server.kill();
    let mut stories = Vec::new();
    for writer in writing {
        stories.push(writer.await.map_err(|cause| cause.to_string())??);
    }
    Ok(stories)
}

/// The answer if there was one, with the expected status; otherwise it is noted what stayed open.
fn answered<S: Copy + std::fmt::Debug>(
    whose: &str,
    open: &mut Option<S>,
    step: S,
    sent: Result<Reply, reqwest::Error>,
    status: u16,
) -> Result<Option<Reply>, Failure> {
    let Ok(reply) = sent else {
        *open = Some(step);
        return Ok(None);
    };
    reply.is(status).map(Some).map_err(|failure| format!("{whose}: {step:?}: {failure}"))
}

/// From 20 to 420 ms after the writers began. The keys of hash maps are all the randomness that this needs.
fn instant() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_micros(20_000 + random % 400_000)
}
