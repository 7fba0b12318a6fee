//! Values in a form whose order of bytes is their own order, for lists to be filtered and sorted by.
//!
//! A missing value is the empty text; any other begins with `=`. Texts are put in lower case first and keep their own
//! letters, or a digest of them, behind that, so that lists are ordered as people expect, `prefix` and `contains` take
//! either case, and `eq` is exact.

use bonafide_model::content::{Definition, Field, Kind};
use bonafide_model::{Date, Instant};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What stands between a text in lower case and its own letters. No text holds it.
const OWN: char = '\u{1}';

/// What a missing value is.
pub(crate) const MISSING: &str = "";

/// What lists can be filtered and sorted by beside indexed fields: instants of the snapshot.
pub const DATES: [&str; 2] = ["published_at", "updated_at"];

/// The most bytes of a text as it is ordered: what an index of PostgreSQL and a cursor hold.
const LONGEST: usize = 1_200;
/// How many bytes of a longer text are ordered by, and searched.
const BEGINNING: usize = 1_000;

/// A text as it is ordered. Of a long one the beginning counts, and a digest tells it from others that begin alike.
pub(crate) fn text(text: &str) -> String {
    let lower = fold(text);
    let own = if lower == text { String::new() } else { format!("{OWN}{text}") };
    if lower.len() + own.len() <= LONGEST {
        return format!("={lower}{own}");
    }
    let beginning = &lower[..lower.floor_char_boundary(BEGINNING)];
    let mut key = format!("={beginning}{OWN}");
    for byte in Sha256::digest(text) {
        write!(key, "{byte:02x}").expect("a string takes every character");
    }
    key
}

/// The part of a key in a column that is a text in lower case.
pub(crate) fn lower(on: &impl ConnectionTrait, column: &str) -> String {
    match on.get_database_backend() {
        DbBackend::Postgres => format!("split_part(substr({column}, 2), chr(1), 1)"),
        _ => format!("substr({column}, 2, instr({column} || char(1), char(1)) - 2)"),
    }
}

/// A text in lower case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// A number as it is ordered (IEEE 754: the order of the bits of positive numbers is theirs; of negative ones the reverse).
pub(crate) fn number(number: f64) -> String {
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 0 { bits | (1 << 63) } else { !bits };
    format!("={ordered:016x}")
}

/// An instant as it is ordered.
pub(crate) fn instant(instant: Instant) -> String {
    let ordered = instant.micros().cast_unsigned() ^ (1 << 63);
    format!("={ordered:016x}")
}

/// A value of a kind as it is ordered; `None` if it is no value of that kind.
pub(crate) fn of_value(kind: Kind, value: &Value) -> Option<String> {
    match (kind, value) {
        (Kind::Integer | Kind::Number, Value::Number(n)) => n.as_f64().map(number),
        (Kind::Boolean, Value::Bool(yes)) => Some(format!("={}", u8::from(*yes))),
        (_, Value::String(text)) => of_text(kind, text),
        _ => None,
    }
}

/// The same of a value as it stands in a query string.
pub(crate) fn of_text(kind: Kind, given: &str) -> Option<String> {
    match kind {
        Kind::Integer | Kind::Number => given.parse::<f64>().ok().filter(|n| n.is_finite()).map(number),
        Kind::Boolean => given.parse::<bool>().ok().map(|yes| format!("={}", u8::from(yes))),
        Kind::Date => given.parse::<Date>().ok().map(|date| format!("={date}")),
        Kind::Instant => given.parse::<Instant>().ok().map(instant),
        Kind::Reference | Kind::References => {
            given.parse::<bonafide_model::id::EntryId>().ok().map(|id| format!("={id}"))
        }
        _ => Some(text(given)),
    }
}

/// The kind of what a list can be filtered by, under the name it has in queries.
pub(crate) fn filterable(definition: &Definition, name: &str) -> Option<Kind> {
    if DATES.contains(&name) {
        return Some(Kind::Instant);
    }
    let field = definition.field(name)?;
    (field.indexed || is_named(definition, field)).then_some(field.kind)
}

/// Whether a field is the title or the slug, by which lists can always be filtered.
fn is_named(definition: &Definition, field: &Field) -> bool {
    let is = |other: Option<&Field>| other.is_some_and(|other| other.key == field.key);
    is(definition.title_field()) || is(definition.slug_field())
}

/// The keys of a document: the names of what it can be found by, with their values.
pub(crate) fn of_document(definition: &Definition, fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for field in definition.fields.iter().filter(|field| field.is_keyed() || is_named(definition, field)) {
        let name = field.key.to_string();
        match fields.get(field.key.as_str()) {
            Some(Value::Array(items)) if !items.is_empty() => {
                let mut values: Vec<String> = items.iter().filter_map(|item| of_value(field.kind, item)).collect();
                values.sort();
                values.dedup();
                keys.extend(values.into_iter().map(|value| (name.clone(), value)));
            }
            Some(value) => keys.push((name, of_value(field.kind, value).unwrap_or_default())),
            None => keys.push((name, MISSING.to_owned())),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_keys_is_that_of_values(a in -1e18_f64..1e18, b in -1e18_f64..1e18, c: i32, d: i32) {
            prop_assert_eq!(number(a) < number(b), a < b);
            prop_assert_eq!(number(c.into()) < number(d.into()), c < d);
            let (c, d) = (Instant::from_micros(c.into()), Instant::from_micros(d.into()));
            prop_assert_eq!(instant(c) < instant(d), c < d);
        }

        #[test]
        fn texts_are_told_apart_and_ordered_without_their_case(a in "[a-cA-C ]{0,6}", b in "[a-cA-C ]{0,6}") {
            prop_assert_eq!(text(&a) == text(&b), a == b);
            if a.to_lowercase() < b.to_lowercase() && !b.to_lowercase().starts_with(&a.to_lowercase()) {
                prop_assert!(text(&a) < text(&b));
            }
        }
    }

    #[test]
    fn zero_is_one_number() {
        assert_eq!(number(0.0), number(-0.0));
        assert!(text("").as_str() > MISSING);
    }
}
