//! The shipped binary as a child process.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::keeper::Keeper;
use crate::{Installation, environment};

/// How long a server may take to say that it listens.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a server may take to end after SIGTERM: longer than it waits for its open requests.
const ENDED_WITHIN: Duration = Duration::from_secs(40);

/// The binary under test: `BONAFIDE_BIN`, else the workspace's own, brought up to date once per test process.
///
/// # Panics
/// When it does not build.
pub fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
        environment::get("BONAFIDE_BIN").map_or_else(build, |given| {
            let given = PathBuf::from(given);
            assert!(given.is_absolute() && given.is_file(), "BONAFIDE_BIN must be the absolute path of a file");
            given
        })
    });
    &BINARY
}

/// A server that stores in clear what it should seal, which `cargo xtask control` builds: what a search for traces has to find.
///
/// # Panics
/// Where there is none and `CI=true` or `BONAFIDE_REQUIRE_CONTROL=1`; otherwise it says so and gives `None`.
pub fn control() -> Option<PathBuf> {
    let given = environment::get("BONAFIDE_TEST_CONTROL").map(PathBuf::from).filter(|path| path.is_file());
    if given.is_none() {
        environment::missing(
            "a server that stores in clear",
            "`cargo xtask control` builds one: set BONAFIDE_TEST_CONTROL to it",
            "BONAFIDE_REQUIRE_CONTROL",
        );
    }
    given
}

/// Builds the server in the profile of the test that runs, with the features that `cargo test --workspace` gives its
/// dependencies, so that hardly anything is compiled twice.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its file");
    // target/PROFILE/deps/TEST, or target/PROFILE/PROGRAM for one that is not a test
    let folder = test.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("the test lies in a folder");
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        None | Some("debug") => "dev",
        Some(other) => other,
    };
    let mut cargo = Command::new(environment::get("CARGO").unwrap_or_else(|| "cargo".into()));
    environment::clear_cargos(&mut cargo);
    cargo.current_dir(environment::workspace()).args(["build", "--quiet", "--workspace", "--bin", "bonafide"]);
    cargo.args(["--profile", profile, "--message-format", "json-render-diagnostics"]);
    let output = crate::command::run(cargo, b"");
    assert_eq!(output.code, Some(0), "the server does not build:\n{}", output.stderr);
    let mut executables = output.stdout.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executables.next_back().expect("cargo names the executable it built")
}

/// A running server. It is killed when this is dropped, also when the test process is killed.
#[derive(Debug)]
pub struct Server {
    base_url: String,
    child: Child,
    keeper: Option<Keeper>,
    log: PathBuf,
}

impl Server {
    /// Starts `bonafide serve` on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Panics
    /// When it does not listen in time; shows its log.
    #[track_caller]
    pub fn start(home: &Installation) -> Self {
        let mut command = home.command();
        command.arg("serve");
        Self::start_command(home, command)
    }

    /// Starts a server from a command that the test made, say [`Installation::command`] with more arguments or
    /// variables; it listens on a free port unless the command says otherwise.
    ///
    /// # Panics
    /// When it does not listen in time; shows its log.
    #[track_caller]
    pub fn start_command(home: &Installation, mut command: Command) -> Self {
        if !command.get_envs().any(|(name, _)| name == "BONAFIDE_LISTEN") {
            command.env("BONAFIDE_LISTEN", "127.0.0.1:0");
        }
        let log = home.next_log();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&log).expect("the log file can be made"));
        let mut child = command.spawn().expect("the server starts");
        let keeper = Some(Keeper::of_process(child.id()));
        let address = listening(child.stdout.take().expect("standard output is a pipe"));
        let mut server = Self { base_url: String::new(), child, keeper, log };
        let Some(address) = address else {
            let ended = server.child.try_wait();
            panic!("the server does not listen ({ended:?}); its log:\n{}", server.log());
        };
        server.base_url = address;
        server
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// A client with its own connections that follows no redirects, keeps no cookies and gives up after 30 s.
    ///
    /// # Panics
    /// Never on a machine where sockets work.
    pub fn client(&self) -> reqwest::Client {
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        builder.timeout(Duration::from_secs(30)).build().expect("a client can be made")
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Ends it with SIGKILL, as a power cut would, and gives back its log.
    ///
    /// # Panics
    /// When it had ended before.
    pub fn kill(mut self) -> String {
        assert!(matches!(self.child.try_wait(), Ok(None)), "the server had ended by itself; its log:\n{}", self.log());
        self.end();
        self.log()
    }

    /// Ends it with SIGTERM, as an operator does, and gives back its log.
    ///
    /// # Panics
    /// When it does not end in time, or not with 0.
    #[track_caller]
    pub fn stop(mut self) -> String {
        self.terminate();
        let status = self.wait(ENDED_WITHIN);
        assert_eq!(status.and_then(|it| it.code()), Some(0), "ended with {status:?}; its log:\n{}", self.log());
        self.log()
    }

    /// Sends SIGTERM and does not wait, for tests that look at what happens meanwhile.
    ///
    /// # Panics
    /// When it had ended before.
    pub fn terminate(&self) {
        // The shell's own `kill`: std has no safe way to send a signal, and /bin/kill may be missing.
        let status = Command::new("/bin/sh").args(["-c", r#"kill -TERM "$1""#, "sh", &self.pid().to_string()]).status();
        assert!(status.is_ok_and(|it| it.success()), "SIGTERM can be sent; the log of the server:\n{}", self.log());
    }

    /// Waits for its end; `None` when it is still there after `limit`.
    ///
    /// # Panics
    /// Never for a process of ours.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                self.keeper.take().into_iter().for_each(Keeper::release);
                return Some(status);
            }
            if started.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        drop(self.keeper.take()); // before the process is waited for: until then nobody else can have its id
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.lines().rev().take(40).collect::<Vec<_>>();
            eprintln!("--- the end of the server's log");
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// Waits for the line `listening on http://ADDRESS` and gives the URL; goes on reading afterwards, so that the server
/// never waits for a full pipe.
fn listening(stdout: ChildStdout) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("listening on ") {
                let _ = sender.send(url.trim_end_matches('/').to_owned());
            }
        }
    });
    receiver.recv_timeout(READY_WITHIN).ok() // an error at once when the server ends before it listens
}
