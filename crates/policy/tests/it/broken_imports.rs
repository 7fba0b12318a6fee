//! Directories that are not what they should be: named with their file before the database is touched.

use crate::imports::history;
use bonafide_policy::Digest;
use bonafide_policy::import::{ImportError, read_dir};
use std::path::{Path, PathBuf};

const GOOD: &[(&str, &str, &[u8])] = &[("a.md", "2020-01-01", b"one\n"), ("b.md", "2020-01-02", b"two\n")];

fn good(dir: &Path) -> PathBuf {
    history(&dir.join("history"), GOOD)
}

/// The error of a good history after something was done to it.
fn broken(damage: impl FnOnce(&Path)) -> String {
    let root = tempfile::tempdir().expect("a directory");
    let dir = good(root.path());
    read_dir(&dir).expect("it was good");
    damage(&dir);
    read_dir(&dir).expect_err("it is broken").to_string()
}

fn index(dir: &Path, text: impl AsRef<[u8]>) {
    std::fs::write(dir.join("index.json"), text).expect("an index");
}

/// A file whose digest is right, with this content.
fn file(bytes: &[u8]) -> String {
    let root = tempfile::tempdir().expect("a directory");
    let dir = history(&root.path().join("history"), &[("a.md", "2020-01-01", bytes)]);
    read_dir(&dir).expect_err("it is broken").to_string()
}

#[test]
fn a_fault_is_named_with_its_file() {
    let digest = "0".repeat(64);
    let one = |line: &str| broken(|dir| index(dir, format!(r#"{{"revisions":[{line}]}}"#)));
    let elsewhere = format!(r#"{{"file":"../a.md","date":"2020-01-01","sha256":"{digest}"}}"#);
    let impossible = format!(r#"{{"file":"a.md","date":"2023-02-30","sha256":"{digest}"}}"#);
    let twice = Digest::of("one\n").hex();
    let twice = format!(r#"{{"file":"a.md","date":"2020-01-01","sha256":"{twice}"}}"#);
    for (found, file, fault) in [
        (broken(|dir| std::fs::write(dir.join("b.md"), "twp\n").expect("a file")), "b.md", "SHA-256"),
        (broken(|dir| std::fs::remove_file(dir.join("b.md")).expect("gone")), "b.md", "No such file"),
        (broken(|dir| std::fs::remove_file(dir.join("index.json")).expect("gone")), "index.json", "No such file"),
        (broken(|dir| index(dir, r#"{"revisions":["#)), "index.json", "EOF"),
        (broken(|dir| index(dir, "[]")), "index.json", "not an index"),
        (broken(|dir| index(dir, "{}")), "index.json", "missing field `revisions`"),
        (broken(|dir| index(dir, r#"{"revisions":[]}"#)), "index.json", "no revisions"),
        (broken(|dir| index(dir, b"{\"revisions\":\"\xff\"}")), "index.json", "not UTF-8"),
        (broken(|dir| index(dir, "[".repeat(10_000))), "index.json", "recursion limit"),
        (broken(|dir| index(dir, " ".repeat((16 << 20) + 1))), "index.json", "16777216 bytes"),
        (one(&elsewhere), "index.json", "plain name"),
        (one(&impossible), "index.json", "must be a date that exists"),
        (one(&format!("{twice},{twice}")), "index.json", "listed twice"),
        (file(b"a\xffb"), "a.md", "not UTF-8"),
        (file(b"a\0b"), "a.md", "NUL"),
        (file(b""), "a.md", "empty"),
        (file(&vec![b'a'; (1 << 20) + 1]), "a.md", "1048576 bytes"),
        (file(&vec![b'\n'; 20_001]), "a.md", "20000 lines"),
    ] {
        assert!(found.contains(file) && found.contains(fault), "{file}, {fault}: {found}");
    }
}

#[test]
fn nothing_outside_the_directory_is_read() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = good(root.path());
    std::fs::write(root.path().join("secret"), "two\n").expect("a file");
    std::fs::remove_file(dir.join("b.md")).expect("gone");
    std::os::unix::fs::symlink(root.path().join("secret"), dir.join("b.md")).expect("a link");
    let found = read_dir(&dir).expect_err("it leads elsewhere");
    assert!(matches!(&found, ImportError::Unreadable { path, .. } if path.ends_with("b.md")), "{found}");
    assert!(matches!(read_dir(&root.path().join("secret")), Err(ImportError::Unreadable { .. })));
}
