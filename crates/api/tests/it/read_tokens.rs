//! Delivery for holders of a read token only.

use crate::world::World;
use bonafide_api::{DeliveryAccess, Settings};
use bonafide_test_support::{Installation, on_both};
use serde_json::json;
use std::time::Duration;

on_both! {
    /// Also what is in memory is given to holders only, stays out of shared caches, and stops with the token.
    async fn only_holders_read(home: &Installation) {
        let settings = Settings { delivery_access: DeliveryAccess::Token, ..Settings::default() };
        let world = World::new(home, settings).await;
        world.publish("2026-11-24", "# One\n").await;
        let made = world.post("/admin/v1/tokens", &[], json!({"name": "x", "family": "read", "scopes": ["delivery:read"]})).await;
        let bearer = format!("Bearer {}", made.body["token"].as_str().expect("a token"));
        let target = "/v1/policies/privacy";
        for _ in 0..2 {
            assert_eq!(world.get(target).await.status, 401);
            let read = world.send("GET", target, &[("authorization", &bearer)], None).await;
            assert_eq!((read.status.as_u16(), read.header("cache-control")), (200, "private, no-cache"));
        }
        // what leads elsewhere stays out of shared caches like what is there
        let page = world.post("/admin/v1/pages", &[], json!({"title": "Page", "slug": "old"})).await;
        let path = page.header("location").to_owned();
        let mut etag = page.header("etag").to_owned();
        for slug in ["old", "new"] {
            let saved = world.send("PATCH", &path, &[("if-match", &etag)], Some(json!({"slug": slug}))).await;
            let shown = world.post(&format!("{path}/publish"), &[("if-match", saved.header("etag"))], json!({})).await;
            shown.header("etag").clone_into(&mut etag);
        }
        let moved = world.send("GET", "/v1/pages/old", &[("authorization", &bearer)], None).await;
        assert_eq!((moved.status.as_u16(), moved.header("cache-control")), (308, "private, no-cache"));
        assert_eq!(world.send("GET", target, &[("authorization", "Bearer bf_read_x")], None).await.status, 401);
        let id = made.body["id"].as_str().expect("an id");
        assert_eq!(world.send("DELETE", &format!("/admin/v1/tokens/{id}"), &[], None).await.status, 204);
        assert_eq!(world.send("GET", target, &[("authorization", &bearer)], None).await.status, 401);
    }

    /// Who guesses at tokens is refused no more often in a minute than anybody else.
    async fn refusals_are_limited(home: &Installation) {
        let settings = Settings { delivery_access: DeliveryAccess::Token, requests_per_minute: 6, ..Settings::default() };
        let world = World::new(home, settings).await; // the login is the first of the six
        for guess in ["", "Bearer bf_read_x", "Bearer bf_admin_x", "Basic eDp4", "Bearer x"] {
            let refused = world.send("GET", "/v1/policies", &[("authorization", guess)], None).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (401, "unauthenticated"), "{guess}");
        }
        for target in ["/v1/policies", "/v1/policies/privacy", "/v1/nothing", "/admin/v1/me"] {
            let refused = world.send("GET", target, &[("authorization", "Bearer bf_read_y")], None).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (429, "too_many_requests"), "{target}");
            assert_eq!(refused.header("retry-after"), "61");
        }
        world.pass(Duration::from_mins(1));
        assert_eq!(world.get("/v1/policies").await.status, 401);
    }
}
