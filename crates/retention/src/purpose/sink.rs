//! Where exposed values may go, one purpose each.

use super::{Grant, Purpose, SubjectRights, Words, private};
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// A place that is for one purpose. Closed: there are those of this module and no others.
pub trait Sink<P: Purpose>: private::Closed {
    /// What it takes.
    type Takes;

    /// Takes the value of one field.
    fn take(&mut self, field: &str, value: &Self::Takes);
}

/// The answer to the person who asked for this purpose: one JSON object of fields.
pub struct Reply<P: Purpose> {
    json: Zeroizing<String>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> Reply<P> {
    /// An empty answer under a grant.
    pub fn new(_grant: &Grant<P>) -> Self {
        Self { json: Zeroizing::new(String::from("{")), purpose: PhantomData }
    }

    /// The body of the answer. Whoever takes it sends it and does nothing else with it.
    pub fn into_json(mut self) -> Zeroizing<String> {
        self.json.push('}');
        self.json
    }
}

impl<P: Purpose> private::Closed for Reply<P> {}

impl<P: Purpose> Sink<P> for Reply<P> {
    type Takes = Words;

    fn take(&mut self, field: &str, value: &Words) {
        let separator = if self.json.len() > 1 { "," } else { "" };
        let (field, value) = (json(field), json(value.as_str()));
        // grown by hand: a string that grows by itself leaves its old bytes behind unwiped
        let mut grown =
            Zeroizing::new(String::with_capacity(self.json.len() + field.len() + value.len() + separator.len() + 2));
        for part in [self.json.as_str(), separator, &field, ":", &value] {
            grown.push_str(part);
        }
        self.json = grown;
    }
}

/// A JSON string, made in memory that is wiped.
fn json(text: &str) -> Zeroizing<String> {
    // at most six bytes each, such as \u0000, and the quotes: it never grows
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 6 + 2));
    serde_json::to_writer(&mut *bytes, text).expect("a string is JSON, and memory takes it");
    Zeroizing::new(std::str::from_utf8(&bytes).expect("JSON is UTF-8").to_owned())
}

/// What the person it is about gets: lines of CSV that no spreadsheet takes for formulas.
#[derive(Default)]
pub struct Archive {
    lines: Vec<Zeroizing<String>>,
}

impl Archive {
    /// The lines, with CRLF as RFC 4180 has it.
    pub fn into_csv(self) -> Zeroizing<String> {
        let mut csv = Zeroizing::new(String::with_capacity(self.lines.iter().map(|line| line.len()).sum()));
        self.lines.iter().for_each(|line| csv.push_str(line));
        csv
    }
}

impl private::Closed for Archive {}

impl Sink<SubjectRights> for Archive {
    type Takes = Words;

    fn take(&mut self, field: &str, value: &Words) {
        let value = value.as_str();
        let mut line = Zeroizing::new(String::with_capacity(field.len() + value.len() * 2 + 6));
        line.push_str(field);
        line.push_str(",\"");
        // OWASP, "CSV Injection": the characters that begin a formula
        if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
            line.push('\'');
        }
        for char in value.chars() {
            line.push(char);
            if char == '"' {
                line.push('"');
            }
        }
        line.push_str("\"\r\n");
        self.lines.push(line);
    }
}
