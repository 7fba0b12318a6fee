//! Which of our crates may know which: the graph of docs/ARCHITECTURE.md as a table.
//!
//! Only normal dependencies count; tests may use more. An edge that is not here is a decision to be made, not a line
//! to be added in passing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Finding;
use crate::Failure;

/// Every crate and the crates of ours that it may know; everybody may know [`EVERYBODYS`].
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("migrations", &[]),
    ("markup", &[]),
    ("keyring", &[]),
    ("storage", &["migrations"]),
    ("ledger", &["storage", "keyring"]),
    ("vault", &["keyring", "storage"]),
    ("egress", &[]),
    ("accounts", &["ledger", "keyring", "storage"]),
    ("policy", &["markup", "ledger", "storage"]),
    ("site", &["ledger", "storage"]),
    ("content", &["markup", "ledger", "storage"]),
    ("retention", &["policy", "vault", "ledger", "egress", "storage", "keyring"]),
    ("api", &["accounts", "policy", "content", "retention", "site", "ledger", "storage", "keyring"]),
    (PROGRAM, &[]),
    ("test-support", &[]),
    ("tests", &["test-support"]),
    ("xtask", &["test-support"]),
];

/// The program, which wires everything up and may therefore know every crate of the product.
const PROGRAM: &str = "server";

/// The values that every crate of the product shares.
const EVERYBODYS: &str = "model";

/// Those that know the product from outside only.
const OUTSIDERS: [&str; 4] = ["migrations", "test-support", "tests", "xtask"];

/// Compares the graph with the table.
pub(super) fn check(metadata: &Value) -> Result<Vec<Finding>, Failure> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = subject(package["name"].as_str().unwrap_or_default());
        let Some(allowed) = allowed.get(name) else {
            findings.push(format!("crate {name}: not in the graph; give it a place in xtask/src/check/edges.rs"));
            continue;
        };
        let own = |dependency: &&Value| dependency["kind"].is_null() && !dependency["path"].is_null();
        for dependency in package["dependencies"].as_array().into_iter().flatten().filter(own) {
            let other = subject(dependency["name"].as_str().unwrap_or_default());
            let everybodys = other == EVERYBODYS && !OUTSIDERS.contains(&name);
            let wired = name == PROGRAM && (other == "migrations" || !OUTSIDERS.contains(&other));
            if !everybodys && !wired && !allowed.contains(&other) {
                findings.push(format!("crate {name} must not know {other}; see the graph in docs/ARCHITECTURE.md"));
            }
        }
    }
    Ok(findings)
}

/// What a package is called in the graph: its folder.
fn subject(package: &str) -> &str {
    match package {
        "bonafide" => "server",
        other => other.strip_prefix("bonafide-").unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(package: &str, dependency: &str, kind: &Value) -> Vec<Finding> {
        let dependency = json!({ "name": dependency, "kind": kind, "path": "/somewhere" });
        check(&json!({ "packages": [{ "name": package, "dependencies": [dependency] }] }))
            .expect("well-formed metadata")
    }

    #[test]
    fn an_edge_of_the_graph_passes() {
        assert!(findings("bonafide-api", "bonafide-accounts", &Value::Null).is_empty());
        assert!(findings("bonafide-markup", "bonafide-model", &Value::Null).is_empty());
        assert!(findings("bonafide", "bonafide-storage", &Value::Null).is_empty());
        assert!(findings("bonafide-policy", "bonafide-test-support", &json!("dev")).is_empty());
    }

    #[test]
    fn an_edge_that_is_not_in_the_graph_is_found() {
        assert_eq!(findings("bonafide-policy", "bonafide-accounts", &Value::Null).len(), 1);
        assert_eq!(findings("bonafide-tests", "bonafide-model", &Value::Null).len(), 1);
        assert_eq!(findings("bonafide", "bonafide-test-support", &Value::Null).len(), 1);
    }

    #[test]
    fn a_crate_that_is_not_in_the_graph_is_found() {
        assert_eq!(findings("bonafide-extras", "bonafide-model", &Value::Null).len(), 1);
    }

    #[test]
    fn the_graph_has_no_cycles() {
        let graph: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
        let mut left: Vec<&str> = graph.keys().copied().collect();
        while !left.is_empty() {
            let before = left.len();
            let blocked = left.clone();
            left.retain(|name| graph[name].iter().any(|other| blocked.contains(other)));
            assert_ne!(left.len(), before, "a cycle among {left:?}");
        }
    }
}
