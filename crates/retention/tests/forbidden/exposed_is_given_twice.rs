//! One reading, two recipients.

use bonafide_retention::purpose::*;

fn f(value: Exposed<Words, FulfilRequest>, a: &mut Reply<FulfilRequest>, b: &mut Reply<FulfilRequest>) {
    value.give(a, "name");
    value.give(b, "name");
}

fn main() {}
