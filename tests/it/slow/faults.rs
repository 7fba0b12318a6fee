//! Disks that are full and disks that break: what was acknowledged is there, what was not says so, the status names the cause,
//! and it goes on by itself as soon as it can.
//!
//! The directories of a server stand on small disks of their own, which the tests fill and empty; a limit on the size of files
//! stands for a disk that breaks in the middle of a file.

use crate::client::Client;
use crate::site::{PASSWORD, Site, answers, login, make_owner, patience, text};
use crate::submissions::{open, path_of};
use bonafide_test_support::{Backend, Installation, Server, namespace, slow_on_both};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FORMS: usize = 400;

/// Mounts the disks, makes the owner there, and becomes the server.
const ON_DISKS: &str = r#"set -e
server=$1; shift
for disk; do mkdir -p "$disk"; mount -t tmpfs -o size=16m,mode=0700 tmpfs "$disk"; done
printf '%s\n' "$PASSWORD" | "$server" owner create --email owner@example.org >&2
exec "$server" serve"#;

/// A disk of a running server.
struct Disk(PathBuf);

impl Disk {
    fn of(server: &Server, dir: &Path) -> Self {
        let there = dir.strip_prefix("/").expect("an absolute path");
        Self(Path::new("/proc").join(server.pid().to_string()).join("root").join(there))
    }

    /// Leaves not one byte of room.
    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).expect("a file");
        for size in [1 << 16, 1 << 12, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

/// The shipped program as another one runs it, with its environment.
fn through(home: &Installation, mut command: Command, script: &str, arguments: &[&Path]) -> Command {
    let shipped = home.command();
    command.args(["sh", "-c", script, "sh"]).arg(shipped.get_program()).args(arguments);
    for (name, value) in shipped.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(home.root()).env("PASSWORD", PASSWORD).env("BONAFIDE_SUBMISSIONS_PER_MINUTE", "100000");
    command
}

async fn open_site(server: Server) -> Site {
    let site = Site::on(server).await;
    site.form("contact", json!({})).await;
    site
}

/// A site whose directories are small disks; `None` where there can be none.
async fn on_disks(home: &Installation, disks: &[&Path]) -> Option<Site> {
    let command = through(home, namespace()?, ON_DISKS, disks);
    Some(open_site(Server::start_command(home, command)).await)
}

/// Visitors who send forms all the while, and remember what was acknowledged.
struct Visitors {
    tokens: Vec<String>,
    next: usize,
    /// Each with its number.
    acknowledged: Vec<(usize, Value)>,
}

impl Visitors {
    async fn of(site: &Site) -> Self {
        let mut tokens = Vec::new();
        for _ in 0..FORMS {
            tokens.push(text(&site.anonymous.get("/v1/forms/contact").await.is(200).json()["token"]).to_owned());
        }
        patience().await;
        Self { tokens, next: 0, acknowledged: Vec::new() }
    }

    /// Sends the next form; gives the refusal if it is not taken. It is the next one again then.
    async fn send(&mut self, site: &Site) -> Result<(), Value> {
        let request = site.server.client().post(site.server.url("/v1/forms/contact/submissions"));
        let body = answers(&self.tokens[self.next], self.next).to_string();
        let answer = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
        let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let said: Value = serde_json::from_slice(&answer.bytes().await.expect("complete")).expect("JSON");
        if status == 201 {
            self.acknowledged.push((self.next, said["receipt"].clone()));
            self.next += 1;
            return Ok(());
        }
        assert!(status == 503 && retry && said["code"] == "storage_unavailable", "{status}: {said}");
        Err(said)
    }

    async fn send_until_refused(&mut self, site: &Site) {
        while self.send(site).await.is_ok() {}
        for _ in 0..3 {
            let _ = self.send(site).await;
        }
    }

    /// A browser without scripts sends the next form; it comes back with what was written, to be sent again.
    async fn send_as_page(&self, site: &Site) {
        let token = &self.tokens[self.next];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("token", token.as_str()), ("fields.name", "Ada"), ("fields.email", "ada@example.org")])
            .append_pair("fields.message", "Is the museum open?")
            .finish();
        let request = site.server.client().post(site.server.url("/v1/forms/contact/submissions"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        assert_eq!((answer.status().as_u16(), kind.as_str()), (503, "text/html; charset=utf-8"));
        let page = answer.text().await.expect("complete");
        for expected in [token, "could not be stored", "ada@example.org", "Is the museum open?"] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }

    /// What was acknowledged is there, as it was written, and nothing else.
    async fn find_theirs(&self, site: &Site) {
        let count = site.owner.get("/admin/v1/submissions?count=exact&limit=1").await.is(200).json();
        assert_eq!(count["page"]["count"].as_u64(), Some(self.acknowledged.len() as u64));
        for (n, receipt) in &self.acknowledged {
            let opened = open(&site.owner, &path_of(receipt), "fulfil_request").await.is(200).json();
            assert_eq!(opened["fields"]["email"], format!("visitor-{n}@example.org"));
        }
    }
}

fn names(status: &Value, cause: &str) -> bool {
    let causes = status["retention"]["causes"].as_array().expect("causes");
    causes.iter().any(|found| found["code"] == cause)
}

/// What happens to requests while nothing can be written, and afterwards.
async fn withstands(site: &Site, cause: &str, breaks: impl Fn(), mends: impl Fn()) {
    let mut visitors = Visitors::of(site).await;
    for _ in 0..5 {
        visitors.send(site).await.expect("all is well");
    }
    for round in 0..2 {
        breaks();
        visitors.send_until_refused(site).await;
        visitors.send_as_page(site).await;
        let status = site.owner.get("/admin/v1/status").await.is(200).json();
        assert!(names(&status, cause), "round {round}: {status}");
        // nothing is read without a record, and nothing half erased
        let (_, first) = &visitors.acknowledged[0];
        let http = site.server.client();
        let url = site.server.url(&format!("{}/open", path_of(first)));
        let request = http.post(url).bearer_auth(site.owner.token()).header("content-type", "application/json");
        let opened = request.body(json!({"purpose": "fulfil_request"}).to_string()).send().await.expect("an answer");
        assert!(matches!(opened.status().as_u16(), 200 | 503), "{}", opened.status());
        mends();
        visitors.send(site).await.expect("the form that was refused is taken, without a new start");
        site.until("/admin/v1/status", |status| !names(status, cause)).await;
    }
    visitors.find_theirs(site).await;
    let (_, gone) = visitors.acknowledged.remove(0);
    site.owner.post(&format!("{}/erase", path_of(&gone)), json!({"reason": "subject_request"})).await.is(200);
    site.until(&path_of(&gone), |found| found["scrubbed_at"].is_string()).await;
}

/// Limits the size of the files that a process may write: beyond it a write fails in the middle.
fn limit(server: &Server, most: &str) {
    let status =
        Command::new("prlimit").args(["--pid", &server.pid().to_string(), &format!("--fsize={most}:")]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: `cargo xtask ci slow`"]
async fn a_full_disk_of_the_data_loses_nothing() {
    let home = Installation::on_sqlite();
    let Some(site) = on_disks(&home, &[&home.data_dir()]).await else { return };
    let disk = Disk::of(&site.server, &home.data_dir());
    withstands(&site, "data_unwritable", || disk.fill(), || disk.empty()).await;
    let log = site.server.stop();
    assert!(log.contains("full") && !log.contains("visitor-"), "{log}");
}

slow_on_both! {
    async fn a_full_disk_of_the_keys_loses_nothing(home: &Installation) {
        let Some(site) = on_disks(home, &[&home.keys_dir()]).await else { return };
        let disk = Disk::of(&site.server, &home.keys_dir());
        withstands(&site, "keys_unwritable", || disk.fill(), || disk.empty()).await;
        let log = site.server.stop();
        assert!(log.contains("full") && !log.contains("visitor-"), "{log}");
    }

    /// Nothing is written there.
    async fn a_full_disk_of_temporary_files_stops_nothing(home: &Installation) {
        let Some(namespace) = namespace() else { return };
        let temporary = home.root().join("temporary");
        let mut command = through(home, namespace, ON_DISKS, &[&temporary]);
        command.env("TMPDIR", &temporary).env("SQLITE_TMPDIR", &temporary);
        let site = open_site(Server::start_command(home, command)).await;
        let disk = Disk::of(&site.server, &temporary);
        disk.fill();
        let mut visitors = Visitors::of(&site).await;
        for _ in 0..20 {
            visitors.send(&site).await.expect("taken");
        }
        visitors.find_theirs(&site).await;
        let export = site.owner.post("/admin/v1/subjects/export", json!({"email": "visitor-1@example.org"})).await.is(200);
        assert!(export.body.starts_with(b"PK"));
        disk.empty();
        let left: Vec<_> = std::fs::read_dir(&disk.0).expect("a directory").collect();
        assert!(left.is_empty(), "{left:?}");
        site.server.stop();
    }

    /// A write that fails in the middle of a file is an I/O error to the database.
    async fn files_that_break_lose_nothing(home: &Installation) {
        if namespace().is_none() {
            return; // it comes with the same tools
        }
        make_owner(home).await;
        // the signal that comes with the limit would end it
        let server = Server::start_command(home, through(home, Command::new("env"), "trap '' XFSZ; exec \"$1\" serve", &[]));
        let site = open_site(server).await;
        let (cause, file) = match home.backend() {
            Backend::Sqlite => ("data_unwritable", home.data_dir().join("bonafide.db-wal")),
            Backend::Postgres => ("keys_unwritable", home.keys_dir().join("keys.db")),
        };
        let breaks = |server: &Server| limit(server, &file.metadata().expect("a file").len().to_string());
        withstands(&site, cause, || breaks(&site.server), || limit(&site.server, "unlimited")).await;
        let mut visitors = Visitors::of(&site).await;
        breaks(&site.server);
        let before = site.owner.get("/admin/v1/submissions?count=exact&limit=1").await.is(200).json()["page"]["count"].clone();
        visitors.send_until_refused(&site).await;
        // a power cut before anything is mended
        site.server.kill();
        let server = Server::start(home);
        let owner = login(&Client::anonymous(&server), "owner@example.org").await;
        let after = owner.get("/admin/v1/submissions?count=exact&limit=1").await.is(200).json()["page"]["count"].clone();
        let taken = visitors.acknowledged.len() as u64;
        assert_eq!(after.as_u64(), before.as_u64().map(|before| before + taken));
        for (_, receipt) in &visitors.acknowledged {
            open(&owner, &path_of(receipt), "fulfil_request").await.is(200);
        }
        server.stop();
    }

    /// A pipe that nobody reads, a disk for logs that is full.
    async fn a_log_that_cannot_be_written_stops_nothing(home: &Installation) {
        make_owner(home).await;
        let server = Server::start_command(home, through(home, Command::new("env"), "exec \"$1\" serve 2>/dev/full", &[]));
        let site = open_site(server).await;
        let receipt = site.submit("contact").await;
        open(&site.owner, &path_of(&receipt), "fulfil_request").await.is(200);
        assert_eq!(site.server.stop(), "");
    }
}

/// A server of the database that refuses to write, as one does that has become a replica, or whose disk is full.
#[test]
#[ignore = "slow: `cargo xtask ci slow`"]
fn a_database_that_only_reads_loses_nothing() {
    bonafide_test_support::installation::on(Backend::Postgres, async |home: &Installation| {
        let site = Site::open(home).await;
        site.form("contact", json!({})).await;
        let mut visitors = Visitors::of(&site).await;
        let read_only = |only: bool| {
            let database = home.database().expect("on PostgreSQL");
            let name = database.sql("SELECT current_database()");
            let ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            database.sql(&format!(
                "BEGIN READ WRITE; ALTER DATABASE {name} SET default_transaction_read_only = {only}; COMMIT; {ends};"
            ));
        };
        for _ in 0..3 {
            visitors.send(&site).await.expect("all is well");
        }
        read_only(true);
        visitors.send(&site).await.expect_err("it cannot be stored");
        let status = site.owner.get("/admin/v1/status").await.is(200).json();
        assert!(names(&status, "data_unwritable"), "{status}");
        read_only(false);
        visitors.send(&site).await.expect("the form that was refused is taken, without a new start");
        site.until("/admin/v1/status", |status| !names(status, "data_unwritable")).await;
        visitors.find_theirs(&site).await;
        site.server.stop();
    });
}
