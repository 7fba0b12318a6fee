//! A million submissions: finding a person's, listing, sweeping what is due while frontends read, new keys for the rest.

use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server, ShiftedClock};
use reqwest::Method;
use serde_json::{Value, json};

use super::intake::{PATIENCE, percentile, submit, token, visit};
use super::wire::Wire;
use super::{Figure, content, median};
use crate::Failure;
use crate::site::{self, Owner};

const ALL: usize = 1_000_000;
/// Every tenth is sent with a form whose period is over when the sweep begins.
const SHORT: usize = 10;
/// How many one person has sent.
const OF_ONE: usize = 10;
/// How many forms are fetched before they are sent: longer than nobody may send one.
const WINDOW: usize = 40_000;
const ASKED: usize = 100;
/// How many send forms while the epoch changes.
const VISITORS: usize = 4;
const SETTINGS: &[(&str, &str)] =
    &[("BONAFIDE_SUBMISSIONS_PER_MINUTE", "1000000"), ("BONAFIDE_REQUESTS_PER_MINUTE", "1000000")];

/// All figures, on one installation.
pub(super) fn run() -> Result<Vec<Figure>, Failure> {
    let home = Installation::on_sqlite();
    site::create_owner(&home);
    let clock = ShiftedClock::new(&home);
    let runtime = super::runtime()?;
    let server = serve(&home, &clock);
    runtime.block_on(async {
        let owner = Owner::login(&server).await?;
        site::publish_form(&owner, "contact", "P180D").await?;
        site::publish_form(&owner, "short", "P7D").await?;
        seed(&server).await?;
        // for frontends to read
        content::pages(&server, 0..1).await
    })?;
    server.stop();
    let server = serve(&home, &clock);
    let mut figures = runtime.block_on(async {
        let owner = Owner::login(&server).await?;
        let mut figures = vec![find(&owner).await?];
        figures.extend(list(&owner).await?);
        Ok::<_, Failure>(figures)
    })?;
    server.stop();
    clock.shift(8 * 24 * 3600);
    let server = serve(&home, &clock);
    figures.extend(runtime.block_on(sweep(&server))?);
    figures.extend(rotate(&home, &server, &runtime)?);
    server.stop();
    Ok(figures)
}

fn serve(home: &Installation, clock: &ShiftedClock) -> Server {
    let mut command = clock.serve(home);
    command.env("BONAFIDE_LOG", "warn").envs(SETTINGS.iter().copied());
    Server::start_command(home, command)
}

/// Sends a million forms, as visitors do: each is fetched first.
async fn seed(server: &Server) -> Result<(), Failure> {
    let base = server.base_url();
    for first in (0..ALL).step_by(WINDOW) {
        let window = first..ALL.min(first + WINDOW);
        let tokens = std::cell::RefCell::new(vec![String::new(); window.len()]);
        let began = Instant::now();
        content::spread(base, window.clone(), "forms fetched", async |wire, n| {
            let token = token(wire, form(n)).await?;
            tokens.borrow_mut()[n - first] = token;
            Ok(())
        })
        .await?;
        tokio::time::sleep(PATIENCE.saturating_sub(began.elapsed())).await;
        content::spread(base, window, "forms sent", async |wire, n| {
            let token = std::mem::take(&mut tokens.borrow_mut()[n - first]);
            submit(wire, form(n), &token, n / OF_ONE).await.map(drop)
        })
        .await?;
    }
    Ok(())
}

fn form(number: usize) -> &'static str {
    // in tens, so that all of one person's are sent with the same form
    if (number / OF_ONE).is_multiple_of(SHORT) { "short" } else { "contact" }
}

async fn post(owner: &Owner, path: &str, body: &Value) -> Result<f64, Failure> {
    let began = Instant::now();
    let reply = owner.send(Method::POST, path, &[], Some(body)).await.map_err(|cause| cause.to_string())?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    reply.is(200).map(|_| took)
}

/// Everything of one person, handed over as an archive.
async fn find(owner: &Owner) -> Result<Figure, Failure> {
    let mut times = Vec::new();
    for n in 0..ASKED {
        let person = n * (ALL / OF_ONE / ASKED) + 1;
        let email = json!({"email": format!("visitor-{person}@example.org")});
        times.push(post(owner, "/admin/v1/subjects/export", &email).await?);
    }
    times.sort_by(f64::total_cmp);
    let detail = format!("{ASKED} people with {OF_ONE} submissions each among {ALL}; the archive included");
    let what = "all of one e-mail address found, recorded and opened, 95 of 100".into();
    Ok(Figure::at_most(what, percentile(&times, 95), 50.0, "ms", detail))
}

/// Pages of the list, from its beginning.
async fn list(owner: &Owner) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (what, query) in [("", ""), (" of one form", "&form=short"), (" of one state", "&state=received")] {
        let (mut times, mut cursor) = (Vec::new(), String::new());
        for _ in 0..ASKED {
            let began = Instant::now();
            let page = owner.get(&format!("/admin/v1/submissions?limit=20{query}{cursor}")).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            let next = page["page"]["next"].as_str().ok_or("the list ends early")?;
            cursor = format!("&cursor={next}");
        }
        times.sort_by(f64::total_cmp);
        let what = format!("a page of the list of submissions{what}, 95 of 100");
        let detail = format!("{ASKED} pages of 20 among {ALL}");
        figures.push(Figure::at_most(what, percentile(&times, 95), 5.0, "ms", detail));
    }
    Ok(figures)
}

/// The sweep that begins by itself, with 2,000 requests a second of frontends beside it.
async fn sweep(server: &Server) -> Result<[Figure; 2], Failure> {
    const PERIOD: Duration = Duration::from_millis(10);
    const FRONTENDS: u32 = 20;
    let owner = Owner::login(server).await?;
    let due = async || {
        let page = owner.get("/admin/v1/retention/due?count=exact&limit=1").await?;
        page["page"]["count"].as_u64().ok_or_else(|| format!("no count in {page}"))
    };
    let mut frontends = tokio::task::JoinSet::new();
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for number in 0..FRONTENDS {
        let (mut wire, over) = (Wire::open(server.base_url()).await?, over.clone());
        frontends.spawn(async move {
            let first = tokio::time::Instant::now() + PERIOD * number / FRONTENDS;
            let mut ticks = tokio::time::interval_at(first, PERIOD);
            let mut waits = Vec::new();
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                // from when it was to be sent: what waits behind a slow one waits as well
                let due = ticks.tick().await;
                wire.send(&format!("GET {}", content::path(0)), &[], "").await?;
                waits.push(due.elapsed().as_secs_f64() * 1e3);
            }
            Ok::<_, Failure>(waits)
        });
    }
    let wanted = due().await?;
    let (mut began, mut left) = (Instant::now(), wanted);
    let mut first = wanted;
    let patience = Instant::now();
    while left > 0 {
        // counting them takes time itself
        tokio::time::sleep(Duration::from_secs(2)).await;
        left = due().await?;
        if first == wanted {
            // it has not begun before that
            (began, first) = (Instant::now(), left);
        }
        if patience.elapsed() > Duration::from_mins(10) {
            let watch = owner.get("/admin/v1/status").await?;
            return Err(format!("{left} of {wanted} are due after ten minutes: {watch}"));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a count for a rate")]
    let rate = first as f64 / began.elapsed().as_secs_f64();
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut waits = Vec::new();
    while let Some(ended) = frontends.join_next().await {
        waits.extend(ended.map_err(|cause| cause.to_string())??);
    }
    waits.sort_by(f64::total_cmp);
    let detail = format!("{wanted} due among {ALL}, 2,000 requests a second of frontends beside it");
    let what = "delivery while a sweep runs, 2,000 requests a second offered, 99 of 100 within".into();
    let of = format!("{} requests; half of them within {:.2} ms", waits.len(), median(waits.clone()));
    Ok([
        Figure::at_least("submissions a sweep erases in a second".into(), rate, 1_000.0, detail),
        Figure::at_most(what, percentile(&waits, 99), 10.0, "ms", of),
    ])
}

/// A new epoch for what is left, while visitors send forms.
fn rotate(home: &Installation, server: &Server, runtime: &tokio::runtime::Runtime) -> Result<[Figure; 2], Failure> {
    let slowest = runtime.spawn(visit(
        server.base_url().to_owned(),
        VISITORS,
        Duration::from_millis(20),
        Duration::from_secs(40),
    ));
    std::thread::sleep(PATIENCE + Duration::from_secs(2));
    let began = Instant::now();
    let told = home.run(["keys", "rotate", "--json"], "").ok();
    let took = began.elapsed().as_secs_f64();
    let told: Value = serde_json::from_str(&told).map_err(|cause| cause.to_string())?;
    let waits = runtime.block_on(slowest).map_err(|cause| cause.to_string())??;
    let during: Vec<f64> = waits.iter().filter(|(at, _)| *at >= began).map(|(_, wait)| *wait).collect();
    let before = waits.iter().filter(|(at, _)| *at < began).map(|(_, wait)| *wait).fold(0.0, f64::max);
    let longest = during.iter().copied().fold(0.0, f64::max);
    let detail = format!("{} keys, {} visitors sending forms meanwhile", told["moved"], VISITORS);
    Ok([
        Figure::at_most("a new epoch".into(), took, 30.0, "s", detail),
        Figure::at_most(
            "the longest wait of a visitor meanwhile".into(),
            longest,
            100.0,
            "ms",
            format!("{} forms; before it {before:.1} ms", during.len()),
        ),
    ])
}
