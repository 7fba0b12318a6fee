//! A scanner in another language looks for what visitors wrote, wherever the program leaves bytes.

use crate::site::{Site, text};
use bonafide_test_support::{Backend, Installation, Server, python, server, slow_on_both};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The scanner; `None` where there is no Python.
fn scanner() -> Option<Command> {
    let mut python = python()?;
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scanner/scan.py"));
    Some(python)
}

#[test]
#[ignore = "slow: `cargo xtask ci slow`"]
fn the_scanner_finds_whatever_is_planted_in_any_encoding() {
    let Some(mut scanner) = scanner() else { return };
    let control = scanner.arg("control").output().expect("python3 was there");
    let said = String::from_utf8_lossy(&control.stdout);
    assert!(control.status.success(), "{said}{}", String::from_utf8_lossy(&control.stderr));
    assert!(said.ends_with(": 0 missed\n"), "{said}");
}

#[test]
#[ignore = "slow: `cargo xtask ci slow`"]
fn the_scanner_says_when_it_could_not_look() {
    let Some(mut scanner) = scanner() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let markers = directory.path().join("markers.json");
    let made = scanner.arg("markers").output().expect("python3 was there");
    std::fs::write(&markers, made.stdout).expect("writable");
    let mut scanner = self::scanner().expect("it was there");
    let found = scanner.arg("find").arg(&markers).arg(directory.path().join("nothing")).output().expect("python3");
    assert_eq!(found.status.code(), Some(2), "{}", String::from_utf8_lossy(&found.stdout));
    let mut scanner = self::scanner().expect("it was there");
    let found = scanner.arg("find").arg(&markers).arg(directory.path()).output().expect("python3");
    assert_eq!(found.status.code(), Some(1), "the markers themselves are there");
}

/// What a server leaves behind, and the scanner that looks at it.
struct Traces<'a> {
    home: &'a Installation,
    temporary: PathBuf,
    markers: PathBuf,
}

impl<'a> Traces<'a> {
    fn new(home: &'a Installation) -> Option<Self> {
        let made = scanner()?.arg("markers").output().expect("python3 was there");
        let (temporary, markers) = (home.root().join("temporary"), home.root().join("markers.json"));
        std::fs::create_dir(&temporary).expect("writable");
        std::fs::write(&markers, made.stdout).expect("writable");
        Some(Self { home, temporary, markers })
    }

    /// A server that says as much as it can, and writes temporary files where they are found.
    fn serve(&self) -> Server {
        let mut command = self.home.command();
        command.arg("serve").env("BONAFIDE_LOG", "trace").env("TMPDIR", &self.temporary);
        command.env("SQLITE_TMPDIR", &self.temporary);
        Server::start_command(self.home, command)
    }

    /// Sends the form with a marker in every field; gives the receipt.
    fn plant(&self, server: &Server) -> Value {
        let planted = run(|scanner| scanner.arg("plant").arg(&self.markers).args([server.base_url(), "contact"]));
        assert!(planted.status.success(), "{}", String::from_utf8_lossy(&planted.stderr));
        let sent: Value = serde_json::from_slice(&planted.stdout).expect("the receipt");
        sent["receipt"].clone()
    }

    fn take(&self, database: &Path, record: &str, tables: &[&str]) {
        let taken = run(|scanner| scanner.arg("take").arg(&self.markers).arg(database).arg(record).args(tables));
        let taken: Vec<String> = serde_json::from_slice(&taken.stdout).expect("a list");
        assert!(!taken.is_empty(), "{} holds something of it", database.display());
    }

    /// Every file of the installation but the scanner's own: data, keys, logs, temporary files, and the cluster's.
    fn places(&self) -> Vec<PathBuf> {
        let logs = std::fs::read_dir(self.home.root()).expect("readable").filter_map(|entry| Some(entry.ok()?.path()));
        let logs = logs.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        let mut places: Vec<_> = logs.chain([self.home.keys_dir(), self.temporary.clone()]).collect();
        match self.home.database() {
            // with its write-ahead log and, where there is one, the server's log
            Some(database) => places.push(PathBuf::from(
                database.sql("CHECKPOINT; SHOW data_directory").trim().replace("CHECKPOINT\n", ""),
            )),
            None => places.push(self.home.data_dir()),
        }
        places
    }

    /// Looks everywhere; nothing may be there.
    fn find_nothing(&self, when: &str, only: &str, places: &[PathBuf]) {
        let found = run(|scanner| scanner.args(["find", "--only", only]).arg(&self.markers).args(places));
        let said = String::from_utf8_lossy(&found.stdout);
        assert!(found.status.success(), "{when}: {said}{}", String::from_utf8_lossy(&found.stderr));
    }
}

/// Runs the scanner with arguments.
fn run(with: impl FnOnce(&mut Command) -> &mut Command) -> std::process::Output {
    with(&mut scanner().expect("it was there")).output().expect("python3 was there")
}

async fn open(traces: &Traces<'_>) -> Site {
    Site::on(traces.serve()).await
}

slow_on_both! {
    async fn a_program_that_stores_in_clear_is_found(home: &Installation) {
        let (Some(traces), Some(control)) = (Traces::new(home), server::control()) else { return };
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        site.server.stop();
        let mut command = Command::new(control);
        command.envs(home.command().get_envs().filter_map(|(name, value)| Some((name, value?)))).arg("serve");
        let server = Server::start_command(home, command);
        traces.plant(&server);
        server.kill();
        let found = run(|scanner| scanner.args(["find", "--only", "texts"]).arg(&traces.markers).args(traces.places()));
        let said = String::from_utf8_lossy(&found.stdout);
        assert_eq!(found.status.code(), Some(1), "{said}");
        assert!(said.lines().filter(|line| line.starts_with("FOUND")).count() > 5, "{said}");
    }

    async fn nothing_a_visitor_wrote_is_in_any_file(home: &Installation) {
        let Some(traces) = Traces::new(home) else { return };
        Site::open(home).await.server.stop();
        let site = open(&traces).await;
        let field = |key: &str, kind: &str| json!({"key": key, "kind": kind, "required": true, "label": {"en": key}});
        let kinds = ["name", "email", "postal_address", "phone", "free_text", "other"];
        let fields: Vec<_> = kinds.into_iter().map(|kind| field(kind, kind)).collect();
        site.form("contact", json!({"fields": fields, "spam": {"proof_of_work": "on"}})).await;
        let receipt = traces.plant(&site.server);
        let path = format!("/admin/v1/submissions/{}", text(&receipt["id"]));
        let opened = site.owner.post(&format!("{path}/open"), json!({"purpose": "fulfil_request"})).await.is(200).json();
        let whom = json!({"email": opened["fields"]["email"]});
        let exported = site.owner.post("/admin/v1/subjects/export", whom.clone()).await.is(200);
        assert!(exported.body.len() > 1000, "it is the person's");
        // refused bodies and unknown fields leave nothing either
        let mut odd = opened["fields"].clone();
        odd["unknown"] = opened["fields"]["free_text"].clone();
        let token = site.anonymous.get("/v1/forms/contact").await.is(200).json()["token"].clone();
        let body = json!({"token": token, "fields": odd});
        site.anonymous.post("/v1/forms/contact/submissions", body).await.refuses(422, "form_too_early");
        traces.find_nothing("while it runs", "texts", &traces.places());
        site.server.kill();
        traces.find_nothing("after SIGKILL", "texts", &traces.places());
        let site = open(&traces).await;
        let opened = site.owner.post(&format!("{path}/open"), json!({"purpose": "fulfil_request"})).await.is(200);
        assert_eq!(opened.json()["fields"]["email"], whom["email"], "it was not lost");

        let (data, keys) = (home.data_dir().join("bonafide.db"), home.keys_dir().join("keys.db"));
        if home.backend() == Backend::Sqlite {
            traces.take(&data, text(&receipt["id"]), &["submission_sealed"]);
        }
        traces.take(&keys, text(&receipt["id"]), &["record_key", "tag_odd", "tag_even"]);
        let erased = site.owner.post("/admin/v1/subjects/erase", whom).await.is(200).json();
        assert_eq!(erased["erased"], 1);
        site.until(&path, |found| found["scrubbed_at"].is_string()).await;
        let live: Vec<_> = [home.data_dir(), home.keys_dir()].into_iter().filter(|path| path.exists()).collect();
        traces.find_nothing("after the erasure", "binary", &live);
        site.server.stop();
        traces.find_nothing("after the end", "binary", &live);
        traces.find_nothing("after the end", "texts", &traces.places());
    }
}
