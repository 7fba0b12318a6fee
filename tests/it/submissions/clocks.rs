//! What happens by itself in days and months, and when the clock cannot be believed.

use super::{MINE, SUBMISSIONS, holder, open, path_of};
use crate::site::{Site, answers, patience, text};
use bonafide_test_support::{Installation, Server, ShiftedClock, on_sqlite_first};
use serde_json::{Value, json};

pub(super) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The site of an installation with another clock: the server ends and starts again.
pub(super) async fn at(site: Site, home: &Installation, clock: &ShiftedClock, shift: i64) -> Site {
    site.server.stop();
    clock.shift(shift);
    let site = start(home, clock).await;
    if shift > 30 * DAY {
        // nobody was there for so long that a person has to say that the clock is right
        site.until("/admin/v1/status", |status| status.to_string().contains("clock_jumped")).await;
        site.owner.post("/admin/v1/retention/trust-clock", json!({})).await.is(200);
    }
    site
}

pub(crate) async fn start(home: &Installation, clock: &ShiftedClock) -> Site {
    let mut command = clock.serve(home);
    command.env("BONAFIDE_SUBMISSIONS_PER_MINUTE", "1000");
    Site::on(Server::start_command(home, command)).await
}

/// Whether it is erased. Where the clock went on by a day, its epoch may have ended too before anybody looks.
pub(super) fn is_gone(found: &Value) -> bool {
    found["state"] == "erased" || found["state"] == "final"
}

on_sqlite_first! {
    async fn a_visitor_has_it_erased_and_sees_it_done(home: &Installation) {
        let clock = ShiftedClock::new(home);
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipt = site.submit("contact").await;
        let (path, mine) = (path_of(&receipt), holder(&site, &receipt));
        for _ in 0..2 {
            let wished = mine.request("DELETE", MINE).send().await.is(202).json();
            assert_eq!(wished["state"], "restricted");
            assert!(text(&wished["erase_at"]) > text(&receipt["submitted_at"]), "{wished}");
        }
        open(&site.owner, &path, "fulfil_request").await.refuses(403, "purpose_refused");
        let kept = mine.post(&format!("{MINE}/cancel-erasure"), json!({})).await.is(200).json();
        assert_eq!((&kept["state"], kept.get("erase_at")), (&json!("received"), None));
        mine.request("DELETE", MINE).send().await.is(202);
        let site = at(site, home, &clock, 23 * HOUR).await;
        let mine = holder(&site, &receipt);
        assert_eq!(mine.get(MINE).await.is(200).json()["state"], "restricted", "not before its time");
        let site = at(site, home, &clock, 25 * HOUR).await;
        site.until(&path, is_gone).await;
        let done = holder(&site, &receipt).get(MINE).await.is(200).json();
        assert!(is_gone(&done), "{done}");
        site.server.stop();
    }

    async fn what_nobody_answers_goes_at_its_day_and_not_before(home: &Installation) {
        let clock = ShiftedClock::new(home);
        let site = Site::open(home).await;
        site.form("contact", json!({"retention": {"after_fulfilment": "P30D", "unanswered": "P180D"}})).await;
        let receipts = site.submit_many("contact", 2).await;
        let (unanswered, answered) = (path_of(&receipts[0]), path_of(&receipts[1]));
        site.owner.post(&format!("{answered}/fulfil"), json!({})).await.is(200);
        let due = site.owner.get("/admin/v1/retention/due?at=2100-01-01T00:00:00Z").await.is(200).json();
        let rules: Vec<_> = due["items"].as_array().expect("items").iter().map(|item| item["rule"].clone()).collect();
        assert_eq!(rules, [json!("after_fulfilment"), json!("unanswered")], "what would go, in its order, and why");
        let site = at(site, home, &clock, 31 * DAY).await;
        site.until(&answered, is_gone).await;
        open(&site.owner, &unanswered, "fulfil_request").await.is(200);
        // leap days and changes of the zone's offset do not matter to the hour: it is 180 days, counted in the site's zone
        let site = at(site, home, &clock, 181 * DAY).await;
        site.until(&unanswered, is_gone).await;
        site.server.stop();
    }

    async fn a_sweep_of_nearly_everything_waits_for_a_person(home: &Installation) {
        let clock = ShiftedClock::new(home);
        Site::open(home).await.server.stop();
        let site = start(home, &clock).await;
        site.form("contact", json!({})).await;
        let receipts = site.submit_many("contact", 52).await;
        let site = at(site, home, &clock, 181 * DAY).await;
        let asked = site.until("/admin/v1/status", |status| status.to_string().contains("sweep_unconfirmed")).await;
        assert!(asked.to_string().contains("sweep_unconfirmed"), "{asked}");
        site.owner.post("/admin/v1/retention/confirm", json!({"count": 51})).await.refuses(409, "conflict");
        let live = async || site.owner.get("/admin/v1/submissions/count").await.is(200).json()["live"].clone();
        assert_eq!(live().await, 52);
        site.owner.post("/admin/v1/retention/confirm", json!({"count": 52})).await.is(200);
        site.until("/admin/v1/submissions/count", |count| count["live"] == 0).await;
        for receipt in [&receipts[0], &receipts[51]] {
            let mine = holder(&site, receipt).get(MINE).await.is(200).json();
            assert!(is_gone(&mine), "{mine}");
        }
        site.server.stop();
    }

    async fn spam_is_kept_flagged_for_its_own_short_time(home: &Installation) {
        let clock = ShiftedClock::new(home);
        Site::open(home).await.server.stop();
        let site = start(home, &clock).await;
        site.form("contact", json!({"spam": {"proof_of_work": "off", "keep": "P7D"}})).await;
        let token = text(&site.anonymous.get("/v1/forms/contact").await.is(200).json()["token"]).to_owned();
        patience().await;
        let mut trapped = answers(&token, 0);
        trapped["homepage"] = json!("https://spam.example");
        let sent = site.anonymous.post("/v1/forms/contact/submissions", trapped).await.is(201).json();
        let listed = site.owner.get(SUBMISSIONS).await.is(200).json();
        assert_eq!(listed["items"][0]["flags"], json!(["spam"]));
        let site = at(site, home, &clock, 8 * DAY).await;
        site.until(&path_of(&sent["receipt"]), is_gone).await;
        site.server.stop();
    }
}
