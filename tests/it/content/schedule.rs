//! Published and taken back at an instant, also by a process that was started again.

use super::{languages, write};
use crate::client::{Client, Reply};
use crate::clock::{instant, since_1970};
use crate::site::{Site, login, text};
use bonafide_test_support::{Installation, Server, on_sqlite_first};
use serde_json::{Value, json};
use std::time::Duration;

/// So many seconds from now, in whole seconds: as RFC 3339, and since 1970.
fn soon(seconds: u64) -> (String, u64) {
    let at = since_1970().as_secs() + seconds;
    (instant(at), at)
}

async fn set(owner: &Client, path: &str, body: Value) -> Reply {
    let etag = owner.get(path).await.is(200).etag();
    owner.request("POST", &format!("{path}/schedule")).header("if-match", &etag).json(&body).send().await
}

/// Waits for a status; gives how many seconds after `at` it came.
async fn until(anonymous: &Client, path: &str, status: u16, at: u64) -> f64 {
    for _ in 0..400 {
        if anonymous.get(path).await.status == status {
            let now = since_1970().as_secs_f64();
            return now - f64::from(u32::try_from(at).expect("this century"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} did not become {status}");
}

on_sqlite_first! {
    async fn a_page_comes_and_goes_at_its_instants(home: &Installation) {
        let site = Site::open(home).await;
        let (path, _) = write(&site, "page", json!({"title": "Soon"})).await;
        let (begins, at) = soon(3);
        let (ends, end) = soon(6);
        let set_to = set(&site.owner, &path, json!({"publish_at": begins, "unpublish_at": ends})).await.is(200).json();
        assert_eq!((&set_to["state"], &set_to["publish_at"]), (&json!("draft"), &json!(begins)));
        site.anonymous.get("/v1/pages/soon").await.refuses(404, "not_found");
        let late = until(&site.anonymous, "/v1/pages/soon", 200, at).await;
        assert!((0.0..2.5).contains(&late), "{late} seconds late");
        let late = until(&site.anonymous, "/v1/pages/soon", 404, end).await;
        assert!((0.0..2.5).contains(&late), "{late} seconds late");
        let after = site.owner.get(&path).await.is(200).json();
        assert_eq!((&after["state"], after.get("publish_at"), after.get("unpublish_at")), (&json!("draft"), None, None));
        assert_eq!(site.owner.get("/admin/v1/status").await.is(200).json()["content"]["overdue"], 0);
        site.server.stop();
    }

    async fn what_was_due_while_nothing_ran_is_done_at_the_start(home: &Installation) {
        let mut site = Site::open(home).await;
        let (path, _) = write(&site, "page", json!({"title": "Soon"})).await;
        let (begins, _) = soon(2);
        set(&site.owner, &path, json!({"publish_at": begins})).await.is(200);
        site.server.stop();
        tokio::time::sleep(Duration::from_secs(3)).await;
        site.server = Server::start(home);
        site.anonymous = Client::anonymous(&site.server);
        until(&site.anonymous, "/v1/pages/soon", 200, 0).await;
        let owner = login(&site.anonymous, "owner@example.org").await;
        let audit = owner.get("/admin/v1/audit?limit=100").await.is(200).json();
        let by_system = |line: &&Value| line["action"] == "entry.publish" && text(&line["actor_kind"]) == "system";
        assert_eq!(audit["items"].as_array().expect("items").iter().filter(by_system).count(), 1, "{audit}");
        site.server.stop();
    }

    async fn instants_that_cannot_be(home: &Installation) {
        let site = Site::open(home).await;
        languages(&site).await;
        let (path, _) = write(&site, "page", json!({"title": "x"})).await;
        for (body, pointer) in [
            (json!({"publish_at": "2020-01-01T00:00:00Z"}), "/publish_at"),
            (json!({"unpublish_at": "2100-01-01T00:00:00Z"}), "/unpublish_at"),
            (json!({"publish_at": "2100-01-02T00:00:00Z", "unpublish_at": "2100-01-01T00:00:00Z"}), "/unpublish_at"),
            (json!({"publish_at": "tomorrow"}), "/publish_at"),
        ] {
            let reply = set(&site.owner, &path, body).await.is(422);
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply}");
        }
        let set_to = set(&site.owner, &path, json!({"publish_at": "2100-01-01T00:00:00Z", "unpublish_at": "2100-01-02T00:00:00Z"})).await.is(200);
        let cleared = set(&site.owner, &path, json!({"publish_at": null, "unpublish_at": null})).await.is(200);
        assert!(set_to.json()["unpublish_at"].is_string() && cleared.json().get("publish_at").is_none(), "{cleared}");
        // what could not be published now is refused now
        let (empty, _) = write(&site, "page", json!({"body": []})).await;
        set(&site.owner, &empty, json!({"publish_at": "2100-01-01T00:00:00Z"})).await.refuses(422, "incomplete");
        site.server.stop();
    }
}
