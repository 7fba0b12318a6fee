//! Somebody adds a purpose.

use bonafide_retention::purpose::*;

struct Curiosity;

impl Purpose for Curiosity {
    fn asked(&self) -> Asked {
        Asked::FulfilRequest
    }
}

fn main() {}
