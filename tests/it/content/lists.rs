//! Lists: filtered, sorted, in pages, in a chain of languages.

use super::{article, languages, now, published};
use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};

async fn titles(site: &Site, query: &str) -> Vec<String> {
    let list = site.anonymous.get(&format!("/v1/entries/article?{query}")).await.is(200).json();
    let items = list["items"].as_array().expect("items").iter();
    items.map(|item| text(&item["fields"]["title"]).to_owned()).collect()
}

/// Every item, by following the pages.
async fn walked(site: &Site, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = site.anonymous.get(&format!("/v1/entries/article?{query}&limit=2{cursor}")).await.is(200);
        let page = reply.json();
        found.extend(page["items"].as_array().expect("items").iter().map(|item| item["fields"]["title"].clone()));
        let Some(next) = page["page"]["next"].as_str() else { return found };
        // the link says the whole question again
        assert!(reply.header("link").contains(&format!("?{query}&limit=2&cursor={next}")), "{}", reply.header("link"));
        cursor = format!("&cursor={next}");
    }
}

on_sqlite_first! {
    async fn filters_and_orders(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        let author = published(&site, "author", json!({"name": "Ada"})).await;
        let ada = author.rsplit('/').next().expect("an id").to_owned();
        for (title, day, stars) in [("banana", Some("2026-01-03"), Some(2)), ("Apple", Some("2026-01-01"), Some(5)),
            ("cherry", None, Some(2)), ("Date", Some("2026-01-02"), None), ("éclair", Some("2025-01-01"), Some(1))] {
            let mut fields = json!({"title": title});
            if let Some(day) = day { fields["day"] = json!(day); }
            if let Some(stars) = stars { fields["stars"] = json!(stars); }
            if title == "Apple" { fields["author"] = json!(ada); }
            published(&site, "article", fields).await;
        }
        for (query, expected) in [
            ("sort=title", vec!["Apple", "banana", "cherry", "Date", "éclair"]),
            ("sort=-title", vec!["éclair", "Date", "cherry", "banana", "Apple"]),
            ("sort=day", vec!["cherry", "éclair", "Apple", "Date", "banana"]),
            ("sort=stars,-title", vec!["Date", "éclair", "cherry", "banana", "Apple"]),
            ("sort=published_at", vec!["banana", "Apple", "cherry", "Date", "éclair"]),
            ("", vec!["éclair", "Date", "cherry", "Apple", "banana"]),
            ("sort=title&filter[stars][eq]=2", vec!["banana", "cherry"]),
            ("sort=title&filter[stars][ne]=2", vec!["Apple", "Date", "éclair"]),
            ("sort=title&filter[stars][in]=1,5", vec!["Apple", "éclair"]),
            ("sort=title&filter[stars][nin]=1,5", vec!["banana", "cherry", "Date"]),
            ("sort=title&filter[stars][lt]=2", vec!["éclair"]),
            ("sort=title&filter[stars][gte]=2", vec!["Apple", "banana", "cherry"]),
            ("sort=title&filter[stars][is_null]=true", vec!["Date"]),
            ("sort=stars&filter[stars][is_null]=false&filter[day][is_null]=true", vec!["cherry"]),
            ("sort=day&filter[day][gt]=2026-01-01&filter[day][lte]=2026-01-03", vec!["Date", "banana"]),
            ("sort=title&filter[title][prefix]=B", vec!["banana"]),
            ("sort=title&filter[title][contains]=AN", vec!["banana"]),
            ("sort=title&filter[title][contains]=ÉCL", vec!["éclair"]),
            ("sort=title&filter[title][eq]=apple", vec![]),
            ("sort=title&filter[title][eq]=Apple", vec!["Apple"]),
            (&format!("filter[author][eq]={ada}"), vec!["Apple"]),
            ("sort=title&filter[title][gt]=banana&filter[title][lt]=date", vec!["cherry"]),
        ] {
            assert_eq!(titles(&site, query).await, expected, "{query}");
            if !query.is_empty() {
                let all: Vec<Value> = expected.iter().map(|title| json!(title)).collect();
                assert_eq!(walked(&site, query).await, all, "{query}, page by page");
                let count = site.anonymous.get(&format!("/v1/entries/article?{query}&count=exact")).await.is(200).json();
                assert_eq!(count["page"]["count"], expected.len(), "{query}");
            }
        }
        let included = site.anonymous.get("/v1/entries/article?include=author&sort=title&limit=2").await.is(200).json();
        assert_eq!(included["included"].as_array().map(Vec::len), Some(1));
        assert_eq!(included["items"][0]["fields"]["author"]["title"], "Ada");
        let sparse = site.anonymous.get("/v1/entries/article?fields=title&sort=title&limit=1").await.is(200).json();
        assert_eq!(sparse["items"][0]["fields"], json!({"title": "Apple"}));
        site.server.stop();
    }

    async fn a_list_comes_in_a_chain_of_languages(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        for (english, german) in [("a", Some("z")), ("b", None), ("c", Some("y"))] {
            let path = published(&site, "article", json!({"title": english})).await;
            if let Some(german) = german {
                let side = site.owner.post(&format!("{path}/locales"), json!({"locale": "de"})).await.is(201);
                site.owner.patch(&format!("{path}?locale=de"), &side.etag(), json!({"fields": {"title": german}})).await.is(200);
                now(&site, &format!("{path}?locale=de"), "publish").await.is(200);
            }
        }
        for (query, expected) in [
            ("sort=title", vec!["a", "b", "c"]),
            ("sort=title&locale=de", vec!["y", "z"]),
            ("sort=title&locale=de&fallback=en", vec!["b", "y", "z"]),
            ("sort=-title&locale=de-AT&fallback=de,en", vec!["z", "y", "b"]),
            ("sort=title&locale=fr", vec![]),
        ] {
            assert_eq!(titles(&site, query).await, expected, "{query}");
            let all: Vec<Value> = expected.iter().map(|title| json!(title)).collect();
            assert_eq!(walked(&site, query).await, all, "{query}, page by page");
        }
        site.server.stop();
    }

    async fn the_one_entry_of_a_singleton_is_a_list_of_one(home: &Installation) {
        let site = Site::open(home).await;
        let footer = json!({"type": "footer", "title": "Footer", "singleton": true, "fields": [{"key": "text", "kind": "text", "required": true}]});
        site.owner.post("/admin/v1/types", footer).await.is(201);
        let none = site.anonymous.get("/v1/entries/footer?count=exact").await.is(200).json();
        assert_eq!((&none["items"], &none["page"]["count"]), (&json!([]), &json!(0)));
        let path = published(&site, "footer", json!({"text": "Since 2016"})).await;
        site.owner.post("/admin/v1/entries/footer", json!({"fields": {}})).await.refuses(409, "conflict");
        let one = site.anonymous.get("/v1/entries/footer?count=exact").await.is(200).json();
        assert_eq!((&one["items"][0]["fields"]["text"], &one["page"]["count"]), (&json!("Since 2016"), &json!(1)));
        assert_eq!((&one["page"]["next"], one["items"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
        // it has no slug; its id finds it
        let by_id = site.anonymous.get(&path.replace("/admin/", "/")).await.is(200).json();
        assert_eq!(by_id, one["items"][0]);
        site.server.stop();
    }

    async fn what_cannot_be_asked_is_refused(home: &Installation) {
        let site = Site::open(home).await;
        article(&site).await;
        published(&site, "article", json!({"title": "a", "secret": "x"})).await;
        let refused = async |query: &str| {
            let reply = site.anonymous.get(&format!("/v1/entries/article?{query}")).await.refuses(400, "invalid_parameter");
            let mut problem = reply.json();
            problem["request_id"] = json!("");
            problem.to_string()
        };
        // the same, whether the field is there or not
        let secret = refused("filter[secret][eq]=x").await;
        assert_eq!(secret.replace("secret", "nothin"), refused("filter[nothin][eq]=x").await);
        assert_eq!(refused("sort=secret").await, refused("sort=nothing").await);
        assert_eq!(refused("fields=nothing").await, refused("fields=title,title").await);
        for query in [
            "filter[stars][eq]=x", "filter[day][eq]=2026-02-30", "filter[title][odd]=x", "filter[title]=x", "filter=x",
            "filter[stars][contains]=1", "filter[title][contains]=", "filter[stars][is_null]=maybe", "sort=-", "sort=title,title",
            "sort=title,day,stars,slug", "include=title", "include=author.nothing", "include=related.author.born", "filter[author][eq]=x",
        ] {
            let reply = site.anonymous.get(&format!("/v1/entries/article?{query}")).await;
            assert_eq!(reply.status, 400, "{query}: {reply}");
        }
        let many: Vec<String> = (0..13).map(|n| format!("filter[stars][{}]={n}", ["eq", "ne", "lt", "lte", "gt", "gte", "in", "nin"][n % 8])).collect();
        assert_eq!(site.anonymous.get(&format!("/v1/entries/article?{}", many.join("&"))).await.status, 400);
        site.anonymous.get("/v1/entries/nothing").await.refuses(404, "not_found");
        site.anonymous.get("/v1/entries/markdown").await.refuses(404, "not_found");
        site.anonymous.get("/v1/entries/page").await.refuses(404, "not_found");
        site.server.stop();
    }
}
