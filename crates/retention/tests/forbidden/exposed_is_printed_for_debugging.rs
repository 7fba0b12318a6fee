//! An exposed value is written to a log.

use bonafide_retention::purpose::*;

fn f(value: &Exposed<Words, FulfilRequest>) {
    println!("{value:?}");
}

fn main() {}
