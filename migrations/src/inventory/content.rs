//! The tables of what the site publishes.

use super::{Goes, Table, authored, plain};

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "policy",
        about: "Policies.",
        goes: Goes::Edited,
        columns: &[
            plain("id"),
            plain("site_id"),
            plain("key"),
            authored("title"),
            plain("default_locale"),
            plain("draft_version"),
            plain("version"),
            plain("created_at"),
            plain("updated_at"),
        ],
    },
    Table {
        name: "policy_revision",
        about: "Their revisions.",
        goes: Goes::Kept,
        columns: &[
            plain("id"),
            plain("policy_id"),
            plain("number"),
            plain("state"),
            plain("effective_on"),
            plain("published_at"),
            authored("summary_of_changes"),
            plain("material"),
            plain("digest"),
            plain("previous_digest"),
            authored("commitments"),
            plain("commitments_format"),
            plain("source"),
            plain("source_file"),
            plain("source_sha256"),
            plain("version"),
            plain("created_at"),
            plain("updated_at"),
        ],
    },
    Table {
        name: "policy_text",
        about: "The text of a revision in each language.",
        goes: Goes::Kept,
        columns: &[
            plain("revision_id"),
            plain("locale"),
            plain("state"),
            authored("markdown"),
            authored("html"),
            plain("sha256"),
        ],
    },
    Table {
        name: "policy_diff",
        about: "Differences of neighbouring revisions, computed from their texts.",
        goes: Goes::Kept,
        columns: &[plain("from_id"), plain("to_id"), plain("locale"), plain("granularity"), authored("content")],
    },
];
