//! An exposed value is taken out of its purpose.

use bonafide_retention::purpose::*;

fn f(value: Exposed<Words, FulfilRequest>) -> Words {
    value.value
}

fn main() {}
