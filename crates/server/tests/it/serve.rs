//! Serving: the line that scripts wait for, and an end in order.

use bonafide_test_support::{Installation, Server, on_both};
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

on_both! {
    async fn a_server_starts_says_so_and_ends_with_0(home: &Installation) {
        let server = Server::start(home);
        let answer = server.client().get(server.url("/healthz")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let ready = server.client().get(server.url("/readyz")).send().await.expect("an answer");
        assert_eq!(ready.status(), 200);
        assert!(server.stop().contains("The server has ended"));
        // and again on what is there
        Server::start(home).stop();
        assert!(home.run(["migrate", "--plan"], "").ok().contains("up to date"));
        assert!(home.run(["check"], "").ok().contains("all is well"));
    }

    async fn migrate_says_what_it_would_do_and_does_it(home: &Installation) {
        assert!(home.run(["migrate", "--plan"], "").ok().contains("m0001_installation"));
        assert!(home.run(["migrate", "--plan"], "").ok().contains("would be run"));
        assert!(home.run(["migrate"], "").ok().contains("were run"));
        assert!(home.run(["migrate", "--plan"], "").ok().contains("up to date"));
    }
}

#[test]
fn standard_output_holds_one_line_and_the_log_is_json_if_asked() {
    let home = Installation::on_sqlite();
    let mut command = home.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut out = child.stdout.take().expect("a pipe");
    let mut first = [0; 64];
    let read = out.read(&mut first).expect("a line");
    let line = String::from_utf8_lossy(&first[..read]).into_owned();
    let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('\n')).expect(&line);
    assert!(address.parse::<std::net::SocketAddr>().is_ok_and(|address| address.port() != 0), "{line}");
    // the port is taken now
    let second = home.run(["serve", "--listen", address], "");
    assert!(second.code == Some(1) && second.stderr.contains(address), "{}", second.stderr);
    signal(child.id());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!(rest, "");
    let log = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_log_never_shows_statements() {
    let home = Installation::on_sqlite();
    let mut command = home.command();
    command.args(["serve", "--log", "trace"]);
    let server = Server::start_command(&home, command);
    server.client().get(server.url("/v1/policies")).send().await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let log = server.stop();
    assert!(log.contains("A request was answered"), "{log}");
    for word in ["SELECT ", "INSERT INTO", "PRAGMA", "BEGIN IMMEDIATE"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

fn signal(pid: u32) {
    let status =
        std::process::Command::new("/bin/sh").args(["-c", r#"kill -TERM "$1""#, "sh", &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
}
