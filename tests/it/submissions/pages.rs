//! The same for visitors whose browser runs no script and takes no cookie.

use super::{open, path_of};
use crate::client::Reply;
use crate::site::Site;
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;
use std::time::Duration;

const PAGE: &str = "/v1/forms/contact/page?locale=de";
const SEND: &str = "/v1/forms/contact/submissions?locale=de";

/// Posts as a browser does.
async fn post(site: &Site, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        body.append_pair(name, value);
    }
    let request = site.anonymous.request("POST", path).header("origin", site.server.base_url());
    let reply = request.body("application/x-www-form-urlencoded", body.finish()).send().await;
    if reply.header("content-type").starts_with("text/html") {
        assert!(reply.header("set-cookie").is_empty() && reply.header("cache-control") == "no-store");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
        let page = reply.text();
        assert!(
            !page.contains("<script") && !page.contains("http://") && !page.contains("https://"),
            "nothing is loaded"
        );
    }
    reply
}

/// The value of a hidden field, or what stands in an element of a class.
fn between<'p>(page: &'p str, begin: &str, end: &str) -> &'p str {
    let rest = page.split_once(begin).unwrap_or_else(|| panic!("{begin} in {page}")).1;
    rest.split_once(end).expect("an end").0
}

on_sqlite_first! {
    async fn a_form_is_sent_without_scripts_and_cookies(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({"spam": {"proof_of_work": "on"}})).await;
        let page = site.anonymous.get(PAGE).await.is(200);
        assert_eq!((page.header("content-language"), page.header("set-cookie")), ("de", ""));
        let page = page.text();
        assert!(page.contains("Ihre Nachricht") && page.contains("Um Ihre Frage zu beantworten") && page.contains("lang=\"de\""));
        let token = between(&page, "name=\"token\" value=\"", "\"").to_owned();
        let fields = |email| {
            [("token", token.as_str()), ("fields.name", "Zoë <b>"), ("fields.email", email), ("fields.message", "Eins\r\nzwei"), ("permissions", "newsletter"), ("homepage", "")]
        };
        let early = post(&site, SEND, &fields("zoe@example.org")).await.is(422).text();
        assert!(early.contains("Das ging zu schnell") && early.contains("Zoë &lt;b&gt;") && early.contains(&token));
        tokio::time::sleep(Duration::from_millis(10_100)).await;
        let faulty = post(&site, SEND, &fields("zoe at example.org")).await.is(422).text();
        assert!(faulty.contains("aria-invalid") && faulty.contains("href=\"#f-email\"") && faulty.contains(" checked"), "{faulty}");
        let sent = post(&site, SEND, &fields("zoe@example.org")).await.is(201).text();
        let receipt = between(&sent, "class=\"token\">", "<").to_owned();
        let again = post(&site, SEND, &fields("zoe@example.org")).await.is(201).text();
        assert_eq!(again, sent, "a double click shows the same receipt");
        let stale = post(&site, SEND, &fields("other@example.org")).await.is(409).text();
        assert!(!stale.contains(&token), "a new page, to be sent again");
        let found = site.owner.get("/admin/v1/submissions").await.is(200).json();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
        let opened = open(&site.owner, &path_of(&found["items"][0]), "fulfil_request").await.is(200).json();
        assert_eq!(opened["fields"], json!({"name": "Zoë <b>", "email": "zoe@example.org", "message": "Eins\nzwei"}));

        let my = async |action, r#use| {
            post(&site, "/v1/my/page?locale=de", &[("receipt", receipt.as_str()), ("action", action), ("use", r#use)]).await
        };
        assert!(my("show", "").await.is(200).text().contains("In Bearbeitung"));
        open(&site.owner, &path_of(&found["items"][0]), "permitted:newsletter").await.is(200);
        assert!(my("withdraw", "newsletter").await.is(200).text().contains("value=\"permit\""));
        open(&site.owner, &path_of(&found["items"][0]), "permitted:newsletter").await.refuses(403, "purpose_refused");
        assert!(my("erase", "").await.is(200).text().contains("Doch behalten"));
        assert!(my("permit", "newsletter").await.is(409).text().contains("Das ist nicht mehr"));
        assert!(my("cancel-erasure", "").await.is(200).text().contains("Alles löschen lassen"));
        let restricted = my("restrict", "").await.is(200).text();
        assert!(restricted.contains("von niemandem") && restricted.contains("Verwendung wieder erlauben"), "{restricted}");
        assert!(my("unrestrict", "").await.is(200).text().contains("Verwendung beenden"));
        let verb = format!("{}/restrict", path_of(&found["items"][0]));
        site.owner.post(&verb, json!({})).await.is(200);
        assert!(my("unrestrict", "").await.is(409).text().contains("Das ist nicht mehr"));
        my("nothing", "").await.refuses(422, "invalid_value");
        my("withdraw", "Jane Doe, 12 Main Street").await.refuses(422, "invalid_value");
        let unknown = [("receipt", "bf_receipt_x"), ("action", "show")];
        assert!(post(&site, "/v1/my/page?locale=de", &unknown).await.is(401).text().contains("Beleg gibt es nicht"));
        post(&site, "/v1/my/page", &[("other", "x")]).await.refuses(422, "unknown_field");
        let log = site.server.stop();
        assert!(!log.contains("zoe") && !log.contains("bf_receipt"), "nothing of it is logged");
    }
}
