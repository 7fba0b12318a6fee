//! A sealed value is put into an answer.

use bonafide_retention::purpose::*;

fn f(value: &Sealed<Words>) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn main() {}
