//! What can go wrong in a database, and which constraint was hurt.

use sea_orm::{DbErr, RuntimeErr};
use std::path::PathBuf;

/// An error of the storage layer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, opened or trusted with the settings we need.
    #[error("cannot use the database: {0}")]
    Unusable(String),
    /// The database was written by a newer version of the product.
    #[error(
        "the database has the migration '{0}', which this version does not know: it was used by a newer version of bonafide; run that one"
    )]
    Newer(String),
    /// The database is of an older version of the product, and was to be left as it is.
    #[error("the database lacks the migration '{0}': start the server of this version once, or run 'bonafide migrate'")]
    Outdated(String),
    /// The directory of the data cannot be made or read.
    #[error("the data directory {path}: {reason}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A statement failed.
    #[error(transparent)]
    Statement(#[from] DbErr),
    /// Too many writes wait already; try again in a moment.
    #[error("too many writes are waiting")]
    Overloaded,
    /// Other transactions kept getting in the way of this one.
    #[error("the transaction clashed with others too often")]
    Contended,
    /// The code of a write panicked; nothing of it was kept.
    #[error("a write panicked and was rolled back")]
    Panicked,
    /// The writer has stopped because the process is ending.
    #[error("the database is closed")]
    Closed,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// A constraint of the schema that a statement would have hurt, by the name given in the migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A value that must be unique is there already; named `TABLE_COLUMN_COLUMN_key`.
    Unique(String),
    /// What is pointed at is absent, or what is to go is still pointed at.
    ForeignKey,
    /// A row that can never change again; with the name of its table.
    Immutable(String),
}

/// Tells which constraint an error is about, if it is about one.
pub fn violation(error: &DbErr) -> Option<Violation> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        return None;
    };
    let sqlx::Error::Database(error) = error.as_ref() else { return None };
    if let Some((_, table)) = error.message().split_once("immutable: ") {
        return Some(Violation::Immutable(table.to_owned()));
    }
    match error.kind() {
        sqlx::error::ErrorKind::UniqueViolation => Some(Violation::Unique(unique_name(error.as_ref()))),
        sqlx::error::ErrorKind::ForeignKeyViolation => Some(Violation::ForeignKey),
        _ => None,
    }
}

/// The name of a unique constraint: PostgreSQL gives it, SQLite lists the columns (`UNIQUE constraint failed: a.x, a.y`).
fn unique_name(error: &dyn sqlx::error::DatabaseError) -> String {
    if let Some(name) = error.constraint() {
        return name.to_owned();
    }
    let listed = error.message().rsplit("failed: ").next().unwrap_or_default();
    if let Some(index) = listed.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let mut columns = listed.split(", ").filter_map(|column| column.split_once('.'));
    let Some((table, first)) = columns.next() else { return listed.to_owned() };
    let rest: String = columns.flat_map(|(_, column)| ["_", column]).collect();
    format!("{table}_{first}{rest}_key")
}

/// Whether a transaction that met this error may succeed when it is run again.
pub(crate) fn is_transient(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    // serialization_failure, deadlock_detected
    matches!(error.as_ref(), sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("40001" | "40P01")))
}
