//! A sealed value is made of stolen bytes.

use bonafide_retention::purpose::*;

fn f(record: bonafide_model::id::SubmissionId) -> Sealed<Words> {
    Sealed { record, envelope: Vec::new(), holds: std::marker::PhantomData }
}

fn main() {}
