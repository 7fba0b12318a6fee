//! Nobody finds a trace of what is not published: not in bodies, counts, cursors, validators, redirects, feeds, the sitemap,
//! or in how long an answer takes.
//!
//! What can be asked comes from the API's own document: an address or a parameter that is new there fails this test until
//! it says what to ask for. Everything is asked twice, before there is anything to hide and after; the answers are the same.

use crate::content::{article, change, languages, now, published, write};
use crate::site::{Site, make_owner, text};
use bonafide_test_support::{Installation, Server, slow_on_both};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What only drafts say.
pub(crate) const HIDDEN: &str = "zebrafinch";
/// What nobody says, as long.
const ABSENT: &str = "quetzalcoa";
/// An id that nothing has.
const NOBODY: &str = "01980000-0000-7000-8000-000000000000";
/// Delivery routes that know nothing of content.
const OTHERS: [&str; 4] = ["/v1/forms/", "/v1/my/", "/v1/policies", "/v1/openapi.json"];
const OPERATORS: [&str; 11] = ["eq", "ne", "in", "nin", "lt", "lte", "gt", "gte", "prefix", "contains", "is_null"];

/// What is hidden, by id.
struct Secrets {
    ids: Vec<String>,
}

/// A site whose server answers as many questions as are asked.
async fn unlimited(home: &Installation) -> Site {
    make_owner(home).await;
    let mut command = home.command();
    command.arg("serve").env("BONAFIDE_REQUESTS_PER_MINUTE", "1000000");
    Site::on(Server::start_command(home, command)).await
}

/// The GET operations of delivery that are about content: their path and the names of their parameters.
async fn operations(site: &Site) -> Vec<(String, Vec<String>)> {
    let document = site.anonymous.get("/v1/openapi.json").await.is(200).json();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/v1/") || OTHERS.iter().any(|other| path.starts_with(other)) {
            continue;
        }
        for (method, operation) in operations.as_object().expect("operations") {
            assert_eq!(method, "get", "{path} only reads");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let queries = parameters.filter(|parameter| parameter["in"] == "query");
            found.push((path.clone(), queries.map(|parameter| text(&parameter["name"]).to_owned()).collect()));
        }
    }
    assert!(found.len() >= 7, "{found:?}");
    found
}

/// The addresses that a path of the document stands for: of what is shown, of what is hidden, of what is not there.
fn addresses(path: &str) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    for (parameter, values) in [
        ("{type}", &["article", "author", "nothing"][..]),
        ("{slug}", &["shown", HIDDEN, "archived", "back", "later", "deleted", "renamed", NOBODY]),
        ("{path}", &["shown", HIDDEN, "archived", "back", "later", "deleted", "renamed"]),
        ("{part}", &["0.xml", "1.xml", "2.xml"]),
    ] {
        all = all
            .iter()
            .flat_map(|path| {
                let stands = path.contains(parameter);
                values[..if stands { values.len() } else { 1 }].iter().map(|value| path.replace(parameter, value))
            })
            .collect();
    }
    assert!(all.iter().all(|path| !path.contains('{')), "values for {path}");
    all
}

/// What to ask for with a parameter of an address.
fn values(name: &str, address: &str, cursors: &[String]) -> Vec<String> {
    let fields: &[&str] = match address.split('/').nth(3).unwrap_or_default() {
        "article" => &[
            "title",
            "slug",
            "author",
            "related",
            "day",
            "stars",
            "secret",
            "code",
            "body",
            "published_at",
            "updated_at",
        ],
        "author" => &["name", "slug", "born", "published_at", "updated_at"],
        _ => &["title", "slug", "path", "body", "seo", "published_at", "updated_at"],
    };
    let each = |more: &[&str]| fields.iter().chain(more).map(|field| format!("{name}={field}")).collect();
    match name {
        "locale" => ["en", "de", "fr"].map(|tag| format!("locale={tag}")).into(),
        "fallback" => ["fallback=de", "locale=fr&fallback=de", "locale=de&fallback=en"].map(ToOwned::to_owned).into(),
        "fields" => {
            each(&["id", "type", "locale", "revision", "excerpt", "links", "reading_time", "nothing", "title,slug"])
        }
        "include" => each(&["related.author", "author,related", "nothing"]),
        "sort" => fields.iter().flat_map(|field| [format!("sort={field}"), format!("sort=-{field}")]).collect(),
        "limit" => ["limit=1", "limit=100", "limit=1&sort=-updated_at"].map(ToOwned::to_owned).into(),
        "count" => vec!["count=exact".to_owned()],
        "cursor" => cursors.iter().map(|cursor| format!("limit=1&cursor={cursor}")).collect(),
        "filter" => {
            let values = [HIDDEN, "Shown", "5", "2026-01-01", "true"];
            let mut all = Vec::new();
            for field in fields {
                for op in OPERATORS {
                    all.extend(values.map(|value| format!("filter[{field}][{op}]={value}&count=exact")));
                }
            }
            all
        }
        other => panic!("what to ask for with {other}?"),
    }
}

/// Every question that one parameter makes, at every address.
async fn questions(site: &Site) -> Vec<String> {
    let mut all = Vec::new();
    for (path, parameters) in operations(site).await {
        for address in addresses(&path) {
            // a cursor that is good: it stays good, and leads to what it led to
            let first = site.anonymous.get(&format!("{address}?limit=1")).await;
            let next = (first.status == 200 && parameters.iter().any(|name| name == "cursor"))
                .then(|| first.json()["page"]["next"].as_str().map(ToOwned::to_owned));
            let cursors: Vec<String> = next.flatten().into_iter().chain(["nothing".to_owned()]).collect();
            all.push(address.clone());
            for name in &parameters {
                all.extend(values(name, &address, &cursors).into_iter().map(|value| format!("{address}?{value}")));
            }
        }
    }
    all
}

/// What an answer says, without what is another in every answer: the name of the request, sealed cursors, and what is
/// computed of these.
async fn answer(site: &Site, question: &str) -> String {
    let reply = site.anonymous.get(question).await;
    let mut headers = reply.headers.clone();
    for name in ["x-request-id", "date"] {
        headers.remove(name);
    }
    let mut body = reply.text();
    if let Ok(mut json) = serde_json::from_slice::<Value>(&reply.body) {
        if json.get("request_id").is_some() {
            json["request_id"] = json!("");
        }
        for name in ["next", "prev"] {
            if json["page"][name].is_string() {
                json["page"][name] = json!("sealed");
                for name in ["etag", "link", "cache-control"] {
                    headers.remove(name);
                }
            }
        }
        body = json.to_string();
    }
    let mut headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{} {headers:?} {body}", reply.status)
}

async fn answers(site: &Site, questions: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for question in questions {
        all.push(answer(site, question).await);
    }
    all
}

/// Of every kind of what is not published one, of each type, with the word in all its texts.
async fn hide(site: &Site, shown: &[(&str, String)]) -> Secrets {
    let mut ids = Vec::new();
    for (kind, path) in shown {
        let wrap = |fields: Value| if *kind == "page" { fields } else { json!({"fields": fields}) };
        let named = |slug: &str| match *kind {
            "article" => {
                json!({"title": HIDDEN, "slug": slug, "stars": 5, "code": format!("{HIDDEN}-{slug}"), "secret": HIDDEN,
                "day": "2026-01-01", "body": [{"type": "markdown", "text": HIDDEN}]})
            }
            "author" => json!({"name": HIDDEN, "slug": slug}),
            _ => {
                json!({"title": HIDDEN, "slug": slug, "body": [{"type": "markdown", "text": HIDDEN}], "seo": {"description": HIDDEN}})
            }
        };
        // a draft of what is published, and of another language of it
        change(site, path, wrap(named("renamed"))).await.is(200);
        site.owner.post(&format!("{path}/locales"), json!({"locale": "de", "from": "en"})).await.is(201);
        // a draft, one with an instant, one put away, one taken back, one deleted
        let (draft, _) = write(site, kind, named(HIDDEN)).await;
        let (later, made) = write(site, kind, named("later")).await;
        let schedule = site.owner.request("POST", &format!("{later}/schedule")).header("if-match", &made.etag());
        schedule.json(&json!({"publish_at": "2100-01-01T00:00:00Z"})).send().await.is(200);
        let archived = published(site, kind, named("archived")).await;
        now(site, &archived, "archive").await.is(200);
        let back = published(site, kind, named("back")).await;
        now(site, &back, "unpublish").await.is(200);
        let deleted = published(site, kind, named("deleted")).await;
        let hidden = now(site, &deleted, "unpublish").await.is(200);
        site.owner.delete(&deleted, &hidden.etag()).await.is(204);
        ids.extend(
            [draft, later, archived, back, deleted].map(|path| path.rsplit('/').next().expect("an id").to_owned()),
        );
    }
    Secrets { ids }
}

/// The middle of how long the answers to questions take, those of two kinds in turns.
async fn durations(site: &Site, questions: impl Fn(usize) -> [String; 2]) -> [Duration; 2] {
    let mut all = [Vec::new(), Vec::new()];
    for n in 0..150 {
        for (question, all) in questions(n).iter().zip(&mut all) {
            let began = Instant::now();
            site.anonymous.get(question).await;
            all.push(began.elapsed());
        }
    }
    all.map(|mut all| {
        all.sort_unstable();
        all[all.len() / 2]
    })
}

slow_on_both! {
    async fn no_parameter_shows_what_is_not_published(home: &Installation) {
        let site = unlimited(home).await;
        languages(&site).await;
        article(&site).await;
        let settings = site.owner.get("/admin/v1/site").await.is(200);
        site.owner.patch("/admin/v1/site", &settings.etag(), json!({"base_url": "https://www.example.org"})).await.is(200);
        let mut shown = Vec::new();
        for kind in ["author", "article", "page"] {
            for name in ["Shown", "Seen"] {
                let fields = match kind {
                    "author" => json!({"name": name}),
                    "article" => json!({"title": name, "stars": 1, "related": [id_of(&shown, "article")]}),
                    _ => json!({"title": name, "body": [{"type": "markdown", "text": "Hello"}]}),
                };
                let fields = match fields {
                    Value::Object(members) => members.into_iter().filter(|(_, value)| *value != json!([null])).collect(),
                    _ => Value::Null,
                };
                shown.push((kind, published(&site, kind, fields).await));
            }
        }
        let questions = questions(&site).await;
        assert!(questions.len() > 1000, "{} questions", questions.len());
        let before = answers(&site, &questions).await;
        let good = before.iter().filter(|answer| answer.starts_with("200")).count();
        assert!(good > 300, "{good} answers");
        let secrets = hide(&site, &shown).await;
        let after = answers(&site, &questions).await;
        for ((question, before), after) in questions.iter().zip(&before).zip(&after) {
            assert_eq!(before, after, "{question}");
        }
        // nobody finds them by their ids, nor by a reference to them
        let absent = answer(&site, &format!("/v1/entries/article/{NOBODY}")).await;
        for id in &secrets.ids {
            for kind in ["article", "author"] {
                assert_eq!(answer(&site, &format!("/v1/entries/{kind}/{id}")).await, absent);
            }
            site.anonymous.get(&format!("/v1/pages/{id}")).await.refuses(404, "not_found");
            let list = format!("/v1/entries/article?filter[author][eq]={id}&count=exact");
            assert_eq!(site.anonymous.get(&list).await.is(200).json()["page"]["count"], 0);
        }
        in_the_same_time(&site, &secrets).await;
        site.server.stop();
    }
}

/// The id of the last one of a kind; null if there is none.
fn id_of(shown: &[(&str, String)], kind: &str) -> Value {
    let last = shown.iter().rfind(|(other, _)| *other == kind);
    last.and_then(|(_, path)| path.rsplit('/').next()).map_or(Value::Null, |id| json!(id))
}

/// Two questions, of what is hidden and of what is not there; other ones for each number.
type Pair<'q> = &'q dyn Fn(usize) -> [String; 2];

/// No answer takes longer, or shorter, because something is there that is not shown. Of what could be remembered no question
/// is asked twice.
async fn in_the_same_time(site: &Site, secrets: &Secrets) {
    let hidden = secrets.ids.first().expect("an id");
    let kinds: [(&str, Pair<'_>); 4] = [
        ("a page", &|_| [HIDDEN, ABSENT].map(|word| format!("/v1/pages/{word}"))),
        ("an entry", &|_| [hidden, NOBODY].map(|id| format!("/v1/entries/article/{id}"))),
        ("a filter", &|n| {
            [HIDDEN, ABSENT].map(|word| format!("/v1/entries/article?filter[title][in]={word},{n}&count=exact"))
        }),
        ("a field", &|_| ["secret", "nothin"].map(|name| format!("/v1/entries/article?filter[{name}][eq]={HIDDEN}"))),
    ];
    for (what, questions) in kinds {
        let began = Instant::now();
        loop {
            let [hidden, absent] = durations(site, questions).await;
            if hidden.abs_diff(absent) < Duration::from_micros(300).max(absent / 3) {
                break;
            }
            // other tests may be in the way: they end, and a difference does not
            let patient = began.elapsed() < Duration::from_mins(1);
            assert!(patient, "{what}: {hidden:?}, and {absent:?} if it is not there");
        }
    }
}
