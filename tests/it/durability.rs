//! What was acknowledged is there, whatever happens to the process; and what does not fit together is refused.

use crate::client::Client;
use crate::site::{Site, login};
use bonafide_test_support::{Backend, Installation, Server, on_both, python};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const POLICIES: &str = "/admin/v1/policies";

/// Writes until the server is gone; keeps what was acknowledged.
async fn write(server: &Server, token: String, prefix: String, done: Arc<Mutex<Vec<String>>>) {
    let http = server.client();
    let address = server.url(POLICIES);
    for n in 0.. {
        let key = format!("{prefix}-{n}");
        let body = json!({"policy": key, "title": "Written", "default_locale": "en"}).to_string();
        let request = http.post(&address).bearer_auth(&token).header("content-type", "application/json").body(body);
        match request.send().await {
            Ok(answer) if answer.status() == 201 => done.lock().expect("not poisoned").push(key),
            Ok(answer) if answer.status() != 503 => panic!("{}", answer.status()),
            Ok(_) | Err(_) => break, // it ends, or has ended
        }
    }
}

on_both! {
    async fn sigkill_in_the_middle_of_writes(home: &Installation) {
        let Site { mut server, mut owner, .. } = Site::open(home).await;
        let done = Arc::new(Mutex::new(Vec::new()));
        for round in 0..3 {
            let pid = server.pid();
            let before = done.lock().expect("not poisoned").len() + 20;
            let writers = (0..8).map(|writer| {
                write(&server, owner.token().to_owned(), format!("r{round}-w{writer}"), Arc::clone(&done))
            });
            let killed = async {
                more_than(&done, before).await;
                let status = std::process::Command::new("/bin/sh").args(["-c", r#"kill -KILL "$1""#, "sh", &pid.to_string()]).status();
                assert!(status.is_ok_and(|status| status.success()));
            };
            let writers = writers.collect::<Vec<_>>();
            tokio::join!(join(writers), killed);
            drop(server);
            server = Server::start(home);
            owner = login(&Client::anonymous(&server), "owner@example.org").await;
            let acknowledged = done.lock().expect("not poisoned").clone();
            assert!(acknowledged.len() > before, "writes were under way");
            let (mut there, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = owner.get(&format!("{POLICIES}?limit=100{cursor}")).await.is(200).json();
                there.extend(page["items"].as_array().expect("items").iter().map(|item| item["policy"].clone()));
                let Some(next) = page["page"]["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            for key in &acknowledged {
                assert!(there.contains(&json!(key)), "{key} was acknowledged and is lost");
            }
            let audit = owner.get("/admin/v1/audit?count=exact&limit=1").await.is(200).json();
            assert!(audit["page"]["count"].as_u64().is_some_and(|count| count >= there.len() as u64));
        }
        server.stop();
        assert!(home.run(["check"], "").ok().contains("all is well"));
    }

    async fn sigterm_lets_requests_end(home: &Installation) {
        let Site { mut server, owner, .. } = Site::open(home).await;
        let done = Arc::new(Mutex::new(Vec::new()));
        let writers = (0..4).map(|writer| {
            write(&server, owner.token().to_owned(), format!("w{writer}"), Arc::clone(&done))
        });
        let writers = writers.collect::<Vec<_>>();
        let ended = async {
            more_than(&done, 20).await;
            server.terminate();
        };
        tokio::join!(join(writers), ended);
        let status = server.wait(Duration::from_secs(15)).expect("it ends");
        assert_eq!(status.code(), Some(0));
        let server = Server::start(home);
        let owner = login(&Client::anonymous(&server), "owner@example.org").await;
        let acknowledged = done.lock().expect("not poisoned").clone();
        assert!(!acknowledged.is_empty());
        for key in acknowledged {
            owner.get(&format!("{POLICIES}/{key}")).await.is(200);
        }
        server.stop();
    }

    async fn a_database_of_a_newer_version_is_named(home: &Installation) {
        Server::start(home).stop();
        let statement = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 1)";
        match home.backend() {
            Backend::Postgres => {
                home.database().expect("on PostgreSQL").sql(statement);
            }
            Backend::Sqlite => {
                let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()";
                let Some(mut python) = python() else { return };
                python.args(["-c", script]).arg(home.data_dir().join("bonafide.db")).arg(statement);
                assert!(python.status().is_ok_and(|status| status.success()));
            }
        }
        for command in [&["serve"][..], &["migrate"], &["check"]] {
            let output = home.run(command, "");
            assert!(output.code == Some(78) && output.stderr.contains("m9999_from_the_future"), "{command:?}: {output:?}");
        }
    }

    async fn keys_and_data_belong_together(home: &Installation) {
        Server::start(home).stop();
        let foreign = Installation::on_sqlite();
        Server::start(&foreign).stop();
        let mut command = home.command();
        let output = command.arg("serve").env("BONAFIDE_KEYS_DIR", foreign.keys_dir()).output().expect("it starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{message}");
        let ids = message.split(|letter: char| !letter.is_ascii_hexdigit()).filter(|word| word.len() == 32);
        assert_eq!(ids.count(), 2, "both root keys are named: {message}");
        let inside = home.data_dir().join("keys").display().to_string();
        let output = home.run(["serve", "--keys-dir", &inside], "");
        assert!(output.code == Some(78) && output.stderr.contains(&inside), "{output:?}");
        Server::start(home).stop();
    }
}

/// Waits until so many writes are acknowledged.
async fn more_than(done: &Mutex<Vec<String>>, count: usize) {
    while done.lock().expect("not poisoned").len() <= count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Waits for all of some futures, which run at the same time.
async fn join<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        running.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
