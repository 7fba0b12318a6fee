//! An exposed value is copied.

use bonafide_retention::purpose::*;

fn f(value: &Exposed<Words, FulfilRequest>) -> Exposed<Words, FulfilRequest> {
    value.clone()
}

fn main() {}
