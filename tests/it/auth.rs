//! Logging in, staying logged in, and that every end of a login works on the very next request.

use crate::client::Client;
use crate::site::{PASSWORD, Site, login, pair, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};

const OWNER: &str = "owner@example.org";
const ME: &str = "/admin/v1/me";

async fn refresh(anonymous: &Client, token: &Value) -> crate::client::Reply {
    anonymous.post("/admin/v1/auth/refresh", json!({"refresh_token": token})).await
}

/// A JWT with other parts; the signature stays.
fn forge(token: &str, header: impl Fn(&mut Value), claims: impl Fn(&mut Value)) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let change = |part: &str, change: &dyn Fn(&mut Value)| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
        change(&mut value);
        URL_SAFE_NO_PAD.encode(value.to_string())
    };
    format!("{}.{}.{}", change(parts[0], &header), change(parts[1], &claims), parts[2])
}

on_sqlite_first! {
    async fn a_login_and_its_ends(home: &Installation) {
        let site = Site::open(home).await;
        let first = pair(&site.anonymous, OWNER).await;
        assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(600)));
        let me = site.anonymous.with(text(&first["access_token"])).get(ME).await.is(200).json();
        assert_eq!((&me["email"], &me["roles"]), (&json!(OWNER), &json!(["owner"])));
        let other = login(&site.anonymous, OWNER).await;
        let sessions = site.owner.get("/admin/v1/sessions").await.is(200).json();
        let sessions = sessions["items"].as_array().expect("items").clone();
        assert_eq!((sessions.len(), sessions.iter().filter(|session| session["current"] == true).count()), (3, 1));
        other.request("POST", "/admin/v1/auth/logout").send().await.is(204);
        other.get(ME).await.refuses(401, "unauthenticated");
        let mine = other.with(text(&first["access_token"])).get("/admin/v1/sessions").await.is(200).json();
        let current = mine["items"].as_array().expect("items").iter().find(|it| it["current"] == true).expect("one");
        let path = format!("/admin/v1/sessions/{}", text(&current["id"]));
        site.owner.request("DELETE", &path).send().await.is(204);
        site.anonymous.with(text(&first["access_token"])).get(ME).await.refuses(401, "unauthenticated");
        refresh(&site.anonymous, &first["refresh_token"]).await.refuses(401, "unauthenticated");
        let third = login(&site.anonymous, OWNER).await;
        site.owner.request("POST", "/admin/v1/auth/logout-everywhere").send().await.is(204);
        for ended in [&third, &site.owner] {
            ended.get(ME).await.refuses(401, "unauthenticated");
        }
        site.server.stop();
    }

    async fn a_refresh_token_works_once(home: &Installation) {
        let site = Site::open(home).await;
        let first = pair(&site.anonymous, OWNER).await;
        let second = refresh(&site.anonymous, &first["refresh_token"]).await.is(200).json();
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        // The answer may have been lost: once, and as long as its successor is unused.
        let third = refresh(&site.anonymous, &first["refresh_token"]).await.is(200).json();
        let fourth = refresh(&site.anonymous, &third["refresh_token"]).await.is(200).json();
        let session = site.anonymous.with(text(&fourth["access_token"]));
        session.get(ME).await.is(200);
        // Anything older is theft: the whole family ends.
        refresh(&site.anonymous, &first["refresh_token"]).await.refuses(401, "unauthenticated");
        session.get(ME).await.refuses(401, "unauthenticated");
        refresh(&site.anonymous, &fourth["refresh_token"]).await.refuses(401, "unauthenticated");
        site.server.stop();
    }

    async fn forged_tokens(home: &Installation) {
        let site = Site::open(home).await;
        let token = site.owner.token();
        let keep = |_: &mut Value| {};
        let none = |header: &mut Value| header["alg"] = json!("none");
        let unsigned = forge(token, none, keep);
        let (unsigned, _) = unsigned.rsplit_once('.').expect("three parts");
        let long = "a.".repeat(20_000);
        for forged in [
            format!("{unsigned}."),
            unsigned.to_owned(),
            forge(token, none, keep),
            forge(token, |header| header["alg"] = json!("HS256"), keep),
            forge(token, |header| header["kid"] = json!("another"), keep),
            forge(token, |header| { header.as_object_mut().expect("an object").remove("kid"); }, keep),
            forge(token, keep, |claims| claims["exp"] = json!(4_102_444_800_u64)),
            forge(token, keep, |claims| claims["sub"] = json!("01980000-0000-7000-8000-000000000000")),
            format!("{token}x"),
            token[..token.len() - 4].to_owned(),
            long[..4000].to_owned(),
        ] {
            site.anonymous.with(forged).get(ME).await.refuses(401, "unauthenticated");
        }
        site.owner.get(ME).await.is(200);
        site.server.stop();
    }

    async fn guessing_is_answered_alike_and_slowed_down(home: &Installation) {
        let site = Site::open(home).await;
        let attempt = async |email: &str| {
            let body = json!({"email": email, "password": "not the password"});
            site.anonymous.post("/admin/v1/auth/login", body).await
        };
        let known = attempt(OWNER).await.refuses(401, "login_failed").json();
        let unknown = attempt("nobody@example.org").await.refuses(401, "login_failed").json();
        let without_id = |mut problem: Value| {
            problem["request_id"] = Value::Null;
            problem
        };
        assert_eq!(without_id(known), without_id(unknown));
        let mut slowed = None;
        for _ in 0..50 {
            let reply = attempt(OWNER).await;
            if reply.status == 429 {
                slowed = Some(reply);
                break;
            }
        }
        let slowed = slowed.expect("attempts are slowed down").refuses(429, "too_many_requests");
        assert!(slowed.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        site.owner.get(ME).await.is(200);
        site.server.stop();
    }

    async fn a_password_changes(home: &Installation) {
        let site = Site::open(home).await;
        let path = "/admin/v1/auth/password";
        let other = login(&site.anonymous, OWNER).await;
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        site.owner.post(path, change("wrong password", "another long password")).await.refuses(422, "wrong_password");
        for weak in ["short", "password123", "1234567890"] {
            let reply = site.owner.post(path, change(PASSWORD, weak)).await;
            assert_eq!((reply.status, &reply.json()["errors"][0]["pointer"]), (422, &json!("/new_password")), "{reply}");
        }
        site.owner.post(path, change(PASSWORD, "twelve green bottles")).await.is(204);
        other.get(ME).await.refuses(401, "unauthenticated");
        site.owner.get(ME).await.is(200);
        let body = json!({"email": OWNER, "password": PASSWORD});
        site.anonymous.post("/admin/v1/auth/login", body).await.refuses(401, "login_failed");
        let body = json!({"email": OWNER, "password": "twelve green bottles"});
        site.anonymous.post("/admin/v1/auth/login", body).await.is(200);
        site.server.stop();
    }
}
