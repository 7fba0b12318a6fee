//! The words themselves are written to a log.

use bonafide_retention::purpose::*;

fn f(words: &Words) {
    println!("{words:?}");
}

fn main() {}
