//! Owners: made and let in again from the command line.

use bonafide_test_support::{Installation, Server, on_both};
use serde_json::json;

const PASSWORD: &str = "knots, boats and the weather";
const OTHER: &str = "other knots, another weather";

async fn login(server: &Server, password: &str) -> u16 {
    let body = json!({"email": "ada@example.org", "password": password});
    let request = server.client().post(server.url("/admin/v1/auth/login")).json(&body);
    request.send().await.expect("an answer").status().as_u16()
}

on_both! {
    async fn an_owner_is_made_and_let_in_again(home: &Installation) {
        let create = ["owner", "create", "--email", "ada@example.org", "--name", "Ada"];
        home.run(create, format!("{PASSWORD}\n")).ok();
        let server = Server::start(home);
        assert_eq!(login(&server, PASSWORD).await, 200);

        let again = home.run(create, format!("{OTHER}\n"));
        assert_eq!(again.code, Some(1));
        assert!(again.stderr.contains("owner reset --email ada@example.org"), "{}", again.stderr);
        assert_eq!(login(&server, OTHER).await, 401);

        // beside the running server; no newline, or that of another system
        home.run(["owner", "reset", "--email", "ada@example.org"], format!("{OTHER}\r\n")).ok();
        assert_eq!(login(&server, PASSWORD).await, 401);
        assert_eq!(login(&server, OTHER).await, 200);
        home.run(["owner", "reset", "--email", "ada@example.org"], PASSWORD).ok();
        assert_eq!(login(&server, PASSWORD).await, 200);
        let log = server.stop();
        assert!(!log.contains("ada@") && !log.contains("weather"), "{log}");
    }

    async fn what_cannot_be_is_refused(home: &Installation) {
        let cases = [
            (&["owner", "create", "--email", "ada"][..], PASSWORD, 2, "--email"),
            (&["owner", "create", "--email", "ada@example.org", "--name", " "], PASSWORD, 2, "--name"),
            (&["owner", "create", "--email", "ada@example.org"], "short", 1, "10 characters"),
            (&["owner", "create", "--email", "ada@example.org"], "", 1, "password"),
            (&["owner", "reset", "--email", "nobody@example.org"], PASSWORD, 1, "nobody@example.org"),
        ];
        for (arguments, password, code, told) in cases {
            let output = home.run(arguments, format!("{password}\n"));
            assert_eq!(output.code, Some(code), "{arguments:?}: {}", output.stderr);
            assert!(output.stderr.contains(told), "{}", output.stderr);
        }
    }
}
