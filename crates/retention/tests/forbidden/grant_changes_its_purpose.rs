//! A grant to fulfil a request is used for a newsletter.

use bonafide_retention::purpose::*;

fn f(grant: Grant<FulfilRequest>) -> Grant<Permitted> {
    grant
}

fn main() {}
