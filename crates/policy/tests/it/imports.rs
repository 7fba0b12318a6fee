//! Imports: byte for byte, in order, and never twice.

use crate::delivery::plan;
use crate::{day, draft, key, locale, now, world};
use bonafide_policy::import::{self, ImportError, Request};
use bonafide_policy::{Digest, Error, delivery};
use bonafide_test_support::{Installation, on_both};
use std::path::{Path, PathBuf};

/// Writes an index with these lines, and files beside it.
pub(crate) fn history(dir: &Path, files: &[(&str, &str, &[u8])]) -> PathBuf {
    std::fs::create_dir_all(dir).expect("a directory");
    let lines = files.iter().map(|(file, date, bytes)| {
        std::fs::write(dir.join(file), bytes).expect("a file");
        serde_json::json!({"file": file, "date": date, "sha256": Digest::of(bytes).hex(), "unknown": [1]})
    });
    let index = serde_json::json!({"document": "Privacy Policy", "revisions": lines.collect::<Vec<_>>()});
    std::fs::write(dir.join("index.json"), index.to_string()).expect("an index");
    dir.to_owned()
}

const ODD: &[(&str, &str, &[u8])] = &[
    ("b.md", "2020-01-02", "\u{feff}# Größe\r\n\r\nNBSP\u{a0}here, two blanks  \nno final newline".as_bytes()),
    ("a.md", "2020-01-01", b"\n\n \n\t\n"),
    ("c.md", "2020-01-02", b"same"),
    ("d.md", "2020-01-03", b"same"),
    ("e.md", "2020-01-03", b"same\n"),
];

on_both! {
    async fn texts_come_back_byte_for_byte(home: &Installation) {
        let world = world(home).await;
        let plan = import::read_dir(&history(&home.root().join("odd"), ODD)).expect("a plan");
        let report = world.import("privacy", plan).await.expect("imported");
        assert!(report.created);
        // oldest first, those of one day as listed
        let files: Vec<_> = report.imported.iter().map(|line| line.file.as_str()).collect();
        assert_eq!(files, ["a.md", "b.md", "c.md", "d.md", "e.md"]);
        let mut previous = None;
        for line in report.imported {
            let (file, date, bytes) = ODD.iter().find(|(file, ..)| *file == line.file).expect("it was there");
            let db = world.db.read();
            let found = delivery::revision(db, world.site, &key("privacy"), line.number).await.expect("it is there");
            assert_eq!((found.effective_on, found.published_at), (day(date), now()), "{file}");
            assert_eq!((found.title.as_str(), found.previous_digest), ("Privacy Policy", previous), "{file}");
            assert_eq!(found.source.expect("a source").sha256, Digest::of(bytes).hex());
            previous = Some(found.digest);
            let text = delivery::text(db, found.id, &locale("en")).await.expect("a read").expect("a text");
            assert_eq!(text.markdown.as_bytes(), *bytes, "{file}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 5);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit").await, 1);
    }

    async fn nothing_is_imported_twice(home: &Installation) {
        let world = world(home).await;
        let short = history(&home.root().join("short"), &ODD[..3]);
        let long = history(&home.root().join("long"), ODD);
        let read = |dir: &PathBuf| import::read_dir(dir).expect("a plan");
        world.import("privacy", read(&short)).await.expect("imported");
        let again = world.import("privacy", read(&short)).await.expect("nothing to do");
        assert_eq!((again.created, again.imported.len(), again.present), (false, 0, 3));
        let preview = import::preview(world.db.read(), world.site, &key("privacy"), &read(&long)).await;
        assert_eq!(world.count("SELECT COUNT(*) FROM policy_revision").await, 3);
        let more = world.import("privacy", read(&long)).await.expect("imported");
        assert_eq!(preview.expect("a preview"), more);
        let new: Vec<_> = more.imported.iter().map(|line| (line.number, line.file.as_str())).collect();
        assert_eq!(new, [(4, "d.md"), (5, "e.md")]);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit").await, 2);
    }

    async fn two_imports_at_once_are_one(home: &Installation) {
        let world = world(home).await;
        let days = [day("2020-01-01"), day("2020-01-02"), day("2020-01-03")];
        let (first, second) = tokio::join!(world.import("privacy", plan(&days)), world.import("privacy", plan(&days)));
        let imported = [first, second].map(|report| report.expect("done").imported.len());
        assert_eq!(imported.iter().sum::<usize>(), 3, "{imported:?}");
        assert_eq!(world.count("SELECT COUNT(*) FROM policy_revision").await, 3);
    }

    async fn a_draft_keeps_its_number(home: &Installation) {
        let world = world(home).await;
        world.published("# One").await;
        world.create("privacy", draft("# Two", "2026-12-01")).await.expect("a draft");
        let refused = world.import("privacy", plan(&[day("2020-01-01")])).await;
        assert!(matches!(refused, Err(ImportError::Draft(2))));
        world.publish("privacy", 2, 1).await.expect("published");
        let report = world.import("privacy", plan(&[day("2020-01-01")])).await.expect("imported");
        assert_eq!(report.imported[0].number, 3);
        // older than what was there: it does not come into force, and the chain goes on
        let (db, key) = (world.db.read(), key("privacy"));
        let found = delivery::in_force(db, world.site, &key, day("2026-11-24")).await.expect("a read");
        assert_eq!(found.map(|found| found.number), Some(1));
        let (two, three) = (
            delivery::revision(db, world.site, &key, 2).await.expect("it is there"),
            delivery::revision(db, world.site, &key, 3).await.expect("it is there"),
        );
        assert_eq!(three.previous_digest, Some(two.digest));
    }

    async fn a_locale_must_be_the_default_one(home: &Installation) {
        let world = world(home).await;
        world.published("# One").await;
        let request = Request { key: key("privacy"), title: None, locale: Some(locale("de")) };
        let refused = import::import(&world.db, world.act(), request, plan(&[day("2020-01-01")]), |_| ()).await;
        assert!(matches!(refused, Err(ImportError::Policy(Error::Invalid(_)))));
        let request = Request {
            key: key("datenschutz"),
            title: Some("Datenschutz".parse().expect("a title")),
            locale: Some(locale("de")),
        };
        let mut seen = Vec::new();
        let note = |progress: import::Progress<'_>| seen.push((progress.done, progress.total, progress.file.to_owned()));
        import::import(&world.db, world.act(), request, plan(&[day("2020-01-01")]), note).await.expect("imported");
        assert_eq!(seen, [(1, 1, "0.md".to_owned())]);
        let found = delivery::revision(world.db.read(), world.site, &key("datenschutz"), 1).await.expect("it is there");
        assert_eq!((found.title.as_str(), found.locales), ("Datenschutz", vec![locale("de")]));
    }
}
