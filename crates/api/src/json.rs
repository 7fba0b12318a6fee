//! Strict JSON: what other parsers forgive, this one refuses, with a pointer to the place.
//!
//! `serde_json` parses; this module adds that no key stands twice in an object, nothing nests deeper than
//! [`DEPTH`], no text holds a NUL and no number is rounded, so that what we check is what every later reader sees.

mod numbers;

use crate::problem::{Fault, Problem};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// How deep a body may nest.
pub(crate) const DEPTH: usize = 64;

/// Parses bytes into a value of a type.
///
/// # Errors
/// 400 for what is not strict JSON, 422 with a pointer for what does not have the shape of `T`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = strict(bytes)?;
    if !value.is_object() {
        // serde would take a list for a struct, its items for the fields in order
        return Err(Problem::fault(Fault::at("", "wrong_type", "Must be an object.")));
    }
    shape(value)
}

/// Gives a JSON value the shape of a type.
pub(crate) fn shape<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| Problem::fault(fault(&error)))
}

/// Turns the message of `serde` into a fault. The message may quote what was sent, so only its safe part is kept.
fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let (message, path) = (error.inner().to_string(), pointer(error.path()));
    let quoted = |message: &str| message.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("unknown field") {
        let field = quoted(&message);
        let mut place = String::new();
        push(&mut place, &field);
        let path = if path.ends_with(&place) { path } else { path + &place };
        let known = message
            .split_once("expected ")
            .map_or_else(String::new, |(_, known)| format!("; known: {}", known.replace('`', "")));
        return Fault::at(path, "unknown_field", format!("The field is not known here{known}."));
    }
    if message.starts_with("missing field") {
        return Fault::at(format!("{path}/{}", quoted(&message)), "missing_field", "The field is missing.");
    }
    if message.starts_with("invalid type") || message.starts_with("invalid length") {
        let expected = message.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
        return Fault::at(path, "wrong_type", format!("Must be {expected}."));
    }
    if message.starts_with("unknown variant") || message.starts_with("invalid value") {
        let expected = message.rsplit_once("expected ").map_or("another value", |(_, expected)| expected);
        return Fault::at(path, "invalid_value", format!("Must be {}.", expected.replace('`', "")));
    }
    Fault::at(path, "invalid_value", message)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// What is wrong beyond the grammar of JSON; `serde` errors carry only text, so it is kept aside.
#[derive(Default)]
struct Trouble(RefCell<Option<Problem>>);

impl Trouble {
    fn set(&self, problem: Problem) -> &'static str {
        self.0.borrow_mut().get_or_insert(problem);
        "trouble"
    }
}

const INEXACT: &str = "Must be a number that a 64-bit floating-point number keeps exactly; whole numbers up to \
                       9007199254740991. Send it as a string.";

fn strict(bytes: &[u8]) -> Result<Value, Problem> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Problem::new("malformed_json", "The body is not UTF-8."));
    };
    let trouble = Trouble::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let result = Node { depth: 0, pointer: String::new(), trouble: &trouble }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    let value = result.map_err(|error| {
        trouble.0.take().unwrap_or_else(|| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Problem::new("malformed_json", format!("The body is not JSON: it goes wrong at {place}."))
        })
    })?;
    match numbers::inexact(text) {
        Some(pointer) => Err(Problem::fault(Fault::at(pointer, "number_not_exact", INEXACT))),
        None => Ok(value),
    }
}

struct Node<'a> {
    depth: usize,
    pointer: String,
    trouble: &'a Trouble,
}

impl Node<'_> {
    fn child(&self, key: &str) -> Node<'_> {
        let mut pointer = self.pointer.clone();
        push(&mut pointer, key);
        Node { depth: self.depth + 1, pointer, trouble: self.trouble }
    }

    fn text<E: serde::de::Error>(&self, text: String) -> Result<String, E> {
        if text.contains('\0') {
            let fault = Fault::at(self.pointer.clone(), "malformed_request", "Must not contain a NUL.");
            return Err(E::custom(self.trouble.set(Problem::fault(fault))));
        }
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH {
            let problem = Problem::new("malformed_json", format!("The body nests deeper than {DEPTH} levels."));
            return Err(D::Error::custom(self.trouble.set(problem)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.child(&items.len().to_string()))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let child = self.child(&key);
            let key = child.text(key)?;
            if members.contains_key(&key) {
                let fault = Fault::at(child.pointer.clone(), "duplicate_key", "The key stands twice in its object.");
                return Err(A::Error::custom(self.trouble.set(Problem::fault(fault))));
            }
            let value = map.next_value_seed(child)?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Body {
        title: String,
        list: Option<Vec<Inner>>,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Inner {
        n: u32,
    }

    fn refusal(body: &str) -> (String, String, u64) {
        let problem = serde_json::to_value(parse::<Body>(body.as_bytes()).expect_err(body)).expect("serialises");
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
        (
            problem["code"].as_str().unwrap_or_default().to_owned(),
            pointer,
            problem["status"].as_u64().unwrap_or_default(),
        )
    }

    #[test]
    fn every_fault_has_its_code_and_place() {
        for (body, code, pointer, status) in [
            (r#"{"title":"a","title":"b"}"#, "duplicate_key", "/title", 400),
            (r#"{"title":"a","x":1}"#, "unknown_field", "/x", 422),
            (r#"{"title":"a","list":[{"n":1,"y":2}]}"#, "unknown_field", "/list/0/y", 422),
            (r#"{"list":[]}"#, "missing_field", "/title", 422),
            (r#"{"title":1}"#, "wrong_type", "/title", 422),
            (r#"{"title":"a","list":[{"n":"1"}]}"#, "wrong_type", "/list/0/n", 422),
            (r#"{"title":"a\u0000b"}"#, "malformed_request", "/title", 400),
            (r#"{"title":"a","n":18446744073709551616}"#, "invalid_value", "/n", 422),
            (r#"{"title":"\ud800"}"#, "malformed_json", "", 400),
            (r#"{"title":"a"} x"#, "malformed_json", "", 400),
            ("", "malformed_json", "", 400),
            (&"[".repeat(10_000), "malformed_json", "", 400),
            (&format!("{}1{}", "[".repeat(100), "]".repeat(100)), "malformed_json", "", 400),
        ] {
            assert_eq!(refusal(body), (code.to_owned(), pointer.to_owned(), status), "{body:.60}");
        }
    }

    #[test]
    fn the_message_does_not_quote_what_was_sent() {
        let problem = parse::<Body>(br#"{"title":"a","list":"ada@example.org"}"#).expect_err("wrong type");
        assert!(!format!("{problem:?}").contains("example.org"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_a_problem(bytes: Vec<u8>) {
            let _ = parse::<Body>(&bytes);
        }

        #[test]
        fn what_is_accepted_is_what_serde_json_reads(n in -(1_i64 << 53) + 1..1 << 53, text in "[^\\x00]{0,20}") {
            let value = serde_json::json!({"a": [n, text.clone(), null, true], "b": {"c": text}});
            let bytes = serde_json::to_vec(&value).expect("serialises");
            prop_assert_eq!(strict(&bytes).expect("strict JSON"), value);
        }
    }
}
