//! Numbers that JSON can write and not every reader can tell (RFC 7493 §2.2): they are refused and not rounded.
//!
//! A parser has lost the digits by the time it gives a number, so this looks at the text.

use super::push;

/// The greatest whole number up to which all are exact.
const MAX_EXACT: u64 = (1 << 53) - 1;

enum Place {
    Member(String),
    Item(usize),
}

/// The JSON pointer of the first number in a well-formed text that would not be kept exactly.
pub(super) fn inexact(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let (mut path, mut at, mut key) = (Vec::new(), 0, false);
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'{' => {
                path.push(Place::Member(String::new()));
                key = true;
            }
            b'[' => {
                path.push(Place::Item(0));
                key = false;
            }
            b'}' | b']' => drop(path.pop()),
            b':' => key = false,
            b',' => match path.last_mut() {
                Some(Place::Item(index)) => *index += 1,
                _ => key = true,
            },
            b'"' => {
                at = after_string(bytes, at);
                if let (true, Some(Place::Member(name))) = (key, path.last_mut()) {
                    *name = serde_json::from_str(&json[start..at]).unwrap_or_default();
                }
            }
            b'-' | b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
                    at += 1;
                }
                if !is_exact(&json[start..at]) {
                    return Some(pointer(&path));
                }
            }
            _ => {}
        }
    }
    None
}

/// The index behind the quotation mark that ends a string.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn pointer(path: &[Place]) -> String {
    let mut pointer = String::new();
    for place in path {
        match place {
            Place::Member(name) => push(&mut pointer, name),
            Place::Item(index) => push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

/// Whether a reader with 64-bit floating-point numbers sees the number that is written.
fn is_exact(literal: &str) -> bool {
    let digits = literal.trim_start_matches('-');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse::<u64>().is_ok_and(|whole| whole <= MAX_EXACT);
    }
    // the shortest text that reads as the same number has the digits that were meant
    let Ok(value) = literal.parse::<f64>() else { return false };
    value.is_finite() && decimal(digits) == decimal(&format!("{:e}", value.abs()))
}

/// A number as its significant digits and the power of ten of the first of them; no digits for zero.
fn decimal(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let leading = i64::try_from(all.len() - significant.len()).unwrap_or(i64::MAX);
    let digits = significant.trim_end_matches('0').to_owned();
    if digits.is_empty() {
        return (digits, 0);
    }
    let exponent: i64 = exponent.parse().unwrap_or(i64::MIN / 2);
    let whole = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    (digits, exponent.saturating_add(whole).saturating_sub(leading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_every_reader_sees_alike_is_taken() {
        for text in [
            "0",
            "-0",
            "0.0",
            "0e5",
            "1",
            "-9007199254740991",
            "0.1",
            "1e300",
            "1.50",
            "100e-2",
            "5e-324",
            "-1.25E+2",
            "123456.789",
            "0.000001",
        ] {
            assert!(is_exact(text), "{text}");
        }
        for text in [
            "9007199254740992",
            "18446744073709551616",
            "-9007199254740993",
            "0.1e-400",
            "1e-324",
            "0.10000000000000000555",
            "9007199254740993.0",
            "12345678901234567890e1",
        ] {
            assert!(!is_exact(text), "{text}");
        }
    }

    #[test]
    fn the_place_is_told() {
        assert_eq!(inexact(r#"{"a\"/b": [1, {"c": "1e-999", "d": [0, 1e-999]}]}"#).as_deref(), Some("/a\"~1b/1/d/1"));
        assert_eq!(inexact(r#"{"a": [], "b": {}, "c": 18446744073709551616}"#).as_deref(), Some("/c"));
        assert_eq!(inexact(r#"{"a": "\\", "b": 1}"#), None);
    }

    proptest! {
        #[test]
        fn a_number_that_was_written_by_a_program_is_exact(value: f64) {
            prop_assume!(value.is_finite());
            let scientific = format!("{value:e}");
            prop_assert!(is_exact(&scientific));
            prop_assert!(value.fract() == 0.0 || is_exact(&value.to_string()));
        }

        #[test]
        fn any_text_ends(text in "[\\[\\]{}\",:0-9eE.\\\\-]{0,40}") {
            let _ = inexact(&text);
        }
    }
}
