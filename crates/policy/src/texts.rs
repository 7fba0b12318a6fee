//! The texts of a revision, one per locale, and how large they may be.
//!
//! A text is kept as exactly the bytes it came in: nothing is trimmed, no line end changed.

use crate::{Error, Fault, Rule};
use bonafide_model::Locale;
use std::collections::BTreeMap;

/// How many bytes a text may have: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;
/// How many lines a text may have.
pub const MAX_LINES: usize = 20_000;
/// How many locales a revision may have.
pub const MAX_LOCALES: usize = 50;
/// How many bytes the commitments may have as JSON.
pub const MAX_COMMITMENTS: usize = 256 << 10;
/// The greatest whole number that every JSON reader can tell exactly.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// Markdown by locale.
pub type Texts = BTreeMap<Locale, String>;

/// The first rule that a text breaks.
pub fn broken_rule(text: &str) -> Option<Rule> {
    if text.len() > MAX_BYTES {
        Some(Rule::TextTooLarge)
    } else if text.split_inclusive('\n').nth(MAX_LINES).is_some() {
        Some(Rule::TextTooManyLines)
    } else if text.contains('\0') {
        Some(Rule::Nul)
    } else {
        None
    }
}

/// Every rule that texts and commitments break, whatever else is wrong.
pub(crate) fn check(texts: &Texts, commitments: &[serde_json::Value]) -> Result<(), Error> {
    let mut faults = Vec::new();
    if texts.len() > MAX_LOCALES {
        faults.push(Fault::at("/texts", Rule::TooManyLocales));
    }
    for (locale, text) in texts {
        faults.extend(broken_rule(text).map(|rule| Fault::at(format!("/texts/{locale}"), rule)));
    }
    if serde_json::to_string(commitments).map_or(true, |json| json.len() > MAX_COMMITMENTS) {
        faults.push(Fault::at("/commitments", Rule::CommitmentsTooLarge));
    } else {
        for (index, commitment) in commitments.iter().enumerate() {
            faults.extend(inexact(commitment).map(|rule| Fault::at(format!("/commitments/{index}"), rule)));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// A value that another reader would not see as it is: the digest could not be recomputed there.
fn inexact(value: &serde_json::Value) -> Option<Rule> {
    use serde_json::Value;
    match value {
        Value::Number(number) => {
            let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            (whole.is_some_and(|whole| whole > MAX_EXACT)).then_some(Rule::NumberNotExact)
        }
        Value::String(text) => text.contains('\0').then_some(Rule::Nul),
        Value::Array(items) => items.iter().find_map(inexact),
        Value::Object(members) => {
            members.iter().find_map(|(key, value)| if key.contains('\0') { Some(Rule::Nul) } else { inexact(value) })
        }
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_may_be_as_large_as_the_limits_say_and_no_larger() {
        assert_eq!(broken_rule(&"a".repeat(MAX_BYTES)), None);
        assert_eq!(broken_rule(&"a".repeat(MAX_BYTES + 1)), Some(Rule::TextTooLarge));
        assert_eq!(broken_rule(&"\n".repeat(MAX_LINES)), None);
        assert_eq!(broken_rule(&("\n".repeat(MAX_LINES) + "a")), Some(Rule::TextTooManyLines));
        assert_eq!(broken_rule("\u{feff}a\r\n\u{a0}"), None);
        assert_eq!(broken_rule("a\0"), Some(Rule::Nul));
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let texts = Texts::from([
            ("de".parse().expect("a locale"), "a\0".to_owned()),
            ("en".parse().expect("a locale"), "\n".repeat(MAX_LINES + 1)),
        ]);
        let commitments = [json!({"days": 30}), json!([9_007_199_254_740_992_u64]), json!({"a\0": 1})];
        let Err(Error::Invalid(faults)) = check(&texts, &commitments) else { panic!("it is invalid") };
        let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.rule)).collect();
        let expected = [
            ("/texts/de", Rule::Nul),
            ("/texts/en", Rule::TextTooManyLines),
            ("/commitments/1", Rule::NumberNotExact),
            ("/commitments/2", Rule::Nul),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn fractions_and_the_greatest_exact_number_are_taken() {
        check(&Texts::new(), &[json!([0.1, -9_007_199_254_740_991_i64, 1e300])]).expect("all exact");
        let large = json!("a".repeat(MAX_COMMITMENTS));
        assert!(matches!(check(&Texts::new(), &[large]), Err(Error::Invalid(_))));
    }
}
