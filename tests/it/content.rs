//! The story of content: types defined, pages and entries written in several languages, published, read, renamed, taken
//! back; and nobody reads what is not published.

mod bad_input;
mod followed;
mod lists;
pub(crate) mod preview;
mod schedule;
mod story;
mod types;

use crate::client::Reply;
use crate::site::{Site, text};
use serde_json::{Value, json};

/// The id of a block of what [`furnish`] makes.
pub(crate) const BLOCK: &str = "01980000-0000-7000-8000-00000000b10c";

/// A page and an entry that are published as `about`, and `count` more of each; gives the ids of the two.
pub(crate) async fn furnish(site: &Site, count: usize) -> (String, String) {
    article(site).await;
    let settings = site.owner.get("/admin/v1/site").await.is(200);
    let frontend = json!({"base_url": "https://www.example.org"});
    site.owner.patch("/admin/v1/site", &settings.etag(), frontend).await.is(200);
    let mut ids = Vec::new();
    let body = json!([{"type": "markdown", "id": BLOCK, "text": "Hello"}]);
    for (base, in_fields) in [("/admin/v1/pages", false), ("/admin/v1/entries/article", true)] {
        let wrap = |fields: Value| if in_fields { json!({"fields": fields}) } else { fields };
        let made = site.owner.post(base, wrap(json!({"title": "About", "slug": "about", "body": body}))).await.is(201);
        let path = format!("{base}/{}", text(&made.json()["id"]));
        let mut last = made;
        for n in 0..3 {
            last = site.owner.patch(&path, &last.etag(), wrap(json!({"title": format!("About {n}")}))).await.is(200);
        }
        site.owner.verb(&format!("{path}/publish"), &last.etag()).await.is(200);
        ids.push(text(&last.json()["id"]).to_owned());
        for n in 0..count {
            let made = site.owner.post(base, wrap(json!({"title": format!("More {n}"), "body": []}))).await.is(201);
            let path = format!("{base}/{}/publish", text(&made.json()["id"]));
            site.owner.verb(&path, &made.etag()).await.is(200);
        }
    }
    let entry = ids.pop().expect("an entry");
    (ids.pop().expect("a page"), entry)
}

/// Defines `author` and `article`.
pub(crate) async fn article(site: &Site) {
    let author = json!({"type": "author", "title": "Author", "fields": [
        {"key": "name", "kind": "text", "required": true},
        {"key": "slug", "kind": "slug", "from": "name"},
        {"key": "born", "kind": "date", "localized": false}
    ]});
    let article = json!({"type": "article", "title": "Article", "fields": [
        {"key": "title", "kind": "text", "required": true, "max_length": 200},
        {"key": "slug", "kind": "slug", "from": "title"},
        {"key": "author", "kind": "reference", "types": ["author"], "indexed": true},
        {"key": "related", "kind": "references", "types": ["article", "page"]},
        {"key": "day", "kind": "date", "indexed": true},
        {"key": "stars", "kind": "integer", "min": 1, "max": 5, "indexed": true},
        {"key": "secret", "kind": "text"},
        {"key": "code", "kind": "text", "unique": true},
        {"key": "body", "kind": "blocks"}
    ]});
    for definition in [author, article] {
        site.owner.post("/admin/v1/types", definition).await.is(201);
    }
}

/// Gives the site two languages.
pub(crate) async fn languages(site: &Site) {
    let settings = site.owner.get("/admin/v1/site").await.is(200);
    site.owner.patch("/admin/v1/site", &settings.etag(), json!({"locales": ["en", "de"]})).await.is(200);
}

/// Writes an entry of a type; gives its address.
pub(crate) async fn write(site: &Site, kind: &str, fields: Value) -> (String, Reply) {
    let (base, body) = match kind {
        "page" => ("/admin/v1/pages".to_owned(), fields),
        _ => (format!("/admin/v1/entries/{kind}"), json!({"fields": fields})),
    };
    let made = site.owner.post(&base, body).await.is(201);
    (format!("{base}/{}", text(&made.json()["id"])), made)
}

/// Writes an entry and publishes it; gives its address.
pub(crate) async fn published(site: &Site, kind: &str, fields: Value) -> String {
    let (path, made) = write(site, kind, fields).await;
    site.owner.verb(&format!("{path}/publish"), &made.etag()).await.is(200);
    path
}

/// Sends a verb to an entry as it is now.
pub(crate) async fn now(site: &Site, path: &str, verb: &str) -> Reply {
    let (address, query) = path.split_once('?').map_or((path, String::new()), |(a, q)| (a, format!("?{q}")));
    let etag = site.owner.get(path).await.is(200).etag();
    site.owner.verb(&format!("{address}/{verb}{query}"), &etag).await
}

/// Patches an entry as it is now.
pub(crate) async fn change(site: &Site, path: &str, body: Value) -> Reply {
    let etag = site.owner.get(path).await.is(200).etag();
    site.owner.patch(path, &etag, body).await
}
