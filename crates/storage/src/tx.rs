//! One transaction, as domain functions see it.

use crate::appends::Append;
use crate::error::{is_outage, is_transient, violation};
use crate::feed::Change;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A transaction that is open for the length of one [`crate::Db::write`] closure. It cannot be committed from inside.
pub struct Tx {
    inner: DatabaseTransaction,
    changes: Mutex<Vec<Change>>,
    appends: Mutex<Vec<Append>>,
    again: AtomicBool,
    wrote: AtomicBool,
    broken: AtomicBool,
    outage: Mutex<Option<DbErr>>,
}

/// What a closure has done to its transaction, beside its result.
pub(crate) struct Trace {
    /// The changes it noted for the feed.
    pub(crate) changes: Vec<Change>,
    /// The rows that are still to be written.
    pub(crate) appends: Vec<Append>,
    /// Whether it ran any statement that may have changed something.
    pub(crate) wrote: bool,
    /// Whether a statement failed for another reason than a constraint: the transaction may be gone (a full disk).
    pub(crate) broken: bool,
    /// What went wrong, if that was because of the database or its disk.
    pub(crate) outage: Option<DbErr>,
}

impl Trace {
    /// How many writes it counts for: one, or none if it has only read.
    pub(crate) fn writes(&self) -> u64 {
        u64::from(self.wrote || !self.appends.is_empty())
    }
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction) -> Self {
        let [again, wrote, broken] = [(); 3].map(|()| AtomicBool::new(false));
        let (changes, appends, outage) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { inner, changes, appends, again, wrote, broken, outage }
    }

    /// Asks that the closure be run again in a fresh transaction if it now returns an error:
    /// what it met may be gone then.
    pub fn ask_again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }

    pub(crate) fn wants_again(&self) -> bool {
        self.again.load(Ordering::Relaxed)
    }

    /// Adds a row to a table that only ever grows, just before the commit: `insert` is `INSERT INTO table (columns)`.
    /// This transaction does not see it. Closures that share a commit share the statement.
    pub fn append(&self, insert: &'static str, values: impl IntoIterator<Item = Value>) {
        let row = (insert, values.into_iter().collect());
        self.appends.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    pub(crate) fn note(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    pub(crate) fn into_parts(self) -> (DatabaseTransaction, Trace) {
        let changes = self.changes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let appends = self.appends.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outage = self.outage.into_inner().unwrap_or_else(PoisonError::into_inner);
        let [wrote, broken] = [self.wrote, self.broken].map(AtomicBool::into_inner);
        (self.inner, Trace { changes, appends, wrote, broken, outage })
    }

    /// Runs one statement. After a fault that may have ended the transaction no further one is run: it would
    /// be a transaction of its own.
    async fn run<T>(&self, writes: bool, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(DbErr::Custom("a statement before this one failed".to_owned()));
        }
        if writes {
            self.wrote.store(true, Ordering::Relaxed);
        }
        let result = statement.await;
        if let Err(error) = &result {
            if is_transient(error) {
                self.ask_again();
            }
            if violation(error).is_none() {
                self.broken.store(true, Ordering::Relaxed);
                if is_outage(error) {
                    *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                }
            }
        }
        result
    }
}

/// Whether a statement can change nothing.
fn only_reads(statement: &Statement) -> bool {
    statement.sql.trim_start().get(..7).is_some_and(|verb| verb.eq_ignore_ascii_case("select "))
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(true, self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(true, self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(!only_reads(&statement), self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(!only_reads(&statement), self.inner.query_all_raw(statement)).await
    }
}
