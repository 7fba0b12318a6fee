//! The real histories of seven sites.

use crate::{World, day, key, locale, world};
use bonafide_policy::compare::Granularity;
use bonafide_policy::digest::Sealed;
use bonafide_policy::import::read_dir;
use bonafide_policy::{Digest, delivery, difference};
use bonafide_test_support::{Installation, on_sqlite_first, shared_data};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn sites() -> Vec<PathBuf> {
    let Some(data) = shared_data() else { return Vec::new() };
    let entries = std::fs::read_dir(data.join("policies")).expect("the histories");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
}

fn name(dir: &Path) -> &str {
    dir.file_name().and_then(|name| name.to_str()).expect("a domain")
}

async fn check(world: &World, dir: &Path) {
    let policy = key(name(dir));
    let plan = read_dir(dir).expect("a plan");
    let report = world.import(policy.as_str(), plan.clone()).await.expect("imported");
    let index: Value =
        serde_json::from_slice(&std::fs::read(dir.join("index.json")).expect("an index")).expect("valid JSON");
    let lines = index["revisions"].as_array().expect("a list");
    assert_eq!(report.imported.len(), lines.len(), "{policy}");
    let mut previous = None;
    for (number, line) in (1..).zip(lines) {
        let file = line["file"].as_str().expect("a name");
        let db = world.db.read();
        let revision = delivery::revision(db, world.site, &policy, number).await.expect("it is there");
        assert_eq!(revision.effective_on, day(line["date"].as_str().expect("a date")), "{policy} {file}");
        let text = delivery::text(db, revision.id, &locale("en")).await.expect("a read").expect("a text");
        assert!(text.markdown.as_bytes() == std::fs::read(dir.join(file)).expect("a file"), "{policy} {file}");
        let sealed = Sealed {
            policy: &policy,
            number,
            effective_on: revision.effective_on,
            published_at: revision.published_at,
            texts: &[(locale("en"), Digest::of(&text.markdown))].into(),
            summary_of_changes: None,
            material: false,
            commitments: &[],
            source: revision.source.as_ref(),
            previous,
        };
        assert_eq!((revision.digest, revision.previous_digest), (sealed.digest(), previous), "{policy} {file}");
        previous = Some(revision.digest);
        smallest(world, &policy, number, &line["min_line_diff_from_previous"]).await;
    }
    let again = world.import(policy.as_str(), plan).await.expect("nothing to do");
    assert_eq!((again.imported.len(), again.present), (0, lines.len()), "{policy}");
}

/// The difference from the revision before has as many lines as the index says, kept or computed the other way round.
async fn smallest(world: &World, policy: &bonafide_model::name::PolicyKey, number: u32, expected: &Value) {
    let (Some(added), Some(deleted)) = (expected["added"].as_u64(), expected["deleted"].as_u64()) else {
        assert_eq!(number, 1, "only the first has nothing before it");
        return;
    };
    let between = async |from, to| {
        let en = locale("en");
        let found = difference::between(&world.db, world.site, policy, from, to, &en, Granularity::Line);
        let found = found.await.expect("a difference");
        (u64::try_from(found.added).expect("a count"), u64::try_from(found.deleted).expect("a count"))
    };
    assert_eq!(between(number - 1, number).await, (added, deleted), "{policy} {number}");
    assert_eq!(between(number, number - 1).await, (deleted, added), "{policy} {number}");
}

on_sqlite_first! {
    async fn every_history_is_kept_as_it_was(home: &Installation) {
        let world = world(home).await;
        let sites = sites();
        for dir in &sites {
            check(&world, dir).await;
        }
        if sites.is_empty() {
            return;
        }
        let kept = world.count("SELECT COUNT(*) FROM policy_diff").await;
        assert_eq!(kept, 2 * (world.count("SELECT COUNT(*) FROM policy_revision").await - 7));
        let pythonspot = sites.iter().find(|dir| name(dir) == "pythonspot.com").expect("it is among them");
        let db = world.db.read();
        let on = day("2016-06-01");
        let found = delivery::in_force(db, world.site, &key("pythonspot.com"), on).await.expect("a read");
        let found = found.expect("in force");
        let text = delivery::text(db, found.id, &locale("en")).await.expect("a read").expect("a text");
        assert_eq!(text.markdown, std::fs::read_to_string(pythonspot.join("2016-06-01.md")).expect("a text"));
    }
}
