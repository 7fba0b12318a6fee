//! Taking over the real histories with the command line, beside a running server.

use crate::client::Client;
use crate::site::text;
use bonafide_test_support::{Installation, Server, on_sqlite_first, shared_data};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

fn index(folder: &Path) -> Value {
    let bytes = std::fs::read(folder.join("index.json")).expect("readable");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn revisions(index: &Value) -> &Vec<Value> {
    index["revisions"].as_array().expect("a list of revisions")
}

fn import(home: &Installation, policy: &str, folder: &Path, more: &[&str]) -> bonafide_test_support::Output {
    let folder = folder.display().to_string();
    home.run([&["import", "policy", policy, "--from", &folder][..], more].concat(), "")
}

/// Waits until the running server shows a path: what another process wrote is seen within a second.
async fn appears(frontend: &Client, path: &str) {
    let started = Instant::now();
    while frontend.get(path).await.status != 200 {
        assert!(started.elapsed() < Duration::from_secs(1), "{path} is not there after a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Compares all that is published of a policy with its folder.
async fn compare(frontend: &Client, policy: &str, folder: &Path) {
    let index = index(folder);
    for (at, revision) in revisions(&index).iter().enumerate() {
        let (number, day) = (at + 1, text(&revision["date"]));
        let bytes = std::fs::read(folder.join(text(&revision["file"]))).expect("readable");
        let base = format!("/v1/policies/{policy}");
        let markdown = frontend.get(&format!("{base}/revisions/{number}.md")).await.is(200);
        assert!(markdown.body == bytes, "{policy} {number}: not byte for byte");
        let last_of_day = revisions(&index).iter().rposition(|other| text(&other["date"]) <= day).expect("itself");
        let then = frontend.get(&format!("{base}?as_of={day}")).await.is(200).json();
        assert_eq!(then["number"], last_of_day + 1, "{policy} as of {day}");
        let mut single = then;
        if single["number"] != number {
            single = frontend.get(&format!("{base}/revisions/{number}")).await.is(200).json();
        }
        assert_eq!((text(&single["effective_on"]), &single["source"]["sha256"]), (day, &revision["sha256"]));
        let counts = &revision["min_line_diff_from_previous"];
        if !counts.is_null() {
            let diff = frontend.get(&format!("{base}/diff?from={at}&to={number}")).await.is(200).json();
            assert_eq!((&diff["added"], &diff["deleted"]), (&counts["added"], &counts["deleted"]), "{policy} {number}");
        }
    }
}

on_sqlite_first! {
    async fn all_real_histories(home: &Installation) {
        let Some(data) = shared_data() else { return };
        let server = Server::start(home);
        let frontend = Client::anonymous(&server);
        let mut folders: Vec<_> = std::fs::read_dir(data.join("policies")).expect("readable").flatten().collect();
        folders.sort_by_key(std::fs::DirEntry::file_name);
        assert_eq!(folders.len(), 7);
        for folder in folders {
            let (policy, folder) = (folder.file_name().into_string().expect("UTF-8"), folder.path());
            let count = revisions(&index(&folder)).len();
            frontend.get(&format!("/v1/policies/{policy}")).await.is(404); // which must not be remembered
            import(home, &policy, &folder, &[]).ok();
            appears(&frontend, &format!("/v1/policies/{policy}/revisions/{count}")).await;
            compare(&frontend, &policy, &folder).await;
            let again: Value = serde_json::from_str(&import(home, &policy, &folder, &["--json"]).ok()).expect("JSON");
            assert_eq!((again["imported"].as_array().map(Vec::len), again["present"].as_u64()), (Some(0), u64::try_from(count).ok()));
            let page = frontend.get(&format!("/v1/policies/{policy}/revisions?count=exact")).await.is(200).json();
            assert_eq!(page["page"]["count"], count);
        }
        let then = frontend.get("/v1/policies/pythonspot.com?as_of=2016-06-01").await.is(200).json();
        let known = index(&data.join("policies/pythonspot.com"));
        let of_the_day = revisions(&known).iter().rfind(|revision| text(&revision["date"]) <= "2016-06-01");
        let file = text(&of_the_day.expect("a text of that day")["file"]).to_owned();
        let wanted = std::fs::read_to_string(data.join("policies/pythonspot.com").join(file)).expect("readable");
        assert_eq!(then["markdown"], wanted);
        server.stop();
    }

    async fn what_is_wrong_with_a_history_is_named(home: &Installation) {
        let server = Server::start(home);
        let frontend = Client::anonymous(&server);
        let folder = home.root().join("history");
        std::fs::create_dir(&folder).expect("writable");
        let file = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("writable");
        // SHA-256 of "one\n" and of two bytes that are no UTF-8
        let one = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
        let invalid = "b3d510ef04275ca8e698e5b3cbb0ece3949ef9252f0cdc839e9ee347409a2209";
        let index = |second: &str, digest: &str| {
            let revisions = serde_json::json!({"revisions": [
                {"file": "one.md", "date": "2020-01-01", "sha256": one},
                {"file": second, "date": "2021-01-01", "sha256": digest},
            ]});
            file("index.json", revisions.to_string().as_bytes());
        };
        file("one.md", b"one\n");
        file("two.md", b"two\n");
        file("odd.md", b"\xff\xfe");
        let refused = |named: &str| {
            let output = import(home, "privacy", &folder, &[]);
            assert!(output.code == Some(1) && output.stderr.contains(named), "{named}: {output:?}");
        };
        index("two.md", one);
        refused("two.md");
        index("missing.md", one);
        refused("missing.md");
        index("odd.md", invalid);
        refused("odd.md");
        file("index.json", b"{\"revisions\": [");
        refused("index.json");
        file("index.json", b"{\"revisions\": [{\"file\": \"one.md\"}]}");
        refused("index.json");
        file("index.json", b"{\"revisions\": [{\"file\": \"../one.md\", \"date\": \"2020-01-01\", \"sha256\": \"00\"}]}");
        refused("index.json");
        frontend.get("/v1/policies/privacy").await.refuses(404, "not_found");
        let body = serde_json::json!({"revisions": [{"file": "one.md", "date": "2020-01-01", "sha256": one}]});
        file("index.json", body.to_string().as_bytes());
        import(home, "privacy", &folder, &[]).ok();
        appears(&frontend, "/v1/policies/privacy/revisions/1").await;
        server.stop();
    }
}
