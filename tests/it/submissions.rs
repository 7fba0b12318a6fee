//! What visitors send, from the form to the last trace of it: the promise that the product is about.

pub(crate) mod clocks;
mod disclosures;
mod holds;
mod intake;
mod pages;

use crate::client::Client;
use crate::site::{Site, answers, login, patience, text};
use bonafide_test_support::{Installation, on_both};
use serde_json::{Value, json};

pub(crate) const SUBMISSIONS: &str = "/admin/v1/submissions";
const MINE: &str = "/v1/my/submission";

/// The path of a submission whose receipt this is.
pub(crate) fn path_of(receipt: &Value) -> String {
    format!("{SUBMISSIONS}/{}", text(&receipt["id"]))
}

/// The holder of a receipt.
pub(crate) fn holder(site: &Site, receipt: &Value) -> Client {
    site.anonymous.with(text(&receipt["token"]))
}

/// Reads a submission for a purpose.
pub(crate) async fn open(client: &Client, path: &str, purpose: &str) -> crate::client::Reply {
    client.post(&format!("{path}/open"), json!({"purpose": purpose})).await
}

on_both! {
    async fn a_request_is_read_for_its_purpose_fulfilled_and_swept(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let policy = site.publish("privacy", "# Privacy\n", &site.today().await).await;
        site.form("contact", json!({"retention": {"after_fulfilment": "P0D", "unanswered": "P180D"}})).await;
        let receipt = site.submit("contact").await;
        assert_eq!(receipt["purposes"], json!(["fulfil_request"]));
        assert_eq!(receipt["policy"], json!({"policy": "privacy", "number": 1, "digest": policy["digest"]}));
        assert_eq!((&receipt["permissions"], &receipt["recipients"]), (&json!([]), &json!([])));
        let (path, mine) = (path_of(&receipt), holder(&site, &receipt));

        let officer = site.invite("privacy_officer").await;
        let listed = officer.get(SUBMISSIONS).await.is(200);
        assert!(!listed.text().contains("visitor") && !listed.text().contains("museum"), "no personal data: {listed}");
        assert_eq!(listed.json()["items"][0]["due_at"], receipt["retention"]["due_at"]);
        for role in ["editor", "author", "viewer"] {
            let other = site.invite(role).await;
            assert_eq!(other.get("/admin/v1/submissions/count").await.is(200).json(), json!({"live": 1}));
            for reply in [other.get(SUBMISSIONS).await, other.get(&path).await, open(&other, &path, "fulfil_request").await] {
                reply.refuses(403, "forbidden");
            }
        }
        for (purpose, status, code) in [
            ("permitted:newsletter", 403, "purpose_refused"),
            ("curiosity", 422, "invalid_value"),
            ("", 422, "invalid_value"),
        ] {
            open(&officer, &path, purpose).await.refuses(status, code);
        }
        let opened = open(&officer, &path, "fulfil_request").await.is(200).json();
        assert_eq!(opened["fields"], json!({"name": "Visitor 0", "email": "visitor-0@example.org", "message": "Is the museum open?"}));
        assert_eq!(mine.get(MINE).await.is(200).json()["state"], "open");

        officer.post(&format!("{path}/fulfil"), json!({})).await.is(200);
        site.until(&path, |found| found["state"] == "erased" && found["scrubbed_at"].is_string()).await;
        open(&officer, &path, "fulfil_request").await.refuses(409, "erased");
        let after = mine.get(MINE).await.is(200).json();
        assert_eq!(after["state"], "erased", "the receipt's holder sees it done: {after}");
        assert!(after["scrubbed_at"].is_string() && after["submitted_at"] == receipt["submitted_at"]);
        let sweeps = officer.get("/admin/v1/retention/sweeps").await.is(200).json();
        assert_eq!((&sweeps["items"][0]["due"], &sweeps["items"][0]["erased"]), (&json!(1), &json!(1)));
        assert_eq!(officer.get("/admin/v1/submissions/count").await.is(200).json(), json!({"live": 0}));
        let status = site.owner.get("/admin/v1/status").await.is(200).json();
        assert_eq!(status["retention"]["state"], "green", "{status}");
        let log = site.server.stop();
        assert!(!log.contains("visitor-0") && !log.contains("bf_receipt"), "nothing of the visitor is logged");
    }

    async fn a_permission_is_used_until_it_is_taken_back(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipt = site.submit("contact").await;
        let (path, mine) = (path_of(&receipt), holder(&site, &receipt));
        let permission = format!("{MINE}/permissions/newsletter");
        open(&site.owner, &path, "permitted:newsletter").await.refuses(403, "purpose_refused");
        let given = mine.request("PUT", &permission).send().await.is(200).json();
        assert_eq!(given["permissions"][0]["use"], "newsletter");
        mine.request("PUT", &format!("{MINE}/permissions/sale")).send().await.refuses(404, "not_found");
        let opened = open(&site.owner, &path, "permitted:newsletter").await.is(200).json();
        assert_eq!(opened["fields"], json!({"name": "Visitor 0", "email": "visitor-0@example.org"}), "what the use needs");
        mine.request("DELETE", &permission).send().await.is(204);
        open(&site.owner, &path, "permitted:newsletter").await.refuses(403, "purpose_refused");
        assert_eq!(mine.get(MINE).await.is(200).json()["permissions"], json!([]));
        open(&site.owner, &path, "fulfil_request").await.is(200);
        // restricted or objected to: nobody reads it for the request any more, and everybody may for its sender's rights
        for verb in ["restrict", "object"] {
            let state = mine.post(&format!("{MINE}/{verb}"), json!({})).await.is(200).json()["state"].clone();
            assert_eq!(state, "restricted");
        }
        open(&site.owner, &path, "fulfil_request").await.refuses(403, "purpose_refused");
        open(&site.owner, &path, "subject_rights").await.is(200);
        mine.request("PUT", &permission).send().await.refuses(409, "conflict");
        // each lifts only what they placed
        let (restrict, lift) = (format!("{path}/restrict"), json!({"restricted": false}));
        site.owner.post(&restrict, lift.clone()).await.refuses(409, "restriction_not_yours");
        let both = site.owner.post(&restrict, json!({})).await.is(200).json();
        assert_eq!((&both["flags"], &both["restricted_by"]), (&json!(["restricted"]), &json!(["visitor", "staff"])));
        let unrestrict = format!("{MINE}/unrestrict");
        let left = mine.post(&unrestrict, json!({})).await.is(200).json();
        assert_eq!((&left["state"], &left["restricted_by"]), (&json!("restricted"), &json!(["staff"])));
        mine.post(&unrestrict, json!({})).await.refuses(409, "restriction_not_yours");
        let lifted = site.owner.post(&restrict, lift).await.is(200).json();
        assert_eq!((&lifted["flags"], &lifted["restricted_by"]), (&json!([]), &json!([])));
        assert_eq!(mine.get(MINE).await.is(200).json()["state"], "open");
        open(&site.owner, &path, "fulfil_request").await.is(200);
        site.server.stop();
    }

    async fn everything_of_a_person_is_exported_and_erased(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipts = site.submit_many("contact", 3).await;
        let token = text(&site.anonymous.get("/v1/forms/contact").await.is(200).json()["token"]).to_owned();
        patience().await;
        let mut twice = answers(&token, 1);
        twice["fields"]["message"] = json!("=HYPERLINK(\"https://example.org\")");
        twice["fields"]["email"] = json!("VISITOR-1@EXAMPLE.ORG");
        site.anonymous.post("/v1/forms/contact/submissions", twice).await.is(201);
        open(&site.owner, &path_of(&receipts[1]), "fulfil_request").await.is(200);

        let of = |dry_run| json!({"email": "visitor-1@example.org", "dry_run": dry_run});
        let counted = site.owner.post("/admin/v1/subjects/export", of(true)).await.is(200).json();
        assert_eq!(counted, json!({"submissions": 2}), "however the address is spelled");
        let export = site.owner.post("/admin/v1/subjects/export", of(false)).await.is(200);
        assert_eq!(export.header("content-type"), "application/zip");
        let path = home.root().join("export.zip");
        std::fs::write(&path, &export.body).expect("writable");
        let Some(mut python) = bonafide_test_support::python() else { return };
        let script = "import sys,zipfile\nfor i in zipfile.ZipFile(sys.argv[1]).infolist():\n print('#', i.filename); print(zipfile.ZipFile(sys.argv[1]).read(i).decode())";
        let shown = python.args(["-c", script]).arg(&path).output().expect("python3 was there");
        std::fs::remove_file(&path).expect("it is there");
        let shown = String::from_utf8(shown.stdout).expect("UTF-8");
        assert!(shown.contains("visitor-1@example.org") && shown.contains("VISITOR-1@EXAMPLE.ORG") && !shown.contains("visitor-2"), "{shown}");
        assert!(shown.contains("fulfil_request"), "the readings of that person: {shown}");
        assert!(shown.contains("'=HYPERLINK") && !shown.contains(",\"=HYPERLINK"), "no formula in a table: {shown}");

        let planned = site.owner.post("/admin/v1/subjects/erase", of(true)).await.is(200).json();
        assert_eq!((&planned["erased"], &planned["counts"]["submissions"]), (&json!(0), &json!(2)));
        for erased in [2, 0] {
            let done = site.owner.post("/admin/v1/subjects/erase", of(false)).await.is(200).json();
            assert_eq!(done["erased"], erased, "doing it again finds nothing: {done}");
        }
        open(&site.owner, &path_of(&receipts[1]), "fulfil_request").await.refuses(409, "erased");
        open(&site.owner, &path_of(&receipts[2]), "fulfil_request").await.is(200);
        for wrong in ["", "nobody", "a@b@c", "x\u{0}@example.org"] {
            let reply = site.owner.post("/admin/v1/subjects/erase", json!({"email": wrong})).await;
            assert!(matches!(reply.status, 400 | 422), "{reply}");
        }
        site.server.stop();
    }

    async fn an_erased_submission_is_gone_for_its_officer_and_not_for_its_sender(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipt = site.submit("contact").await;
        let (path, mine) = (path_of(&receipt), holder(&site, &receipt));
        for reason in [json!({}), json!({"reason": "whim"})] {
            let reply = site.owner.post(&format!("{path}/erase"), reason).await;
            assert_eq!(reply.status, 422, "{reply}");
        }
        for _ in 0..2 {
            let erased = site.owner.post(&format!("{path}/erase"), json!({"reason": "subject_request"})).await.is(200).json();
            assert_eq!(erased["state"], "erased", "doing it again changes nothing");
        }
        for verb in ["fulfil", "reopen"] {
            let reply = site.owner.post(&format!("{path}/{verb}"), json!({})).await;
            assert_eq!(reply.status, 409, "{verb}: {reply}");
        }
        mine.post(&format!("{MINE}/restrict"), json!({})).await.refuses(409, "conflict");
        mine.request("DELETE", MINE).send().await.refuses(409, "conflict");
        assert_eq!(mine.get(MINE).await.is(200).json()["state"], "erased");
        // and it stays so when the server starts again
        site.server.stop();
        let server = bonafide_test_support::Server::start(home);
        let anonymous = Client::anonymous(&server);
        let owner = login(&anonymous, "owner@example.org").await;
        open(&owner, &path, "subject_rights").await.refuses(409, "erased");
        assert_eq!(anonymous.with(text(&receipt["token"])).get(MINE).await.is(200).json()["state"], "erased");
        server.stop();
    }
}
