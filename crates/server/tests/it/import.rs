//! Importing a history, beside a running server and alone.

use crate::history;
use bonafide_test_support::{Installation, Server, on_both};
use serde_json::Value;
use std::time::{Duration, Instant};

async fn get(server: &Server, path: &str) -> (u16, String) {
    let answer = server.client().get(server.url(path)).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

/// Asks until the answer is another one than `before`, for up to two seconds.
async fn changed(server: &Server, path: &str, before: &str) -> String {
    let started = Instant::now();
    loop {
        let (_, body) = get(server, path).await;
        if body != before {
            return body;
        }
        assert!(started.elapsed() < Duration::from_secs(2), "still {body}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn import<'a>(dir: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["import", "policy", "privacy", "--from", dir][..], more].concat()
}

on_both! {
    async fn a_history_appears_on_a_running_server_once(home: &Installation) {
        let server = Server::start(home);
        let (status, nothing) = get(&server, "/v1/policies/privacy").await;
        assert_eq!(status, 404);
        let dir = history::write(home.root(), 2).display().to_string();

        let planned = home.run(import(&dir, &["--dry-run", "--json"]), "").ok();
        let planned: Value = serde_json::from_str(&planned).expect("JSON");
        assert_eq!((planned["dry_run"].as_bool(), planned["imported"].as_array().map(Vec::len)), (Some(true), Some(2)));
        assert_eq!(get(&server, "/v1/policies/privacy").await.0, 404);

        let told = home.run(import(&dir, &["--title", "Our privacy policy"]), "").ok();
        assert!(told.contains("2018-05-25.md") && told.contains("2 revisions imported into privacy, a new policy"), "{told}");
        // 404s carry an id of the request, so that they always differ
        assert!(nothing.contains("404"));
        let mut current = changed(&server, "/v1/policies/privacy/revisions/2.md", "").await;
        let started = Instant::now();
        while current != history::text(2) {
            assert!(started.elapsed() < Duration::from_secs(2), "{current}");
            current = get(&server, "/v1/policies/privacy/revisions/2.md").await.1;
        }
        let (_, document) = get(&server, "/v1/policies/privacy").await;
        assert!(document.contains("Our privacy policy"), "{document}");

        let again = home.run(import(&dir, &["--json"]), "").ok();
        let again: Value = serde_json::from_str(&again).expect("JSON");
        assert_eq!((again["imported"].as_array().map(Vec::len), again["present"].as_u64()), (Some(0), Some(2)));

        history::write(home.root(), 3);
        assert!(home.run(import(&dir, &[]), "").ok().contains("1 revision imported into privacy; 2 there already"));
        let newest = changed(&server, "/v1/policies/privacy", &document).await;
        let newest: Value = serde_json::from_str(&newest).expect("JSON");
        assert_eq!((newest["number"].as_u64(), newest["markdown"].as_str()), (Some(3), Some(history::text(3))));
        server.stop();
    }

    async fn a_dry_run_makes_nothing(home: &Installation) {
        let dir = history::write(home.root(), 3).display().to_string();
        for _ in 0..2 {
            let told = home.run(import(&dir, &["--dry-run"]), "").ok();
            assert!(told.contains("3 revisions would be imported into privacy, a new policy"), "{told}");
        }
        assert!(!home.data_dir().exists() && !home.keys_dir().exists());
        if let Some(database) = home.database() {
            assert_eq!(database.sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'"), "0");
        }
    }

    async fn a_broken_history_is_named_and_leaves_nothing(home: &Installation) {
        let dir = history::write(home.root(), 3);
        let path = dir.display().to_string();
        std::fs::write(dir.join("2018-05-25.md"), "changed").expect("writable");
        let output = home.run(import(&path, &[]), "");
        assert_eq!(output.code, Some(1));
        assert!(output.stderr.contains("2018-05-25.md"), "{}", output.stderr);
        assert!(!home.data_dir().exists(), "the history is read before anything is made");
        std::fs::remove_file(dir.join("index.json")).expect("removable");
        let output = home.run(import(&path, &[]), "");
        assert!(output.code == Some(1) && output.stderr.contains("index.json"), "{}", output.stderr);
        for (arguments, told) in [
            (["import", "policy", "Privacy", "--from", &path], "NAME"),
            (["import", "policy", "a/b", "--from", &path], "NAME"),
        ] {
            let output = home.run(arguments, "");
            assert!(output.code == Some(2) && output.stderr.contains(told), "{}", output.stderr);
        }
        let output = home.run(import(&path, &["--locale", "english"]), "");
        assert!(output.code == Some(2) && output.stderr.contains("--locale"), "{}", output.stderr);
    }
}
