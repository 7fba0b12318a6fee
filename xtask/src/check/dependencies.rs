//! Licences, banned crates and sources of everything that is linked, by the lists in `deny.toml`.
//!
//! A small part of what cargo-deny does, for machines where it is not installed: it takes longer to build than all
//! of ours. What both do must agree; the lists are written once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;
use toml::{Table, Value as Item};

use super::Finding;
use super::licences::is_met;
use crate::Failure;
use crate::programs::{self, cargo};

/// The parts of `deny.toml` that are applied here.
struct Lists {
    allowed: BTreeSet<String>,
    /// Licences that one crate may have besides.
    exceptions: Vec<(String, BTreeSet<String>)>,
    /// With those crates that may use it all the same.
    banned: BTreeMap<String, BTreeSet<String>>,
    registries: BTreeSet<String>,
}

/// Looks at every package that is linked on this machine's platform, tests and build scripts included.
pub(super) fn check() -> Result<Vec<Finding>, Failure> {
    let lists = lists()?;
    let rustc = programs::read(Command::new("rustc").current_dir(programs::root()).arg("-vV"))?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let metadata = programs::metadata(&["--filter-platform", host])?;
    // The metadata also hold what weak features would bring if another feature were on; the tree does not.
    let tree = ["tree", "--workspace", "--prefix", "none", "--edges", "normal,build,dev", "--format", "{p}"];
    let tree = programs::read(&mut cargo(&tree))?;
    let linked: BTreeSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();
    let is_linked = |package: &&Value| {
        Some((package["name"].as_str(), package["version"].as_str()))
            .and_then(|(name, version)| Some((name?, version?)))
            .is_some_and(|package| linked.contains(&package))
    };
    let packages = metadata["packages"].as_array().into_iter().flatten().filter(is_linked).collect::<Vec<_>>();
    if packages.len() != linked.len() {
        return Err(format!("cargo tree names {} packages, cargo metadata {}", linked.len(), packages.len()));
    }
    Ok(packages.into_iter().flat_map(|package| objections(package, &lists)).collect())
}

/// `name v1.2.3 (more)`, as cargo tree writes it.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// What is wrong with one package.
fn objections(package: &Value, lists: &Lists) -> Vec<Finding> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let (name, version) = (text("name"), text("version"));
    let exception = |licence: &str| lists.exceptions.iter().any(|(of, also)| of == name && also.contains(licence));
    let mut findings = Vec::new();
    if !is_met(text("license"), &|licence| lists.allowed.contains(licence) || exception(licence)) {
        findings.push(format!("{name} {version}: licence `{}` is not in deny.toml", text("license")));
    }
    if lists.banned.get(name).is_some_and(BTreeSet::is_empty) {
        findings.push(format!("{name} {version}: banned by deny.toml; see `cargo tree --workspace -i {name}`"));
    }
    // Where others may use a crate, ours may not; who else does is cargo-deny's to say.
    for used in package["dependencies"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()) {
        if package["source"].is_null() && lists.banned.get(used).is_some_and(|by| !by.contains(name)) {
            findings.push(format!("{name} {version}: uses {used}, which deny.toml leaves to others"));
        }
    }
    let known = |source: &str| lists.registries.iter().any(|registry| source == format!("registry+{registry}"));
    if package["source"].as_str().is_some_and(|source| !known(source)) {
        findings.push(format!("{name} {version}: comes from {}, not from crates.io", text("source")));
    }
    findings
}

fn lists() -> Result<Lists, Failure> {
    let text = fs::read_to_string(programs::root().join("deny.toml")).map_err(|cause| format!("deny.toml: {cause}"))?;
    let table: Table = toml::from_str(&text).map_err(|cause| format!("deny.toml: {cause}"))?;
    let section = |name: &str| table.get(name).and_then(Item::as_table).cloned().unwrap_or_default();
    let (licenses, bans, sources) = (section("licenses"), section("bans"), section("sources"));
    let named = |table: Table, list: &str| {
        let name = table.get("crate")?.as_str()?.to_owned();
        Some((name, strings(&table, list)))
    };
    let lists = Lists {
        allowed: strings(&licenses, "allow"),
        exceptions: tables(&licenses, "exceptions").filter_map(|table| named(table, "allow")).collect(),
        banned: tables(&bans, "deny").filter_map(|table| named(table, "wrappers")).collect(),
        registries: strings(&sources, "allow-registry"),
    };
    let complete = !lists.allowed.is_empty() && !lists.banned.is_empty() && !lists.registries.is_empty();
    if complete { Ok(lists) } else { Err("deny.toml: a list of licences, bans or registries is missing".into()) }
}

fn items(table: &Table, key: &str) -> impl Iterator<Item = Item> {
    table.get(key).and_then(Item::as_array).cloned().unwrap_or_default().into_iter()
}

fn strings(table: &Table, key: &str) -> BTreeSet<String> {
    items(table, key).filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn tables(table: &Table, key: &str) -> impl Iterator<Item = Table> {
    items(table, key).filter_map(|item| item.as_table().cloned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count(licence: &str, name: &str, source: &str) -> usize {
        let lists = lists().expect("deny.toml can be read");
        let package = json!({ "name": name, "version": "1.0.0", "license": licence, "source": source });
        objections(&package, &lists).len()
    }

    #[test]
    fn what_is_left_to_others_is_not_for_ours() {
        let lists = lists().expect("deny.toml can be read");
        let ours = |uses: &str| json!({ "name": "ours", "license": "MIT", "dependencies": [{ "name": uses }] });
        assert_eq!(objections(&ours("jiff"), &lists).len(), 0);
        assert_eq!(objections(&ours("chrono"), &lists).len(), 1);
        assert_eq!(objections(&json!({ "name": "chrono", "license": "MIT" }), &lists).len(), 0);
    }

    #[test]
    fn lines_of_the_tree_are_read() {
        assert_eq!(name_and_version("serde v1.0.228 (*)"), Some(("serde", "1.0.228")));
        assert_eq!(name_and_version("xtask v0.1.0 (/somewhere/xtask)"), Some(("xtask", "0.1.0")));
        assert_eq!(name_and_version(""), None);
    }

    #[test]
    fn the_lists_of_deny_toml_are_applied() {
        let registry = lists().expect("deny.toml can be read").registries.into_iter().next().expect("a registry");
        let registry = format!("registry+{registry}");
        assert_eq!(count("MIT OR GPL-3.0-only", "thing", &registry), 0);
        assert_eq!(count("GPL-3.0-only", "thing", &registry), 1);
        assert_eq!(count("AGPL-3.0-or-later", "thing", &registry), 1);
        assert_eq!(count("", "thing", &registry), 1);
        assert_eq!(count("MIT", "openssl-sys", &registry), 1);
        assert_eq!(count("MIT", "thing", "git+https://example.org/thing"), 1);
    }
}
