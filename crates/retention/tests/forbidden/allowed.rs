//! What is allowed, so that the others fail for their own reasons: no error is expected of it.

use bonafide_retention::purpose::*;

fn given_to_its_own_purpose(value: Exposed<Words, FulfilRequest>, reply: &mut Reply<FulfilRequest>) {
    value.give(reply, "name");
}

fn named(submission: &bonafide_retention::submission::Submission) -> bonafide_model::id::SubmissionId {
    submission.id
}

fn written(record: bonafide_model::id::SubmissionId) -> String {
    serde_json::to_string(&record).unwrap_or_default()
}

fn main() {}
