//! The real histories: every neighbouring pair has exactly the counts that were computed elsewhere.

use std::path::Path;
use std::time::{Duration, Instant};

use bonafide_test_support::shared_data;
use serde_json::Value;

use super::super::{Granularity, Op};
use super::{apply, compared};

/// A revision and the one before it.
struct Neighbours {
    name: String,
    old: String,
    new: String,
    added: u64,
    deleted: u64,
}

fn neighbours(policies: &Path) -> Vec<Neighbours> {
    let mut found = Vec::new();
    for domain in std::fs::read_dir(policies).expect("the directory can be read") {
        let domain = domain.expect("an entry can be read").path();
        let Ok(index) = std::fs::read_to_string(domain.join("index.json")) else { continue };
        let index: Value = serde_json::from_str(&index).expect("an index is JSON");
        let mut previous: Option<String> = None;
        for revision in index["revisions"].as_array().expect("an index lists revisions") {
            let file = revision["file"].as_str().expect("a revision names its file");
            let text = std::fs::read_to_string(domain.join(file)).expect("the file is UTF-8");
            let counts = &revision["min_line_diff_from_previous"];
            if let Some(old) = previous.replace(text.clone()) {
                let count = |key: &str| counts[key].as_u64().expect("every later revision has counts");
                let name = format!("{} {file}", domain.file_name().unwrap_or_default().display());
                found.push(Neighbours { name, old, new: text, added: count("added"), deleted: count("deleted") });
            }
        }
    }
    found
}

#[test]
fn the_counts_are_those_of_the_index() {
    let Some(data) = shared_data() else { return };
    let neighbours = neighbours(&data.join("policies"));
    assert!(neighbours.len() >= 97, "only {} pairs", neighbours.len());
    for Neighbours { name, old, new, added, deleted } in neighbours {
        let lines = compared(&old, &new, Granularity::Line);
        assert_eq!((lines.added as u64, lines.deleted as u64), (added, deleted), "{name}");
        for comparison in [lines, compared(&old, &new, Granularity::Word)] {
            assert_eq!(apply(&comparison.hunks, &old, Op::Delete), new, "{name}");
            assert_eq!(apply(&comparison.hunks, &new, Op::Insert), old, "{name}");
            assert_eq!(comparison.hunks.is_empty(), old == new, "{name}");
        }
    }
}

/// `cargo test --release -p bonafide-policy compare -- --ignored --nocapture`
#[test]
#[ignore = "measures, with optimisation"]
fn words_of_the_largest_pair_take_less_than_50_ms() {
    let Some(data) = shared_data() else { return };
    let mut neighbours = neighbours(&data.join("policies"));
    neighbours.sort_by_key(|pair| pair.old.len() + pair.new.len());
    let time = |pair: &Neighbours| {
        let start = Instant::now();
        let comparison = compared(&pair.old, &pair.new, Granularity::Word);
        (start.elapsed(), comparison)
    };
    let largest = neighbours.last().expect("there are pairs");
    let (elapsed, comparison) = time(largest);
    let Neighbours { name, old, new, .. } = largest;
    println!(
        "{name}: {} and {} bytes, {elapsed:?}, +{} −{}",
        old.len(),
        new.len(),
        comparison.added,
        comparison.deleted
    );
    let slowest = neighbours.iter().map(|pair| (time(pair).0, &pair.name)).max().expect("there are pairs");
    println!("slowest of all: {slowest:?}");
    assert!(elapsed < Duration::from_millis(50));
}
