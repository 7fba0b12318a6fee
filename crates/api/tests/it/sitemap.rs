//! A sitemap that one file cannot hold.

use crate::world::World;
use bonafide_api::Settings;
use bonafide_test_support::Installation;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;

/// So many pages that were published before every other.
const PAGES: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
    INSERT INTO entry (id, site_id, type, created_at)
    SELECT unhex(printf('%032x', i)), (SELECT id FROM site), 'page', 0 FROM n";
const PUBLISHED: &str = "INSERT INTO published (entry_id, locale, site_id, type, path, title, content, revision,
    has_references, localized, published_at, updated_at)
    SELECT id, 'en', site_id, 'page', 'page/' || lower(hex(id)), 'Page', '{\"fields\":{}}', 1, FALSE, TRUE, 0, 0 FROM entry
    WHERE created_at = 0";

#[tokio::test]
async fn beyond_fifty_thousand_addresses_it_is_an_index() {
    let home = Installation::on_sqlite();
    let world = World::new(&home, Settings::default()).await;
    let site = world.get("/admin/v1/site").await;
    let frontend = Some(json!({"base_url": "https://www.example.org/"}));
    world.send("PATCH", "/admin/v1/site", &[("if-match", site.header("etag"))], frontend).await;
    let made = world.post("/admin/v1/pages", &[], json!({"title": "Last", "slug": "last"})).await;
    let path = made.header("location").to_owned();
    let published = world.post(&format!("{path}/publish"), &[("if-match", made.header("etag"))], json!({})).await;
    assert_eq!(published.status, 200, "{}", published.body);
    let url = format!("sqlite://{}", home.data_dir().join("bonafide.db").display());
    let db = Database::connect(url).await.expect("the database opens");
    for insert in [PAGES, PUBLISHED] {
        db.execute_unprepared(insert).await.expect("inserted");
    }

    let index = world.get("/v1/sitemap.xml").await.text;
    let parts: Vec<&str> = index.split("<loc>").skip(1).filter_map(|rest| rest.split("</loc>").next()).collect();
    assert_eq!(parts, ["https://www.example.org/sitemaps/1.xml", "https://www.example.org/sitemaps/2.xml"]);
    assert!(index.contains("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"), "{index}");
    let first = world.get("/v1/sitemaps/1.xml").await.text;
    assert_eq!((first.matches("<url>").count(), first.contains("/last<")), (50_000, false));
    let second = world.get("/v1/sitemaps/2.xml").await.text;
    assert_eq!((second.matches("<url>").count(), second.contains("https://www.example.org/last<")), (1, true));
    assert_eq!(world.get("/v1/sitemaps/3.xml").await.status, 404);

    // one page less, and one file holds them all
    let unpublished =
        world.post(&format!("{path}/unpublish"), &[("if-match", published.header("etag"))], json!({})).await;
    assert_eq!(unpublished.status, 200, "{}", unpublished.body);
    assert_eq!(world.get("/v1/sitemap.xml").await.text.matches("<url>").count(), 50_000);
    assert_eq!(world.get("/v1/sitemaps/2.xml").await.status, 404);
}
