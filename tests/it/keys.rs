//! The keys of what visitors sent, at the command line: looked at, tried and replaced, beside a running server.

use crate::site::{Site, text};
use bonafide_test_support::{Installation, Server, on_sqlite_first};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

fn printed(home: &Installation, arguments: &[&str]) -> Value {
    let printed = home.run([arguments, &["--json"]].concat(), "").ok();
    serde_json::from_str(&printed).expect("JSON")
}

/// Every file of a directory with its contents.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return BTreeMap::new() };
    let entries = entries.map(|entry| entry.expect("readable"));
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().display().to_string(), std::fs::read(entry.path()).expect("readable"))
    };
    entries.map(read).collect()
}

/// The ids of root keys in a text.
fn ids(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 32).collect()
}

/// Every command about keys refuses with 78 and says something, quickly, and touches nothing.
fn all_refuse(home: &Installation, told: &str) -> String {
    let before = files(&home.keys_dir());
    let mut last = String::new();
    for command in [&["keys", "status"][..], &["keys", "rotate"], &["keys", "rotate", "--plan"], &["keys", "rehearse"]]
    {
        let started = Instant::now();
        let output = home.run(command, "");
        assert_eq!(output.code, Some(78), "{command:?}: {output:?}");
        assert!(output.stderr.contains(told), "{command:?}: {output:?}");
        assert!(started.elapsed() < Duration::from_secs(5), "{command:?} took {:?}", started.elapsed());
        assert_eq!(files(&home.keys_dir()), before, "{command:?} changed something");
        last = output.stderr;
    }
    last
}

on_sqlite_first! {
    async fn a_new_epoch_begins_beside_a_running_server(home: &Installation) {
        let server = Server::start(home);
        let told = home.run(["keys", "rotate"], "").ok();
        assert!(told.starts_with("epoch 2 has begun") && told.contains("1 earlier epoch"), "{told}");
        let status = printed(home, &["keys", "status"]);
        assert_eq!((status["epoch"].as_u64(), status["epochs"].as_u64(), status["held"].as_u64()), (Some(2), Some(1), Some(0)));
        let told = home.run(["keys", "status"], "").ok();
        assert!(told.contains("epoch         2") && ids(&told).len() == 1, "{told}");
        let rotated = printed(home, &["keys", "rotate"]);
        assert_eq!((rotated["epoch"].as_u64(), rotated["ended"].as_u64(), rotated["plan"].as_bool()), (Some(3), Some(1), Some(false)));
        let tried = printed(home, &["keys", "rehearse"]);
        assert_eq!(tried["broken"].as_u64(), Some(0));
        server.stop();
    }

    async fn what_visitors_sent_opens_after_a_new_epoch_and_what_was_erased_is_final(home: &Installation) {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let receipts = site.submit_many("contact", 2).await;
        let path = |at: usize| format!("/admin/v1/submissions/{}", text(&receipts[at]["id"]));
        site.owner.post(&format!("{}/erase", path(0)), json!({"reason": "not_needed"})).await.is(200);
        let tried = printed(home, &["keys", "rehearse"]);
        assert_eq!((tried["sound"].as_u64(), tried["broken"].as_u64()), (Some(1), Some(0)));
        assert_eq!(printed(home, &["keys", "rotate"])["moved"].as_u64(), Some(1));
        let opened = site.owner.post(&format!("{}/open", path(1)), json!({"purpose": "fulfil_request"})).await.is(200);
        assert!(opened.text().contains("visitor-1@example.org"), "{opened}");
        site.submit("contact").await;
        let status = printed(home, &["keys", "status"]);
        assert_eq!((status["records"].as_u64(), status["outdated"].as_u64()), (Some(2), Some(0)), "{status}");
        site.server.stop();
        // what looks after the keys says so as soon as it starts
        let site = Site::on(Server::start(home)).await;
        site.until(&path(0), |found| found["state"] == "final").await;
        site.server.stop();
    }

    async fn a_plan_changes_nothing(home: &Installation) {
        let server = Server::start(home);
        home.run(["keys", "rotate"], "").ok();
        server.stop();
        let before = files(&home.keys_dir());
        let planned = printed(home, &["keys", "rotate", "--plan"]);
        assert_eq!((planned["epoch"].as_u64(), planned["plan"].as_bool()), (Some(3), Some(true)));
        assert!(home.run(["keys", "rotate", "--plan"], "").ok().contains("epoch 3 would begin"));
        assert!(home.run(["keys", "rehearse", "--plan"], "").ok().contains("would be tried"));
        home.run(["keys", "rehearse"], "").ok();
        home.run(["keys", "status"], "").ok();
        assert_eq!(files(&home.keys_dir()), before);
    }

    async fn keys_without_their_root_key_are_refused(home: &Installation) {
        let server = Server::start(home);
        home.run(["keys", "rotate"], "").ok();
        server.stop();
        std::fs::remove_file(home.keys_dir().join("root.key")).expect("removable");
        assert_eq!(ids(&all_refuse(home, "root key")).len(), 1);
        // and without the data, whose word is not needed for it
        if home.database().is_none() {
            std::fs::remove_dir_all(home.data_dir()).expect("removable");
            assert_eq!(ids(&all_refuse(home, "root.key")).len(), 1);
            assert!(!home.data_dir().exists());
        }
    }

    async fn keys_of_another_root_are_refused(home: &Installation) {
        let foreign = Installation::on_sqlite();
        for home in [home, &foreign] {
            let server = Server::start(home);
            home.run(["keys", "rotate"], "").ok();
            server.stop();
        }
        for file in ["keys.db", "epochs.key"] {
            std::fs::copy(foreign.keys_dir().join(file), home.keys_dir().join(file)).expect("copied");
        }
        let told = all_refuse(home, "root key");
        assert!(ids(&told).len() == 2 && ids(&told)[0] != ids(&told)[1], "{told}");
    }

    async fn epochs_of_another_moment_are_refused(home: &Installation) {
        let server = Server::start(home);
        home.run(["keys", "rotate"], "").ok();
        server.stop();
        let path = home.keys_dir().join("epochs.key");
        let old = std::fs::read(&path).expect("readable");
        home.run(["keys", "rotate"], "").ok();
        std::fs::write(&path, old).expect("writable");
        assert!(all_refuse(home, "epochs.key").contains("epoch 3"));
        std::fs::remove_file(&path).expect("removable");
        all_refuse(home, "epochs.key");
    }

    /// The keys of another site beside these data would be cleared away as keys without submissions.
    async fn keys_of_the_data_of_another_site_are_refused(home: &Installation) {
        if home.database().is_some() {
            return; // the same, with a server that has to be emptied
        }
        Server::start(home).stop();
        std::fs::rename(home.data_dir(), home.data_dir().with_extension("away")).expect("renamed");
        std::fs::create_dir_all(home.data_dir()).expect("a directory");
        let before = std::fs::read(home.keys_dir().join("epochs.key")).expect("readable");
        for command in [&["serve"][..], &["keys", "rotate"], &["keys", "accept-loss"], &["check"]] {
            let output = home.run(command, "");
            assert!(output.code == Some(78) && output.stderr.contains("belong to the data of site"), "{command:?}: {output:?}");
        }
        assert_eq!(std::fs::read(home.keys_dir().join("epochs.key")).expect("readable"), before);
        std::fs::remove_dir_all(home.data_dir()).expect("removable");
        std::fs::rename(home.data_dir().with_extension("away"), home.data_dir()).expect("renamed");
        Server::start(home).stop();
    }

    async fn nothing_is_lost_where_all_is_there(home: &Installation) {
        Server::start(home).stop();
        for plan in [true, false] {
            let arguments = if plan { &["keys", "accept-loss", "--plan"][..] } else { &["keys", "accept-loss"] };
            let lost = printed(home, arguments);
            assert_eq!((lost["plan"].as_bool(), lost["submissions"].as_u64(), lost["keys"].as_u64()), (Some(plan), Some(0), Some(0)));
        }
        assert!(home.run(["keys", "accept-loss"], "").ok().contains("were erased: 0"));
        Server::start(home).stop();
    }

    /// A disk that is not mounted, a file that was forgotten: what is left is not overwritten.
    async fn epochs_without_the_database_of_keys_are_refused(home: &Installation) {
        let server = Server::start(home);
        home.run(["keys", "rotate"], "").ok();
        server.stop();
        let database = home.keys_dir().join("keys.db");
        let kept = std::fs::read(&database).expect("readable");
        std::fs::remove_file(&database).expect("removable");
        assert!(all_refuse(home, "epochs.key").contains("together"));
        for command in ["serve", "check"] {
            let output = home.run([command], "");
            assert_eq!(output.code, Some(78), "{output:?}");
        }
        assert!(!database.exists());
        std::fs::write(&database, kept).expect("writable");
        Server::start(home).stop();
    }
}

#[test]
fn where_nothing_is_nothing_is_made() {
    let home = Installation::on_sqlite();
    for command in [&["keys", "status"][..], &["keys", "rotate", "--plan"], &["keys", "rehearse"]] {
        let output = home.run(command, "");
        assert!(output.code == Some(1) && output.stderr.contains("the first start"), "{output:?}");
    }
    assert!(!home.keys_dir().exists() && !home.data_dir().exists());
}

#[test]
fn help_says_what_it_is_for() {
    let home = Installation::on_sqlite();
    for (command, told) in
        [("status", "--json"), ("rotate", "--plan"), ("rehearse", "--plan"), ("accept-loss", "--plan")]
    {
        let help = home.run(["keys", command, "--help"], "").ok();
        assert!(help.contains(told) && help.contains("Example"), "{help}");
    }
}
