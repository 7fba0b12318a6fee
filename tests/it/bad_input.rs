//! What clients send by mistake or in malice: a clear refusal at once, and nothing is stored.

use crate::client::{Client, Reply};
use crate::site::Site;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long a refusal may take: a hundred milliseconds as shipped, more for a build without optimisation.
const AT_ONCE: Duration = Duration::from_secs(1);
const POLICIES: &str = "/admin/v1/policies";
const REVISIONS: &str = "/admin/v1/policies/privacy/revisions";

async fn raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> Reply {
    let started = Instant::now();
    let reply = client.request("POST", path).body("application/json", body).send().await;
    assert!(started.elapsed() < AT_ONCE, "{:?} for {reply}", started.elapsed());
    reply
}

/// A policy whose title is this piece of JSON.
fn titled(title: &str) -> Vec<u8> {
    format!(r#"{{"policy":"odd","title":{title},"default_locale":"en"}}"#).into_bytes()
}

on_sqlite_first! {
    async fn malformed_bodies(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let before = site.stored().await;
        let owner = &site.owner;
        for path in [POLICIES, REVISIONS, "/admin/v1/users", "/admin/v1/tokens", "/admin/v1/auth/login"] {
            for (body, code) in [
                ("{", "malformed_json"),
                ("{'a':1}", "malformed_json"),
                ("{\"a\":01}", "malformed_json"),
                ("{\"a\":NaN}", "malformed_json"),
                ("[1,]", "malformed_json"),
                ("// {}", "malformed_json"),
                ("{\"policy\":\"a\",\"policy\":\"b\"}", "duplicate_key"),
                ("{\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}", "duplicate_key"),
            ] {
                raw(owner, path, body).await.refuses(400, code);
            }
            let deep = format!("{{\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
            raw(owner, path, deep).await.refuses(400, "malformed_json");
            assert_eq!(raw(owner, path, "{\"x\":\"\\u0000\"}").await.status, 400, "{path}");
            assert_eq!(raw(owner, path, "{\"x\":\"\\ud800\"}").await.status, 400, "{path}");
            assert_eq!(raw(owner, path, b"{\"x\":\"\xff\"}".to_vec()).await.status, 400, "{path}");
            assert_eq!(raw(owner, path, b"{\"x\":\"\xed\xa0\x80\"}".to_vec()).await.status, 400, "{path}");
        }
        assert_eq!(site.stored().await, before);
        site.server.stop();
    }

    async fn values_that_cannot_be(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let before = site.stored().await;
        let owner = &site.owner;
        for (title, code) in [("1", "wrong_type"), ("[]", "wrong_type"), ("null", "wrong_type"), ("\"\"", "invalid_value")] {
            let reply = raw(owner, POLICIES, titled(title)).await;
            assert_eq!((reply.status, &reply.json()["errors"][0]["pointer"]), (422, &json!("/title")), "{code}: {reply}");
        }
        let long = format!("\"{}\"", "x".repeat(90_000));
        raw(owner, POLICIES, titled(&long)).await.refuses_at(422, "invalid_value", "/title");
        let million = format!("\"{}\"", "x".repeat(1_000_000));
        raw(owner, POLICIES, titled(&million)).await.refuses(413, "too_large");
        for (pointer, body) in [
            ("/policy", json!({"policy": "a/b", "title": "x", "default_locale": "en"})),
            ("/policy", json!({"policy": "", "title": "x", "default_locale": "en"})),
            ("/policy", json!({"policy": "x'; DROP TABLE site; --", "title": "x", "default_locale": "en"})),
            ("/default_locale", json!({"policy": "x", "title": "x", "default_locale": "english language"})),
            ("/default_locale", json!({"policy": "x", "title": "x"})),
        ] {
            let reply = owner.post(POLICIES, body).await.is(422);
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply}");
        }
        for day in ["2023-02-30", "10000-01-01", "2023-13-01", "2023-1-1", "yesterday", "", "2023-02-28T00:00:00Z", "-001-01-01"] {
            let reply = owner.post(REVISIONS, json!({"effective_on": day})).await.is(422);
            assert_eq!(reply.json()["errors"][0]["pointer"], "/effective_on", "{reply}");
            let path = format!("/v1/policies/privacy?as_of={day}");
            let reply = site.anonymous.get(&path).await.refuses(400, "invalid_parameter");
            assert_eq!(reply.json()["errors"][0]["parameter"], "as_of", "{reply}");
        }
        owner.post(REVISIONS, json!({"effective_on": 5})).await.refuses_at(422, "wrong_type", "/effective_on");
        owner.post(REVISIONS, json!({"texts": {"en": 5}})).await.refuses_at(422, "wrong_type", "/texts/en");
        owner.post(REVISIONS, json!({"texts": {"not a tag": "x"}})).await.is(422);
        for number in ["18446744073709551616", "0.1e-400", "9007199254740993"] {
            let body = format!("{{\"commitments\": [{{\"days\": {number}}}]}}");
            raw(owner, REVISIONS, body).await.refuses_at(422, "invalid_value", "/commitments/0/days");
        }
        let lines = "x\n".repeat(20_001);
        owner.post(REVISIONS, json!({"texts": {"en": lines}})).await.refuses_at(422, "invalid_value", "/texts/en");
        let large = "x".repeat((1 << 20) + 1);
        owner.post(REVISIONS, json!({"texts": {"en": large}})).await.refuses_at(422, "invalid_value", "/texts/en");
        for email in ["", "x", "@", "a@b@c", "a b@example.org", "x@example.org\r\nBcc: y@example.org"] {
            let body = json!({"email": email, "display_name": "x", "roles": ["viewer"]});
            owner.post("/admin/v1/users", body).await.refuses_at(422, "invalid_value", "/email");
        }
        assert_eq!(site.stored().await, before);
        site.server.stop();
    }

    async fn parameters_that_cannot_be(home: &Installation) {
        let site = Site::open(home).await;
        let today = site.today().await;
        site.policy("privacy").await;
        site.publish("privacy", "# One\n", &today).await;
        let before = site.stored().await;
        let hostile = ["%27%20OR%201%3D1%20--", "privacy%27%3B%20DROP%20TABLE%20site%3B--", "%22%3B", "%25", "..%2F..", "*", "privacy%20"];
        for odd in hostile {
            for path in [
                format!("/v1/policies/{odd}"),
                format!("/v1/policies/{odd}/revisions"),
                format!("/v1/policies/privacy/revisions/{odd}"),
                format!("/v1/policies/{odd}/feed.atom"),
                format!("/v1/policies/{odd}/diff?from=1&to=1"),
                format!("/admin/v1/policies/{odd}"),
                format!("/admin/v1/policies/privacy/revisions/{odd}"),
                format!("/admin/v1/users/{odd}"),
                format!("/admin/v1/tokens/{odd}"),
            ] {
                site.owner.get(&path).await.refuses(404, "not_found");
            }
            for query in ["as_of", "locale", "fallback"] {
                site.anonymous.get(&format!("/v1/policies/privacy?{query}={odd}")).await.refuses(400, "invalid_parameter");
            }
            for query in [format!("from={odd}&to=1"), format!("from=1&to=1&granularity={odd}")] {
                site.anonymous.get(&format!("/v1/policies/privacy/diff?{query}")).await.refuses(400, "invalid_parameter");
            }
            site.anonymous.get(&format!("/v1/policies?cursor={odd}")).await.refuses(400, "invalid_cursor");
        }
        for number in ["0", "-1", "01", "+1", "1.0", "4294967296", "99999999999999999999", "1.md.md", ".md"] {
            site.anonymous.get(&format!("/v1/policies/privacy/revisions/{number}")).await.refuses(404, "not_found");
        }
        for path in ["/v1/policies/%ff", "/v1/policies/privacy?locale=%ff", "/v1/policies/privacy?locale=%00", "/v1/policies/%00"] {
            let reply = site.anonymous.get(path).await;
            assert!(matches!(reply.status, 400 | 404), "{path}: {reply}");
        }
        for query in ["&", "as_of=2016-06-01&", "&&as_of=2016-06-01"] {
            site.anonymous.get(&format!("/v1/policies/privacy?{query}")).await.refuses(400, "malformed_request");
        }
        let long = "x".repeat(7000);
        let reply = site.anonymous.get(&format!("/v1/policies/{long}")).await;
        assert!(reply.status < 500, "{reply}");
        // Literals where a text may hold anything.
        let title = "'); DROP TABLE policy; -- \" \\ % _ $1 ?";
        let settings = site.owner.get("/admin/v1/site").await.is(200);
        assert_eq!(site.stored().await, before);
        let changed = site.owner.patch("/admin/v1/site", &settings.etag(), json!({"name": title})).await.is(200);
        assert_eq!(changed.json()["name"], title);
        // a policy of today stays in force: no zone in which today has not begun
        let behind = if site.owner.get("/admin/v1/status").await.json()["now"].as_str() < Some(&format!("{today}T12")) {
            Some("Etc/GMT+12")
        } else {
            None // at this hour it is the same day in every zone to the west
        };
        if let Some(zone) = behind {
            let reply = site.owner.patch("/admin/v1/site", &changed.etag(), json!({"time_zone": zone})).await;
            reply.refuses(409, "conflict");
        }
        let factory = site.owner.patch("/admin/v1/site", &changed.etag(), json!({"time_zone": "Factory"})).await;
        factory.refuses_at(422, "invalid_value", "/time_zone");
        assert_eq!(site.anonymous.get("/v1/policies/privacy").await.is(200).json()["markdown"], "# One\n");
        site.server.stop();
    }
}
