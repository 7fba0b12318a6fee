//! Figures for Prometheus, on a listener of their own.

use crate::site::{Site, make_owner, text};
use bonafide_test_support::{Installation, Server, on_sqlite_first};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::TcpListener;

/// The value of a line.
fn value(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name}: {metrics}")).parse().expect("a number")
}

on_sqlite_first! {
    async fn figures_are_there_and_say_nothing_of_anybody(home: &Installation) {
        make_owner(home).await;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_METRICS_LISTEN", free.to_string());
        let site = Site::on(Server::start_command(home, command)).await;
        site.form("contact", json!({})).await;
        let receipts = site.submit_many("contact", 3).await;
        let erase = format!("/admin/v1/submissions/{}/erase", text(&receipts[0]["id"]));
        site.owner.post(&erase, json!({"reason": "not_needed"})).await.is(200);

        let read = async |path: &str| {
            let answer = site.server.client().get(format!("http://{free}{path}")).send().await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a text"))
        };
        let (status, metrics) = read("/metrics").await;
        assert_eq!(status, 200);
        assert_eq!(value(&metrics, "bonafide_submissions{state=\"received\"}"), 2);
        assert_eq!(value(&metrics, "bonafide_erased_total"), 1);
        assert_eq!(value(&metrics, "bonafide_key_epoch"), 1);
        assert_eq!(value(&metrics, "bonafide_oldest_overdue_seconds"), 0);
        // nobody waited beside another: three submissions and an erasure have commits of their own
        for plane in ["data", "keys"] {
            let [commits, writes] =
                ["commits", "writes"].map(|what| value(&metrics, &format!("bonafide_{what}_total{{plane=\"{plane}\"}}")));
            assert!(commits >= 4 && writes >= commits, "{plane}: {commits} commits for {writes} writes");
        }
        assert!(value(&metrics, "bonafide_requests_total{status=\"2xx\"}") >= 10, "{metrics}");
        assert!(value(&metrics, "bonafide_sweep_last_success_seconds") > 1, "{metrics}");
        let operating = include_str!("../../docs/operating.md");
        let rows = operating.lines().skip_while(|line| !line.starts_with("| `retention.causes[].code`")).skip(2);
        let codes = rows.map_while(|line| Some(line.strip_prefix("| ")?.split_once(" | ")?.0));
        let codes: BTreeSet<_> = codes.flat_map(|codes| codes.split(", ").map(|code| code.trim_matches('`'))).collect();
        let lines = metrics.lines().filter_map(|line| line.strip_prefix("bonafide_attention{cause=\"")?.split_once('"'));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.iter().map(|line| line.0).collect::<BTreeSet<_>>(), codes, "as they are documented");
        assert!(codes.contains("data_unwritable") && lines.iter().all(|line| line.1 == "} 0"), "{metrics}");
        assert!(!metrics.contains("visitor") && !metrics.contains("example.org"), "{metrics}");
        for line in metrics.lines() {
            let comment = line.starts_with("# HELP bonafide_") || line.starts_with("# TYPE bonafide_");
            let (name, number) = line.rsplit_once(' ').expect("two words");
            assert!(comment || name.starts_with("bonafide_") && number.parse::<f64>().is_ok(), "{line}");
        }
        assert_eq!(read("/v1/policies").await.0, 404, "nothing else is there");
        site.anonymous.get("/metrics").await.refuses(404, "not_found");
        site.server.stop();
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let home = Installation::on_sqlite();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = home.run(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &address], "");
    assert!(output.code == Some(1) && output.stderr.contains(&address), "{output:?}");
    let output = home.run(["serve", "--metrics-listen", "9090"], "");
    assert!(output.code == Some(2) && output.stderr.contains("--metrics-listen"), "{output:?}");
}
