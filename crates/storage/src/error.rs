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
    /// The database went away while a write was being committed: it may have been kept, or not.
    #[error("the database went away during a commit, which may have been kept: {0}")]
    Uncertain(DbErr),
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

impl Error {
    /// Whether the database, or the disk that it stands on, does not do its part: full, read-only, broken or out of reach. It may
    /// work later. Nothing of a write that met it is kept, except perhaps if it is [`Error::Uncertain`].
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Statement(error) => is_outage(error),
            Self::Uncertain(_) => true,
            _ => false,
        }
    }
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

/// What sqlx said, wherever it was said.
fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Whether a statement failed because of the database or its disk, and not because of what it says.
pub(crate) fn is_outage(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match cause(error) {
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| is_code_of_outage(&code)),
        Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
        _ => false,
    }
}

/// Whether a commit that met this error may have been kept all the same: nobody is left who says that it was not. An answer of the
/// database that is none of an outage says it.
pub(crate) fn is_uncertain(error: &DbErr) -> bool {
    is_outage(error) || !matches!(cause(error), Some(sqlx::Error::Database(_)))
}

/// SQLite's result codes are numbers, of which the low byte says what kind they are; PostgreSQL's have five characters.
fn is_code_of_outage(code: &str) -> bool {
    const PERM: u32 = 3;
    const READ_ONLY: u32 = 8;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;
    if code.len() == 5 {
        // insufficient resources, connection exceptions, I/O; read-only; the server ends, or begins
        let class = code.starts_with("53") || code.starts_with("08") || code.starts_with("58");
        return class || matches!(code, "25006" | "57P01" | "57P02" | "57P03");
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, PERM | READ_ONLY | IO | FULL | CANNOT_OPEN))
}

/// Whether a transaction that met this error may succeed when it is run again.
pub(crate) fn is_transient(error: &DbErr) -> bool {
    // serialization_failure, deadlock_detected
    matches!(cause(error), Some(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("40001" | "40P01")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_wrong_statement() {
        // SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY; disk_full, read_only_sql_transaction, admin_shutdown
        for code in ["13", "778", "8", "53100", "25006", "57P01"] {
            assert!(is_code_of_outage(code), "{code}");
        }
        // SQLITE_ERROR, SQLITE_BUSY, SQLITE_CONSTRAINT_UNIQUE; syntax_error, serialization_failure, unique_violation
        for code in ["1", "5", "2067", "42601", "40001", "23505", ""] {
            assert!(!is_code_of_outage(code), "{code}");
        }
        assert!(!Error::Overloaded.is_outage());
    }

    #[test]
    fn of_a_connection_that_is_cut_nobody_knows_what_it_did() {
        let cut = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        let cut = DbErr::Query(RuntimeErr::SqlxError(std::sync::Arc::new(cut)));
        assert!(is_uncertain(&cut) && Error::Uncertain(cut).is_outage());
    }
}
