//! Visitors who send forms and an officer who erases some, until the server is killed: what was acknowledged is there and
//! opens, what was acknowledged as erased opens never again, and what was under way is done once when it is sent again.

use bonafide_test_support::{Installation, Server};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::site::{self, Owner};

/// How many send at the same time.
const VISITORS: usize = 8;
/// How many forms are fetched at once: enough for many rounds, since nobody may send one within three seconds.
const FORMS: usize = 2_000;
const PATIENCE: Duration = Duration::from_millis(3_200);
const SETTINGS: &[(&str, &str)] = &[("BONAFIDE_SUBMISSIONS_PER_MINUTE", "1000000")];

/// One form that was sent.
#[derive(Clone)]
struct Sent {
    token: String,
    n: usize,
    /// `None` if the server was killed before it answered.
    receipt: Option<Value>,
    erasure: Erasure,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Erasure {
    NotAsked,
    /// Asked for, and never answered.
    Open,
    Acknowledged,
}

/// What a run came to.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) acknowledged: u64,
    pub(super) erased: u64,
    pub(super) in_the_middle: u32,
    pub(super) restarts: Vec<Duration>,
}

/// Makes the form and kills the server so many times.
pub(super) fn soak(home: &Installation, rounds: u32) -> Result<Sum, Failure> {
    let runtime = crate::bench::runtime()?;
    let mut sum = Sum::default();
    let (mut forms, mut total) = (Vec::new(), 0);
    for round in 0..rounds {
        let server = site::start(home, SETTINGS);
        let sent = runtime.block_on(async {
            if round == 0 {
                site::publish_form(&Owner::login(&server).await?, "contact", "P180D").await?;
            }
            if forms.len() < FORMS / 4 {
                forms.extend(fetch(&server).await?);
                tokio::time::sleep(PATIENCE).await;
            }
            one_round(server, &mut forms).await
        })?;
        let started = Instant::now();
        let server = site::start(home, SETTINGS);
        sum.restarts.push(started.elapsed());
        total += sent.len();
        let verified = runtime.block_on(verify(&server, &sent, total));
        verified.map_err(|failure| format!("round {round}: {failure}\n{}", server.log()))?;
        server.kill();
        let of = |is: fn(&Sent) -> bool| sent.iter().filter(|sent| is(sent)).count() as u64;
        sum.acknowledged += of(|sent| sent.receipt.is_some());
        sum.erased += of(|sent| sent.erasure == Erasure::Acknowledged);
        let middle = sent.iter().any(|sent| sent.receipt.is_none() || sent.erasure == Erasure::Open);
        sum.in_the_middle += u32::from(middle);
        if (round + 1) % 10 == 0 {
            println!("{} rounds, {} forms acknowledged, {} erased", round + 1, sum.acknowledged, sum.erased);
        }
    }
    Ok(sum)
}

async fn fetch(server: &Server) -> Result<Vec<String>, Failure> {
    let visitor = Owner::nobody(server);
    let mut tokens = Vec::new();
    for _ in 0..FORMS {
        let form = visitor.get("/v1/forms/contact").await?;
        tokens.push(form["token"].as_str().ok_or("a form without a token")?.to_owned());
    }
    Ok(tokens)
}

/// Sends and erases until the kill; gives back what everybody was told.
async fn one_round(server: Server, forms: &mut Vec<String>) -> Result<Vec<Sent>, Failure> {
    let owner = Owner::login(&server).await?;
    let mut sending = Vec::new();
    for _ in 0..VISITORS {
        let mine: Vec<_> = forms.drain(..forms.len().min(FORMS / 4 / VISITORS)).collect();
        sending.push(tokio::spawn(send(owner.elsewhere(&server), mine)));
    }
    tokio::time::sleep(super::instant()).await;
    server.kill();
    let mut sent = Vec::new();
    for visitor in sending {
        let (mine, unused) = visitor.await.map_err(|cause| cause.to_string())??;
        sent.extend(mine);
        forms.extend(unused);
    }
    Ok(sent)
}

async fn send(client: Owner, tokens: Vec<String>) -> Result<(Vec<Sent>, Vec<String>), Failure> {
    let mut sent: Vec<Sent> = Vec::new();
    let mut tokens = tokens.into_iter();
    for (n, token) in tokens.by_ref().enumerate() {
        let answer = client.send(Method::POST, "/v1/forms/contact/submissions", &[], Some(&body(&token, n))).await;
        let mut one = Sent { token, n, receipt: None, erasure: Erasure::NotAsked };
        let Ok(reply) = answer else {
            sent.push(one);
            break;
        };
        one.receipt = Some(reply.is(201)?.json()?["receipt"].clone());
        sent.push(one);
        // every third is erased, while the others write
        if n % 3 == 2
            && let Some(last) = sent.last_mut()
        {
            last.erasure = Erasure::Open;
            let path = format!("{}/erase", path(last));
            let reason = json!({"reason": "subject_request"});
            let Ok(reply) = client.send(Method::POST, &path, &[], Some(&reason)).await else { break };
            reply.is(200)?;
            last.erasure = Erasure::Acknowledged;
        }
    }
    Ok((sent, tokens.collect()))
}

fn body(token: &str, n: usize) -> Value {
    let fields = json!({"name": format!("Visitor {n}"), "email": format!("visitor-{n}@example.org"), "message": "Is the museum open?"});
    json!({"token": token, "fields": fields})
}

fn path(sent: &Sent) -> String {
    let id = sent.receipt.as_ref().and_then(|receipt| receipt["id"].as_str()).unwrap_or_default();
    format!("/admin/v1/submissions/{id}")
}

async fn verify(server: &Server, sent: &[Sent], total: usize) -> Result<(), Failure> {
    let owner = Owner::login(server).await?;
    for one in sent {
        if one.receipt.is_some() {
            acknowledged(&owner, one).await?;
            continue;
        }
        // once more: it is taken in now, or was then; never twice, as the count will show
        let body = body(&one.token, one.n);
        let again = owner.send(Method::POST, "/v1/forms/contact/submissions", &[], Some(&body));
        again.await.map_err(|cause| cause.to_string())?.is(201)?;
    }
    let counted = owner.get("/admin/v1/submissions?count=exact&limit=1").await?["page"]["count"].as_u64();
    if counted == Some(total as u64) { Ok(()) } else { Err(format!("{counted:?} submissions where {total} were sent")) }
}

async fn acknowledged(owner: &Owner, one: &Sent) -> Result<(), Failure> {
    let path = path(one);
    let open = json!({"purpose": "fulfil_request"});
    let opened =
        owner.send(Method::POST, &format!("{path}/open"), &[], Some(&open)).await.map_err(|e| e.to_string())?;
    let is_erased = match one.erasure {
        Erasure::NotAsked => false,
        Erasure::Acknowledged => true,
        Erasure::Open => opened.status.as_u16() == 409,
    };
    if !is_erased {
        let found = opened.is(200)?.json()?;
        let whole = found["fields"] == body(&one.token, one.n)["fields"];
        return if whole { Ok(()) } else { Err(format!("{path} is not what was sent")) };
    }
    opened.is(409).map_err(|failure| format!("{path} was erased and opens: {failure}"))?;
    let began = Instant::now();
    while owner.get(&path).await?["scrubbed_at"].is_null() {
        if began.elapsed() > Duration::from_secs(10) {
            return Err(format!("{path} is erased and never scrubbed"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
