//! A grant is kept for later.

use bonafide_retention::purpose::*;

fn f(grant: &Grant<FulfilRequest>) -> Grant<FulfilRequest> {
    grant.clone()
}

fn main() {}
