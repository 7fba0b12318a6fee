//! The ciphertext is taken out.

use bonafide_retention::purpose::*;

fn f(value: Sealed<Words>) -> Vec<u8> {
    value.envelope
}

fn main() {}
