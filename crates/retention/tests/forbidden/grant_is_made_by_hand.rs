//! A grant is made without asking.

use bonafide_retention::purpose::*;

fn f(record: bonafide_model::id::SubmissionId) -> Grant<FulfilRequest> {
    Grant { record, purpose: FulfilRequest }
}

fn main() {}
