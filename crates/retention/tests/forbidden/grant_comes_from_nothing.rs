//! A grant by default.

use bonafide_retention::purpose::*;

fn f() -> Grant<FulfilRequest> {
    Default::default()
}

fn main() {}
