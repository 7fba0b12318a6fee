//! The inventory as a document: `docs/RETENTION.md`, and what `bonafide inventory` prints.

use super::{Column, Goes, Plane, Stands, Table, Whose};
use std::fmt::Write as _;

const HEAD: &str = "# What is kept, in which form, and for how long

Printed by `bonafide inventory` and written here by `cargo xtask retention`; do not edit it. Every column of both databases has a
line in it. `serve` and `check` compare it with the schema of the databases they open: a column that is not here stops the start
with exit code 78 and is named.

No table holds an address of the network, a user agent or a referrer of a visitor. What visitors write is sealed before it is
written anywhere; it is in clear only in memory, for a purpose, after the reading was recorded.
";

const ENDS: &str = "## When a submission ends

| what happens | when it ends |
| --- | --- |
| it is fulfilled | after the form's period, 30 days unless the form says otherwise |
| nobody answers | after the form's longest time, 180 days unless the form says otherwise |
| it is judged to be spam | after 7 days unless the form says otherwise |
| its visitor wants it erased, with the receipt | 24 hours later, unless the wish is taken back |
| the privacy officer erases it, because the person asks for it or because it is not needed | at once |
| a permission was given | the fields that its use needs are kept until it is withdrawn or ends, 24 months at most |
| a request of the person is open | scheduled erasure waits, 30 days at most; the person's own wish does not |
| a legal hold is in force | nothing is destroyed until it is released; two people place it |

A sweep looks every ten seconds. An erasure destroys the keys first, in one transaction: from then on no copy of the data can be
opened. Then the sealed bytes are deleted and the files scrubbed, within a second (`scrubbed_at`). It is `final` when the epoch under which the keys stood
is gone, within a day: then no copy of the database of keys helps either.
";

impl Whose {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Visitor => "visitor",
            Self::Staff => "staff",
            Self::Named => "whoever is named",
        }
    }
}

impl Stands {
    /// In a few words.
    pub fn words(self) -> String {
        match self {
            Self::Clear => "in clear".to_owned(),
            Self::Id => "an id".to_owned(),
            Self::Sealed(group) => format!("sealed under the key `{group}` of the submission"),
            Self::Wrapped => "a key, wrapped under that of the epoch".to_owned(),
            Self::Hash => "a hash, or sealed under a key that is not kept".to_owned(),
            Self::Tag => "a short HMAC under the week's key".to_owned(),
        }
    }
}

impl Goes {
    /// How long.
    pub const fn long(self) -> &'static str {
        match self {
            Self::Stays => "as long as the installation",
            Self::Kept => "for good: what was published or recorded is not changed",
            Self::Edited => "until it is changed or deleted",
            Self::Erased => "until the submission is erased",
            Self::Tombstone => "for good: whoever holds the receipt sees the erasure done",
            Self::Permission => "until it is withdrawn or ends, 24 months at most, or the submission is erased",
            Self::Released => "until the hold is released",
            Self::Asked => {
                "until it is confirmed, taken back, asked for anew, or the submission is erased; void after 7 days"
            }
            Self::Answered => "until the request is answered, 30 days at most",
            Self::Final => "until the erasure is final, a day or so",
            Self::Epoch => "until the next epoch, a day",
            Self::Week => "until the next key of the index, a week, or the submission is erased",
            Self::Account => "as long as the account; accounts are suspended and not deleted",
            Self::Session => "until logout, or 30 days without use",
            Self::Link => "until it is used or replaced, 7 days at most",
            Self::Token => "until it is revoked",
            Self::Preview => "until it expires, 30 days at most, or is revoked, or its page is deleted",
            Self::Day => "a day, or until the object is erased",
            Self::Moments => "moments",
        }
    }

    /// What takes it away.
    pub const fn by(self) -> &'static str {
        match self {
            Self::Stays | Self::Kept | Self::Tombstone => "nothing",
            Self::Edited => "whoever may change it",
            Self::Erased => "the sweep, the visitor, or the privacy officer: `retention::erase`, and nothing else",
            Self::Permission => "the visitor, the upkeep of the keys, or the erasure",
            Self::Released => "the privacy officer",
            Self::Asked => "the privacy officer, or the erasure",
            Self::Answered => "the answer, or the erasure",
            Self::Final | Self::Epoch | Self::Week => "the upkeep of the keys",
            Self::Account => "the owner",
            Self::Session | Self::Link => "its owner, or the five-minute housekeeping",
            Self::Token => "its owner",
            Self::Preview => "whoever may write the page, or the five-minute housekeeping",
            Self::Day => "the five-minute housekeeping, or the erasure",
            Self::Moments => "whoever has done the work",
        }
    }

    /// How long, as a word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Kept => "kept",
            Self::Edited => "edited",
            Self::Erased => "erased",
            Self::Tombstone => "tombstone",
            Self::Permission => "permission",
            Self::Released => "released",
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Final => "final",
            Self::Epoch => "epoch",
            Self::Week => "week",
            Self::Account => "account",
            Self::Session => "session",
            Self::Link => "link",
            Self::Token => "token",
            Self::Preview => "preview",
            Self::Day => "day",
            Self::Moments => "moments",
        }
    }
}

impl Plane {
    const fn heading(self) -> &'static str {
        match self {
            Self::Data => "## The data (`bonafide.db`, or PostgreSQL)",
            Self::Keys => "## The keys (`keys.db`)",
        }
    }

    /// As a word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keys => "keys",
        }
    }
}

/// The whole document, in Markdown.
pub fn markdown() -> String {
    let mut text = format!("{HEAD}\n{ENDS}");
    for plane in [Plane::Data, Plane::Keys] {
        push(&mut text, format_args!("\n{}\n", plane.heading()));
        for table in plane.tables() {
            describe(&mut text, table);
        }
    }
    text
}

fn describe(text: &mut String, table: &Table) {
    push(text, format_args!("\n### `{}`\n\n{}\n", table.name, table.about));
    push(text, format_args!("Kept {}. Taken away by: {}.\n\n", table.goes.long(), table.goes.by()));
    let personal: Vec<_> = table.columns.iter().filter(|column| column.is_personal()).collect();
    let plain = table.columns.iter().filter(|column| !column.is_personal() && column.stands == Stands::Clear);
    let plain: Vec<_> = plain.map(|column| format!("`{}`", column.name)).collect();
    let rest: Vec<_> =
        table.columns.iter().filter(|column| !column.is_personal() && column.stands != Stands::Clear).collect();
    if !personal.is_empty() || !rest.is_empty() {
        text.push_str("| column | about | how it stands there | otherwise than the table | in an export |\n");
        text.push_str("| --- | --- | --- | --- | --- |\n");
        for column in personal.into_iter().chain(rest) {
            line(text, column);
        }
        text.push('\n');
    }
    if !plain.is_empty() {
        push(text, format_args!("About nobody: {}.\n", plain.join(", ")));
    } else if text.ends_with("\n\n") {
        text.pop();
    }
}

fn line(text: &mut String, column: &Column) {
    let otherwise = column.goes.map(Goes::long).unwrap_or_default();
    let export = column.export.map(|file| format!("`{file}`")).unwrap_or_default();
    let (whose, stands) = (column.whose.word(), column.stands.words());
    push(text, format_args!("| `{}` | {whose} | {stands} | {otherwise} | {export} |\n", column.name));
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // writing to a string does not fail
    let _ = text.write_fmt(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_stands_in_the_document() {
        let text = markdown();
        for plane in [Plane::Data, Plane::Keys] {
            for table in plane.tables() {
                let from = text.find(&format!("### `{}`", table.name)).expect("a heading");
                assert!(table.columns.iter().all(|column| text[from..].contains(&format!("`{}`", column.name))));
            }
        }
        assert!(text.lines().all(|line| line.trim_end() == line) && !text.contains("\n\n\n") && text.ends_with(".\n"));
    }
}
