//! What every column holds: whose data, in which form, for how long, and what takes it away.
//!
//! One table for both planes, beside the migrations that make the columns. It must equal the schema of a running
//! database in both directions ([`Plane::compare`]): a column that nobody declared stops the start, so that no data of a
//! person can come to stand where nobody knows when they go. `docs/RETENTION.md` is printed from it ([`document`]).
//!
//! A migration that adds a column adds its line in [`data`] or [`keys`].

mod content;
mod data;
pub mod document;
mod keys;

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Content, structure, sealed bytes, the log.
    Data,
    /// Keys, and what holds them back.
    Keys,
}

/// Whom a value is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Nobody: structure, settings, counts.
    Nobody,
    /// A visitor of the site.
    Visitor,
    /// Somebody with an account.
    Staff,
    /// Whoever the authors name in what they publish.
    Named,
}

/// In which form a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// As it is.
    Clear,
    /// Only as the id of something that is a person's.
    Id,
    /// Sealed under a key of the record's own; the group of the key.
    Sealed(&'static str),
    /// A key, wrapped under the key of an epoch.
    Wrapped,
    /// As a hash, from which nothing can be learned.
    Hash,
    /// As an HMAC under the week's key, cut so short that several addresses share one.
    Tag,
}

/// How long a value stays, and what takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// Nothing of a person: as long as the installation.
    Stays,
    /// What is published is kept, as is every line of the log.
    Kept,
    /// Drafts and settings: until somebody changes or deletes them.
    Edited,
    /// With its submission.
    Erased,
    /// After the erasure too, so that whoever holds the receipt sees it done.
    Tombstone,
    /// With its permission.
    Permission,
    /// With the release of the hold.
    Released,
    /// A week after it was asked for at the latest, or once it is confirmed.
    Asked,
    /// With the request of the person.
    Answered,
    /// Once the erasure is final.
    Final,
    /// With the next epoch.
    Epoch,
    /// With the next key of the index.
    Week,
    /// With the account.
    Account,
    /// With the session.
    Session,
    /// With the link.
    Link,
    /// With the token.
    Token,
    /// With the preview link.
    Preview,
    /// After a day.
    Day,
    /// After moments.
    Moments,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whom it is about.
    pub whose: Whose,
    /// In which form.
    pub stands: Stands,
    /// How long, if not as its table.
    pub goes: Option<Goes>,
    /// The file of an export in which its owner gets it.
    pub export: Option<&'static str>,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How long its rows stay.
    pub goes: Goes,
    /// Its columns.
    pub columns: &'static [Column],
}

impl Column {
    const fn of(name: &'static str, whose: Whose, stands: Stands) -> Self {
        Self { name, whose, stands, goes: None, export: None }
    }

    /// A column that goes otherwise than its table.
    const fn until(self, goes: Goes) -> Self {
        Self { goes: Some(goes), ..self }
    }

    /// A column that its owner gets in an export.
    const fn exported(self, file: &'static str) -> Self {
        Self { export: Some(file), ..self }
    }

    /// Whether it can say something about a person.
    pub const fn is_personal(&self) -> bool {
        !matches!(self.whose, Whose::Nobody)
    }
}

/// Nobody's.
const fn plain(name: &'static str) -> Column {
    Column::of(name, Whose::Nobody, Stands::Clear)
}

/// A visitor's, as it is: dates and states.
const fn visitor(name: &'static str) -> Column {
    Column::of(name, Whose::Visitor, Stands::Clear)
}

/// The id of what a visitor sent.
const fn visitor_id(name: &'static str) -> Column {
    Column::of(name, Whose::Visitor, Stands::Id)
}

/// Of somebody with an account.
const fn staff(name: &'static str) -> Column {
    Column::of(name, Whose::Staff, Stands::Clear)
}

/// The id of an account, or of what belongs to one.
const fn staff_id(name: &'static str) -> Column {
    Column::of(name, Whose::Staff, Stands::Id)
}

/// Written by authors, about whomever.
const fn authored(name: &'static str) -> Column {
    Column::of(name, Whose::Named, Stands::Clear)
}

/// How the schema and the inventory differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Columns of the schema that nobody declared, as `TABLE.COLUMN`.
    pub undeclared: Vec<String>,
    /// Declared columns that are not there.
    pub absent: Vec<String>,
}

impl Difference {
    /// Whether there is none.
    pub const fn is_none(&self) -> bool {
        self.undeclared.is_empty() && self.absent.is_empty()
    }
}

impl Plane {
    /// Its tables, in the order of the document.
    pub fn tables(self) -> impl Iterator<Item = &'static Table> {
        let (first, rest) = match self {
            Self::Data => (data::TABLES, content::TABLES),
            Self::Keys => (keys::TABLES, &[][..]),
        };
        first.iter().chain(rest)
    }

    /// Compares with the columns of a real schema, each a table and a column.
    pub fn compare(self, real: &[(String, String)]) -> Difference {
        let name = |(table, column): (&str, &str)| format!("{table}.{column}");
        let declared: Vec<(&str, &str)> =
            self.tables().flat_map(|table| table.columns.iter().map(|column| (table.name, column.name))).collect();
        let real: Vec<(&str, &str)> = real.iter().map(|(table, column)| (table.as_str(), column.as_str())).collect();
        Difference {
            undeclared: real.iter().filter(|column| !declared.contains(column)).map(|column| name(*column)).collect(),
            absent: declared.iter().filter(|column| !real.contains(column)).map(|column| name(*column)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn columns() -> impl Iterator<Item = (&'static Table, &'static Column)> {
        let tables = Plane::Data.tables().chain(Plane::Keys.tables());
        tables.flat_map(|table| table.columns.iter().map(move |column| (table, column)))
    }

    #[test]
    fn nothing_is_declared_twice() {
        for plane in [Plane::Data, Plane::Keys] {
            let mut seen = HashSet::new();
            for table in plane.tables() {
                assert!(seen.insert(table.name.to_owned()), "{}", table.name);
                for column in table.columns {
                    assert!(seen.insert(format!("{}.{}", table.name, column.name)), "{}.{}", table.name, column.name);
                }
            }
        }
    }

    #[test]
    fn what_visitors_wrote_stands_sealed_and_goes_with_the_submission() {
        let wrote: Vec<_> = columns().filter(|(_, column)| matches!(column.stands, Stands::Sealed(_))).collect();
        assert_eq!(wrote.len(), 3);
        for (table, column) in wrote {
            assert_eq!((column.whose, column.goes.unwrap_or(table.goes)), (Whose::Visitor, Goes::Erased));
        }
    }

    #[test]
    fn what_is_a_visitors_ends_or_is_only_dates_ids_and_hashes() {
        for (table, column) in columns().filter(|(_, column)| column.whose == Whose::Visitor) {
            let name = format!("{}.{}", table.name, column.name);
            match column.goes.unwrap_or(table.goes) {
                Goes::Stays | Goes::Kept | Goes::Edited => {
                    assert!(matches!(column.stands, Stands::Hash), "{name} never goes");
                }
                Goes::Tombstone => assert_eq!(table.name, "submission", "{name}"),
                _ => {}
            }
        }
    }

    #[test]
    fn a_column_that_nobody_declared_is_named_and_so_is_one_that_is_not_there() {
        let mut real: Vec<(String, String)> = Plane::Keys
            .tables()
            .flat_map(|table| table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned())))
            .collect();
        assert!(Plane::Keys.compare(&real).is_none());
        let lost = real.pop().expect("one");
        real.push(("record_key".to_owned(), "email".to_owned()));
        let difference = Plane::Keys.compare(&real);
        assert_eq!(difference.undeclared, ["record_key.email"]);
        assert_eq!(difference.absent, [format!("{}.{}", lost.0, lost.1)]);
    }
}
