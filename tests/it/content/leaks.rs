//! Nobody finds a trace of what is not published: not in bodies, counts, cursors, validators, redirects or includes.

use super::{article, change, languages, now, published, write};
use crate::site::Site;
use bonafide_test_support::{Installation, on_both};
use serde_json::json;

/// What only drafts say.
const HIDDEN: &str = "zebrafinch";

on_both! {
    async fn no_parameter_shows_what_is_not_published(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        let shown = published(&site, "article", json!({"title": "Shown", "slug": "shown", "stars": 1})).await;
        let before: Vec<Vec<u8>> = {
            let mut all = Vec::new();
            for query in questions() {
                all.push(site.anonymous.get(&query).await.body);
            }
            all
        };
        // a draft of what is published, with another slug; a draft of its own; another language; something archived
        change(&site, &shown, json!({"fields": {"title": HIDDEN, "slug": HIDDEN, "stars": 5, "code": HIDDEN}})).await.is(200);
        let (hidden, _) = write(&site, "article", json!({"title": HIDDEN, "slug": HIDDEN, "stars": 1, "day": "2026-01-01"})).await;
        let side = site.owner.post(&format!("{shown}/locales"), json!({"locale": "de", "from": "en"})).await.is(201);
        drop(side);
        let archived = published(&site, "article", json!({"title": HIDDEN, "slug": "archived", "stars": 1})).await;
        now(&site, &archived, "archive").await.is(200);
        let (page, _) = write(&site, "page", json!({"title": HIDDEN, "slug": HIDDEN})).await;
        let after: Vec<Vec<u8>> = {
            let mut all = Vec::new();
            for query in questions() {
                let reply = site.anonymous.get(&query).await;
                let said = format!("{:?} {}", reply.headers, reply.text());
                let asked = query.contains(HIDDEN);
                assert!(asked || !said.contains(HIDDEN), "{query}: {said}");
                all.push(reply.body);
            }
            all
        };
        for ((query, before), after) in questions().iter().zip(&before).zip(&after) {
            let [before, after] = [before, after].map(|body| {
                let mut json: serde_json::Value = serde_json::from_slice(body).expect("JSON");
                json["request_id"] = json!("");
                json["page"]["next"] = json!("");
                json.to_string()
            });
            assert_eq!(before, after, "{query}");
        }
        for path in [hidden, page] {
            let id = path.rsplit('/').next().expect("an id");
            site.anonymous.get(&format!("/v1/entries/article/{id}")).await.refuses(404, "not_found");
            site.anonymous.get(&format!("/v1/pages/{id}")).await.refuses(404, "not_found");
        }
        site.server.stop();
    }
}

/// Every way to ask, of what is there and of what is not.
fn questions() -> Vec<String> {
    let mut all: Vec<String> = ["/v1/pages?count=exact", "/v1/entries/article/archived"].map(ToOwned::to_owned).into();
    for path in ["/v1/entries/article/shown", &format!("/v1/entries/article/{HIDDEN}"), &format!("/v1/pages/{HIDDEN}")]
    {
        for query in
            ["", "?locale=de", "?locale=de&fallback=en", "?fields=title", "?include=author,related", "?locale=en"]
        {
            if path.starts_with("/v1/pages") && query.contains("include") {
                continue;
            }
            all.push(format!("{path}{query}"));
        }
    }
    for query in [
        "count=exact",
        "locale=de&count=exact",
        "locale=de&fallback=en&count=exact",
        "sort=stars",
        "sort=-title&limit=1",
        "filter[stars][eq]=5&count=exact",
        "filter[stars][gte]=1&count=exact",
        "filter[day][is_null]=false&count=exact",
        &format!("filter[title][eq]={HIDDEN}&count=exact"),
        &format!("filter[title][prefix]={HIDDEN}"),
        &format!("filter[title][contains]={HIDDEN}&count=exact"),
        &format!("filter[slug][in]={HIDDEN},shown&count=exact"),
        "include=author,related.author",
        "fields=title,slug",
        "filter[updated_at][gt]=2020-01-01T00:00:00Z&count=exact",
    ] {
        all.push(format!("/v1/entries/article?{query}"));
    }
    all
}
