//! An exposed value is put into an answer by hand.

use bonafide_retention::purpose::*;

fn f(value: &Exposed<Words, FulfilRequest>) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn main() {}
