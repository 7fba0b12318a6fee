//! API tokens: no wider than their maker, for one surface, and gone at once when they are revoked.

use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;

const TOKENS: &str = "/admin/v1/tokens";

on_sqlite_first! {
    async fn a_token_from_its_making_to_its_end(home: &Installation) {
        let site = Site::open(home).await;
        let body = json!({"name": "Build", "family": "admin", "scopes": ["policies:read"], "expires_at": "2027-01-01T00:00:00Z"});
        let made = site.owner.post(TOKENS, body).await.is(201).json();
        assert!(text(&made["token"]).starts_with("bf_admin_"));
        let path = format!("{TOKENS}/{}", text(&made["id"]));
        let token = site.anonymous.with(text(&made["token"]));
        token.get("/admin/v1/policies").await.is(200);
        token.get("/admin/v1/users").await.refuses(403, "forbidden");
        // what is public asks for nothing, and takes nothing that belongs to another surface
        token.get("/v1/policies").await.refuses(401, "unauthenticated");
        let access = format!("Bearer {}", site.owner.token());
        site.anonymous.request("GET", "/v1/policies").header("authorization", &access).send().await.refuses(401, "unauthenticated");
        site.anonymous.get("/v1/policies").await.is(200);
        let read = site.owner.get(&path).await.is(200);
        assert!(!read.text().contains(text(&made["token"])) && read.json().get("token").is_none());
        assert!(read.json()["last_used_day"].is_string(), "{read}");
        let mut spoilt = text(&made["token"]).to_owned();
        let last = spoilt.pop().expect("a letter");
        spoilt.push(if last == 'a' { 'b' } else { 'a' });
        site.anonymous.with(spoilt).get("/admin/v1/policies").await.refuses(401, "unauthenticated");
        site.owner.request("DELETE", &path).send().await.is(204);
        token.get("/admin/v1/policies").await.refuses(401, "unauthenticated");
        site.server.stop();
    }

    async fn no_wider_than_its_maker(home: &Installation) {
        let site = Site::open(home).await;
        let viewer = site.invite("viewer").await;
        let with = |family: &str, scopes: &[&str]| json!({"name": "x", "family": family, "scopes": scopes});
        for wide in ["policies:write", "policies:publish", "users:write", "audit:read", "site:write"] {
            viewer.post(TOKENS, with("admin", &[wide])).await.refuses_at(422, "scope_too_wide", "/scopes");
        }
        for (family, scope) in [("read", "policies:read"), ("admin", "delivery:read")] {
            site.owner.post(TOKENS, with(family, &[scope])).await.refuses_at(422, "scope_too_wide", "/scopes");
        }
        for scopes in [&[][..], &["policies:everything"]] {
            site.owner.post(TOKENS, with("admin", scopes)).await.is(422);
        }
        let past = json!({"name": "x", "family": "admin", "scopes": ["policies:read"], "expires_at": "2020-01-01T00:00:00Z"});
        site.owner.post(TOKENS, past).await.refuses_at(422, "invalid_value", "/expires_at");
        // Another's token is not there for a viewer.
        let made = site.owner.post(TOKENS, with("admin", &["policies:read"])).await.is(201).json();
        let path = format!("{TOKENS}/{}", text(&made["id"]));
        viewer.get(&path).await.refuses(404, "not_found");
        viewer.request("DELETE", &path).send().await.refuses(404, "not_found");
        assert_eq!(viewer.get(TOKENS).await.is(200).json()["items"], json!([]));
        site.server.stop();
    }
}
