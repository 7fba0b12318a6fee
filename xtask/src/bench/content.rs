//! Pages and entries by the thousand, written and published through the admin API as authors do.

use std::cell::Cell;

use bonafide_test_support::Server;
use futures_util::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::wire::Wire;
use crate::Failure;
use crate::site::Owner;

const CONNECTIONS: usize = 64;
/// How many articles of `1..=RATINGS` stars there are: each as many.
pub(super) const RATINGS: usize = 10;
const AUTHORS: usize = 1_000;
/// How many are written between two logins.
const SESSION: usize = 25_000;

/// Does a job for each number of a range over 64 connections, and says how far it is.
pub(super) async fn spread<J>(base: &str, numbers: std::ops::Range<usize>, what: &str, job: J) -> Result<(), Failure>
where
    J: AsyncFn(&mut Wire, usize) -> Result<(), Failure>,
{
    let next = Cell::new(numbers.start);
    let worker = async || {
        let mut wire = Wire::open(base).await?;
        loop {
            let number = next.get();
            if number >= numbers.end {
                return Ok::<_, Failure>(());
            }
            next.set(number + 1);
            job(&mut wire, number).await?;
            if (number + 1).is_multiple_of(50_000) {
                println!("{} {what}", number + 1);
            }
        }
    };
    try_join_all((0..CONNECTIONS).map(|_| worker())).await.map(drop)
}

/// Writes and publishes one thing; gives its id.
async fn publish(wire: &mut Wire, bearer: &str, base: &str, body: &Value) -> Result<String, Failure> {
    let made = wire.send(&format!("POST {base}"), &[bearer], &body.to_string()).await?;
    let told = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    let written: Value = serde_json::from_slice(&made.body).map_err(|cause| cause.to_string())?;
    let id = written["id"].as_str().ok_or_else(|| format!("{}: {}", made.status, told(&made.body)))?.to_owned();
    let if_match = format!("if-match: {}", made.etag);
    let published = wire.send(&format!("POST {base}/{id}/publish"), &[bearer, &if_match], "{}").await?;
    if published.status == 200 { Ok(id) } else { Err(format!("{}: {}", published.status, told(&published.body))) }
}

/// Does a job of an author for each number of a range. Logs in again after each [`SESSION`] of them: a token lasts ten
/// minutes, filling a big site longer.
async fn write<J>(server: &Server, numbers: std::ops::Range<usize>, what: &str, job: J) -> Result<(), Failure>
where
    J: AsyncFn(&mut Wire, &str, usize) -> Result<(), Failure>,
{
    for first in numbers.clone().step_by(SESSION) {
        let bearer = format!("authorization: Bearer {}", Owner::login(server).await?.token());
        let session = first..numbers.end.min(first + SESSION);
        spread(server.base_url(), session, what, async |wire, number| job(wire, &bearer, number).await).await?;
    }
    Ok(())
}

/// The path of a page.
pub(super) fn path(number: usize) -> String {
    format!("/v1/pages/section-{:03}/page-{number:06}", number % 1_000)
}

/// Publishes pages, which are about 6 KB each when they are delivered.
pub(super) async fn pages(server: &Server, numbers: std::ops::Range<usize>) -> Result<(), Failure> {
    write(server, numbers, "pages", async |wire, bearer, number| {
        publish(wire, bearer, "/admin/v1/pages", &page(number)).await.map(drop)
    })
    .await
}

/// A page of four blocks.
fn page(number: usize) -> Value {
    const TEXT: &str = "The museum of knots shows how sailors, weavers and climbers tie what has to hold. ";
    let block = |n: usize| json!({"type": "markdown", "text": format!("**{number:06}-{n}** {}", TEXT.repeat(8))});
    json!({
        "title": format!("Page {number:06}"),
        "slug": path(number).trim_start_matches("/v1/pages/"),
        "body": (0..4).map(block).collect::<Vec<_>>(),
    })
}

/// Publishes one more version of a page, which is another one each time.
pub(super) async fn publish_again(owner: &Owner, id: &str, note: usize) -> Result<(), Failure> {
    let path = format!("/admin/v1/pages/{id}");
    let send = async |method, path: &str, etag: &str, body: &Value| {
        let sent = owner.send(method, path, &[("if-match", etag)], Some(body)).await;
        sent.map_err(|cause| cause.to_string())?.is(200)
    };
    let there = owner.send(Method::GET, &path, &[], None).await.map_err(|cause| cause.to_string())?.is(200)?;
    let title = json!({"title": format!("Changed {note}")});
    let changed = send(Method::PATCH, &path, &there.etag, &title).await?;
    send(Method::POST, &format!("{path}/publish"), &changed.etag, &json!({})).await.map(drop)
}

/// Defines `author` and `article`, and publishes a thousand authors and so many articles; each of them leads to an author
/// and to another article.
pub(super) async fn articles(server: &Server, count: usize) -> Result<(), Failure> {
    let owner = Owner::login(server).await?;
    let author = json!({"type": "author", "title": "Author", "fields": [
        {"key": "name", "kind": "text", "required": true}, {"key": "slug", "kind": "slug", "from": "name"}]});
    let article = json!({"type": "article", "title": "Article", "fields": [
        {"key": "title", "kind": "text", "required": true},
        {"key": "slug", "kind": "slug", "from": "title"},
        {"key": "author", "kind": "reference", "types": ["author"], "indexed": true},
        {"key": "related", "kind": "reference", "types": ["article"]},
        {"key": "day", "kind": "date", "indexed": true},
        {"key": "stars", "kind": "integer", "indexed": true},
        {"key": "body", "kind": "markdown"}]});
    for definition in [author, article] {
        let made = owner.send(Method::POST, "/admin/v1/types", &[], Some(&definition)).await;
        made.map_err(|cause| cause.to_string())?.is(201)?;
    }
    let authors = Cell::new(Vec::new());
    write(server, 0..AUTHORS, "authors", async |wire, bearer, number| {
        let fields = json!({"fields": {"name": format!("Author {number:04}")}});
        let id = publish(wire, bearer, "/admin/v1/entries/author", &fields).await?;
        let mut known = authors.take();
        known.push(id);
        authors.set(known);
        Ok(())
    })
    .await?;
    let authors = authors.into_inner();
    let last = Cell::new(None::<String>);
    write(server, 0..count, "articles", async |wire, bearer, number| {
        let mut fields = json!({
            "title": format!("Article {number:06}"),
            "author": authors[number % AUTHORS],
            "day": format!("{}-{:02}-{:02}", 2000 + number % 25, 1 + number % 12, 1 + number % 28),
            "stars": 1 + number % RATINGS,
            "body": "How to tie what has to hold, and to untie it afterwards. ".repeat(6),
        });
        if let Some(related) = last.take() {
            fields["related"] = json!(related);
        }
        let id = publish(wire, bearer, "/admin/v1/entries/article", &json!({"fields": fields})).await?;
        last.set(Some(id));
        Ok(())
    })
    .await
}
