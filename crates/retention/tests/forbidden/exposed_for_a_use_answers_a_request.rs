//! What was opened for a newsletter goes into the answer to a request.

use bonafide_retention::purpose::*;

fn f(value: Exposed<Words, Permitted>, reply: &mut Reply<FulfilRequest>) {
    value.give(reply, "email");
}

fn main() {}
