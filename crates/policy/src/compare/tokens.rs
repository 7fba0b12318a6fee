//! Cuts texts into tokens.

use std::collections::HashMap;

/// The lines of a text, each with its newline.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The words of a text and the white space between them, in order. A run of white space ends after each newline, so
/// that no token reaches over the end of a line.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (at, character) in text.char_indices() {
        let ends = last.is_some_and(|last| last == '\n' || last.is_whitespace() != character.is_whitespace());
        if ends {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(character);
    }
    if last.is_some() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Whether a token of [`words`] is a word.
pub(super) fn is_word(token: &str) -> bool {
    !token.starts_with(char::is_whitespace)
}

/// Two sequences of tokens as numbers: equal tokens have equal numbers.
pub(super) struct Interned {
    pub(super) old: Vec<u32>,
    pub(super) new: Vec<u32>,
    /// How many different numbers there are.
    pub(super) count: usize,
}

/// Numbers the tokens of both texts.
pub(super) fn intern<'t>(old: impl Iterator<Item = &'t str>, new: impl Iterator<Item = &'t str>) -> Interned {
    let mut numbers: HashMap<&'t str, u32> = HashMap::new();
    let mut number = |token: &'t str| {
        let next = u32::try_from(numbers.len()).expect("a text has fewer than 2^32 tokens");
        *numbers.entry(token).or_insert(next)
    };
    let old = old.map(&mut number).collect();
    let new = new.map(&mut number).collect();
    Interned { old, new, count: numbers.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_newline() {
        assert_eq!(lines("a\r\n\nb\rc"), ["a\r\n", "\n", "b\rc"]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_word_is_what_stands_between_white_space() {
        assert_eq!(words("a, b\u{a0}c \n\n  d\r\n"), ["a,", " ", "b", "\u{a0}", "c", " \n", "\n", "  ", "d", "\r\n"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn equal_tokens_have_equal_numbers() {
        let interned = intern(["a", "b", "a"].into_iter(), ["c", "b"].into_iter());
        assert_eq!((interned.old, interned.new, interned.count), (vec![0, 1, 0], vec![2, 1], 3));
    }
}
