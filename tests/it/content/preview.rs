//! A draft shown by a link, to whoever has its token, and nothing beside it.

use super::{article, change, languages, now, published, write};
use crate::client::{Client, Reply};
use crate::site::{Site, text};
use crate::slow::leaks::HIDDEN;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};
use std::time::Duration;

/// The token of a new link to the draft of an entry, whose address may have a `?locale=`.
pub(crate) async fn token(site: &Site, address: &str, body: Value) -> String {
    text(&made(&site.owner, address, body).await.is(201).json()["token"]).to_owned()
}

async fn made(client: &Client, address: &str, body: Value) -> Reply {
    let (path, query) = address.split_once('?').map_or((address, String::new()), |(a, q)| (a, format!("?{q}")));
    client.post(&format!("{path}/preview-links{query}"), body).await
}

/// Whoever has a new link.
async fn reader(site: &Site, address: &str, body: Value) -> Client {
    site.anonymous.with(token(site, address, body).await)
}

/// What delivery and preview have in common: all but when, and what only a preview says.
fn common(reply: &Reply) -> Value {
    let mut item = reply.json();
    for name in ["updated_at", "preview"] {
        item.as_object_mut().expect("an object").remove(name);
    }
    item
}

/// The pointers and codes of faults.
fn faults(faults: &Value) -> Vec<(&str, &str)> {
    faults.as_array().expect("faults").iter().map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect()
}

on_sqlite_first! {
    async fn a_draft_is_shown_as_it_grows_and_a_revision_as_it_was(home: &Installation) {
        let site = Site::open(home).await;
        let about = json!({"title": "About", "body": [{"type": "markdown", "text": "Hello *world*"}]});
        let (path, draft) = write(&site, "page", about).await;
        let reply = made(&site.owner, &path, json!({"expires_in": "PT1H"})).await.is(201);
        let link = reply.json();
        let (location, address) = (reply.header("location").to_owned(), text(&link["address"]).to_owned());
        assert!(text(&link["token"]).starts_with("bf_preview_") && link.get("revision").is_none(), "{link}");
        assert_eq!((&link["locale"], address), (&json!("en"), path.replace("/admin/", "/preview/")));
        let latest = site.anonymous.with(text(&link["token"]));

        // a page that nobody else reads, as it would be published
        let first = latest.get("/preview/v1/pages/about").await.is(200);
        let shown = first.json();
        assert_eq!((&shown["title"], &shown["path"], &shown["revision"]), (&json!("About"), &json!("about"), &json!(1)));
        assert_eq!(shown["body"][0]["html"], "<p>Hello <em>world</em></p>\n");
        assert_eq!((shown.get("published_at"), first.header("content-language")), (None, "en"));
        assert_eq!(shown["preview"], json!({"expires_at": link["expires_at"], "pinned": false, "problems": [], "warnings": []}));
        let asked = latest.request("GET", "/preview/v1/pages/about").header("origin", "https://www.example.org").send().await.is(200);
        assert_eq!(asked.header("access-control-allow-origin"), "*");
        site.anonymous.get("/v1/pages/about").await.refuses(404, "not_found");
        let sparse = latest.get("/preview/v1/pages/about?fields=title").await.is(200).json();
        assert_eq!((sparse.get("body"), &sparse["title"]), (None, &json!("About")));

        // what is published is the same to the byte
        site.owner.verb(&format!("{path}/publish"), &draft.etag()).await.is(200);
        let read = site.anonymous.get("/v1/pages/about").await.is(200);
        assert_eq!(common(&latest.get("/preview/v1/pages/about").await.is(200)), common(&read));

        // the newest draft is shown, under each of its paths; a revision stays what it is, and so does what is published
        let pinned = reader(&site, &path, json!({"revision": 1})).await;
        change(&site, &path, json!({"title": "About us", "slug": "about-us"})).await.is(200);
        for at in ["about", "about-us", path.rsplit('/').next().expect("an id")] {
            let shown = latest.get(&format!("/preview/v1/pages/{at}")).await.is(200).json();
            assert_eq!((&shown["title"], &shown["path"], &shown["revision"]), (&json!("About us"), &json!("about-us"), &json!(2)), "{at}");
            let shown = pinned.get(&format!("/preview/v1/pages/{at}")).await.is(200).json();
            assert_eq!((&shown["title"], &shown["revision"], &shown["preview"]["pinned"]), (&json!("About"), &json!(1), &json!(true)));
        }
        assert_eq!(site.anonymous.get("/v1/pages/about").await.is(200).body, read.body);
        site.anonymous.get("/v1/pages/about-us").await.refuses(404, "not_found");

        // the token is nowhere to be read again; once revoked it opens nothing
        let list = site.owner.get(&format!("{path}/preview-links?count=exact")).await.is(200);
        assert_eq!((list.json()["page"]["count"].as_u64(), list.json()["items"][0]["revision"].as_i64()), (Some(2), Some(1)));
        let one = site.owner.get(&location).await.is(200);
        assert!(!list.text().contains("bf_preview_") && !one.text().contains("bf_preview_"));
        site.owner.request("DELETE", &location).send().await.is(204);
        site.owner.request("DELETE", &location).send().await.refuses(404, "not_found");
        latest.get("/preview/v1/pages/about").await.refuses(401, "unauthenticated");
        pinned.get("/preview/v1/pages/about").await.is(200);
        let audit = site.owner.get("/admin/v1/audit?limit=100").await.is(200).json();
        let lines = audit["items"].as_array().expect("items");
        let told = |action: &str| lines.iter().filter(|line| line["action"] == action).count();
        assert_eq!((told("entry.create_preview_link"), told("entry.revoke_preview_link")), (2, 1));
        assert!(!site.server.stop().contains("bf_preview_"), "no token is in the log");
    }

    async fn a_link_ends_by_itself_and_with_what_it_shows(home: &Installation) {
        let site = Site::open(home).await;
        let (path, draft) = write(&site, "page", json!({"title": "About"})).await;
        let brief = reader(&site, &path, json!({"expires_in": "PT1S"})).await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let expired = brief.get("/preview/v1/pages/about").await.refuses(401, "unauthenticated").json();
        assert_eq!(site.owner.get(&format!("{path}/preview-links")).await.is(200).json()["items"], json!([]));

        // archived, it is shown to nobody; deleted, its links go with it
        let link = reader(&site, &path, json!({})).await;
        link.get("/preview/v1/pages/about").await.is(200);
        let archived = site.owner.verb(&format!("{path}/archive"), &draft.etag()).await.is(200);
        link.get("/preview/v1/pages/about").await.refuses(401, "unauthenticated");
        made(&site.owner, &path, json!({})).await.refuses(409, "archived");
        site.owner.delete(&path, &archived.etag()).await.is(204);
        let deleted = link.get("/preview/v1/pages/about").await.refuses(401, "unauthenticated").json();
        let unknown = site.anonymous.with("bf_preview_garbage").get("/preview/v1/pages/about").await.refuses(401, "unauthenticated");
        let none = site.anonymous.get("/preview/v1/pages/about").await.refuses(401, "unauthenticated").json();
        for other in [&deleted, &unknown.json(), &none] {
            assert_eq!((&other["detail"], &other["title"]), (&expired["detail"], &expired["title"]), "nothing tells why");
        }

        // a link is worth no more than what its maker may see
        let (path, _) = write(&site, "page", json!({"title": "Second"})).await;
        let author = site.invite("author").await;
        let made = made(&author, &path, json!({})).await.is(201).json();
        let link = site.anonymous.with(text(&made["token"]));
        link.get("/preview/v1/pages/second").await.is(200);
        let user = format!("/admin/v1/users/{}", text(&made["account"]));
        let etag = site.owner.get(&user).await.is(200).etag();
        let suspended = site.owner.verb(&format!("{user}/suspend"), &etag).await.is(200);
        link.get("/preview/v1/pages/second").await.refuses(401, "unauthenticated");
        site.owner.verb(&format!("{user}/reactivate"), &suspended.etag()).await.is(200);
        link.get("/preview/v1/pages/second").await.is(200);
        site.server.stop();
    }

    async fn a_token_opens_one_draft_and_nothing_else(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        let (author, ada) = write(&site, "author", json!({"name": HIDDEN, "slug": HIDDEN})).await;
        let (hidden, other) = write(&site, "article", json!({"title": HIDDEN, "slug": HIDDEN, "stars": 1})).await;
        let also = published(&site, "article", json!({"title": "Also", "slug": "also"})).await;
        let also_id = text(&site.owner.get(&also).await.is(200).json()["id"]).to_owned();
        change(&site, &also, json!({"fields": {"title": HIDDEN, "slug": HIDDEN, "author": ada.json()["id"]}})).await.is(200);
        write(&site, "page", json!({"title": HIDDEN, "slug": HIDDEN})).await;
        published(&site, "page", json!({"title": "Page", "slug": "page"})).await;
        let fields = json!({"title": "Shown", "slug": "shown", "author": ada.json()["id"], "related": [other.json()["id"], also_id], "stars": 1});
        let (path, shown) = write(&site, "article", fields).await;
        site.owner.post(&format!("{path}/locales"), json!({"locale": "de"})).await.is(201);
        change(&site, &format!("{path}?locale=de"), json!({"fields": {"title": HIDDEN}})).await.is(200);
        let link = reader(&site, &path, json!({})).await;

        let item = link.get("/preview/v1/entries/article/shown?include=author,related.author").await.is(200).json();
        assert_eq!(item["fields"]["related"], json!([{"id": also_id, "type": "article", "locale": "en", "slug": "also", "title": "Also"}]));
        assert_eq!((item["fields"].get("author"), &item["included"][0]["fields"]["title"]), (None, &json!("Also")), "{item}");
        assert_eq!(item["included"].as_array().map(Vec::len), Some(1), "{item}");
        let told = faults(&item["preview"]["warnings"]);
        assert_eq!(told, [("/fields/author", "reference_unpublished"), ("/fields/related/0", "reference_unpublished")]);

        let mut asked: Vec<String> = questions().iter().map(|question| format!("/preview{question}")).collect();
        let id = |address: &str| address.rsplit('/').next().expect("an id").to_owned();
        for id in [id(&hidden), id(&also), id(&author), "also".to_owned(), "archived".to_owned()] {
            asked.extend(["article", "author", "page", "nothing"].map(|kind| format!("/preview/v1/entries/{kind}/{id}")));
            asked.push(format!("/preview/v1/pages/{id}"));
        }
        for rest in ["pages/page", "pages", "entries/article", "entries", "sitemap.xml", "pages/feed.atom", "policies", "openapi.json", "pages/shown"] {
            asked.push(format!("/preview/v1/{rest}"));
        }
        let mut opened = 0;
        for question in asked {
            let reply = link.get(&question).await;
            let said = format!("{:?} {}", reply.headers, reply.text());
            assert!(!said.contains(HIDDEN), "{question}: {said}");
            if reply.status == 200 {
                assert_eq!(reply.json()["id"], shown.json()["id"], "{question}");
                opened += 1;
            } else {
                assert!([400, 404].contains(&reply.status), "{question}: {reply}");
            }
        }
        assert_eq!(opened, 5, "the draft under its slug, in the language of the link");
        link.get("/preview/v1/entries/article/shown?locale=de").await.refuses(404, "not_found");
        link.get("/preview/v1/entries/article/shown?locale=de&fallback=en").await.is(200);

        // on every other surface the token is none, and no other token is one here
        for question in questions() {
            link.get(&question).await.refuses(401, "unauthenticated");
        }
        for at in [path.as_str(), "/admin/v1/pages", "/admin/v1/me", "/v1/my/submission"] {
            link.get(at).await.refuses(401, "unauthenticated");
        }
        let others = [site.token("read", &["delivery:read"]).await, site.token("admin", &["content:read"]).await];
        for other in &others {
            other.get("/preview/v1/entries/article/shown").await.refuses(401, "unauthenticated");
        }
        let access = format!("Bearer {}", site.owner.token());
        let by_login = site.anonymous.request("GET", "/preview/v1/entries/article/shown").header("authorization", &access);
        by_login.send().await.refuses(401, "unauthenticated");
        site.server.stop();
    }

    async fn an_incomplete_draft_is_shown_with_what_it_lacks(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let body = json!([{"type": "markdown", "text": "x <script>y</script>"}]);
        let fields = json!({"stars": 9, "author": "01980000-0000-7000-8000-000000000000", "body": body});
        let (path, _) = write(&site, "article", fields).await;
        let link = reader(&site, &path, json!({})).await;
        let item = link.get(&path.replace("/admin/", "/preview/")).await.is(200).json();
        assert_eq!((item.get("slug"), &item["fields"]["stars"], &item["fields"]["body"][0]["html"]), (None, &json!(9), &json!("<p>x </p>\n")));
        let mut problems = faults(&item["preview"]["problems"]);
        problems.sort_unstable();
        assert_eq!(problems, [("/fields/author", "reference_missing"), ("/fields/stars", "too_great"), ("/fields/title", "required")]);
        assert_eq!(faults(&item["preview"]["warnings"]), [("/fields/body/0/text", "html_removed")]);
        now(&site, &path, "publish").await.refuses(422, "incomplete");
        let (path, _) = write(&site, "page", json!({"body": []})).await;
        let link = reader(&site, &path, json!({})).await;
        let page = link.get(&path.replace("/admin/", "/preview/")).await.is(200).json();
        assert!(faults(&page["preview"]["problems"]).contains(&("/title", "required")), "{page}");
        // what only the others that are published make a problem
        let about = json!({"title": "About", "slug": "about", "body": []});
        let (first, _) = write(&site, "page", about.clone()).await;
        let (second, _) = write(&site, "page", about).await;
        now(&site, &first, "publish").await.is(200);
        for (path, expected) in [(first, &[][..]), (second, &[("/slug", "already_exists")])] {
            let link = reader(&site, &path, json!({})).await;
            let page = link.get(&path.replace("/admin/", "/preview/")).await.is(200).json();
            assert_eq!(faults(&page["preview"]["problems"]), expected, "{page}");
        }
        site.server.stop();
    }

    async fn links_are_made_by_those_who_write_and_once(home: &Installation) {
        let site = Site::open(home).await;
        let (path, _) = write(&site, "page", json!({"title": "About"})).await;
        let links = format!("{path}/preview-links");
        for (body, pointer) in [
            (json!({"revision": 0}), "/revision"),
            (json!({"revision": 2}), "/revision"),
            (json!({"revision": "1"}), "/revision"),
            (json!({"expires_in": "PT0S"}), "/expires_in"),
            (json!({"expires_in": "P31D"}), "/expires_in"),
            (json!({"expires_in": "P1M"}), "/expires_in"),
            (json!({"expires_in": "1h"}), "/expires_in"),
            (json!({"expires_at": "2100-01-01T00:00:00Z"}), "/expires_at"),
        ] {
            let reply = site.owner.post(&links, body).await.is(422);
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply}");
        }
        made(&site.owner, &format!("{path}?locale=fr"), json!({})).await.refuses(404, "not_found");
        made(&site.owner, "/admin/v1/entries/page/01980000-0000-7000-8000-000000000000", json!({})).await.refuses(404, "not_found");
        site.owner.get("/admin/v1/pages/01980000-0000-7000-8000-000000000000/preview-links").await.refuses(404, "not_found");

        // whoever may write but not read shows nobody anything
        for scopes in [&["content:write"][..], &["content:read"]] {
            made(&site.token("admin", scopes).await, &path, json!({})).await.refuses(403, "forbidden");
        }
        let by_token = site.token("admin", &["content:read", "content:write"]).await;
        made(&by_token, &path, json!({})).await.is(201);

        let keyed = |body: Value| site.owner.request("POST", &links).header("idempotency-key", "a-key-of-16-bytes").json(&body);
        let first = keyed(json!({})).send().await.is(201);
        let again = keyed(json!({})).send().await.is(201);
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &first.body));
        keyed(json!({"expires_in": "PT2H"})).send().await.refuses(422, "idempotency_key_reused");
        // of another page the link is not there
        let (other, _) = write(&site, "page", json!({"title": "Other"})).await;
        let elsewhere = first.header("location").replace(&path, &other);
        site.owner.get(&elsewhere).await.refuses(404, "not_found");
        site.owner.request("DELETE", &elsewhere).send().await.refuses(404, "not_found");
        // with the link its kept answer goes
        site.owner.request("DELETE", first.header("location")).send().await.is(204);
        assert_ne!(keyed(json!({})).send().await.is(201).body, first.body);
        for _ in 0..98 {
            made(&site.owner, &path, json!({})).await.is(201);
        }
        made(&site.owner, &path, json!({})).await.refuses(409, "conflict");
        site.server.stop();
    }
}

/// Many ways to ask, of what is there and of what is not.
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
