//! Legal holds: two people place one, nothing destroys what is held, and released it goes.

use super::clocks::{DAY, HOUR, at, is_gone};
use super::{MINE, SUBMISSIONS, holder, open, path_of};
use crate::clock::soon;
use crate::site::{Site, login, text};
use bonafide_test_support::{Installation, Server, ShiftedClock, on_sqlite_first};
use serde_json::{Value, json};

fn claim() -> Value {
    json!({"reason": "legal_claim", "reference": "12 O 45/26", "review_on": soon()})
}

on_sqlite_first! {
    async fn two_people_hold_what_nobody_then_erases(home: &Installation) {
        let clock = ShiftedClock::new(home);
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipt = site.submit("contact").await;
        let (path, email) = (path_of(&receipt), json!({"email": "visitor-0@example.org"}));
        let hold = format!("{path}/hold");
        let officer = site.invite("privacy_officer").await;
        for (body, code) in [
            (json!({}), "missing_field"),
            (json!({"reason": "legal_claim"}), "missing_field"),
            (json!({"reason": "whim", "review_on": soon()}), "invalid_value"),
            (json!({"reason": "legal_claim", "review_on": "2020-01-01"}), "invalid_value"),
            (json!({"reason": "legal_claim", "review_on": "2090-01-01"}), "invalid_value"),
            (json!({"reason": "legal_claim", "review_on": soon(), "reference": "about Ada"}), "invalid_value"),
            (json!({"confirm": true, "reason": "legal_claim"}), "invalid_value"),
        ] {
            site.owner.post(&hold, body).await.refuses(422, code);
        }
        site.owner.post(&hold, json!({"confirm": true})).await.refuses(409, "conflict");
        let asked = site.owner.post(&hold, claim()).await.is(200).json();
        assert!(asked.get("hold").is_none() && asked["asked"]["reason"] == "legal_claim", "{asked}");
        site.owner.post(&hold, claim()).await.refuses(409, "conflict");
        site.owner.post(&hold, json!({"confirm": true})).await.refuses(403, "hold_refused");
        officer.post(&hold, json!({"confirm": true})).await.refuses(403, "hold_refused");

        let site = at(site, home, &clock, 25 * HOUR).await;
        let officer = login(&site.anonymous, "privacy_officer@example.org").await;
        let held = officer.post(&hold, json!({"confirm": true})).await.is(200).json();
        assert!(held.get("asked").is_none() && held["hold"]["reference"] == "12 O 45/26", "{held}");
        assert_eq!(site.owner.get(&path).await.is(200).json()["flags"], json!(["held"]));
        for reason in ["subject_request", "not_needed"] {
            site.owner.post(&format!("{path}/erase"), json!({"reason": reason})).await.refuses(409, "held");
        }
        let all = site.owner.post("/admin/v1/subjects/erase", email).await.is(200).json();
        assert_eq!((&all["erased"], &all["counts"]["held"]), (&json!(0), &json!(1)));
        holder(&site, &receipt).request("DELETE", MINE).send().await.is(202);

        let site = at(site, home, &clock, 181 * DAY).await;
        let status = site.until("/admin/v1/status", |status| status.to_string().contains("holds_unreviewed")).await;
        assert_eq!((&status["retention"]["state"], &status["retention"]["held"]), (&json!("red"), &json!(1)));
        let listed = site.owner.get("/admin/v1/retention/holds").await.is(200).json();
        assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["hold"]["wants_review"]), (&receipt["id"], &json!(true)));
        assert_eq!(site.owner.get(SUBMISSIONS).await.is(200).json()["items"][0]["state"], "received", "it is long overdue");
        let released = site.owner.post(&format!("{path}/release"), json!({})).await.is(200).json();
        assert!(released.get("hold").is_none());
        site.until(&path, is_gone).await;
        site.owner.post(&format!("{path}/release"), json!({})).await.refuses(409, "conflict");
        site.owner.post(&hold, json!({"confirm": true})).await.refuses(409, "conflict");
        open(&site.owner, &path, "subject_rights").await.refuses(409, "erased");
        let audit = site.owner.get("/admin/v1/audit?limit=100").await.is(200).text();
        for action in ["submission.hold_ask", "submission.hold\"", "submission.release"] {
            assert!(audit.contains(action), "{action}: {audit}");
        }
        site.server.stop();
    }

    async fn a_site_of_one_person_waits_a_day_in_sight(home: &Installation) {
        let clock = ShiftedClock::new(home);
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let hold = format!("{}/hold", path_of(&site.submit("contact").await));
        site.server.stop();
        let start = async || {
            let mut command = clock.serve(home);
            command.env("BONAFIDE_HOLD_DECISION", "single_operator");
            Site::on(Server::start_command(home, command)).await
        };
        let site = start().await;
        site.owner.post(&hold, claim()).await.is(200);
        site.owner.post(&hold, json!({"confirm": true})).await.refuses(403, "hold_refused");
        site.server.stop();
        clock.shift(25 * HOUR);
        let site = start().await;
        let held = site.owner.post(&hold, json!({"confirm": true})).await.is(200).json();
        assert_eq!(text(&held["hold"]["asked_by"]), text(&held["hold"]["placed_by"]));
        let status = site.owner.get("/admin/v1/status").await.is(200).json();
        assert!(status["retention"]["state"] == "red" && status.to_string().contains("held_by_one_person"), "{status}");
        site.server.stop();
    }
}
