//! What authors send by mistake or in malice.

use super::{article, now, published, write};
use crate::site::Site;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};

on_sqlite_first! {
    async fn documents_that_cannot_be(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let before = site.stored().await;
        for (body, code, pointer) in [
            (json!({"fields": {"titel": "x"}}), "unknown_field", "/fields/titel"),
            (json!({"fields": {"title": 5}}), "wrong_type", "/fields/title"),
            (json!({"fields": {"author": "me"}}), "invalid_value", "/fields/author"),
            (json!({"fields": {"day": "2026-02-30"}}), "invalid_value", "/fields/day"),
            (json!({"fields": {"body": [{"type": "script"}]}}), "invalid_value", "/fields/body/0/type"),
            (json!({"fields": {"slug": "a b"}}), "invalid_value", "/fields/slug"),
            (json!({"fields": {"slug": "p\u{430}ypal"}}), "invalid_value", "/fields/slug"),
            (json!({"fields": {"slug": "x".repeat(600)}}), "invalid_value", "/fields/slug"),
            (json!({"locale": "fr", "fields": {}}), "invalid_value", "/locale"),
            (json!({"note": "", "fields": {}}), "invalid_value", "/note"),
        ] {
            site.owner.post("/admin/v1/entries/article", body).await.refuses_at(422, code, pointer);
        }
        site.owner.post("/admin/v1/pages", json!({"locale": 5})).await.refuses_at(422, "invalid_value", "/locale");
        site.owner.post("/admin/v1/entries/nothing", json!({"fields": {}})).await.refuses(404, "not_found");
        site.owner.post("/admin/v1/entries/page", json!({"fields": {}})).await.refuses(404, "not_found");
        let blocks: Vec<Value> = (0..1001).map(|_| json!({"type": "markdown", "text": "x"})).collect();
        site.owner.post("/admin/v1/pages", json!({"body": blocks})).await.is(422);
        for (definition, pointer) in [
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "asset"}]}), "/fields/0/kind"),
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "nothing"}]}), "/fields/0/kind"),
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "text", "max": 5}]}), "/fields/0/max"),
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "text", "maximum": 5}]}), "/fields/0/maximum"),
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "reference", "types": ["no"]}]}), "/fields/0/types/0"),
            (json!({"type": "odd", "title": "x", "fields": [{"key": "a", "kind": "text", "pattern": "(a"}]}), "/fields/0/pattern"),
        ] {
            let reply = site.owner.post("/admin/v1/types", definition).await.is(422);
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply}");
        }
        assert_eq!(site.stored().await, before);
        site.server.stop();
    }

    async fn publishing_names_everything_that_is_wrong(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let (other, _) = write(&site, "article", json!({"title": "Other"})).await;
        let other = other.rsplit('/').next().expect("an id").to_owned();
        let nobody = "01980000-0000-7000-8000-000000000000";
        let (path, _) = write(&site, "article", json!({"stars": 9, "body": [{"type": "image", "url": "javascript:alert(1)"}]})).await;
        let reply = now(&site, &path, "publish").await.refuses(422, "incomplete");
        let pointers: Vec<String> = reply.json()["errors"].as_array().expect("errors").iter().map(|error| error["pointer"].to_string()).collect();
        assert_eq!(pointers, ["\"/fields/title\"", "\"/fields/stars\"", "\"/fields/body/0/url\""]);
        let (path, _) = write(&site, "article", json!({"title": "x", "author": other, "related": [nobody]})).await;
        let reply = now(&site, &path, "publish").await.refuses(422, "incomplete").json();
        assert_eq!((&reply["errors"][0]["code"], &reply["errors"][1]["code"]), (&json!("reference_type"), &json!("reference_missing")));
        assert_eq!(reply["errors"][1]["pointer"], "/fields/related/0");
        site.server.stop();
    }

    async fn scripts_are_not_shown_and_their_author_is_told(home: &Installation) {
        let site = Site::open(home).await;
        let text = "x <script>alert(1)</script> [y](javascript:alert(1)) <img src=x onerror=alert(1)>";
        let (path, made) = write(&site, "page", json!({"title": "<b>x</b>", "slug": "x", "body": [{"type": "markdown", "text": text}]})).await;
        let warnings = site.owner.get(&path).await.is(200).json()["warnings"].clone();
        assert_eq!((&warnings[0]["pointer"], &warnings[0]["code"]), (&json!("/body/0/text"), &json!("html_removed")));
        assert_eq!(warnings[1]["code"], "link_removed");
        let shown = site.owner.verb(&format!("{path}/publish"), &made.etag()).await.is(200).json();
        assert_eq!(shown["warnings"], warnings);
        let page = site.anonymous.get("/v1/pages/x").await.is(200).json();
        let html = page["body"][0]["html"].as_str().expect("HTML");
        assert!(!html.contains("script") && !html.contains("onerror"), "{html}");
        assert_eq!((&page["body"][0]["markdown"], &page["title"]), (&json!(text), &json!("<b>x</b>")));
        site.server.stop();
    }

    async fn one_path_has_one_page(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let mut drafts = Vec::new();
        for n in 0..6 {
            drafts.push(write(&site, "page", json!({"title": format!("Page {n}"), "slug": "same"})).await);
        }
        let mut running = tokio::task::JoinSet::new();
        for (path, made) in &drafts {
            let verb = site.owner.request("POST", &format!("{path}/publish")).header("if-match", &made.etag());
            running.spawn(verb.send());
        }
        let replies = running.join_all().await;
        let won = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(won, 1, "{replies:?}");
        for reply in replies.into_iter().filter(|reply| reply.status != 200) {
            reply.refuses_at(409, "already_exists", "/slug");
        }
        // and one value has one entry where it must be unique
        published(&site, "article", json!({"title": "a", "code": "x"})).await;
        let (path, _) = write(&site, "article", json!({"title": "b", "code": "x"})).await;
        now(&site, &path, "publish").await.refuses_at(409, "already_exists", "/fields/code");
        site.server.stop();
    }
}
