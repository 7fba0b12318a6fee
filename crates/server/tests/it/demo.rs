//! The demonstration: a newcomer's first minute.

use bonafide_test_support::{Installation, on_both};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

struct Demo {
    child: Child,
    url: String,
    told: String,
}

impl Demo {
    fn start(home: &Installation) -> Self {
        let mut command = home.command();
        command.args(["demo", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let first = lines.next().expect("a line");
        let url = first.strip_prefix("listening on ").expect("the address comes first").to_owned();
        let told: Vec<String> = lines.take_while(|line| !line.starts_with("Stop it with Ctrl-C")).collect();
        Self { child, url, told: told.join("\n") }
    }

    fn password(&self) -> Option<&str> {
        self.told.split_once("with the password ").and_then(|(_, rest)| rest.lines().next())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn json(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

on_both! {
    async fn a_newcomer_sees_a_history_and_publishes(home: &Installation) {
        let demo = Demo::start(home);
        let client = reqwest::Client::new();
        let url = |path: &str| format!("{}{path}", demo.url);
        let (_, current) = json(client.get(url("/v1/policies/privacy"))).await;
        assert_eq!((current["number"].as_u64(), current["effective_on"].as_str()), (Some(3), Some("2026-01-15")));
        let (_, early) = json(client.get(url("/v1/policies/privacy?as_of=2017-01-01"))).await;
        assert_eq!(early["effective_on"], "2016-06-01");
        let (_, diff) = json(client.get(url("/v1/policies/privacy/diff?from=1&to=2"))).await;
        assert!(diff["added"].as_u64() > Some(0) && diff["deleted"].as_u64() > Some(0), "{diff}");

        let (status, about) = json(client.get(url("/v1/pages/ueber-uns?locale=de"))).await;
        assert_eq!((status, about["title"].as_str()), (200, Some("Über Harbour Notes")), "{about}");
        let (_, articles) = json(client.get(url("/v1/entries/article?sort=-day&include=author"))).await;
        assert_eq!((&articles["items"][0]["fields"]["author"]["title"], articles["included"].as_array().map(Vec::len)), (&json!("Ines Vermeer"), Some(1)), "{articles}");

        let password = demo.password().expect("shown the first time");
        let login = json!({"email": "owner@example.org", "password": password});
        let (status, tokens) = json(client.post(url("/admin/v1/auth/login")).json(&login)).await;
        assert_eq!(status, 200, "{tokens}");
        let token = tokens["access_token"].as_str().expect("a token");
        let draft = json!({"texts": {"en": "# Policy\n"}, "effective_on": "2100-01-01", "material": true});
        let create = client.post(url("/admin/v1/policies/privacy/revisions")).bearer_auth(token).json(&draft);
        let (status, revision) = json(create).await;
        assert_eq!((status, revision["number"].as_u64()), (201, Some(4)), "{revision}");
        let publish = client.post(url("/admin/v1/policies/privacy/revisions/4/publish")).bearer_auth(token);
        let (status, revision) = json(publish.header("if-match", "\"1\"")).await;
        assert_eq!((status, revision["state"].as_str()), (200, Some("published")), "{revision}");
        let (_, site) = json(client.get(url("/admin/v1/site")).bearer_auth(token)).await;
        assert_eq!(site["name"], "Harbour Notes");
        drop(demo);

        let again = Demo::start(home);
        assert_eq!(again.password(), None);
        assert!(again.told.contains("The password was shown") && again.told.contains("bonafide owner reset"), "{}", again.told);
        let (_, list) = json(client.get(format!("{}/v1/policies/privacy/revisions", again.url))).await;
        assert_eq!(list["items"].as_array().map(Vec::len), Some(4), "nothing is imported twice");
    }

    async fn another_site_is_left_alone(home: &Installation) {
        home.run(["owner", "create", "--email", "ada@example.org"], "knots, boats and the weather\n").ok();
        let refused = home.run(["demo", "--listen", "127.0.0.1:0"], "");
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains("another site"), "{}", refused.stderr);
    }
}
