//! Two sealed values are compared.

use bonafide_retention::purpose::*;

fn f(a: &Sealed<Words>, b: &Sealed<Words>) -> bool {
    a == b
}

fn main() {}
