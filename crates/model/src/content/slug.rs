//! Names in URLs: one rule, used wherever a slug or path comes from.
//!
//! A segment is made of lower-case letters and digits of any script, with single hyphens between them, at most
//! [`SEGMENT`] characters; a path is up to [`SEGMENTS`] segments joined by `/`, at most [`PATH`] characters. What is given
//! is brought to Unicode NFC, trimmed and put in lower case, and nothing else is changed in silence. A segment that mixes
//! Latin, Greek and Cyrillic letters is refused: it would look like another one.

use crate::Invalid;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The most characters of a segment.
pub const SEGMENT: usize = 100;
/// The most segments of a path.
pub const SEGMENTS: usize = 10;
/// The most characters of a path.
pub const PATH: usize = 500;

/// Brings a slug to its one form. `segments` allows several, joined by `/`.
///
/// # Errors
/// [`Invalid`] if it is no slug even then.
pub fn normalise(text: &str, segments: bool) -> Result<String, Invalid> {
    const WANTED: Invalid =
        Invalid("must be letters and digits with single hyphens between them, at most 100 characters");
    let text: String = text.trim().nfc().flat_map(char::to_lowercase).nfc().collect();
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() > 1 && !segments {
        return Err(Invalid("must be one segment, without '/'"));
    }
    if parts.len() > SEGMENTS || text.chars().nth(PATH).is_some() {
        return Err(Invalid("must have at most 10 segments and 500 characters"));
    }
    for part in parts {
        if !is_segment(part) {
            return Err(WANTED);
        }
        if is_mixed(part) {
            return Err(Invalid("must not mix letters of Latin, Greek and Cyrillic script in one segment"));
        }
    }
    Ok(text)
}

fn is_segment(part: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || is_combining_mark(c) || c == '-';
    !part.is_empty()
        && part.chars().nth(SEGMENT).is_none()
        && part.chars().all(inside)
        && !part.starts_with('-')
        && !part.ends_with('-')
        && !part.contains("--")
        && !part.starts_with(is_combining_mark)
}

/// Whether letters of scripts that look alike stand together.
fn is_mixed(part: &str) -> bool {
    let script = |c: char| match c {
        'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff41}'..='\u{ff5a}' => Some(0),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(1),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => Some(2),
        _ => None,
    };
    let mut scripts = part.chars().filter_map(script);
    scripts.next().is_some_and(|first| scripts.any(|other| other != first))
}

/// Makes a segment of a title: everything that is no letter or digit becomes a hyphen. `None` if nothing is left.
pub fn of_title(title: &str) -> Option<String> {
    let lower: String = title.nfc().flat_map(char::to_lowercase).nfc().collect();
    let mut slug = String::new();
    for c in lower.chars() {
        if c.is_alphanumeric() || (is_combining_mark(c) && !slug.is_empty() && !slug.ends_with('-')) {
            slug.push(c);
        } else if !matches!(c, '\'' | '\u{2019}') && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let cut: String = slug.chars().take(SEGMENT - 20).collect();
    normalise(cut.trim_end_matches('-'), false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slug_has_one_form() {
        for (text, expected) in [
            ("About-Us", "about-us"),
            (" about ", "about"),
            ("Cafe\u{301}", "caf\u{e9}"),
            ("über-uns", "über-uns"),
            ("привет", "привет"),
            ("2024", "2024"),
        ] {
            assert_eq!(normalise(text, false).expect(text), expected);
        }
        assert_eq!(normalise("Docs/Start", true).expect("a path"), "docs/start");
    }

    #[test]
    fn what_looks_like_another_or_is_none_is_refused() {
        let long = "a".repeat(101);
        for text in [
            "",
            "-a",
            "a-",
            "a--b",
            "a b",
            "a.b",
            "..",
            "a/b",
            "p\u{430}ypal",
            "αbc",
            "a\u{202e}b",
            "a%2f",
            "é?",
            &long,
        ] {
            assert!(normalise(text, false).is_err(), "{text}");
        }
        for text in ["/a", "a/", "a//b", "a/../b", &"a/".repeat(11)] {
            assert!(normalise(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn titles_become_slugs() {
        for (title, slug) in [
            ("What's new, in 2026?", Some("whats-new-in-2026")),
            ("  — ", None),
            ("Über uns", Some("über-uns")),
            ("C++ & Rust", Some("c-rust")),
        ] {
            assert_eq!(of_title(title).as_deref(), slug, "{title}");
        }
    }

    proptest! {
        #[test]
        fn normalising_again_changes_nothing(text in "\\PC{0,60}") {
            if let Ok(once) = normalise(&text, true) {
                prop_assert_eq!(normalise(&once, true), Ok(once.clone()));
            }
            if let Some(slug) = of_title(&text) {
                prop_assert_eq!(normalise(&slug, false), Ok(slug.clone()));
            }
        }
    }
}
