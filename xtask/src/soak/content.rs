//! Authors who publish, rename and take back pages in two languages while readers read, until the server is killed: every
//! page that is read is wholly of one version, and never of an older one than was acknowledged.
//!
//! Each version of a page says its number in every field, and its reference leads to another author than that of the version
//! before. [`verify`] looks at what is there after the restart.

mod authors;
mod readers;
mod verify;

use bonafide_test_support::{Installation, Server};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::site::{self, Owner};
use authors::Story;

/// How many write, each a page of its own, and how many read.
const AUTHORS: usize = 4;
const READERS: usize = 2;
const LOCALES: [&str; 2] = ["en", "de"];

/// What a run came to.
#[derive(Default)]
pub(super) struct Sum {
    /// Versions that were acknowledged as published, and pages that were read while they were.
    pub(super) published: u64,
    pub(super) read: u64,
    pub(super) in_the_middle: u32,
    pub(super) restarts: Vec<Duration>,
}

/// One page in one language, as readers look for it.
#[derive(Clone)]
struct Shown {
    page: String,
    locale: usize,
    /// The newest version that was acknowledged. Those after it may be there already.
    version: u64,
}

/// What readers know: where pages are. Everything in it was acknowledged.
#[derive(Clone, Default)]
struct Board(Arc<Mutex<Vec<Shown>>>);

impl Board {
    fn tell(&self, page: &str, locale: usize, version: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|shown| shown.page == page && shown.locale == locale) {
            Some(shown) => shown.version = version,
            None => all.push(Shown { page: page.to_owned(), locale, version }),
        }
    }

    fn all(&self) -> Vec<Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The name of a page in its address: another one every third version.
fn slug(page: &str, version: u64) -> String {
    format!("{page}-{}", version / 3)
}

/// Everything that an author writes in one version of a page.
fn document(page: &str, locale: usize, version: u64, people: &[String; 2]) -> Value {
    let said = said(page, locale, version);
    json!({
        "title": said, "slug": slug(page, version), "number": version, "seo": {"description": said},
        "author": people[author_of(version)], "body": [{"type": "markdown", "text": said}],
    })
}

fn said(page: &str, locale: usize, version: u64) -> String {
    format!("{page} {} version {version}", LOCALES[locale])
}

fn author_of(version: u64) -> usize {
    usize::from(version % 2 == 1)
}

/// The version of a published page, if it is wholly of that.
fn whole(page: &Value) -> Result<u64, Failure> {
    let broken = |what: &str| Err(format!("{what} is of another version: {page}"));
    let Some(version) = page["number"].as_u64() else { return broken("the number") };
    let title = page["title"].as_str().unwrap_or_default();
    let Some((name, locale)) = title.split_once(' ').and_then(|(name, rest)| Some((name, rest.split_once(' ')?.0)))
    else {
        return broken("the title");
    };
    let Some(place) = LOCALES.iter().position(|other| *other == locale) else { return broken("the language") };
    let said = said(name, place, version);
    for (what, is, wanted) in [
        ("the title", &page["title"], said.clone()),
        ("the address", &page["path"], slug(name, version)),
        ("the description", &page["seo"]["description"], said.clone()),
        ("the text", &page["body"][0]["markdown"], said.clone()),
        ("the HTML", &page["body"][0]["html"], format!("<p>{said}</p>\n")),
        ("the excerpt", &page["excerpt"], said.clone()),
        ("the language", &page["locale"], locale.to_owned()),
        ("the reference", &page["author"]["title"], format!("Author {}", author_of(version))),
    ] {
        if *is != wanted {
            return broken(what);
        }
    }
    Ok(version)
}

/// Publishes and kills the server so many times.
pub(super) fn soak(home: &Installation, rounds: u32) -> Result<Sum, Failure> {
    let runtime = crate::bench::runtime()?;
    let (mut sum, mut people) = (Sum::default(), None);
    for round in 0..rounds {
        let server = site::start(home, &[]);
        let told = runtime.block_on(async {
            let owner = Owner::login(&server).await?;
            let people = match people.clone() {
                Some(people) => people,
                None => people.insert(furnish(&owner).await?).clone(),
            };
            one_round(server, &owner, round, &people).await
        });
        let (stories, read) = told.map_err(|failure| format!("round {round}: {failure}"))?;
        let started = Instant::now();
        let server = site::start(home, &[]);
        sum.restarts.push(started.elapsed());
        let verified = runtime.block_on(verify::all(&server, &stories));
        verified.map_err(|failure| format!("round {round}: {failure}\n{}", server.log()))?;
        server.kill();
        sum.read += read;
        sum.published += stories.iter().map(|story| story.published).sum::<u64>();
        sum.in_the_middle += u32::from(stories.iter().any(|story| story.open.is_some()));
        if (round + 1) % 10 == 0 {
            println!("{} rounds, {} versions published, {} pages read", round + 1, sum.published, sum.read);
        }
    }
    let verdict = home.run(["check"], "").ok();
    if verdict.contains("all is well") { Ok(sum) } else { Err(format!("bonafide check: {verdict}")) }
}

/// Publishes and reads until the kill; gives back what every author was told, and how many pages were read.
async fn one_round(
    server: Server,
    owner: &Owner,
    round: u32,
    people: &[String; 2],
) -> Result<(Vec<Story>, u64), Failure> {
    let board = Board::default();
    let write = |author| {
        let page = format!("r{round}-p{author}");
        tokio::spawn(authors::write(owner.elsewhere(&server), page, people.clone(), board.clone()))
    };
    let read = |_| tokio::spawn(readers::read(Owner::nobody(&server), board.clone()));
    let writing: Vec<_> = (0..AUTHORS).map(write).collect();
    let reading: Vec<_> = (0..READERS).map(read).collect();
    // until every author has published, there is nothing to break
    let began = Instant::now();
    while board.all().len() < AUTHORS && began.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::sleep(super::instant()).await;
    server.kill();
    let (mut stories, mut pages) = (Vec::new(), 0);
    for author in writing {
        stories.push(author.await.map_err(|cause| cause.to_string())??);
    }
    for reader in reading {
        pages += reader.await.map_err(|cause| cause.to_string())??;
    }
    Ok((stories, pages))
}

/// Two languages, an address for pages, pages with a number and a reference, and two whom they refer to.
async fn furnish(owner: &Owner) -> Result<[String; 2], Failure> {
    let send = async |method, path: &str, headers: &[(&str, &str)], body: Option<&Value>, status| {
        owner.send(method, path, headers, body).await.map_err(|cause| cause.to_string())?.is(status)
    };
    let read = async |path| send(Method::GET, path, &[], None, 200).await;
    let site = read("/admin/v1/site").await?;
    let settings = json!({"locales": LOCALES, "page_url_template": "https://www.example.org/{locale}/{path}"});
    send(Method::PATCH, "/admin/v1/site", &[("if-match", &site.etag)], Some(&settings), 200).await?;
    let author = json!({"type": "author", "title": "Author", "localized": false, "fields": [
        {"key": "name", "kind": "text", "required": true}, {"key": "slug", "kind": "slug", "from": "name"}]});
    send(Method::POST, "/admin/v1/types", &[], Some(&author), 201).await?;
    let page = read("/admin/v1/types/page").await?;
    let mut fields = page.json()?["fields"].as_array().cloned().unwrap_or_default();
    fields.push(json!({"key": "number", "kind": "integer", "indexed": true}));
    fields.push(json!({"key": "author", "kind": "reference", "types": ["author"]}));
    let extended = json!({"fields": fields});
    send(Method::PATCH, "/admin/v1/types/page", &[("if-match", &page.etag)], Some(&extended), 200).await?;
    let mut people = [String::new(), String::new()];
    for (number, id) in people.iter_mut().enumerate() {
        let person = json!({"fields": {"name": format!("Author {number}")}});
        let made = send(Method::POST, "/admin/v1/entries/author", &[], Some(&person), 201).await?;
        made.json()?["id"].as_str().unwrap_or_default().clone_into(id);
        let publish = format!("/admin/v1/entries/author/{id}/publish");
        send(Method::POST, &publish, &[("if-match", &made.etag)], None, 200).await?;
    }
    Ok(people)
}
