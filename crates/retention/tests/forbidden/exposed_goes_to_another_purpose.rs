//! What was opened to answer a request goes into an archive of rights.

use bonafide_retention::purpose::*;

fn f(value: Exposed<Words, FulfilRequest>, archive: &mut Archive) {
    value.give(archive, "name");
}

fn main() {}
