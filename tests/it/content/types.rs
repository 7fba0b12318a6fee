//! Types: defined, planned, changed, deleted.

use super::{article, change, now, published, write};
use crate::client::Reply;
use crate::site::Site;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};

const ARTICLE: &str = "/admin/v1/types/article";

async fn patch(site: &Site, query: &str, body: Value) -> Reply {
    let etag = site.owner.get(ARTICLE).await.is(200).etag();
    site.owner.patch(&format!("{ARTICLE}{query}"), &etag, body).await
}

/// The fields of the type, changed by `with`.
async fn fields(site: &Site, with: impl Fn(&mut Vec<Value>)) -> Value {
    let mut fields = site.owner.get(ARTICLE).await.is(200).json()["fields"].as_array().expect("fields").clone();
    with(&mut fields);
    json!(fields)
}

on_sqlite_first! {
    async fn a_change_shows_its_plan_and_loses_nothing_unasked(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let path = published(&site, "article", json!({"title": "One", "day": "2026-01-01", "stars": 2, "secret": "x"})).await;
        write(&site, "article", json!({"title": "Two"})).await;
        let without = fields(&site, |fields| fields.retain(|field| field["key"] != "day")).await;
        let plan = patch(&site, "?plan=true", json!({"fields": without})).await.is(200);
        assert_eq!(plan.header("content-type"), "application/vnd.bonafide.plan+json");
        assert_eq!((&plan.json()["lost"], &plan.json()["entries"]), (&json!([{"field": "day", "entries": 1}]), &json!(2)));
        patch(&site, "", json!({"fields": without})).await.refuses(409, "would_lose");
        patch(&site, "", json!({"fields": without, "drop": ["secret"]})).await.refuses(409, "would_lose");
        // what is stricter is told, and done
        let stricter = fields(&site, |fields| fields[0]["max_length"] = json!(2)).await;
        let plan = patch(&site, "?plan=true", json!({"fields": stricter})).await.is(200).json();
        assert_eq!((&plan["invalid_drafts"], &plan["invalid_published"], &plan["lost"]), (&json!(2), &json!(1), &json!([])));
        assert_eq!(plan["examples"][0]["errors"][0]["pointer"], "/title", "{plan}");
        patch(&site, "", json!({"fields": stricter})).await.is(200);
        site.anonymous.get("/v1/entries/article/one").await.is(200);
        now(&site, &path, "publish").await.refuses(422, "incomplete");
        // dropped by name: gone for readers and from the draft, kept in the revision
        let without = fields(&site, |fields| fields.retain(|field| field["key"] != "day")).await;
        patch(&site, "", json!({"fields": without, "drop": ["day"]})).await.is(200);
        assert_eq!(site.anonymous.get("/v1/entries/article/one").await.is(200).json()["fields"].get("day"), None);
        site.anonymous.get("/v1/entries/article?filter[day][eq]=2026-01-01").await.refuses(400, "invalid_parameter");
        assert_eq!(site.owner.get(&path).await.is(200).json()["fields"].get("day"), None);
        assert_eq!(site.owner.get(&format!("{path}/revisions/1")).await.is(200).json()["fields"]["day"], "2026-01-01");
        change(&site, &path, json!({"fields": {"title": "On"}})).await.is(200);
        now(&site, &path, "publish").await.is(200);
        site.server.stop();
    }

    async fn what_goes_inside_a_group_is_asked_for_too(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let inside = |keys: &[&str]| keys.iter().map(|key| json!({"key": key, "kind": "text"})).collect::<Vec<_>>();
        let group = |keys| json!({"key": "place", "kind": "group", "fields": inside(keys)});
        let with = async |keys| fields(&site, |fields| {
            fields.retain(|field| field["key"] != "place");
            fields.push(group(keys));
        }).await;
        let both = with(&["street", "town"]).await;
        patch(&site, "", json!({"fields": both})).await.is(200);
        let place = json!({"street": "Knot Street", "town": "Bremen"});
        published(&site, "article", json!({"title": "One", "place": place})).await;
        write(&site, "article", json!({"title": "Two", "place": {"town": "Bremen"}})).await;
        let one = with(&["town"]).await;
        let plan = patch(&site, "?plan=true", json!({"fields": one})).await.is(200).json();
        assert_eq!(plan["lost"], json!([{"field": "place", "entries": 1}]), "{plan}");
        patch(&site, "", json!({"fields": one})).await.refuses(409, "would_lose");
        patch(&site, "", json!({"fields": one, "drop": ["place"]})).await.is(200);
        let shown = site.anonymous.get("/v1/entries/article/one").await.is(200).json();
        assert_eq!(shown["fields"]["place"], json!({"town": "Bremen"}));
        site.server.stop();
    }

    async fn what_is_indexed_later_is_found_at_once(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        published(&site, "article", json!({"title": "One", "secret": "x"})).await;
        site.anonymous.get("/v1/entries/article?filter[secret][eq]=x").await.refuses(400, "invalid_parameter");
        let indexed = fields(&site, |fields| fields[6]["indexed"] = json!(true)).await;
        patch(&site, "", json!({"fields": indexed})).await.is(200);
        for (value, count) in [("x", 1), ("y", 0)] {
            let list = site.anonymous.get(&format!("/v1/entries/article?filter[secret][eq]={value}")).await.is(200).json();
            assert_eq!(list["items"].as_array().map(Vec::len), Some(count), "{list}");
        }
        site.server.stop();
    }

    async fn types_in_use_stay(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let delete = async |key: &str| {
            let path = format!("/admin/v1/types/{key}");
            let etag = site.owner.get(&path).await.is(200).etag();
            site.owner.delete(&path, &etag).await
        };
        delete("author").await.refuses(409, "type_in_use");
        delete("page").await.refuses(409, "type_in_use");
        let (path, made) = write(&site, "article", json!({"title": "One"})).await;
        delete("article").await.refuses(409, "type_in_use");
        site.owner.delete(&path, &made.etag()).await.is(204);
        delete("article").await.is(204);
        site.owner.get(ARTICLE).await.refuses(404, "not_found");
        // one of the same key goes on from its version
        let again = json!({"type": "article", "title": "Article"});
        assert_eq!(site.owner.post("/admin/v1/types", again.clone()).await.is(201).json()["version"], 3);
        site.owner.post("/admin/v1/types", again).await.refuses(409, "already_exists");
        // a page can be extended
        let page = site.owner.get("/admin/v1/types/page").await.is(200);
        let mut fields = page.json()["fields"].as_array().expect("fields").clone();
        fields.push(json!({"key": "mood", "kind": "choice", "choices": [{"value": "good"}], "indexed": true}));
        site.owner.patch("/admin/v1/types/page", &page.etag(), json!({"fields": fields})).await.is(200);
        published(&site, "page", json!({"title": "Odd", "mood": "good"})).await;
        let list = site.anonymous.get("/v1/pages?filter[mood][eq]=good").await.is(200).json();
        assert_eq!(list["items"][0]["mood"], "good");
        site.server.stop();
    }

    async fn components_of_ones_own_stand_in_pages(home: &Installation) {
        let site = Site::open(home).await;
        let teaser = json!({"type": "teaser", "title": "Teaser", "component": true, "fields": [
            {"key": "to", "kind": "reference", "types": ["page"], "required": true}, {"key": "words", "kind": "markdown"}]});
        site.owner.post("/admin/v1/types", teaser).await.is(201);
        let target = published(&site, "page", json!({"title": "There"})).await;
        let id = target.rsplit('/').next().expect("an id");
        published(&site, "page", json!({"title": "Here", "body": [{"type": "teaser", "to": id, "words": "*Go*"}]})).await;
        let page = site.anonymous.get("/v1/pages/here").await.is(200).json();
        assert_eq!((&page["body"][0]["to"]["path"], &page["body"][0]["words"]["html"]), (&json!("there"), &json!("<p><em>Go</em></p>\n")));
        now(&site, &target, "unpublish").await.is(200);
        assert_eq!(site.anonymous.get("/v1/pages/here").await.is(200).json()["body"][0].get("to"), None);
        let teaser = site.owner.get("/admin/v1/types/teaser").await.is(200);
        site.owner.delete("/admin/v1/types/teaser", &teaser.etag()).await.refuses(409, "type_in_use");
        site.owner.post("/admin/v1/entries/teaser", json!({"fields": {}})).await.refuses(404, "not_found");
        site.server.stop();
    }
}
