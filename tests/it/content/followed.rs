//! What search engines and readers of feeds follow.

use super::{article, change, languages, now, published};
use crate::site::Site;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;

on_sqlite_first! {
    async fn a_sitemap_and_feeds_lead_to_the_frontend(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        article(&site).await;
        site.anonymous.get("/v1/sitemap.xml").await.refuses(404, "not_found");
        let settings = site.owner.get("/admin/v1/site").await.is(200);
        let frontend = json!({"base_url": "https://www.example.org/", "page_url_template": "https://www.example.org/{locale}/{path}"});
        site.owner.patch("/admin/v1/site", &settings.etag(), frontend).await.is(200);
        let path = published(&site, "page", json!({"title": "Tea & <cake>", "slug": "über/uns", "body": [{"type": "markdown", "text": "Hello *there*"}]})).await;
        published(&site, "page", json!({"title": "Hidden", "seo": {"no_index": true}})).await;
        let side = site.owner.post(&format!("{path}/locales"), json!({"locale": "de", "from": "en"})).await.is(201);
        drop(side);
        let alone = site.anonymous.get("/v1/sitemap.xml").await.is(200);
        assert_eq!(alone.header("content-type"), "application/xml; charset=utf-8");
        assert!(alone.text().contains("<loc>https://www.example.org/en/%C3%BCber/uns</loc>"), "{alone}");
        assert!(!alone.text().contains("hidden") && !alone.text().contains("/de/"), "{alone}");
        now(&site, &format!("{path}?locale=de"), "publish").await.is(200);
        let both = site.anonymous.get("/v1/sitemap.xml").await.is(200).text();
        assert!(both.contains("hreflang=\"de\" href=\"https://www.example.org/de/%C3%BCber/uns\""), "{both}");

        // all of it is one part; others are not there
        assert_eq!(site.anonymous.get("/v1/sitemaps/1.xml").await.is(200).text(), both);
        for name in ["0.xml", "2.xml", "01.xml", "+1.xml", "1", ".xml", "x.xml"] {
            site.anonymous.get(&format!("/v1/sitemaps/{name}")).await.refuses(404, "not_found");
        }

        let feed = site.anonymous.get("/v1/pages/feed.atom?locale=en").await.is(200).text();
        assert!(feed.contains("<title>Tea &amp; &lt;cake&gt;</title>") && feed.contains("<summary>Hello there</summary>"), "{feed}");
        assert!(feed.contains("type=\"text/html\" href=\"https://www.example.org/en/%C3%BCber/uns\""), "{feed}");
        published(&site, "article", json!({"title": "First"})).await;
        let feed = site.anonymous.get("/v1/entries/article/feed.atom").await.is(200).text();
        assert!(feed.contains("href=\"/v1/entries/article/first?locale=en\""), "{feed}");
        site.anonymous.get("/v1/entries/nothing/feed.atom").await.refuses(404, "not_found");
        // what is changed is followed at once
        change(&site, &path, json!({"title": "Coffee"})).await.is(200);
        assert!(site.anonymous.get("/v1/pages/feed.atom?locale=en").await.text().contains("Tea"));
        now(&site, &path, "publish").await.is(200);
        assert!(site.anonymous.get("/v1/pages/feed.atom?locale=en").await.text().contains("Coffee"));
        site.server.stop();
    }
}
