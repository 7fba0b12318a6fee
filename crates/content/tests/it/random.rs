//! Types and documents that look random, and are the same each time.

use bonafide_model::id::EntryId;
use serde_json::{Map, Value, json};

/// Numbers that look random and are the same each time (Knuth's linear congruential generator, MMIX).
pub(crate) struct Dice(u64);

const WORDS: [&str; 10] =
    ["knot", "*boat*", "<b>tide</b>", "[sea](/sea)", "Ärmel", "海", "<script>x</script>", "a\nb", "#", "|"];
const KINDS: [&str; 16] = [
    "text",
    "markdown",
    "integer",
    "number",
    "boolean",
    "date",
    "instant",
    "choice",
    "choices",
    "url",
    "email",
    "json",
    "reference",
    "references",
    "group",
    "list",
];
/// Of which lists can be filtered.
const INDEXED: [&str; 11] =
    ["text", "integer", "number", "boolean", "date", "instant", "choice", "choices", "url", "email", "references"];

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// One of several.
    pub(crate) fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::try_from(self.roll(all.len() as u64)).expect("small")]
    }

    fn text(&mut self) -> String {
        (0..=self.roll(6)).map(|_| *self.of(&WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn line(&mut self) -> String {
        self.text().replace('\n', " ")
    }

    fn small(&mut self) -> i64 {
        i64::try_from(self.roll(11)).expect("small") - 5
    }

    /// A type with a title, a slug, blocks and up to ten fields of any kind.
    pub(crate) fn definition(&mut self, key: &str) -> Value {
        let mut fields = vec![
            json!({"key": "title", "kind": "text", "required": true, "indexed": self.roll(2) == 0}),
            json!({"key": "slug", "kind": "slug"}),
            json!({"key": "stars", "kind": "integer", "indexed": true}),
            json!({"key": "body", "kind": "blocks"}),
        ];
        for n in 0..=self.roll(10) {
            let kind = *self.of(&KINDS);
            let mut field = json!({"key": format!("f{n}"), "kind": kind, "localized": self.roll(4) > 0});
            match kind {
                "choice" | "choices" => field["choices"] = json!([{"value": "a"}, {"value": "b"}, {"value": "c"}]),
                "reference" | "references" => field["types"] = json!([key]),
                "group" => {
                    field["fields"] = json!([{"key": "inner", "kind": "markdown"}, {"key": "to", "kind": "reference", "types": [key]}]);
                }
                "list" => field["of"] = json!({"kind": self.of(&["integer", "text", "url"])}),
                _ => {}
            }
            let taken = fields.iter().filter(|field| field["indexed"] == json!(true)).count();
            if INDEXED.contains(&kind) && taken < 9 && self.roll(2) == 0 {
                field["indexed"] = json!(true);
            }
            fields.push(field);
        }
        json!({"title": "Thing", "fields": fields})
    }

    /// A change of an entry of a type: some of its fields, each with a value that goes with it, or without one.
    pub(crate) fn document(&mut self, definition: &Value, known: &[EntryId]) -> Value {
        let mut document = Map::from_iter([("title".to_owned(), json!(format!("Title {}", self.roll(40))))]);
        for field in definition["fields"].as_array().expect("fields").iter().skip(1) {
            let key = field["key"].as_str().expect("a key").to_owned();
            match self.roll(5) {
                0 | 1 => {}
                2 => drop(document.insert(key, Value::Null)),
                _ => document.extend(self.value(field, known).map(|value| (key, value))),
            }
        }
        Value::Object(document)
    }

    fn value(&mut self, field: &Value, known: &[EntryId]) -> Option<Value> {
        let day = 1 + self.roll(9);
        Some(match field["kind"].as_str().expect("a kind") {
            "text" => json!(self.line()),
            "markdown" => json!(self.text()),
            "integer" => json!(self.small()),
            "number" => json!(f64::from(i32::try_from(self.small()).expect("small")) / 4.0),
            "boolean" => json!(self.roll(2) == 0),
            "date" => json!(format!("2026-01-0{day}")),
            "instant" => json!(format!("2026-01-01T00:00:0{day}Z")),
            "choice" => json!(self.of(&["a", "b", "c"])),
            "choices" => self.of(&[json!(["a"]), json!(["b", "c"]), json!(["c", "a", "b"])]).clone(),
            "slug" => json!(format!("slug-{}", self.roll(12))),
            "url" => json!(format!("https://example.org/{day}?a=1&b=2")),
            "email" => json!(format!("ada{day}@example.org")),
            "json" => json!({"a": [1, 2.5, null, {"b": self.text()}], "": day}),
            "reference" => json!(self.known(known)?),
            "references" => {
                let mut ids: Vec<String> = (0..self.roll(4)).filter_map(|_| self.known(known)).collect();
                ids.sort();
                ids.dedup();
                json!(ids)
            }
            "group" => match self.known(known) {
                Some(id) => json!({"inner": self.text(), "to": id}),
                None => json!({"inner": self.text()}),
            },
            "list" => {
                let of = json!({"kind": field["of"]["kind"]});
                (0..self.roll(4)).filter_map(|_| self.value(&of, known)).collect()
            }
            "blocks" => (0..self.roll(4)).map(|_| self.block()).collect(),
            other => panic!("a value of the kind {other}"),
        })
    }

    fn known(&mut self, known: &[EntryId]) -> Option<String> {
        if known.is_empty() { None } else { Some(self.of(known).to_string()) }
    }

    fn block(&mut self) -> Value {
        match self.roll(4) {
            0 => json!({"type": "markdown", "text": self.text()}),
            1 => json!({"type": "quote", "text": self.text(), "attribution": self.line()}),
            2 => json!({"type": "code", "text": self.text(), "language": "rust"}),
            _ => json!({"type": "heading", "text": self.line(), "level": 1 + self.roll(6)}),
        }
    }
}
