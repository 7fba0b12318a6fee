//! What is taken in and what is refused, before anything of it is stored.

use super::{SUBMISSIONS, open, path_of};
use crate::client::{Client, Reply};
use crate::site::{Site, answers, make_owner, patience, text};
use bonafide_test_support::{Installation, Server, on_sqlite_first};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FORM: &str = "/v1/forms/contact";
const SEND: &str = "/v1/forms/contact/submissions";

async fn tokens(site: &Site, form: &str, count: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for _ in 0..count {
        let handed_out = site.anonymous.get(&format!("/v1/forms/{form}")).await.is(200).json();
        tokens.push(text(&handed_out["token"]).to_owned());
    }
    tokens
}

async fn count(site: &Site) -> u64 {
    site.owner.get("/admin/v1/submissions/count").await.is(200).json()["live"].as_u64().expect("a number")
}

/// Sends the same several times at once.
async fn at_once(client: &Client, body: &Value, key: Option<&str>, times: usize) -> Vec<Reply> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..times {
        let request = client.request("POST", SEND).json(body);
        running.spawn(if let Some(key) = key { request.header("idempotency-key", key) } else { request }.send());
    }
    running.join_all().await
}

on_sqlite_first! {
    async fn a_double_click_is_one_submission(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let tokens = tokens(&site, "contact", 3).await;
        patience().await;
        for (n, key) in [None, Some("a-key-of-sixteen-bytes")].into_iter().enumerate() {
            let body = answers(&tokens[n], n);
            let replies = at_once(&site.anonymous, &body, key, 8).await;
            let receipts: BTreeSet<_> = replies.into_iter().map(|reply| reply.is(201).text()).collect();
            assert_eq!(receipts.len(), 1, "everybody gets the same receipt");
            let again = at_once(&site.anonymous, &body, key, 1).await.remove(0).is(201);
            assert_eq!(again.header("idempotent-replayed"), "true");
            let code = if key.is_some() { (422, "idempotency_key_reused") } else { (409, "form_sent") };
            at_once(&site.anonymous, &answers(&tokens[n], 7), key, 1).await.remove(0).refuses(code.0, code.1);
        }
        assert_eq!(count(&site).await, 2);
        // under another key the token is still spent
        at_once(&site.anonymous, &answers(&tokens[0], 0), Some("another-key-of-16-bytes"), 1).await.remove(0).refuses(409, "form_sent");
        // a receipt that is gone takes the answer that was kept with it
        let kept = at_once(&site.anonymous, &answers(&tokens[0], 0), None, 1).await.remove(0).json();
        site.owner.post(&format!("{}/erase", path_of(&kept["receipt"])), json!({"reason": "subject_request"})).await.is(200);
        site.until(&path_of(&kept["receipt"]), |found| found["scrubbed_at"].is_string()).await;
        at_once(&site.anonymous, &answers(&tokens[0], 0), None, 1).await.remove(0).refuses(409, "form_sent");
        site.server.stop();
    }

    async fn what_breaks_a_rule_is_refused_and_stored_nowhere(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        site.form("other", json!({})).await;
        let fast = tokens(&site, "contact", 1).await.remove(0);
        site.anonymous.post(SEND, answers(&fast, 0)).await.refuses(422, "form_too_early");
        let token = tokens(&site, "contact", 1).await.remove(0);
        let others = tokens(&site, "other", 1).await.remove(0);
        patience().await;
        let with = |field: &str, value: Value| {
            let mut body = answers(&token, 0);
            body["fields"][field] = value;
            body
        };
        let long = "x".repeat(6_000);
        for (body, status, code, pointer) in [
            (with("phone", json!("1")), 422, "unknown_field", "/fields/phone"),
            (with("email", json!("ada at example.org")), 422, "invalid_value", "/fields/email"),
            (with("email", json!("ada@")), 422, "invalid_value", "/fields/email"),
            (with("email", json!("ada@example.org\r\nBcc: eve@example.org")), 422, "invalid_value", "/fields/email"),
            (with("name", json!("two\nlines")), 422, "invalid_value", "/fields/name"),
            (with("name", json!("\u{1b}[31m")), 422, "invalid_value", "/fields/name"),
            (with("name", json!("   ")), 422, "missing_field", "/fields/name"),
            (with("name", Value::Null), 422, "missing_field", "/fields/name"),
            (with("name", json!(7)), 422, "wrong_type", "/fields/name"),
            (with("name", json!(["a"])), 422, "wrong_type", "/fields/name"),
            (with("message", json!(long)), 422, "invalid_value", "/fields/message"),
        ] {
            site.anonymous.post(SEND, body).await.refuses_at(status, code, pointer);
        }
        let mut body = answers(&token, 0);
        body["permissions"] = json!(["newsletter", "sale"]);
        site.anonymous.post(SEND, body).await.refuses_at(422, "invalid_value", "/permissions/1");
        for (name, value, code) in [("token", json!("x"), "form_token_invalid"), ("token", json!(others), "form_token_invalid"), ("token", json!(1), "wrong_type"), ("more", json!(1), "unknown_field")] {
            let mut body = answers(&token, 0);
            body[name] = value;
            site.anonymous.post(SEND, body).await.refuses(422, code);
        }
        site.anonymous.post(SEND, json!({"fields": {}})).await.refuses(422, "missing_field");
        let send = |media: &str, body: String| site.anonymous.request("POST", SEND).body(media, body).send();
        send("application/json", "{".to_owned()).await.refuses(400, "malformed_json");
        send("application/json", answers(&token, 0).to_string().replace("Visitor 0", "Visitor\\u0000")).await.refuses(400, "malformed_request");
        send("text/plain", String::new()).await.refuses(415, "unsupported_media_type");
        send("multipart/form-data; boundary=x", String::new()).await.refuses(415, "unsupported_media_type");
        send("application/json", format!("{{\"x\":\"{}\"}}", "x".repeat(256 << 10))).await.refuses(413, "too_large");
        let many: serde_json::Map<_, _> = (0..9_000).map(|n| (format!("f{n}"), json!("x"))).collect();
        let faults = site.anonymous.post(SEND, json!({"token": token, "fields": many})).await.refuses(422, "unknown_field").json();
        assert_eq!(faults["errors"].as_array().map(Vec::len), Some(100), "a refusal is bounded");
        site.anonymous.post("/v1/forms/absent/submissions", answers(&token, 0)).await.refuses(404, "not_found");
        assert_eq!(count(&site).await, 0, "nothing of it is stored");
        // what is refused gives the token back; and whatever can be written is taken as it is
        let odd = "=cmd|' /C calc'!A0 <script>alert(1)</script> \u{202e}oof\u{202c} 🏛️ 𝕸useum\n\"quoted\"";
        let sent = site.anonymous.post(SEND, with("message", json!(odd))).await.is(201).json();
        let opened = open(&site.owner, &path_of(&sent["receipt"]), "fulfil_request").await.is(200).json();
        assert_eq!(opened["fields"]["message"], odd);
        site.server.stop();
    }

    async fn a_form_is_for_the_pages_it_names(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({"origins": ["https://shop.example.org"]})).await;
        let token = tokens(&site, "contact", 1).await.remove(0);
        patience().await;
        let from = async |origin: &str| {
            site.anonymous.request("POST", SEND).json(&answers(&token, 0)).header("origin", origin).send().await
        };
        for origin in ["https://evil.example", "null", "http://shop.example.org", "https://shop.example.org.evil.example", "x"] {
            let refused = from(origin).await.refuses(403, "origin_refused");
            assert_eq!(refused.header("access-control-allow-origin"), "", "{origin}");
        }
        let taken = from("https://shop.example.org").await.is(201);
        assert_eq!(taken.header("access-control-allow-origin"), "https://shop.example.org");
        site.server.stop();
    }

    async fn a_version_that_was_handed_out_goes_with_it(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let token = tokens(&site, "contact", 1).await.remove(0);
        site.publish_again("contact").await;
        patience().await;
        site.anonymous.post(SEND, answers(&token, 0)).await.refuses(422, "form_token_invalid");
        let receipt = site.submit("contact").await;
        assert_eq!(receipt["form_version"], 2);
        let form = site.owner.get("/admin/v1/forms/contact").await.is(200).etag();
        let token = tokens(&site, "contact", 1).await.remove(0);
        site.owner.verb("/admin/v1/forms/contact/unpublish", &form).await.is(200);
        site.anonymous.get(FORM).await.refuses(404, "not_found");
        site.anonymous.post(SEND, answers(&token, 0)).await.refuses(404, "not_found");
        open(&site.owner, &path_of(&receipt), "fulfil_request").await.is(200);
        assert_eq!(site.owner.get(SUBMISSIONS).await.is(200).json()["items"][0]["form"], "contact");
        site.server.stop();
    }

    async fn who_sends_too_much_waits(home: &Installation) {
        make_owner(home).await;
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_SUBMISSIONS_PER_MINUTE", "4").env("BONAFIDE_TRUSTED_PROXIES", "127.0.0.1");
        let site = Site::on(Server::start_command(home, command)).await;
        site.form("contact", json!({})).await;
        let tokens = tokens(&site, "contact", 8).await;
        patience().await;
        let from = async |address: &str, n: usize| {
            let request = site.anonymous.request("POST", SEND).json(&answers(&tokens[n], n));
            request.header("x-forwarded-for", address).send().await
        };
        for n in 0..4 {
            from("192.0.2.1", n).await.is(201);
        }
        let refused = from("192.0.2.1", 4).await.refuses(429, "too_many_requests");
        let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=61).contains(&seconds));
        from("192.0.2.1", 0).await.is(201); // a repetition is not another one
        for (address, n) in [("192.0.2.2", 4), ("2001:db8::1", 5)] {
            from(address, n).await.is(201);
        }
        assert_eq!(count(&site).await, 6);
        let log = site.server.stop();
        assert!(!log.contains("192.0.2") && !log.contains("2001:db8"), "no address is logged");
    }

    /// A form that was sent is no way round the limit, and no way to keep the server waiting.
    async fn who_sends_a_spent_form_again_and_again_waits_too(home: &Installation) {
        make_owner(home).await;
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_SUBMISSIONS_PER_MINUTE", "4");
        let site = Site::on(Server::start_command(home, command)).await;
        site.form("contact", json!({})).await;
        let token = tokens(&site, "contact", 1).await.remove(0);
        patience().await;
        let receipt = site.anonymous.post(SEND, answers(&token, 0)).await.is(201).text();
        let mut replayed: Vec<_> = at_once(&site.anonymous, &answers(&token, 0), Some("another-key-of-16-bytes"), 8)
            .await
            .into_iter()
            .map(|reply| reply.status)
            .collect();
        replayed.sort_unstable();
        assert_eq!(replayed, [409, 409, 409, 429, 429, 429, 429, 429]);
        site.anonymous.post(SEND, answers(&token, 7)).await.refuses(429, "too_many_requests");
        // a repetition whose answer is there gets it all the same
        assert_eq!(site.anonymous.post(SEND, answers(&token, 0)).await.is(201).text(), receipt);
        assert_eq!(count(&site).await, 1);
        site.server.stop();
    }
}
