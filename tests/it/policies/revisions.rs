//! From a draft to a revision that nothing can change.

use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_both, python};
use serde_json::json;
use std::path::Path;

const REVISIONS: &str = "/admin/v1/policies/privacy/revisions";

on_both! {
    async fn a_draft_is_written_published_and_in_force(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        site.anonymous.get("/v1/policies/privacy").await.refuses(404, "not_found");

        let draft = json!({"texts": {"en": "# Privacy\n\nFirst words.\n"}, "effective_on": today, "material": false});
        let draft = site.owner.post(REVISIONS, draft).await.is(201);
        assert_eq!((&draft.json()["number"], &draft.json()["state"]), (&json!(1), &json!("draft")));
        assert_eq!(draft.header("location"), format!("{REVISIONS}/1"));
        let second = json!({"texts": {"en": "x"}});
        site.owner.post(REVISIONS, second).await.refuses(409, "draft_exists");

        let change = json!({"texts": {"en": "# Privacy\n\nBetter words.\n", "de": "# Datenschutz\n"}, "material": true});
        let path = format!("{REVISIONS}/1");
        let changed = site.owner.patch(&path, &draft.etag(), change.clone()).await.is(200);
        assert_ne!(changed.etag(), draft.etag());
        let stale = site.owner.patch(&path, &draft.etag(), change).await.refuses(412, "stale");
        assert_eq!(stale.etag(), changed.etag());
        assert_eq!(site.owner.get(&path).await.json()["texts"]["en"], "# Privacy\n\nBetter words.\n");
        for hidden in ["", "/revisions", "/revisions/1", "/revisions/1.md", "/feed.atom", "/diff?from=1&to=1"] {
            site.anonymous.get(&format!("/v1/policies/privacy{hidden}")).await.is(404);
        }
        assert_eq!(site.anonymous.get("/v1/policies").await.json()["items"], json!([]));

        let published = site.owner.verb(&format!("{path}/publish"), &changed.etag()).await.is(200).json();
        assert_eq!((&published["state"], &published["number"]), (&json!("published"), &json!(1)));
        assert!(text(&published["digest"]).starts_with("sha256:") && published["previous_digest"].is_null());
        let seen = site.anonymous.get("/v1/policies/privacy").await.is(200).json();
        assert_eq!(seen["markdown"], "# Privacy\n\nBetter words.\n");
        assert!(text(&seen["html"]).contains("<p>Better words.</p>"), "{seen}");
        for field in ["policy", "number", "digest", "published_at", "effective_on", "material"] {
            assert_eq!(seen[field], published[field], "{field}");
        }
        assert_eq!((&seen["locale"], &seen["commitments_format"]), (&json!("en"), &json!(0)));
        assert!(seen["previous_digest"].is_null() && seen.get("source").is_none());
        let german = site.anonymous.get("/v1/policies/privacy?locale=de-AT&fallback=de,en").await.is(200);
        assert_eq!((german.header("content-language"), &german.json()["markdown"]), ("de", &json!("# Datenschutz\n")));
        site.anonymous.get("/v1/policies/privacy?locale=fr").await.is(404);
        site.server.stop();
    }

    async fn nothing_changes_what_is_published(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        site.publish("privacy", "# One\n", &today).await;
        let path = format!("{REVISIONS}/1");
        let before = site.owner.get(&path).await.is(200);
        let etag = before.etag();
        site.owner.patch(&path, &etag, json!({"material": false})).await.refuses(409, "already_published");
        site.owner.delete(&path, &etag).await.refuses(409, "already_published");
        site.owner.verb(&format!("{path}/publish"), &etag).await.refuses(409, "already_published");
        let policy = site.owner.get("/admin/v1/policies/privacy").await.is(200);
        site.owner.delete("/admin/v1/policies/privacy", &policy.etag()).await.refuses(409, "policy_in_use");
        assert_eq!(site.owner.get(&path).await.is(200).json(), before.json());

        let past = json!({"texts": {"en": "x"}, "effective_on": "2020-01-01"});
        let draft = site.owner.post(REVISIONS, past).await;
        let refused = if draft.status == 201 {
            site.owner.verb(&format!("{REVISIONS}/2/publish"), &draft.etag()).await
        } else {
            draft
        };
        refused.refuses(422, "effective_on_past");
        let draft = site.owner.get(&format!("{REVISIONS}/2")).await.is(200);
        let cleared = site.owner.patch(&format!("{REVISIONS}/2"), &draft.etag(), json!({"texts": {"en": null}})).await;
        let cleared = cleared.is(200);
        site.owner.verb(&format!("{REVISIONS}/2/publish"), &cleared.etag()).await.is(422);
        site.owner.delete(&format!("{REVISIONS}/2"), &cleared.etag()).await.is(204);
        site.owner.get(&format!("{REVISIONS}/2")).await.refuses(404, "not_found");
        assert_eq!(site.publish("privacy", "# Two\n", &today).await["number"], 2);
        site.server.stop();
    }

    async fn a_stranger_recomputes_the_digests(home: &Installation) {
        let site = Site::open(home).await;
        site.policy("privacy").await;
        let today = site.today().await;
        let commitments = json!([
            {"kind": "erase", "after": "P30D", "deep": [1, -7, true, null, "naïve \u{2028} \u{1f512} \"quoted\" \\ \u{7f}"]},
            {"b": 1, "a": {}},
        ]);
        let texts = json!({"en": "# Privacy\u{a0}\r\n\nno newline", "de": "# Schutz\n"});
        for (texts, commitments) in [(texts, commitments), (json!({"en": "# Two\n"}), json!([]))] {
            let draft = json!({
                "texts": texts, "commitments": commitments, "effective_on": today,
                "material": true, "summary_of_changes": "Wörter,\nand \"more\"."
            });
            let draft = site.owner.post(REVISIONS, draft).await.is(201);
            site.owner.verb(&format!("{REVISIONS}/{}/publish", draft.json()["number"]), &draft.etag()).await.is(200);
        }
        site.publish("privacy", "# Three\n", "2099-12-31").await;
        let Some(_) = python() else { return };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("digests/verify.py");
        let verify = |more: &[&str]| {
            let mut python = python().expect("it was there");
            python.arg(&script).args([site.server.base_url(), "privacy"]).args(more);
            let output = python.output().expect("python3 is installed");
            (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
        };
        let (code, said) = verify(&[]);
        assert!(code == Some(0) && said.contains("3 revisions"), "{said}");
        let (code, said) = verify(&["--spoil"]);
        assert!(code == Some(1), "one changed letter must be noticed: {said}");
        site.server.stop();
    }
}
