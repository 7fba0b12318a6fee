//! An exposed value is shown.

use bonafide_retention::purpose::*;

fn f(value: &Exposed<Words, FulfilRequest>) -> String {
    value.to_string()
}

fn main() {}
