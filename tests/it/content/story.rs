//! From an author's first draft to a frontend's JSON, and back.

use super::{article, change, languages, now, published, write};
use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;

on_sqlite_first! {
    async fn an_article_is_written_in_two_languages_published_renamed_and_taken_back(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        let (author, draft) = write(&site, "author", json!({"name": "Ada", "born": "1815-12-10"})).await;
        let ada = text(&draft.json()["id"]).to_owned();
        let fields = json!({"title": "First steps", "author": ada, "day": "2026-11-25", "stars": 3,
            "body": [{"type": "markdown", "text": "Hello *world*"}, {"type": "heading", "text": "More"}]});
        let (path, made) = write(&site, "article", fields).await;
        assert_eq!((&made.json()["state"], &made.json()["revision"]), (&json!("draft"), &json!(1)));
        assert_eq!(made.json()["fields"]["slug"], "first-steps");
        let id = text(&made.json()["id"]).to_owned();

        // nobody reads a draft; a reference to one is told to its author and not shown
        site.anonymous.get("/v1/entries/article/first-steps").await.refuses(404, "not_found");
        let shown = site.owner.verb(&format!("{path}/publish"), &made.etag()).await.is(200).json();
        assert_eq!(shown["state"], "published");
        assert_eq!(shown["warnings"][0]["pointer"], "/fields/author", "{shown}");
        let read = site.anonymous.get("/v1/entries/article/first-steps?include=author").await.is(200);
        let item = read.json();
        assert_eq!((&item["id"], &item["type"], &item["slug"], &item["locale"]), (&json!(id), &json!("article"), &json!("first-steps"), &json!("en")));
        assert!(item["fields"].get("author").is_none() && item["included"] == json!([]), "{item}");
        assert_eq!(item["fields"]["body"][0]["html"], "<p>Hello <em>world</em></p>\n");
        assert_eq!((read.header("content-language"), item["excerpt"].as_str()), ("en", Some("Hello world")));

        // it appears by itself when its target is published
        now(&site, &author, "publish").await.is(200);
        let item = site.anonymous.get("/v1/entries/article/first-steps?include=author").await.is(200).json();
        assert_eq!(item["fields"]["author"], json!({"id": ada, "type": "author", "slug": "ada", "title": "Ada", "locale": "en"}));
        assert_eq!(item["included"][0]["fields"]["name"], "Ada");

        // the draft moves on, readers notice nothing
        let patched = change(&site, &path, json!({"note": "Better", "fields": {"title": "First steps, again", "stars": null}})).await.is(200).json();
        assert_eq!((&patched["revision"], &patched["changed"], &patched["state"]), (&json!(2), &json!(true), &json!("published")));
        let item = site.anonymous.get("/v1/entries/article/first-steps").await.is(200).json();
        assert_eq!((&item["fields"]["title"], &item["fields"]["stars"]), (&json!("First steps"), &json!(3)));

        // another language has its own draft, version and state
        let german = site.owner.post(&format!("{path}/locales"), json!({"locale": "de", "from": "en"})).await.is(201);
        let in_german = format!("{path}?locale=de");
        let german = site.owner.patch(&in_german, &german.etag(), json!({"fields": {"title": "Erste Schritte", "slug": "erste-schritte"}})).await.is(200);
        assert_eq!((&german.json()["state"], &german.json()["locales"][0]["state"]), (&json!("draft"), &json!("published")));
        let address = "/v1/entries/article/first-steps?locale=de";
        site.anonymous.get(address).await.refuses(404, "not_found");
        let item = site.anonymous.get(&format!("{address}&fallback=en")).await.is(200).json();
        assert_eq!(item["locale"], "en");
        now(&site, &in_german, "publish").await.is(200);
        let item = site.anonymous.get(&format!("{address}&fallback=en")).await.is(200);
        assert_eq!((item.header("content-language"), &item.json()["slug"]), ("de", &json!("erste-schritte")));
        assert_eq!(item.json()["fields"]["author"]["locale"], "en", "Ada is there in the language to fall back on");
        let item = site.anonymous.get("/v1/entries/article/erste-schritte?locale=de").await.is(200);
        assert_eq!(item.json()["fields"].get("author"), None, "Ada is not there in German");

        // a renamed slug leads on, however often it was renamed
        for slug in ["second", "third"] {
            change(&site, &path, json!({"fields": {"slug": slug}})).await.is(200);
            now(&site, &path, "publish").await.is(200);
        }
        for old in ["first-steps", "second"] {
            let led = site.anonymous.get(&format!("/v1/entries/article/{old}?fields=title")).await.is(308);
            assert_eq!(led.header("location"), "/v1/entries/article/third?fields=title");
        }
        // and no loop is made by going back
        change(&site, &path, json!({"fields": {"slug": "second"}})).await.is(200);
        now(&site, &path, "publish").await.is(200);
        assert_eq!(site.anonymous.get("/v1/entries/article/third").await.is(308).header("location"), "/v1/entries/article/second");
        site.anonymous.get("/v1/entries/article/second").await.is(200);

        // taken back: gone, under all its addresses, in this language only
        now(&site, &path, "unpublish").await.is(200);
        now(&site, &path, "unpublish").await.refuses(409, "not_published");
        for slug in ["first-steps", "second", "third"] {
            site.anonymous.get(&format!("/v1/entries/article/{slug}?locale=en")).await.refuses(404, "not_found");
        }
        site.anonymous.get("/v1/entries/article/erste-schritte?locale=de").await.is(200);
        // and when it comes back under another name, they lead there
        change(&site, &path, json!({"fields": {"slug": "fourth"}})).await.is(200);
        now(&site, &path, "publish").await.is(200);
        for slug in ["first-steps", "second", "third"] {
            let led = site.anonymous.get(&format!("/v1/entries/article/{slug}")).await.is(308);
            assert_eq!(led.header("location"), "/v1/entries/article/fourth");
        }
        site.server.stop();
    }

    async fn every_save_is_a_revision_that_can_be_brought_back(home: &Installation) {
        let site = Site::open(home).await;
        let first = json!({"title": "One", "slug": "docs/start", "seo": {"description": "x"}, "body": [{"type": "markdown", "text": "a"}]});
        let (path, made) = write(&site, "page", first).await;
        let block = text(&made.json()["body"][0]["id"]).to_owned();
        let changed = site.owner.patch(&format!("{path}/blocks/{block}"), &made.etag(), json!({"text": "b"})).await.is(200);
        assert_eq!(changed.json()["body"][0], json!({"id": block, "type": "markdown", "text": "b"}));
        let refused = site.owner.patch(&format!("{path}/blocks/{block}"), &changed.etag(), json!({"type": "code"})).await;
        refused.refuses_at(422, "invalid_value", "/type");
        let changed = change(&site, &path, json!({"title": "Two", "seo": null, "note": "Why"})).await.is(200);
        assert_eq!((changed.json().get("seo"), &changed.json()["revision"]), (None, &json!(3)));
        let list = site.owner.get(&format!("{path}/revisions")).await.is(200).json();
        let numbers: Vec<_> = list["items"].as_array().expect("items").iter().map(|item| item["number"].as_i64()).collect();
        assert_eq!(numbers, [Some(3), Some(2), Some(1)]);
        assert_eq!((&list["items"][0]["note"], &list["items"][0]["actor"]), (&json!("Why"), &json!("account")));
        let one = site.owner.get(&format!("{path}/revisions/1")).await.is(200).json();
        assert_eq!(one["fields"]["title"], "One");
        site.owner.get(&format!("{path}/revisions/9")).await.refuses(404, "not_found");
        let diff = site.owner.get(&format!("{path}/diff?from=1&to=3")).await.is(200).json();
        let told: Vec<_> = diff["changes"].as_array().expect("changes").iter().map(|change| (change["pointer"].clone(), change["op"].clone())).collect();
        assert_eq!(told, [(json!("/body/0/text"), json!("changed")), (json!("/seo"), json!("removed")), (json!("/title"), json!("changed"))]);
        assert_eq!((&diff["changes"][0]["block"], &diff["changes"][2]["words"]), (&json!(block), &json!([{"op": "delete", "text": "One"}, {"op": "insert", "text": "Two"}])));
        site.owner.get(&format!("{path}/diff?from=1&to=9")).await.refuses(404, "not_found");
        let restore = site.owner.request("POST", &format!("{path}/restore")).header("if-match", &changed.etag());
        let restored = restore.json(&json!({"revision": 1})).send().await.is(200).json();
        assert_eq!((&restored["title"], &restored["revision"], &restored["seo"]), (&json!("One"), &json!(4), &json!({"description": "x"})));
        let four = site.owner.get(&format!("{path}/revisions/4")).await.is(200).json();
        assert_eq!((&four["fields"], &four["restored_from"]), (&one["fields"], &json!(1)));
        site.server.stop();
    }

    async fn a_page_is_read_by_its_path(home: &Installation) {
        let site = Site::open(home).await;
        let path = published(&site, "page", json!({"title": "Start", "slug": "docs/start", "seo": {"description": "x"},
            "body": [{"type": "embed", "url": "https://video.example.org/1"}]})).await;
        let page = site.anonymous.get("/v1/pages/docs/start").await.is(200);
        assert_eq!(site.anonymous.get("/v1/pages/docs%2Fstart").await.is(200).body, page.body);
        let shown = page.json();
        assert_eq!((&shown["path"], &shown["slug"], &shown["type"]), (&json!("docs/start"), &json!("docs/start"), &json!("page")));
        assert_eq!((&shown["body"][0]["vendor"], &shown["seo"]["description"]), (&json!("video.example.org"), &json!("x")));
        let sparse = site.anonymous.get("/v1/pages/docs/start?fields=title,path").await.is(200).json();
        let mut names: Vec<_> = sparse.as_object().expect("an object").keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["id", "locale", "path", "title", "type"]);
        // published once more, it keeps the day of its first publication
        change(&site, &path, json!({"title": "Start here"})).await.is(200);
        now(&site, &path, "publish").await.is(200);
        let again = site.anonymous.get("/v1/pages/docs/start").await.is(200);
        assert_eq!((&again.json()["published_at"], &again.json()["title"]), (&shown["published_at"], &json!("Start here")));
        assert_ne!(again.header("etag"), page.header("etag"));
        site.server.stop();
    }

    async fn copies_archives_and_deletions(home: &Installation) {
        let site = Site::open(home).await;
        let path = published(&site, "page", json!({"title": "About"})).await;
        let copy = site.owner.request("POST", &format!("{path}/copy")).header("idempotency-key", "a-key-of-16-bytes");
        let copied = copy.send().await.is(201);
        assert_eq!((&copied.json()["slug"], &copied.json()["state"]), (&json!("about-copy"), &json!("draft")));
        let again = site.owner.request("POST", &format!("{path}/copy")).header("idempotency-key", "a-key-of-16-bytes").send().await.is(201);
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &copied.body));
        let etag = site.owner.get(&path).await.etag();
        site.owner.delete(&path, &etag).await.refuses(409, "still_published");
        // an author cannot take back what is published
        let author = site.invite("author").await;
        author.verb(&format!("{path}/archive"), &etag).await.refuses(409, "still_published");
        author.verb(&format!("{path}/unpublish"), &etag).await.refuses(403, "forbidden");
        let archived = site.owner.verb(&format!("{path}/archive"), &etag).await.is(200);
        assert_eq!(archived.json()["state"], "archived");
        site.anonymous.get("/v1/pages/about").await.refuses(404, "not_found");
        change(&site, &path, json!({"title": "x"})).await.refuses(409, "archived");
        now(&site, &path, "publish").await.refuses(409, "archived");
        let back = site.owner.request("POST", &format!("{path}/restore")).header("if-match", &archived.etag());
        let back = back.json(&json!({})).send().await.is(200);
        assert_eq!(back.json()["state"], "draft");
        site.owner.delete(&path, &back.etag()).await.is(204);
        site.owner.get(&path).await.refuses(404, "not_found");
        site.server.stop();
    }

    async fn what_all_languages_share_is_changed_in_all(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        let (path, _) = write(&site, "author", json!({"name": "Ada", "born": "1815-12-10"})).await;
        let german = site.owner.post(&format!("{path}/locales"), json!({"locale": "de"})).await.is(201).json();
        assert_eq!(german["fields"], json!({"born": "1815-12-10"}));
        change(&site, &path, json!({"fields": {"born": "1815-12-11", "name": "Ada L"}})).await.is(200);
        let german = site.owner.get(&format!("{path}?locale=de")).await.is(200).json();
        assert_eq!((&german["fields"], &german["revision"]), (&json!({"born": "1815-12-11"}), &json!(2)));
        site.owner.post(&format!("{path}/locales"), json!({"locale": "de"})).await.refuses(409, "already_exists");
        site.owner.post(&format!("{path}/locales"), json!({"locale": "fr"})).await.refuses(422, "invalid_value");
        site.server.stop();
    }
}
