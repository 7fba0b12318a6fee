//! Every column says whose it is and when it goes, or nothing starts.

use bonafide_test_support::{Installation, Server, on_sqlite_first, python};
use serde_json::Value;
use std::path::Path;

/// Runs a statement on a SQLite database; false where there is no Python to do it.
fn sqlite(path: &Path, statement: &str) -> bool {
    let Some(mut python) = python() else { return false };
    let script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute(sys.argv[2])";
    let output = python.args(["-c", script]).arg(path).arg(statement).output().expect("python3 was there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// Runs a statement on the data; false where there is nobody to do it.
pub(crate) fn data(home: &Installation, statement: &str) -> bool {
    match home.database() {
        Some(database) => {
            database.sql(statement);
            true
        }
        None => sqlite(&home.data_dir().join("bonafide.db"), statement),
    }
}

fn refused(home: &Installation, told: &str) {
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"]] {
        let output = home.run(command, "");
        assert_eq!(output.code, Some(78), "{command:?}: {output:?}");
        assert!(output.stderr.contains(told), "{command:?}: {output:?}");
    }
}

on_sqlite_first! {
    async fn a_column_that_nobody_declared_stops_the_start(home: &Installation) {
        Server::start(home).stop();
        assert!(home.run(["check"], "").ok().contains("every column is declared"));
        if !data(home, "ALTER TABLE submission ADD COLUMN nickname TEXT") {
            return;
        }
        refused(home, "submission.nickname");
        data(home, "ALTER TABLE submission DROP COLUMN nickname");
        data(home, "CREATE TABLE visitor_profile (email TEXT)");
        refused(home, "visitor_profile.email");
        data(home, "DROP TABLE visitor_profile");
        Server::start(home).stop();
    }

    async fn a_column_of_the_keys_that_nobody_declared_stops_the_start(home: &Installation) {
        Server::start(home).stop();
        let keys = home.keys_dir().join("keys.db");
        if !sqlite(&keys, "ALTER TABLE record_key ADD COLUMN email TEXT") {
            return;
        }
        refused(home, "record_key.email");
        sqlite(&keys, "ALTER TABLE record_key DROP COLUMN email");
        Server::start(home).stop();
    }

    async fn a_declared_column_that_is_not_there_stops_the_start(home: &Installation) {
        Server::start(home).stop();
        if data(home, "ALTER TABLE submission DROP COLUMN erase_cause") {
            refused(home, "submission.erase_cause");
        }
    }
}

#[test]
fn the_inventory_is_printed_without_a_database() {
    let home = Installation::on_sqlite();
    let document = home.run(["inventory"], "").ok();
    assert!(document.starts_with("# What is kept") && document.contains("`submission_sealed`"), "{document}");
    let printed: Value = serde_json::from_str(&home.run(["inventory", "--json"], "").ok()).expect("JSON");
    let tables = printed["tables"].as_array().expect("tables");
    let sealed = tables.iter().find(|table| table["table"] == "submission_sealed").expect("there");
    let message = sealed["columns"].as_array().expect("columns").iter().find(|column| column["column"] == "message");
    let message = message.expect("there");
    assert_eq!((message["about"].as_str(), message["goes"].as_str()), (Some("visitor"), Some("erased")));
    assert!(!home.data_dir().exists() && !home.keys_dir().exists());
}
