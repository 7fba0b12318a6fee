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
        // grown by hand: a string that grows by itself leaves its old bytes behind unwiped
        self.json = joined(&[&self.json, separator, &json(field), ":", &json(value.as_str())]);
    }
}

/// A JSON string, made in memory that is wiped.
fn json(text: &str) -> Zeroizing<String> {
    // at most six bytes each, such as \u0000, and the quotes: it never grows
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 6 + 2));
    serde_json::to_writer(&mut *bytes, text).expect("a string is JSON, and memory takes it");
    Zeroizing::new(std::str::from_utf8(&bytes).expect("JSON is UTF-8").to_owned())
}

/// How a person gets what is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Members of a JSON object.
    Json,
    /// Lines that no spreadsheet takes for formulas: the field, and its value in quotes.
    Csv,
    /// Rows of an HTML table.
    Html,
}

/// What the person it is about gets of one submission: its fields, in one shape.
pub struct Archive {
    shape: Shape,
    fields: Vec<Zeroizing<String>>,
}

impl Archive {
    /// An empty one.
    pub const fn new(shape: Shape) -> Self {
        Self { shape, fields: Vec::new() }
    }

    /// The fields after one another, each with `before` at its beginning.
    pub fn text(&self, before: &str) -> Zeroizing<String> {
        let between = if self.shape == Shape::Json { "," } else { "" };
        let parts = self.fields.iter().enumerate();
        let parts: Vec<_> =
            parts.flat_map(|(n, field)| [if n == 0 { "" } else { between }, before, field.as_str()]).collect();
        joined(&parts)
    }
}

/// Texts after one another, in memory that is wiped.
pub(crate) fn joined(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text
}

impl private::Closed for Archive {}

impl Sink<SubjectRights> for Archive {
    type Takes = Words;

    fn take(&mut self, field: &str, value: &Words) {
        let value = value.as_str();
        self.fields.push(match self.shape {
            Shape::Json => joined(&[&json(field), ":", &json(value)]),
            Shape::Csv => csv_line(field, value),
            Shape::Html => joined(&["<tr><th>", &escaped(field), "</th><td>", &escaped(value), "</td></tr>\n"]),
        });
    }
}

/// What begins a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What a spreadsheet passes over at the beginning of a cell.
fn is_blank(char: char) -> bool {
    char == ' ' || matches!(char, '\u{a0}' | '\u{200b}' | '\u{feff}')
}

fn csv_line(field: &str, value: &str) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(field.len() + value.len() * 3 + 6));
    line.push_str(field);
    line.push_str(",\"");
    // OWASP, "CSV Injection": the characters that begin a formula
    if value.trim_start_matches(is_blank).starts_with(FORMULA) || value.starts_with(['\t', '\r', '\n']) {
        line.push('\'');
    }
    let mut begins = false;
    for char in value.chars() {
        // programs that separate by other signs begin a cell after these
        if begins && FORMULA.contains(&char) {
            line.push('\'');
        }
        begins = matches!(char, ';' | '\t' | '\r' | '\n') || (begins && is_blank(char));
        line.push(char);
        if char == '"' {
            line.push('"');
        }
    }
    line.push_str("\"\r\n");
    line
}

/// Text as HTML shows it.
fn escaped(text: &str) -> Zeroizing<String> {
    let mut html = Zeroizing::new(String::with_capacity(text.len() * 6));
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
    html
}
