//! What is good for a while only: access tokens, cursors, answers to repeated requests.

use crate::world::World;
use bonafide_api::Settings;
use bonafide_test_support::{Installation, on_both};
use serde_json::json;
use std::time::Duration;

on_both! {
    /// An access token lives for ten minutes.
    async fn access_tokens_expire(home: &Installation) {
        let world = World::new(home, Settings::default()).await;
        world.pass(Duration::from_secs(599));
        assert_eq!(world.get("/admin/v1/me").await.status, 200);
        world.pass(Duration::from_secs(2));
        let late = world.get("/admin/v1/me").await;
        assert_eq!((late.status.as_u16(), late.code()), (401, "unauthenticated"));
    }

    /// A cursor is good for a day, on its own list.
    async fn cursors_expire(home: &Installation) {
        let mut world = World::new(home, Settings::default()).await;
        for key in ["a", "b", "c"] {
            world.post("/admin/v1/policies", &[], json!({"policy": key, "title": key, "default_locale": "en"})).await;
        }
        let first = world.get("/admin/v1/policies?limit=2").await;
        let next = first.body["page"]["next"].as_str().expect("a cursor").to_owned();
        let target = format!("/admin/v1/policies?limit=2&cursor={next}");
        assert_eq!(world.get(&target).await.body["items"][0]["policy"], "c");
        let elsewhere = world.get(&format!("/admin/v1/users?cursor={next}")).await;
        assert_eq!((elsewhere.status.as_u16(), elsewhere.code()), (400, "invalid_cursor"));
        world.pass(Duration::from_hours(24));
        world.login().await;
        let late = world.get(&target).await;
        assert_eq!((late.status.as_u16(), late.code()), (400, "invalid_cursor"));
    }

    /// A repeated request is known for a day; then it is a new one.
    async fn repeated_requests_are_forgotten(home: &Installation) {
        let mut world = World::new(home, Settings::default()).await;
        let (key, body) = ([("idempotency-key", "0123456789abcdef")], json!({"name": "x", "family": "read", "scopes": ["delivery:read"]}));
        let first = world.post("/admin/v1/tokens", &key, body.clone()).await;
        assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""));
        let again = world.post("/admin/v1/tokens", &key, body.clone()).await;
        assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
        assert_eq!(again.body, first.body);
        world.pass(Duration::from_secs(24 * 3600 + 1));
        world.login().await;
        let anew = world.post("/admin/v1/tokens", &key, body).await;
        assert_eq!((anew.status.as_u16(), anew.header("idempotent-replayed")), (201, ""));
        assert_ne!(anew.body["id"], first.body["id"]);
    }
}
