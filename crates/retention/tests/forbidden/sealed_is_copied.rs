//! A sealed value is copied to where no erasure looks.

use bonafide_retention::purpose::*;

fn f(value: &Sealed<Words>) -> Sealed<Words> {
    value.clone()
}

fn main() {}
