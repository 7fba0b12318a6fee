//! What a browser posts from the page of a form: `application/x-www-form-urlencoded`, taken as strictly as JSON.
//!
//! Names are those that [`page`](super::page) writes: `token`, `fields.KEY`, `permissions` as often as boxes were checked, the
//! honeypot, and `altcha` where somebody's own page has the widget in it. A name that stands there twice or that no
//! page has is refused. Whether a field is one of the form's is asked later, as it is for JSON.

use super::page::FIELD;
use crate::problem::{Fault, Problem};
use serde_json::{Map, Value};

/// More than any form has.
const MOST: usize = 300;

/// What was posted. It holds what a visitor wrote: no `Debug`.
#[derive(Default)]
pub(crate) struct Posted {
    pub(crate) token: Option<String>,
    pub(crate) altcha: Option<String>,
    /// Answers by the keys of their fields. A field that was left empty is not there.
    pub(crate) fields: Map<String, Value>,
    pub(crate) permissions: Vec<String>,
    /// Whether the honeypot was filled in.
    pub(crate) trapped: bool,
}

impl Posted {
    /// Reads a body.
    ///
    /// # Errors
    /// A problem that repeats nothing of what was sent, but a name that may be that of a field.
    pub(crate) fn parse(body: &[u8], honeypot: &str) -> Result<Self, Problem> {
        let mut posted = Self::default();
        for (name, value) in decode_pairs(body)? {
            posted.take(&name, value, honeypot)?;
        }
        Ok(posted)
    }

    fn take(&mut self, name: &str, value: String, honeypot: &str) -> Result<(), Problem> {
        let taken = match name {
            "token" => self.token.replace(value),
            "altcha" if value.is_empty() => None,
            "altcha" => self.altcha.replace(value),
            "permissions" => {
                self.permissions.push(value);
                None
            }
            name if name == honeypot => {
                self.trapped |= !value.is_empty();
                None
            }
            name => {
                let key = name.strip_prefix(FIELD).ok_or_else(|| unknown(name))?;
                // a browser sends a line break as CR LF, and what was left empty as nothing
                let value = value.replace("\r\n", "\n");
                if value.is_empty() {
                    return Ok(());
                }
                self.fields.insert(key.to_owned(), Value::String(value)).map(|_| String::new())
            }
        };
        match taken {
            None => Ok(()),
            Some(_) => Err(Problem::new("duplicate_key", "A field stands there twice.")),
        }
    }
}

/// The names and values of a body.
pub(super) fn decode_pairs(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() >= MOST {
            return Err(Problem::new("malformed_request", format!("A form has at most {MOST} fields.")));
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

/// The name is shown only if it looks like one; it could be anything that somebody wrote.
fn unknown(name: &str) -> Problem {
    let tame = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
    let shown = if name.len() <= 40 && name.bytes().all(tame) { name } else { "?" };
    Problem::fault(Fault::at(format!("/{shown}"), "unknown_field", "There is no such field."))
}

/// Percent-decoding (WHATWG URL §5.1), except that what is not UTF-8, or holds a NUL, is refused.
fn decode(text: &[u8]) -> Result<String, Problem> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| Some(digit(after.first())? << 4 | digit(after.get(1))?)).flatten();
        rest = if escaped.is_some() { &after[2..] } else { after };
        bytes.push(match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => byte,
            None if *first == b'+' => b' ',
            None => *first,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Problem::new("malformed_request", "The body is not UTF-8, or holds a NUL.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(body: &str) -> Result<Posted, String> {
        let problem = |problem: Problem| serde_json::to_value(&problem).expect("JSON")["code"].to_string();
        Posted::parse(body.as_bytes(), "homepage").map_err(problem)
    }

    #[test]
    fn what_a_browser_posts_is_taken() {
        let body = "token=abc&fields.name=Zo%C3%AB+O%27Brien&fields.message=one%0D%0Atwo&fields.phone=\
                    &permissions=newsletter&permissions=calls&homepage=";
        let posted = parse(body).expect("well-formed");
        assert_eq!(posted.token.as_deref(), Some("abc"));
        assert_eq!(posted.fields["name"], "Zoë O'Brien");
        assert_eq!(posted.fields["message"], "one\ntwo");
        assert!(!posted.fields.contains_key("phone") && !posted.trapped && posted.altcha.is_none());
        assert_eq!(posted.permissions, ["newsletter", "calls"]);
        assert!(parse("homepage=x").expect("well-formed").trapped);
    }

    #[test]
    fn what_no_page_posts_is_refused() {
        for (body, code) in [
            ("token=a&token=b", "duplicate_key"),
            ("fields.a=1&fields.a=2", "duplicate_key"),
            ("name=x", "unknown_field"),
            ("Fields.name=x", "unknown_field"),
            ("fields.a=%FF", "malformed_request"),
            ("fields.a=%00", "malformed_request"),
            ("%00=a", "malformed_request"),
        ] {
            assert_eq!(parse(body).err(), Some(format!("\"{code}\"")), "{body}");
        }
        let many = "fields.a=&".repeat(MOST + 1);
        assert_eq!(parse(&many).err().as_deref(), Some("\"malformed_request\""));
    }

    #[test]
    fn a_refusal_does_not_repeat_what_was_sent() {
        for body in ["my+secret+story=1", "token=my+secret&token=story", "fields.a=my+secret%FF", "secret7=1"] {
            let problem = Posted::parse(body.as_bytes(), "homepage").err().expect("refused");
            let said = serde_json::to_string(&problem).expect("JSON");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_values_come_through_and_any_bytes_are_read_or_refused(
            value in "[^\0\r]{1,60}",
            bytes in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let encoded = form_urlencoded::Serializer::new(String::new()).append_pair("fields.a", &value).finish();
            let posted = parse(&encoded).expect("well-formed");
            prop_assert_eq!(&posted.fields["a"], &value);
            let _ = Posted::parse(&bytes, "homepage");
        }
    }
}
