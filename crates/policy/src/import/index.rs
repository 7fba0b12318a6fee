//! The index: which files there are, of which day, and what is known of where they come from.

use super::MAX_REVISIONS;
use crate::Digest;
use crate::revision::Source;
use bonafide_model::text::Title;
use bonafide_model::{Date, Instant};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::str::FromStr;

/// The longest file name and URL.
const MAX_NAME: usize = 255;
const MAX_URL: usize = 2048;

/// An index whose every line has been looked at, in its own order.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) title: Option<Title>,
    pub(super) entries: Vec<Entry>,
}

/// One line of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) date: Date,
    pub(super) sha256: Digest,
    pub(super) source: Source,
}

/// The index as JSON. Keys that are not named here are nobody's business.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    document: Option<Value>,
    #[serde(default)]
    source_repository: Option<Value>,
    revisions: Vec<Map<String, Value>>,
}

/// Reads an index; the error says what is wrong, and at which revision.
pub(super) fn parse(bytes: &[u8]) -> Result<Index, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("is not UTF-8: the byte at {} is wrong", error.valid_up_to()))?;
    let raw: Raw = serde_json::from_str(text).map_err(|error| format!("is not an index: {error}"))?;
    if raw.revisions.is_empty() {
        return Err("lists no revisions".into());
    }
    if raw.revisions.len() > MAX_REVISIONS {
        return Err(format!("lists {} revisions; {MAX_REVISIONS} is the most", raw.revisions.len()));
    }
    let repository = raw.source_repository.as_ref().and_then(Value::as_str);
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(raw.revisions.len());
    for (index, members) in raw.revisions.iter().enumerate() {
        let name = members.get("file").and_then(Value::as_str).unwrap_or("no file");
        let entry = entry(members, repository).map_err(|fault| format!("revisions[{index}] ({name:?}): {fault}"))?;
        if !seen.insert(entry.file.clone()) {
            return Err(format!("revisions[{index}] ({name:?}): the file is listed twice"));
        }
        entries.push(entry);
    }
    let title = raw.document.as_ref().and_then(Value::as_str).and_then(|title| title.parse().ok());
    Ok(Index { title, entries })
}

fn entry(members: &Map<String, Value>, repository: Option<&str>) -> Result<Entry, String> {
    let file: String = required(members, "file")?;
    if !is_plain(&file) {
        return Err("file: must be the plain name of a file beside the index".into());
    }
    let digits: String = required(members, "sha256")?;
    let sha256 = Digest::from_hex(&digits).map_err(|fault| format!("sha256: {fault}"))?;
    let url = match optional::<String>(members, "url")? {
        Some(url) => Some(url),
        None => text(members, "wayback").map(ToOwned::to_owned).or_else(|| permalink(repository, members)),
    };
    if url.as_deref().is_some_and(|url| !is_web(url)) {
        return Err("url: must be an address that starts with https:// or http://".into());
    }
    let source = Source { url, recorded_at: optional::<Instant>(members, "recorded_at")?, sha256: sha256.hex() };
    Ok(Entry { file, date: required(members, "date")?, sha256, source })
}

/// The value of a member that has to be there.
fn required<T: FromStr<Err: std::fmt::Display>>(members: &Map<String, Value>, name: &str) -> Result<T, String> {
    optional(members, name)?.ok_or_else(|| format!("{name}: is missing"))
}

/// The value of a member that may be absent or null, but not wrong.
fn optional<T: FromStr<Err: std::fmt::Display>>(members: &Map<String, Value>, name: &str) -> Result<Option<T>, String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|fault| format!("{name}: {fault}")),
        Some(_) => Err(format!("{name}: must be a string")),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// Whether a name leads nowhere but into the directory itself.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !matches!(name, "." | "..")
        && !name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control())
}

fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= MAX_URL
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The address of the recorded file, where repository, commit and path are known and the repository is on GitHub.
fn permalink(repository: Option<&str>, members: &Map<String, Value>) -> Option<String> {
    let repository = repository.filter(|repository| repository.starts_with("github.com/"))?;
    let commit = text(members, "commit").filter(|commit| commit.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let path = text(members, "source_path")?;
    let encoded: String = path
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    Some(format!("https://{repository}/blob/{commit}/{encoded}")).filter(|url| is_web(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn line(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Index, String> {
        let mut line = json!({"file": "a.md", "date": "2016-06-01", "sha256": "0".repeat(64)});
        change(line.as_object_mut().expect("an object"));
        parse(json!({"revisions": [line]}).to_string().as_bytes())
    }

    #[test]
    fn only_file_date_and_digest_are_needed() {
        let index = line(|_| ()).expect("enough");
        assert_eq!(index.entries[0].source.url, None);
        for name in ["file", "date", "sha256"] {
            let missing = line(|line| drop(line.remove(name))).expect_err("too little");
            assert!(missing.contains(name) && missing.contains("revisions[0]"), "{missing}");
        }
    }

    #[test]
    fn a_recorded_instant_keeps_its_moment() {
        let index = line(|line| drop(line.insert("recorded_at".into(), "2024-04-04T17:52:01+03:00".into())));
        let recorded = index.expect("an index").entries[0].source.recorded_at.expect("an instant");
        assert_eq!(recorded.to_string(), "2024-04-04T14:52:01Z");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", "../a.md", "/etc/passwd", "a/b", "a\\b", "c:a", "a\0b", "a\nb"] {
            assert!(line(|line| drop(line.insert("file".into(), name.into()))).is_err(), "{name:?}");
        }
    }

    #[test]
    fn wrong_values_are_named() {
        for (name, value) in [
            ("date", json!("2023-02-30")),
            ("date", json!(20_230_230)),
            ("sha256", json!("xyz")),
            ("recorded_at", json!("yesterday")),
            ("url", json!("javascript:alert(1)")),
        ] {
            let fault = line(|line| drop(line.insert(name.into(), value))).expect_err("wrong");
            assert!(fault.contains(name), "{fault}");
        }
    }

    #[test]
    fn a_commit_on_github_has_an_address() {
        let members = json!({"commit": "0a1b", "source_path": "USA.gov/Privacy Policy.md"});
        let found = permalink(Some("github.com/example/versions"), members.as_object().expect("an object"));
        assert_eq!(found.as_deref(), Some("https://github.com/example/versions/blob/0a1b/USA.gov/Privacy%20Policy.md"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_index_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
