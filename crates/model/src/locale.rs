//! Languages, as BCP 47 tags in their usual letter case.

use crate::Invalid;
use crate::value::serde_as_text;
use std::fmt;
use std::str::FromStr;

/// A BCP 47 language tag such as `en`, `de-AT` or `zh-Hant-TW`: well-formed, in canonical letter case.
///
/// Language, script, region and variants are taken (RFC 5646 §2.1); extensions and private use are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

impl Locale {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parts of a tag, in the order in which they may stand.
#[derive(PartialEq, PartialOrd)]
enum Part {
    Language,
    Script,
    Region,
    Variant,
}

fn part(index: usize, subtag: &str) -> Option<Part> {
    let all = |test: fn(&u8) -> bool| subtag.as_bytes().iter().all(test);
    let digit_first = subtag.as_bytes().first().is_some_and(u8::is_ascii_digit);
    match subtag.len() {
        2 | 3 if index == 0 && all(u8::is_ascii_alphabetic) => Some(Part::Language),
        _ if index == 0 => None,
        4 if all(u8::is_ascii_alphabetic) => Some(Part::Script),
        2 if all(u8::is_ascii_alphabetic) => Some(Part::Region),
        3 if all(u8::is_ascii_digit) => Some(Part::Region),
        4 if digit_first && all(u8::is_ascii_alphanumeric) => Some(Part::Variant),
        5..=8 if all(u8::is_ascii_alphanumeric) => Some(Part::Variant),
        _ => None,
    }
}

impl FromStr for Locale {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a language tag such as en or de-AT");
        if text.len() > 35 {
            return Err(WANTED);
        }
        let (mut tag, mut last) = (String::with_capacity(text.len()), None);
        for (index, subtag) in text.split('-').enumerate() {
            let part = part(index, subtag).ok_or(WANTED)?;
            if last.as_ref().is_some_and(|last| *last > part || (*last == part && part != Part::Variant)) {
                return Err(WANTED);
            }
            if index > 0 {
                tag.push('-');
            }
            let lower = subtag.to_ascii_lowercase();
            match part {
                Part::Region => tag.push_str(&lower.to_ascii_uppercase()),
                Part::Script => {
                    tag.push_str(&lower[..1].to_ascii_uppercase());
                    tag.push_str(&lower[1..]);
                }
                Part::Language | Part::Variant => tag.push_str(&lower),
            }
            last = Some(part);
        }
        Ok(Self(tag))
    }
}

serde_as_text!(Locale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_take_their_usual_case() {
        for (text, tag) in [
            ("EN", "en"),
            ("de-at", "de-AT"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(text.parse::<Locale>().expect(text).as_str(), tag);
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in
            ["", "e", "en_US", "en-", "-en", "en-US-Latn", "en-US-GB", "english", "x-private", "en-é", "e1", "en--US"]
        {
            assert!(text.parse::<Locale>().is_err(), "{text}");
        }
    }
}
