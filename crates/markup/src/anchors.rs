//! Names that links can point at: one per heading, and the way there.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Before every id, so that none can be the name of something else in the page (`forms`, `cookie`, `main`).
const PREFIX: &str = "s-";

/// A name is cut here; the number that makes it unique comes after.
const LENGTH: usize = 80;

/// Hands out ids, each once.
#[derive(Default)]
pub(crate) struct Anchors {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Anchors {
    /// An id for a heading with these words. The first keeps the plain name, later ones end in `-1`, `-2`, ….
    pub(crate) fn name(&mut self, words: &str) -> String {
        let plain = format!("{PREFIX}{}", slug(words));
        let number = self.next.entry(plain.clone()).or_default();
        let mut id = plain.clone();
        while self.taken.contains(&id) {
            *number += 1;
            id.clone_from(&plain);
            write!(id, "-{number}").expect("writing to a string cannot fail");
        }
        self.taken.insert(id.clone());
        id
    }

    /// All ids that were given.
    pub(crate) fn into_ids(self) -> HashSet<String> {
        self.taken
    }
}

/// Lower-case letters and digits of any script, joined by hyphens; `section` if there are none.
fn slug(words: &str) -> String {
    let mut slug = String::new();
    let mut gap = false;
    for character in words.chars() {
        if character.is_alphanumeric() || character == '_' {
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            gap = false;
            slug.extend(character.to_lowercase());
            if slug.len() >= LENGTH {
                break;
            }
        } else if character.is_whitespace() || character == '-' {
            gap = true;
        }
    }
    if slug.is_empty() { "section".to_owned() } else { slug }
}

/// Where a link to `fragment` has to point if it means a heading that got a prefix.
pub(crate) fn lead(fragment: &str, ids: &HashSet<String>) -> Option<String> {
    let plain = decode(fragment);
    if ids.contains(&plain) {
        return None;
    }
    ids.contains(&format!("{PREFIX}{plain}")).then(|| format!("#{PREFIX}{fragment}"))
}

/// Percent-decodes; what is not valid stays as it is.
fn decode(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_prefixed() {
        let mut anchors = Anchors::default();
        let names = ["Who we are", "who  we – are?", "Who we are 1", "", "!!", "Über uns", "document"];
        let ids: Vec<_> = names.iter().map(|words| anchors.name(words)).collect();
        let expected = [
            "s-who-we-are",
            "s-who-we-are-1",
            "s-who-we-are-1-1",
            "s-section",
            "s-section-1",
            "s-über-uns",
            "s-document",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn ten_thousand_equal_headings_stay_quick() {
        let mut anchors = Anchors::default();
        for _ in 0..10_000 {
            anchors.name("same");
        }
        assert_eq!(anchors.name("same"), "s-same-10000");
    }

    #[test]
    fn links_are_led_to_the_prefixed_name() {
        let mut anchors = Anchors::default();
        for words in ["Über uns", "S-Bahn", "Bahn"] {
            anchors.name(words);
        }
        let ids = anchors.into_ids();
        assert_eq!(lead("über-uns", &ids).as_deref(), Some("#s-über-uns"));
        assert_eq!(lead("%C3%BCber-uns", &ids).as_deref(), Some("#s-%C3%BCber-uns"));
        assert_eq!(lead("s-bahn", &ids), None, "an id already");
        assert_eq!(lead("%zz%", &ids), None);
        assert_eq!(lead("elsewhere", &ids), None);
    }
}
