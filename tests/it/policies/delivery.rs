//! What frontends fetch: the text of a day, its announcement, its feed, and how long it may be kept.

use crate::client::{Client, Reply};
use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_both};
use serde_json::{Value, json};
use std::io::Read as _;

/// Fetches with a choice of representation and coding.
async fn fetch(client: &Client, path: &str, headers: &[(&str, &str)]) -> Reply {
    headers.iter().fold(client.request("GET", path), |request, (name, value)| request.header(name, value)).send().await
}

/// The number behind a directive of `Cache-Control`.
fn seconds(reply: &Reply, directive: &str) -> u64 {
    let found = reply.header("cache-control").split(',').find_map(|part| part.trim().strip_prefix(directive));
    found.and_then(|value| value.strip_prefix('=')?.parse().ok()).unwrap_or_else(|| panic!("{directive} in {reply:?}"))
}

on_both! {
    async fn the_text_of_a_day(home: &Installation) {
        let site = Site::open(home).await;
        let (frontend, today) = (&site.anonymous, site.today().await);
        site.policy("privacy").await;
        site.publish("privacy", "# One\n", &today).await;
        let before = frontend.get("/v1/policies/privacy").await.is(200);
        let two = site.publish("privacy", "# Two\n", &today).await;
        let after = frontend.get("/v1/policies/privacy").await.is(200);
        assert_eq!(after.json()["number"], 2, "the next request sees it, and the later one of a day counts");
        assert_ne!(before.etag(), after.etag());
        assert_eq!(after.json()["previous_digest"], before.json()["digest"]);
        site.publish("privacy", "# Three\n", "2099-06-01").await;

        let list = frontend.get("/v1/policies/privacy/revisions").await.is(200).json();
        let states = list["items"].as_array().expect("items").iter().map(|item| (&item["number"], &item["state"]));
        let wanted = [(json!(3), json!("announced")), (json!(2), json!("in_force")), (json!(1), json!("superseded"))];
        assert!(states.eq(wanted.iter().map(|(number, state)| (number, state))), "{list}");
        let number = async |day: &str| {
            let path = format!("/v1/policies/privacy?as_of={day}");
            frontend.get(&path).await.is(200).json()["number"].clone()
        };
        assert_eq!(number(&today).await, 2);
        assert_eq!(number("2099-05-31").await, 2);
        assert_eq!(number("2099-06-01").await, 3);
        frontend.get("/v1/policies/privacy?as_of=2001-01-01").await.refuses(404, "not_in_force");
        frontend.get("/v1/policies/privacy?as_of=2023-02-30").await.refuses(400, "invalid_parameter");

        let second = frontend.get("/v1/policies/privacy/revisions/2").await.is(200);
        assert_eq!(second.json()["digest"], two["digest"]);
        let links = second.headers.get_all("link").iter().map(|link| link.to_str().expect("ASCII").to_owned());
        let links = links.collect::<Vec<_>>().join(", ");
        for link in ["</v1/policies/privacy/revisions/1>; rel=\"prev\"", "</v1/policies/privacy/revisions/3>; rel=\"next\""] {
            assert!(links.contains(link), "{links}");
        }
        let listed = frontend.get("/v1/policies").await.is(200).json();
        assert_eq!((&listed["items"][0]["policy"], &listed["items"][0]["in_force"]), (&json!("privacy"), &json!(2)));
        site.server.stop();
    }

    async fn bytes_come_back_as_they_were_written(home: &Installation) {
        let site = Site::open(home).await;
        let today = site.today().await;
        site.policy("privacy").await;
        let odd = "# Privacy\u{a0}\r\n\ttab\u{200b} \u{1f512}\n\n\n  trailing  \nno newline at the end";
        site.publish("privacy", odd, &today).await;
        let path = "/v1/policies/privacy/revisions/1";
        let suffixed = site.anonymous.get(&format!("{path}.md")).await.is(200);
        assert_eq!(suffixed.body, odd.as_bytes());
        assert!(suffixed.header("content-type").starts_with("text/markdown"));
        let negotiated = fetch(&site.anonymous, path, &[("accept", "text/markdown")]).await.is(200);
        assert_eq!(negotiated.body, odd.as_bytes());
        assert!(negotiated.header("vary").to_lowercase().contains("accept"));
        assert_eq!(site.anonymous.get(path).await.is(200).json()["markdown"], odd);
        let hostile = "<script>alert(1)</script>\n\n[x](javascript:alert(2))\n\n<img src=x onerror=alert(3)>\n\n|a|b|\n|-|-|\n|1|2|\n";
        site.publish("privacy", hostile, &today).await;
        let html = site.anonymous.get("/v1/policies/privacy").await.json()["html"].clone();
        for evil in ["<script", "javascript:", "onerror"] {
            assert!(!text(&html).contains(evil), "{html}");
        }
        assert!(text(&html).contains("<table>"), "{html}");
        site.server.stop();
    }

    async fn answers_can_be_kept_and_asked_for_again(home: &Installation) {
        let site = Site::open(home).await;
        let (frontend, today) = (&site.anonymous, site.today().await);
        site.policy("privacy").await;
        let long = "# Privacy\n\n".to_owned() + &"We count visits and nothing else.\n".repeat(200);
        site.publish("privacy", &long, &today).await;
        let path = "/v1/policies/privacy";
        let plain = frontend.get(path).await.is(200);
        for header in ["etag", "last-modified", "surrogate-key", "vary", "content-language"] {
            assert!(!plain.header(header).is_empty(), "{header}");
        }
        assert!(plain.header("cache-control").contains("public"));
        assert!(seconds(&plain, "s-maxage") > 0 && seconds(&plain, "stale-if-error") > 0);

        let gzip = fetch(frontend, path, &[("accept-encoding", "gzip")]).await.is(200);
        let brotli = fetch(frontend, path, &[("accept-encoding", "br")]).await.is(200);
        assert_eq!((gzip.header("content-encoding"), brotli.header("content-encoding")), ("gzip", "br"));
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain.body);
        unpacked.clear();
        brotli::Decompressor::new(&brotli.body[..], 4096).read_to_end(&mut unpacked).expect("brotli");
        assert_eq!(unpacked, plain.body);
        assert!(gzip.etag() != plain.etag() && gzip.etag() != brotli.etag() && plain.etag() != brotli.etag());

        for (reply, coding) in [(&plain, "identity"), (&gzip, "gzip"), (&brotli, "br")] {
            let headers = [("accept-encoding", coding), ("if-none-match", reply.header("etag"))];
            let kept = fetch(frontend, path, &headers).await.is(304);
            assert!(kept.body.is_empty() && kept.etag() == reply.etag());
        }
        fetch(frontend, path, &[("if-none-match", "\"another\"")]).await.is(200);
        fetch(frontend, path, &[("if-none-match", "*")]).await.is(304);
        let head = frontend.request("HEAD", path).send().await.is(200);
        assert!(head.body.is_empty() && head.etag() == plain.etag());
        assert_eq!(head.header("content-length"), plain.body.len().to_string());
        let origin = fetch(frontend, path, &[("origin", "https://www.example.org")]).await.is(200);
        assert_eq!(origin.header("access-control-allow-origin"), "*");
        assert!(origin.header("access-control-allow-credentials").is_empty());
        site.server.stop();
    }

    async fn no_answer_is_kept_beyond_the_day_of_a_change(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        site.publish("privacy", "# One\n", &today).await;
        // A zone in which the next day begins within 12 hours; the change is announced for that day.
        let now = site.owner.get("/admin/v1/status").await.json()["now"].clone();
        let hour: u64 = text(&now)[11..13].parse().expect("an hour");
        let (zone, ahead) = if hour < 12 { ("Etc/GMT-12", 12) } else { ("Etc/GMT", 0) };
        let settings = site.owner.get("/admin/v1/site").await.is(200);
        site.owner.patch("/admin/v1/site", &settings.etag(), json!({"time_zone": zone})).await.is(200);
        let tomorrow = tomorrow(&today);
        site.publish("privacy", "# Two\n", &tomorrow).await;
        for path in ["/v1/policies/privacy", "/v1/policies", "/v1/policies/privacy/revisions", "/v1/policies/privacy/feed.atom"] {
            let reply = site.anonymous.get(path).await.is(200);
            let now = site.owner.get("/admin/v1/status").await.json()["now"].clone();
            let part = |from: usize| text(&now)[from..from + 2].parse::<u64>().expect("a number");
            let left = 86_400 - (((part(11) + ahead) % 24) * 3600 + part(14) * 60 + part(17));
            let (fresh, stale, broken) = (
                seconds(&reply, "s-maxage"),
                seconds(&reply, "stale-while-revalidate"),
                seconds(&reply, "stale-if-error"),
            );
            assert!(fresh + stale.max(broken) <= left + 2, "{path}: {left} s are left, but {}", reply.header("cache-control"));
        }
        site.server.stop();
    }

    async fn a_feed_tells_of_changes(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        site.publish("privacy", "# One\n", &today).await;
        let before = site.anonymous.get("/v1/policies/privacy/feed.atom").await.is(200);
        assert!(before.header("content-type").starts_with("application/atom+xml"));
        let body = json!({"texts": {"en": "x"}, "effective_on": "2099-01-01", "summary_of_changes": "<b> & more"});
        let draft = site.owner.post("/admin/v1/policies/privacy/revisions", body).await.is(201);
        assert_eq!(site.anonymous.get("/v1/policies/privacy/feed.atom").await.body, before.body);
        site.owner.verb("/admin/v1/policies/privacy/revisions/2/publish", &draft.etag()).await.is(200);
        let feed = site.anonymous.get("/v1/policies/privacy/feed.atom").await.is(200).text();
        assert_eq!(feed.matches("<entry>").count(), 2, "{feed}");
        assert!(feed.contains("&lt;b&gt; &amp; more") && feed.contains("2099-01-01"), "{feed}");
        site.server.stop();
    }

    async fn with_a_read_token_only(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        site.publish("privacy", "# One\n", &today).await;
        let Site { server, .. } = site;
        server.stop();
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_DELIVERY_ACCESS", "token");
        let server = bonafide_test_support::Server::start_command(home, command);
        let anonymous = Client::anonymous(&server);
        let owner = crate::site::login(&anonymous, "owner@example.org").await;
        let body = json!({"name": "build", "family": "read", "scopes": ["delivery:read"]});
        let made = owner.post("/admin/v1/tokens", body).await.is(201).json();
        let reader = anonymous.with(text(&made["token"]));
        let path = "/v1/policies/privacy";
        anonymous.get(path).await.refuses(401, "unauthenticated");
        owner.get(path).await.refuses(401, "unauthenticated");
        let reply = reader.get(path).await.is(200);
        assert!(reply.header("cache-control").contains("private"), "{}", reply.header("cache-control"));
        let token: &Value = &made["id"];
        owner.request("DELETE", &format!("/admin/v1/tokens/{}", text(token))).send().await.is(204);
        let revoked = std::time::Instant::now();
        while reader.get(path).await.status == 200 {
            assert!(revoked.elapsed().as_secs() < 1, "revocation works within a second");
        }
        reader.get(path).await.refuses(401, "unauthenticated");
        server.stop();
    }
}

/// The day after a day.
fn tomorrow(day: &str) -> String {
    let part = |range: std::ops::Range<usize>| day[range].parse::<u32>().expect("a number");
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (year, month, day) = match (day < days, month) {
        (true, _) => (year, month, day + 1),
        (false, 12) => (year + 1, 1, 1),
        (false, _) => (year, month + 1, 1),
    };
    format!("{year:04}-{month:02}-{day:02}")
}
