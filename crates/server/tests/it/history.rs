//! A made-up history of a policy, as a directory.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Three texts, one of them without a final newline and one with a blank that is none.
const TEXTS: [(&str, &str); 3] = [
    ("2016-06-01", "# Policy\n\nWe count visits.\n"),
    ("2018-05-25", "# Policy\n\nWe count\u{a0}visits, and ask first."),
    ("2026-01-15", "# Policy\n\nWe count nothing.\n"),
];

/// Writes the first texts of the history with an index, and gives the directory.
pub(crate) fn write(root: &Path, count: usize) -> PathBuf {
    let dir = root.join("history");
    std::fs::create_dir_all(&dir).expect("writable");
    let revisions = TEXTS.iter().take(count).map(|(date, text)| {
        let file = format!("{date}.md");
        std::fs::write(dir.join(&file), text).expect("writable");
        let digest = Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        serde_json::json!({"file": file, "date": date, "sha256": digest, "note": "ignored"})
    });
    let index = serde_json::json!({"document": "privacy policy", "revisions": revisions.collect::<Vec<_>>()});
    std::fs::write(dir.join("index.json"), index.to_string()).expect("writable");
    dir
}

/// The text of a revision.
pub(crate) fn text(number: usize) -> &'static str {
    TEXTS[number - 1].1
}
