//! A sealed value is opened outside of the crate, even with a grant.

use bonafide_retention::purpose::*;

fn f(value: &Sealed<Words>, grant: &Grant<FulfilRequest>) {
    let _ = value.open(grant, |_| -> Result<Words, ()> { Err(()) });
}

fn main() {}
