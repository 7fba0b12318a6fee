//! An announced revision comes into force by itself, at midnight of the site's zone, also for who reads from memory.

use crate::world::World;
use bonafide_api::Settings;
use bonafide_test_support::{Installation, on_both};
use serde_json::json;
use std::time::Duration;

on_both! {
    /// In Tokyo the 25th begins at 15:00 UTC of the 24th: three hours after the test's noon.
    async fn a_revision_comes_into_force_by_itself(home: &Installation) {
        let world = World::new(home, Settings::default()).await;
        let zone = world.send("PATCH", "/admin/v1/site", &[("if-match", "\"1\"")], Some(json!({"time_zone": "Asia/Tokyo"}))).await;
        assert_eq!(zone.status, 200, "{}", zone.body);
        world.publish("2026-11-24", "# One\n").await;
        world.publish("2026-11-25", "# Two\n").await;

        let before = world.get("/v1/policies/privacy").await;
        assert_eq!(before.body["number"], 1);
        assert_eq!(before.header("cache-control"), "public, max-age=0, s-maxage=60, stale-while-revalidate=600, stale-if-error=10740");
        let list = world.get("/v1/policies/privacy/revisions").await;
        assert_eq!(list.body["items"][0]["state"], "announced");
        assert_eq!(list.body["items"][1]["state"], "in_force");

        world.pass(Duration::from_secs(3 * 3600 - 30));
        let last = world.get("/v1/policies/privacy").await;
        assert_eq!(last.body["number"], 1);
        assert_eq!(last.header("cache-control"), "public, max-age=0, s-maxage=30, stale-while-revalidate=0, stale-if-error=0");
        assert_eq!(last.header("etag"), before.header("etag"));

        world.pass(Duration::from_secs(30));
        let after = world.get("/v1/policies/privacy").await;
        assert_eq!(after.body["number"], 2);
        assert_ne!(after.header("etag"), before.header("etag"));
        assert!(after.header("cache-control").contains("stale-if-error=86400"));
        let list = world.get("/v1/policies/privacy/revisions").await;
        assert_eq!(list.body["items"][0]["state"], "in_force");
        assert_eq!(list.body["items"][1]["state"], "superseded");
        let then = world.get("/v1/policies/privacy?as_of=2026-11-24").await;
        assert_eq!(then.body["number"], 1);
        assert_eq!(world.get("/v1/policies").await.body["items"][0]["in_force"], 2);
    }

    /// A HEAD tells of the answer that a GET gives, whichever comes first.
    async fn a_head_is_a_get_without_its_body(home: &Installation) {
        let world = World::new(home, Settings::default()).await;
        world.publish("2026-11-24", "# One\n").await;
        let first = world.send("HEAD", "/v1/policies/privacy", &[], None).await;
        let get = world.get("/v1/policies/privacy").await;
        let second = world.send("HEAD", "/v1/policies/privacy", &[], None).await;
        assert_eq!((first.status.as_u16(), first.body.is_null()), (200, true));
        assert_eq!(first.header("etag"), get.header("etag"));
        assert_eq!(first.headers, second.headers);
    }

    /// Nothing was in force before the first revision, and what is not there is not found.
    async fn before_the_first_revision(home: &Installation) {
        let world = World::new(home, Settings::default()).await;
        world.publish("2026-12-01", "# One\n").await;
        let early = world.get("/v1/policies/privacy").await;
        assert_eq!((early.status.as_u16(), early.code()), (404, "not_in_force"));
        let absent = world.get("/v1/policies/terms").await;
        assert_eq!((absent.status.as_u16(), absent.code()), (404, "not_found"));
        assert_eq!(world.get("/v1/policies/privacy?as_of=2026-12-01").await.body["number"], 1);
        assert_eq!(world.get("/v1/policies").await.body["items"][0].get("in_force"), None);
    }
}
