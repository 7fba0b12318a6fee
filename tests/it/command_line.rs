//! The commands an operator gives beside a running server.

use crate::client::Client;
use crate::site::{PASSWORD, Site, login, pair, text};
use bonafide_test_support::{Installation, Server, on_sqlite_first};
use serde_json::{Value, json};

on_sqlite_first! {
    async fn an_owner_finds_the_way_back(home: &Installation) {
        let site = Site::open(home).await;
        let before = pair(&site.anonymous, "owner@example.org").await;
        home.run(["owner", "reset", "--email", "owner@example.org"], "seven brass monkeys\n").ok();
        site.anonymous.with(text(&before["access_token"])).get("/admin/v1/me").await.refuses(401, "unauthenticated");
        let old = json!({"email": "owner@example.org", "password": PASSWORD});
        site.anonymous.post("/admin/v1/auth/login", old).await.refuses(401, "login_failed");
        let new = json!({"email": "owner@example.org", "password": "seven brass monkeys"});
        site.anonymous.post("/admin/v1/auth/login", new).await.is(200);
        let nobody = home.run(["owner", "reset", "--email", "nobody@example.org"], "seven brass monkeys\n");
        assert_eq!(nobody.code, Some(1), "{nobody:?}");
        let twice = home.run(["owner", "create", "--email", "owner@example.org"], "seven brass monkeys\n");
        assert_eq!(twice.code, Some(1), "{twice:?}");
        let weak = home.run(["owner", "create", "--email", "new@example.org"], "password\n");
        assert!(weak.code != Some(0) && !weak.stderr.is_empty(), "{weak:?}");
        home.run(["owner", "create", "--email", "second@example.org"], format!("{PASSWORD}\n")).ok();
        login(&site.anonymous, "second@example.org").await;
        site.server.stop();
    }

    async fn the_documents_are_those_of_the_server(home: &Installation) {
        let site = Site::open(home).await;
        for (surface, path) in [("public", "/v1/openapi.json"), ("admin", "/admin/v1/openapi.json")] {
            let printed: Value = serde_json::from_str(&home.run(["openapi", surface], "").ok()).expect("JSON");
            assert_eq!(site.owner.get(path).await.is(200).json(), printed);
        }
        let reference = site.anonymous.get("/docs").await;
        assert!(reference.status == 200 || (300..400).contains(&reference.status), "{reference}");
        site.server.stop();
    }

    async fn settings_are_kept(home: &Installation) {
        let server = Server::start(home);
        server.stop();
        let server = Server::start(home);
        Client::anonymous(&server).get("/readyz").await.is(200);
        server.stop();
        let unknown = home.run(["serve", "--no-such-option"], "");
        assert_eq!(unknown.code, Some(2), "{unknown:?}");
    }
}
