//! A sealed value is shown.

use bonafide_retention::purpose::*;

fn f(value: &Sealed<Words>) -> String {
    value.to_string()
}

fn main() {}
