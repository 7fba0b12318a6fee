//! A throw-away PostgreSQL cluster that ends with the test process.
//!
//! A shell starts, stops and removes it (see [`Keeper`]), as an unprivileged user when the tests run as root, because
//! PostgreSQL refuses to be root. It listens on a socket in its own directory only: no ports, no races. Its files are a copy of
//! what `initdb` made once, which lies beside the test programs and goes with them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::programs::Programs;
use crate::keeper::Keeper;
use crate::{command, environment};

/// How long the start may take on a busy machine.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Runs the cluster from the first line of standard input to its end, and removes it. $1: programs, $2: directory,
/// $3…: settings.
const SCRIPT: &str = r#"
bin=$1; dir=$2; shift 2
if read _; then
  "$bin/postgres" -D "$dir/data" -k "$dir" "$@" >"$dir/log" 2>&1 &
  server=$!
  read _
  kill -QUIT $server
  wait $server
fi
rm -rf "$dir"
"#;

/// How a cluster is made.
const INITDB: [&str; 8] =
    ["--no-sync", "--no-locale", "--encoding", "UTF8", "--auth", "trust", "--username", "postgres"];

/// Settings of every cluster: its socket is its only door, and many tests may connect at once.
const SETTINGS: [&str; 3] = ["listen_addresses=", "max_connections=400", "shared_buffers=64MB"];

/// Settings that do not survive a power cut, in exchange for speed.
const FAST: [&str; 7] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    // what is not kept nobody has to look through
    "min_wal_size=32MB",
    "max_wal_size=64MB",
];

/// What `wal_level=minimal` demands.
const FAST_SENDERS: &str = "max_wal_senders=0";

/// Whether a commit is on disk when it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Nothing is flushed; the cluster lies in memory where the machine has such a disk.
    Fast,
    /// PostgreSQL's own defaults, on a real disk.
    Durable,
}

/// A running cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    directory: PathBuf,
    _keeper: Keeper,
}

impl Cluster {
    /// Makes and starts a cluster, and waits until it takes connections.
    pub(super) fn start(programs: &Programs, durability: Durability) -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("bonafide-pg-").permissions(fs::Permissions::from_mode(0o700));
        let directory = match environment::memory() {
            Some(memory) if durability == Durability::Fast => builder.tempdir_in(memory),
            _ => builder.tempdir(),
        };
        // From here on the keeper removes it: a destructor does not run when a test process ends.
        let directory = directory.expect("a temporary directory can be made").keep();

        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "keeper"]).arg(programs.folder()).arg(&directory);
        let fast = FAST.iter().chain([&FAST_SENDERS]).filter(|_| durability == Durability::Fast);
        shell.args(SETTINGS.iter().chain(fast).flat_map(|setting| ["-c", setting]));
        shell.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        let user = fs::metadata(&directory).is_ok_and(|it| it.uid() == 0).then(unprivileged);
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&directory, Some(uid), Some(gid)).expect("root may give a directory away");
            shell.uid(uid).gid(gid);
        }
        let mut keeper = Keeper::start(shell);
        fill(programs, &directory.join("data"), user);
        keeper.go_on();
        wait_until_ready(&directory);
        Self { directory, _keeper: keeper }
    }

    /// The URL of one of its databases.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.directory.display())
    }
}

/// Puts the files of a new cluster into a folder that is not there: a copy of those that the first call made.
fn fill(programs: &Programs, data: &Path, user: Option<(u32, u32)>) {
    let mut version = Command::new(programs.path("initdb"));
    version.arg("--version");
    let version: String =
        run(version).chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let test = std::env::current_exe().expect("a process knows its file");
    let kept = test.with_file_name(format!("postgres-cluster-{}", version.trim_end_matches('-')));
    if kept.is_dir() {
        copy(&kept, data);
        if let Some((uid, gid)) = user {
            let mut chown = Command::new("chown");
            chown.args(["-R", &format!("{uid}:{gid}")]).arg(data);
            run(chown);
        }
        return;
    }
    let mut initdb = Command::new(programs.path("initdb"));
    initdb.args(INITDB).arg("--pgdata").arg(data).current_dir("/");
    if let Some((uid, gid)) = user {
        initdb.uid(uid).gid(gid);
    }
    run(initdb);
    // whoever comes first gives it its name, whole
    let half = kept.with_extension(std::process::id().to_string());
    copy(data, &half);
    if fs::rename(&half, &kept).is_err() {
        let _ = fs::remove_dir_all(&half);
    }
}

/// Copies a folder with all that is in it to a place where nothing is.
fn copy(folder: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    cp.arg("-R").args([folder, to]);
    run(cp);
}

/// Runs a program that has to succeed; gives what it says.
fn run(program: Command) -> String {
    command::run(program, b"").ok()
}

/// PostgreSQL writes `ready` to the last line of its pid file when it takes connections.
fn wait_until_ready(directory: &Path) {
    let started = Instant::now();
    loop {
        let status = fs::read_to_string(directory.join("data/postmaster.pid")).unwrap_or_default();
        if status.lines().last().is_some_and(|line| line.trim() == "ready") {
            return;
        }
        if started.elapsed() > READY_WITHIN {
            let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
            panic!("PostgreSQL does not start; its log:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// User and group id of `postgres`, or else of `nobody`.
fn unprivileged() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("root can read the list of users");
    let ids = |name: &str| {
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).expect("there is a user postgres or nobody")
}
