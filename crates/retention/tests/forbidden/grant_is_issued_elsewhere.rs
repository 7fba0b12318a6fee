//! A grant is issued on made-up facts.

use bonafide_retention::purpose::*;

fn f(record: bonafide_model::id::SubmissionId, facts: &Facts, now: bonafide_model::Instant) {
    let _ = Grant::issue(FulfilRequest, record, facts, now);
}

fn main() {}
