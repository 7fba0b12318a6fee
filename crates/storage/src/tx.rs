//! One transaction, as domain functions see it.

use crate::error::is_transient;
use crate::feed::Change;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A transaction that is open for the length of one [`crate::Db::write`] closure. It cannot be committed from inside.
pub struct Tx {
    inner: DatabaseTransaction,
    changes: Mutex<Vec<Change>>,
    again: AtomicBool,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction) -> Self {
        Self { inner, changes: Mutex::default(), again: AtomicBool::new(false) }
    }

    /// Asks that the closure be run again in a fresh transaction if it now returns an error:
    /// what it met may be gone then.
    pub fn ask_again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }

    pub(crate) fn wants_again(&self) -> bool {
        self.again.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    pub(crate) fn into_parts(self) -> (DatabaseTransaction, Vec<Change>) {
        (self.inner, self.changes.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if result.as_ref().is_err_and(is_transient) {
            self.ask_again();
        }
        result
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.watch(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.watch(self.inner.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.watch(self.inner.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.watch(self.inner.query_all_raw(statement).await)
    }
}

/// A statement in SQL that both databases understand, with `$1`, `$2` … for its values.
pub fn sql(on: &impl ConnectionTrait, text: &'static str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(on.get_database_backend(), text, values)
}
