//! A sealed value is written to a log.

use bonafide_retention::purpose::*;

fn f(value: &Sealed<Words>) {
    println!("{value:?}");
}

fn main() {}
