//! Servers as child processes, with shell scripts in their place: this crate must work before there is a server.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bonafide_test_support::{Installation, Server};

/// A process that behaves as `script` says once it "listens".
fn start(home: &Installation, script: &str) -> Server {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]);
    Server::start_command(home, shell)
}

#[test]
fn a_server_that_ends_well_is_stopped_and_shows_its_log() {
    let home = Installation::on_sqlite();
    let script = r#"trap 'echo bye >&2; exit 0' TERM; echo "asked for $BONAFIDE_LISTEN" >&2
        echo hello; echo listening on http://127.0.0.1:12345; while :; do sleep 0.01; done"#;
    let server = start(&home, script);
    assert_eq!(server.base_url(), "http://127.0.0.1:12345");
    assert_eq!(server.url("/v1/policies"), "http://127.0.0.1:12345/v1/policies");
    assert_eq!(server.stop(), "asked for 127.0.0.1:0\nbye\n");
    let second = start(&home, "echo second >&2; echo listening on http://127.0.0.1:1; exec sleep 60");
    drop(second);
    assert_eq!(home.logs(), "asked for 127.0.0.1:0\nbye\nsecond\n");
}

#[test]
#[should_panic(expected = "ended with")]
fn a_server_that_ends_badly_is_told() {
    let home = Installation::on_sqlite();
    let script = "trap 'exit 3' TERM; echo listening on http://127.0.0.1:1; while :; do sleep 0.01; done";
    start(&home, script).stop();
}

#[test]
#[should_panic(expected = "address in use")]
fn a_server_that_does_not_start_shows_its_log() {
    start(&Installation::on_sqlite(), "echo address in use >&2; exit 1");
}

#[test]
fn a_killed_server_has_no_time_to_tidy_up() {
    let home = Installation::on_sqlite();
    let script = "trap 'echo tidied >&2; exit 0' TERM INT HUP; echo listening on http://127.0.0.1:1
        while :; do sleep 0.01; done";
    let server = start(&home, script);
    let process = format!("/proc/{}", server.pid());
    assert_eq!(server.kill(), "");
    assert!(!Path::new(&process).exists());
}

#[test]
fn directories_go_with_the_installation() {
    let home = Installation::on_sqlite();
    let root = home.root().to_owned();
    home.database_url();
    assert!(home.data_dir().starts_with(&root) && !home.keys_dir().starts_with(home.data_dir()));
    drop(home);
    assert!(!root.exists());
}

#[test]
fn a_server_may_write_more_than_a_pipe_holds() {
    let home = Installation::on_sqlite();
    let script = "echo listening on http://127.0.0.1:1; i=0
        while [ $i -lt 3000 ]; do echo a line of output that nobody reads, number $i; i=$((i+1)); done
        touch written; exec sleep 60";
    let server = start(&home, &format!("cd '{}'; {script}", home.root().display()));
    let started = Instant::now();
    while !home.root().join("written").exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the server is stuck");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(server);
}
