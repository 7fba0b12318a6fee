//! Disclosures by order of the law: two people decide one, for a week.

use super::clocks::{DAY, HOUR, at};
use super::{open, path_of};
use crate::site::{Site, login};
use bonafide_test_support::{Installation, ShiftedClock, on_sqlite_first};
use serde_json::json;

on_sqlite_first! {
    async fn two_people_decide_what_is_disclosed(home: &Installation) {
        let clock = ShiftedClock::new(home);
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let path = path_of(&site.submit("contact").await);
        let disclosure = format!("{path}/disclosure");
        let (order, confirm) = (json!({"ground": "court_order", "reference": "12 O 45/26"}), json!({"confirm": true}));
        let officer = site.invite("privacy_officer").await;
        for (body, code) in [
            (json!({}), "missing_field"),
            (json!({"ground": "court_order"}), "missing_field"),
            (json!({"ground": "curiosity", "reference": "1"}), "invalid_value"),
            (json!({"ground": "court_order", "reference": "about Ada"}), "invalid_value"),
            (json!({"confirm": true, "ground": "court_order"}), "invalid_value"),
        ] {
            site.owner.post(&disclosure, body).await.refuses(422, code);
        }
        site.owner.post(&disclosure, confirm.clone()).await.refuses(409, "conflict");
        let asked = site.owner.post(&disclosure, order.clone()).await.is(200).json();
        assert_eq!(asked["disclosure"]["ground"], "court_order");
        assert!(asked["disclosure"].get("decided_by").is_none(), "{asked}");
        site.owner.post(&disclosure, order).await.refuses(409, "conflict");
        site.owner.post(&disclosure, confirm.clone()).await.refuses(403, "hold_refused");
        officer.post(&disclosure, confirm.clone()).await.refuses(403, "hold_refused");
        open(&site.owner, &path, "legal_disclosure").await.refuses(403, "purpose_refused");

        let site = at(site, home, &clock, 25 * HOUR).await;
        let officer = login(&site.anonymous, "privacy_officer@example.org").await;
        let decided = officer.post(&disclosure, confirm).await.is(200).json();
        assert!(decided["disclosure"]["decided_by"].is_string(), "{decided}");
        assert_eq!(site.owner.get(&disclosure).await.is(200).json(), decided);
        let opened = open(&site.owner, &path, "legal_disclosure").await.is(200).json();
        assert_eq!((&opened["state"], &opened["fields"]["name"]), (&json!("received"), &json!("Visitor 0")));

        let site = at(site, home, &clock, 9 * DAY).await;
        open(&site.owner, &path, "legal_disclosure").await.refuses(403, "purpose_refused");
        assert!(site.owner.get(&disclosure).await.is(200).json().get("disclosure").is_none());
        site.owner.post(&format!("{disclosure}/withdraw"), json!({})).await.refuses(409, "conflict");
        site.server.stop();
    }
}
