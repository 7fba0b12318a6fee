//! The tables of the key plane.

use super::{Column, Goes, Stands, Table, Whose, plain, staff, staff_id, visitor, visitor_id};

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "record_key",
        about: "The keys of each submission, wrapped under the key of the epoch.",
        goes: Goes::Erased,
        columns: &[
            visitor_id("record"),
            plain("epoch"),
            Column::of("wrapped", Whose::Visitor, Stands::Wrapped),
            plain("version"),
            visitor("fresh_since"),
            plain("generation"),
            Column::of("tag", Whose::Visitor, Stands::Tag).until(Goes::Week),
        ],
    },
    Table {
        name: "tag_even",
        about: "The blind index of e-mail addresses, in one week out of two.",
        goes: Goes::Week,
        columns: &[Column::of("tag", Whose::Visitor, Stands::Tag), visitor_id("record")],
    },
    Table {
        name: "tag_odd",
        about: "The same in the other weeks.",
        goes: Goes::Week,
        columns: &[Column::of("tag", Whose::Visitor, Stands::Tag), visitor_id("record")],
    },
    Table {
        name: "permission",
        about: "Further uses that a visitor has permitted.",
        goes: Goes::Permission,
        columns: &[visitor_id("record"), visitor("use"), plain("groups"), visitor("given_at"), visitor("expires_at")],
    },
    Table {
        name: "rights_lock",
        about: "Submissions whose owner has asked for something that needs them.",
        goes: Goes::Answered,
        columns: &[visitor_id("record"), visitor("until")],
    },
    Table {
        name: "hold",
        about: "Legal holds in force: two people have decided that something must not be destroyed.",
        goes: Goes::Released,
        columns: &[
            visitor_id("record"),
            visitor("reason"),
            visitor("reference"),
            visitor("review_at"),
            staff_id("asked_by"),
            staff("asked_at"),
            staff_id("placed_by"),
            visitor("placed_at"),
        ],
    },
    Table {
        name: "hold_request",
        about: "Legal holds that one person has asked for, and nobody else has confirmed.",
        goes: Goes::Asked,
        columns: &[
            visitor_id("record"),
            visitor("reason"),
            visitor("reference"),
            visitor("review_at"),
            staff_id("asked_by"),
            staff("asked_at"),
        ],
    },
    Table {
        name: "disclosure",
        about: "Disclosures by order of the law that one person has asked for, and perhaps another decided; good for a week.",
        goes: Goes::Erased,
        columns: &[
            visitor_id("record"),
            visitor("ground"),
            visitor("reference"),
            staff_id("asked_by"),
            staff("asked_at"),
            staff_id("decided_by"),
            staff("decided_at"),
        ],
    },
    Table {
        name: "pending",
        about: "Erasures whose keys are destroyed, until no copy of the key plane can open anything of them.",
        goes: Goes::Final,
        columns: &[
            visitor_id("record"),
            Column::of("object", Whose::Visitor, Stands::Hash),
            visitor("cause"),
            visitor("destroyed_at"),
            plain("epoch"),
            visitor("settled_at"),
        ],
    },
    Table {
        name: "epoch",
        about: "Epochs whose keys are alive. The keys themselves stand in the file `epochs.key`, sealed under the root key.",
        goes: Goes::Epoch,
        columns: &[plain("number"), plain("created_at")],
    },
    Table {
        name: "index_key",
        about: "The keys of the blind index, wrapped under the key of the epoch.",
        goes: Goes::Week,
        columns: &[
            plain("generation"),
            plain("bits"),
            plain("created_at"),
            plain("epoch"),
            Column::of("wrapped", Whose::Nobody, Stands::Wrapped),
        ],
    },
    Table {
        name: "note",
        about: "The public names of the root key and of the data that the keys belong to.",
        goes: Goes::Stays,
        columns: &[plain("name"), plain("value")],
    },
    Table {
        name: "seaql_migrations",
        about: "Which migrations have run.",
        goes: Goes::Stays,
        columns: &[plain("version"), plain("applied_at")],
    },
];
