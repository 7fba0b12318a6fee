//! Somebody adds a sink that prints.

use bonafide_retention::purpose::*;

struct Printer;

impl Sink<FulfilRequest> for Printer {
    type Takes = Words;

    fn take(&mut self, field: &str, _value: &Words) {
        println!("{field}");
    }
}

fn main() {}
