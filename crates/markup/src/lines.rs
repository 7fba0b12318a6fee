//! Blunts lines that nest too deep.
//!
//! A line may open any number of quotes and lists (`> > - - >`), and a parser compares every later line with all that
//! are open: a megabyte of `>` followed by a megabyte of short lines takes minutes. Here a line keeps its first
//! [`MARKERS`] markers, the next one is escaped and so becomes text; and it keeps [`COLUMNS`] columns of the white
//! space before and between them, since indentation continues a list. No real text comes near.

use std::borrow::Cow;
use std::ops::Range;

/// Quotes and lists that one line may open or continue by a marker.
const MARKERS: usize = 64;

/// Columns of white space among the markers of one line; a list level takes at least two.
const COLUMNS: usize = 256;

/// The text with every line inside the limits; borrowed if it was already.
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut start) = (0, 0);
    while start < text.len() {
        let prefix = measure(&text.as_bytes()[start..]);
        if let Some(fault) = prefix.fault {
            out.push_str(&text[copied..start + fault.drop.start]);
            copied = start + fault.drop.end;
            if let Some(at) = fault.escape {
                out.push_str(&text[copied..start + at]);
                out.push('\\');
                copied = start + at;
            }
        }
        let searched = start + prefix.length;
        start = text[searched..].find(['\n', '\r']).map_or(text.len(), |end| searched + end + 1);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// How far the markers of a line reach, and what is too much about them.
struct Prefix {
    length: usize,
    fault: Option<Fault>,
}

/// What to do about a line, in bytes from its start.
struct Fault {
    /// White space that has to go.
    drop: Range<usize>,
    /// Where a backslash belongs so that what follows is text.
    escape: Option<usize>,
}

/// Reads the markers at the start of a line.
fn measure(line: &[u8]) -> Prefix {
    let (mut at, mut markers, mut columns) = (0, 0, 0);
    while at < line.len() {
        if let byte @ (b' ' | b'\t') = line[at] {
            columns += if byte == b'\t' { 4 } else { 1 };
            if columns > COLUMNS {
                let space = line[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let end = at + space;
                let escape = marker(&line[end..]).map(|width| end + width - 1);
                return Prefix { length: end, fault: Some(Fault { drop: at..end, escape }) };
            }
            at += 1;
        } else {
            let Some(width) = marker(&line[at..]) else { break };
            markers += 1;
            if markers > MARKERS {
                return Prefix { length: at, fault: Some(Fault { drop: at..at, escape: Some(at + width - 1) }) };
            }
            at += width;
        }
    }
    Prefix { length: at, fault: None }
}

/// The width of the marker of a quote or list item at the start of `line`.
fn marker(line: &[u8]) -> Option<usize> {
    let ends = |at: usize| matches!(line.get(at), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
    match line.first()? {
        b'>' => Some(1),
        b'-' | b'+' | b'*' if ends(1) => Some(1),
        b'0'..=b'9' => {
            let digits = line.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
            (matches!(line.get(digits), Some(b'.' | b')')) && ends(digits + 1)).then_some(digits + 1)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        let text = "# A\n\n> > - 1. x\r\n    code\n* * * * *\n\n\t- deep\n";
        assert!(matches!(tame(text), Cow::Borrowed(_)));
    }

    #[test]
    fn a_marker_too_many_becomes_text() {
        let text = format!("a\n{}x\nb\n{}y", ">".repeat(66), "1. ".repeat(65));
        let expected = format!("a\n{}\\>>x\nb\n{}1\\. y", ">".repeat(64), "1. ".repeat(64));
        assert_eq!(tame(&text), expected);
    }

    #[test]
    fn a_wide_indent_is_narrowed() {
        let text = format!("{}x\n{}\ny  z", " ".repeat(300), "\t".repeat(70));
        assert_eq!(tame(&text), format!("{}x\n{}\ny  z", " ".repeat(256), "\t".repeat(64)));
        let text = format!("{}- - x", " ".repeat(300));
        assert_eq!(tame(&text), format!("{}\\- - x", " ".repeat(256)));
    }
}
