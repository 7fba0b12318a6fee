//! `cargo xtask openapi`: the two API documents in `openapi/`, as the program itself prints them.

use std::fs;
use std::process::Command;

use crate::{Failure, programs};

/// The documents, one for each audience.
pub(crate) const DOCUMENTS: [&str; 2] = ["public", "admin"];

/// Writes the documents, or with `check` only compares them.
pub(crate) fn run(check: bool) -> Result<(), Failure> {
    let server = programs::server()?;
    let folder = programs::root().join("openapi");
    for document in DOCUMENTS {
        let mut printed = programs::read(Command::new(&server).args(["openapi", document]))?;
        if !printed.ends_with('\n') {
            printed.push('\n');
        }
        let file = folder.join(format!("{document}.json"));
        let stored = fs::read_to_string(&file).unwrap_or_default();
        match first_difference(&stored, &printed) {
            None => println!("openapi/{document}.json is up to date"),
            Some(difference) if check => {
                return Err(format!("openapi/{document}.json is out of date, {difference}; run `cargo xtask openapi`"));
            }
            Some(_) => {
                fs::create_dir_all(&folder)
                    .and_then(|()| fs::write(&file, printed))
                    .map_err(|cause| cause.to_string())?;
                println!("openapi/{document}.json written");
            }
        }
    }
    Ok(())
}

/// Where two texts differ first, for a person: the line and what stands there in both.
pub(crate) fn first_difference(stored: &str, printed: &str) -> Option<String> {
    if stored == printed {
        return None;
    }
    let (mut old, mut new) = (stored.lines(), printed.lines());
    for number in 1.. {
        let (a, b) = (old.next(), new.next());
        if a != b {
            let shown = |line: Option<&str>| line.map_or("the end".into(), |line| format!("`{}`", line.trim()));
            return Some(format!("from line {number} on: the file has {}, the program {}", shown(a), shown(b)));
        }
        if a.is_none() {
            break;
        }
    }
    Some("in its line ends only".into())
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let changed = first_difference("a\n  b\n", "a\n  c\n").expect("they differ");
        assert!(changed.contains("line 2") && changed.contains("`b`") && changed.contains("`c`"), "{changed}");
        let longer = first_difference("a\n", "a\nb\n").expect("they differ");
        assert!(longer.contains("the file has the end, the program `b`"), "{longer}");
        assert!(first_difference("a\r\n", "a\n").expect("they differ").contains("line ends"));
    }
}
