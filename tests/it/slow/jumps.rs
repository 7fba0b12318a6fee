//! A clock that jumps by years erases nothing.

use crate::site::{Site, login};
use crate::submissions::clocks::{DAY, start};
use crate::submissions::{open, path_of};
use bonafide_test_support::{Installation, ShiftedClock, slow_on_both};
use serde_json::{Value, json};

slow_on_both! {
    async fn nothing_is_erased_by_a_clock_that_jumped(home: &Installation) {
        let clock = ShiftedClock::new(home);
        Site::open(home).await.server.stop();
        for years in [3, -3] {
            clock.shift(0);
            let site = start(home, &clock).await;
            let form = format!("contact-{}", years + 3);
            site.form(&form, json!({})).await;
            let path = path_of(&site.submit(&form).await);
            clock.shift(years * 365 * DAY);
            let owner = login(&site.anonymous, "owner@example.org").await;
            let site = Site { owner, ..site };
            let status = site.until("/admin/v1/status", |status| {
                status["retention"]["causes"].as_array().is_some_and(|causes| causes.iter().any(|cause| cause["code"] == "clock_jumped"))
            });
            assert_eq!(status.await["retention"]["state"], "red");
            assert_eq!(site.owner.get(&path).await.is(200).json()["state"], "received", "nothing is erased early");
            clock.shift(0);
            let owner = login(&site.anonymous, "owner@example.org").await;
            owner.post("/admin/v1/retention/trust-clock", json!({})).await.is(200);
            owner.post("/admin/v1/retention/trust-clock", json!({})).await.refuses(409, "conflict");
            let green = |status: &Value| status["retention"]["state"] == "green";
            let site = Site { owner, ..site };
            site.until("/admin/v1/status", green).await;
            open(&site.owner, &path, "fulfil_request").await.is(200);
            let sweeps = site.owner.get("/admin/v1/retention/sweeps").await.is(200).json();
            assert_eq!(sweeps["items"][0]["stopped"], "clock", "{sweeps}");
            site.server.stop();
        }
    }
}
