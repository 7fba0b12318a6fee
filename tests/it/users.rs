//! People: invited, changed, suspended and let in again.

use crate::site::{PASSWORD, Site, accept, login, text};
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::json;

const ME: &str = "/admin/v1/me";

on_sqlite_first! {
    async fn an_account_from_invitation_to_suspension(home: &Installation) {
        let site = Site::open(home).await;
        let invitation = json!({"email": "ada@example.org", "display_name": "Ada", "roles": ["editor"]});
        let invited = site.owner.post("/admin/v1/users", invitation.clone()).await.is(201);
        let user = invited.json();
        assert_eq!((&user["state"], &user["roles"]), (&json!("invited"), &json!(["editor"])));
        site.owner.post("/admin/v1/users", invitation).await.refuses_at(409, "already_exists", "/email");
        let shouted = json!({"email": "ADA@example.org", "display_name": "Ada", "roles": ["editor"]});
        site.owner.post("/admin/v1/users", shouted).await.refuses(409, "already_exists");
        accept(&site.anonymous, &user["invitation"]).await.is(204);
        accept(&site.anonymous, &user["invitation"]).await.refuses(422, "link_invalid");
        let ada = login(&site.anonymous, "ada@example.org").await;
        ada.get("/admin/v1/users").await.refuses(403, "forbidden");
        ada.get("/admin/v1/audit").await.refuses(403, "forbidden");

        let path = format!("/admin/v1/users/{}", text(&user["id"]));
        let read = site.owner.get(&path).await.is(200);
        assert_eq!(read.json()["state"], "active");
        let changed = site.owner.patch(&path, &read.etag(), json!({"roles": ["privacy_officer"]})).await.is(200);
        ada.get("/admin/v1/audit").await.is(200);
        let suspended = site.owner.verb(&format!("{path}/suspend"), &changed.etag()).await.is(200);
        assert_eq!(suspended.json()["state"], "suspended");
        ada.get(ME).await.refuses(401, "unauthenticated");
        let body = json!({"email": "ada@example.org", "password": PASSWORD});
        site.anonymous.post("/admin/v1/auth/login", body).await.refuses(401, "login_failed");
        site.owner.verb(&format!("{path}/reactivate"), &suspended.etag()).await.is(200);
        login(&site.anonymous, "ada@example.org").await;
        let reset = site.owner.request("POST", &format!("{path}/reset")).send().await.is(200).json();
        accept(&site.anonymous, &reset).await.is(204);
        login(&site.anonymous, "ada@example.org").await;

        let audit = site.owner.get("/admin/v1/audit?limit=100").await.is(200);
        assert!(!audit.text().contains("ada@example.org"), "the list of actions holds no contents");
        let audit = audit.json();
        let lines = audit["items"].as_array().expect("items");
        assert!(lines.iter().any(|line| line["object"].as_str().is_some_and(|it| it.contains(text(&user["id"])))));
        site.server.stop();
    }

    async fn the_last_owner_stays(home: &Installation) {
        let site = Site::open(home).await;
        let me = site.owner.get(ME).await.json();
        let path = format!("/admin/v1/users/{}", text(&me["id"]));
        let etag = site.owner.get(&path).await.is(200).etag();
        site.owner.patch(&path, &etag, json!({"roles": ["viewer"]})).await.refuses(409, "last_owner");
        site.owner.verb(&format!("{path}/suspend"), &etag).await.refuses(409, "last_owner");
        site.owner.patch(&path, &etag, json!({"roles": []})).await.is(422);
        site.owner.patch(&path, &etag, json!({"roles": ["emperor"]})).await.is(422);
        // null asks for a field to be cleared; these cannot be, and are not taken as left out
        site.owner.patch(&path, &etag, json!({"roles": null})).await.refuses_at(422, "wrong_type", "/roles");
        site.owner.patch(&path, &etag, json!({"display_name": null})).await.refuses_at(422, "wrong_type", "/display_name");
        assert_eq!(site.owner.get(&path).await.is(200).etag(), etag);
        site.server.stop();
    }
}
