//! A scanner in another language looks for what visitors wrote, wherever the program leaves bytes.

use bonafide_test_support::python;
use std::path::Path;
use std::process::Command;

/// The scanner; `None` where there is no Python.
fn scanner() -> Option<Command> {
    let mut python = python()?;
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scanner/scan.py"));
    Some(python)
}

#[test]
fn the_scanner_finds_whatever_is_planted_in_any_encoding() {
    let Some(mut scanner) = scanner() else { return };
    let control = scanner.arg("control").output().expect("python3 was there");
    let said = String::from_utf8_lossy(&control.stdout);
    assert!(control.status.success(), "{said}{}", String::from_utf8_lossy(&control.stderr));
    assert!(said.ends_with(": 0 missed\n"), "{said}");
}

#[test]
fn the_scanner_says_when_it_could_not_look() {
    let Some(mut scanner) = scanner() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let markers = directory.path().join("markers.json");
    let made = scanner.arg("markers").output().expect("python3 was there");
    std::fs::write(&markers, made.stdout).expect("writable");
    let mut scanner = self::scanner().expect("it was there");
    let found = scanner.arg("find").arg(&markers).arg(directory.path().join("nothing")).output().expect("python3");
    assert_eq!(found.status.code(), Some(2), "{}", String::from_utf8_lossy(&found.stdout));
    let mut scanner = self::scanner().expect("it was there");
    let found = scanner.arg("find").arg(&markers).arg(directory.path()).output().expect("python3");
    assert_eq!(found.status.code(), Some(1), "the markers themselves are there");
}
