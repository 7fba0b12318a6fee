//! Connections that only read.
//!
//! On SQLite they are lent from a stack of our own. The pool of sqlx asks a connection how it is whenever it comes back, in a
//! task of its own: that is a second change of threads for each statement, and as dear as the reading of a page.

use crate::inventory::Plane;
use crate::{Error, Observer, sqlite};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::Connection as _;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a statement waits for a connection.
const WAIT: Duration = Duration::from_secs(15);

/// Connections for single reads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Stack(Arc<Stack>),
    Pool(DatabaseConnection),
}

impl Reader {
    /// What a pool of others gives.
    pub(crate) fn pool(pool: DatabaseConnection) -> Self {
        Self(Kind::Pool(pool))
    }

    /// Connections to the data plane on SQLite, of which one is opened now: two more than there are cores, for each has a
    /// thread and a memory of its own, and some wait for the disk.
    pub(crate) async fn sqlite(dir: &Path, observer: Option<Observer>) -> Result<Self, Error> {
        let free = vec![sqlite::reader(Plane::Data, dir).await?];
        let most = std::thread::available_parallelism().map_or(1, NonZero::get) + 2;
        let permits = Arc::new(Semaphore::new(most));
        Ok(Self(Kind::Stack(Arc::new(Stack { dir: dir.into(), free: Mutex::new(free), permits, observer }))))
    }

    /// One moment of the database.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        use sea_orm::{AccessMode, IsolationLevel, TransactionTrait as _};
        match &self.0 {
            Kind::Pool(pool) => {
                let (isolation, access) = match pool.get_database_backend() {
                    DbBackend::Postgres => (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)),
                    _ => (None, None),
                };
                Ok(Snapshot(Moment::Transaction(pool.begin_with_config(isolation, access).await?)))
            }
            Kind::Stack(stack) => {
                let mut lent = stack.lend().await?;
                lent.run("BEGIN").await?;
                Ok(Snapshot(Moment::Lent(tokio::sync::Mutex::new(lent))))
            }
        }
    }
}

#[derive(Debug)]
struct Stack {
    dir: PathBuf,
    /// Those that nobody has; the one that came back last is lent first.
    free: Mutex<Vec<SqliteConnection>>,
    permits: Arc<Semaphore>,
    observer: Option<Observer>,
}

impl Stack {
    async fn lend(self: &Arc<Self>) -> Result<Lent, DbErr> {
        let waited = tokio::time::timeout(WAIT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = waited.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?;
        let free = self.free().pop();
        let connection = match free {
            Some(connection) => connection,
            None => sqlite::reader(Plane::Data, &self.dir).await.map_err(|error| DbErr::Conn(said(error)))?,
        };
        Ok(Lent { connection: Some(connection), stack: Arc::clone(self), permit: Some(permit) })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that somebody has. It is closed if it is not given back: after an error, or when whoever waited went away.
#[derive(Debug)]
struct Lent {
    /// `None` once it was given back.
    connection: Option<SqliteConnection>,
    stack: Arc<Stack>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Lent {
    /// The thread of a connection goes on with its statement though nobody waits for it any more: only when it has ended does
    /// another get its place. Without that, clients that go away would leave more and more of them.
    fn drop(&mut self) {
        let (Some(connection), permit) = (self.connection.take(), self.permit.take()) else { return };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                // it waits for the thread; that it cannot be closed means that it is closed
                let _ = connection.close().await;
                drop(permit);
            });
        }
    }
}

fn query(statement: &Statement) -> sqlx::query::Query<'_, Sqlite, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(sqlx::AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn said(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(error))
}

impl Lent {
    /// Gives it back, and hands on what was read with it.
    fn give_back<T>(mut self, read: T) -> T {
        self.stack.free().extend(self.connection.take());
        read
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, DbErr> {
        self.connection.as_mut().ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
    }

    fn watch(&self, statement: &Statement) {
        if let Some(observer) = &self.stack.observer {
            observer.see(statement);
        }
    }

    async fn one(&mut self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let row = query(statement).fetch_optional(self.connection()?).await.map_err(|error| DbErr::Query(said(error)));
        self.watch(statement);
        Ok(row?.map(QueryResult::from))
    }

    async fn all(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = query(statement).fetch_all(self.connection()?).await.map_err(|error| DbErr::Query(said(error)));
        self.watch(statement);
        Ok(rows?.into_iter().map(QueryResult::from).collect())
    }

    async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let done = query(statement).execute(self.connection()?).await.map_err(|error| DbErr::Exec(said(error)));
        self.watch(statement);
        Ok(done?.into())
    }

    async fn run(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(self.connection()?).await;
        Ok(done.map_err(|error| DbErr::Exec(said(error)))?.into())
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Kind::Stack(_) => DbBackend::Sqlite,
            Kind::Pool(pool) => pool.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Stack(stack) => stack.lend().await?.execute(&statement).await,
            Kind::Pool(pool) => pool.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Stack(stack) => stack.lend().await?.run(sql).await,
            Kind::Pool(pool) => pool.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Stack(stack) => {
                let mut lent = stack.lend().await?;
                let row = lent.one(&statement).await?;
                Ok(lent.give_back(row))
            }
            Kind::Pool(pool) => pool.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Stack(stack) => {
                let mut lent = stack.lend().await?;
                let rows = lent.all(&statement).await?;
                Ok(lent.give_back(rows))
            }
            Kind::Pool(pool) => pool.query_all_raw(statement).await,
        }
    }
}

/// A read-only transaction: all that is read through it is of one moment.
#[derive(Debug)]
pub struct Snapshot(Moment);

#[derive(Debug)]
enum Moment {
    /// Its connection goes with it.
    Lent(tokio::sync::Mutex<Lent>),
    Transaction(DatabaseTransaction),
}

#[async_trait::async_trait]
impl ConnectionTrait for Snapshot {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Moment::Lent(_) => DbBackend::Sqlite,
            Moment::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Moment::Lent(lent) => lent.lock().await.execute(&statement).await,
            Moment::Transaction(transaction) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Moment::Lent(lent) => lent.lock().await.run(sql).await,
            Moment::Transaction(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Moment::Lent(lent) => lent.lock().await.one(&statement).await,
            Moment::Transaction(transaction) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Moment::Lent(lent) => lent.lock().await.all(&statement).await,
            Moment::Transaction(transaction) => transaction.query_all_raw(statement).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_place_of_a_reader_who_went_away_is_free_when_its_statement_has_ended() {
        let home = tempfile::tempdir().expect("a directory");
        let _writer = sqlite::writer(Plane::Data, home.path()).await.expect("a database");
        let reader = Reader::sqlite(home.path(), None).await.expect("it opens");
        let Kind::Stack(stack) = &reader.0 else { panic!("those of SQLite are lent") };
        let most = stack.permits.available_permits();
        // a second
        let slow =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT COUNT(*) FROM n";
        let slow = Statement::from_string(DbBackend::Sqlite, slow);
        let mut lent = stack.lend().await.expect("one is free");
        let gone = tokio::time::timeout(Duration::from_millis(5), lent.one(&slow)).await;
        assert!(gone.is_err(), "whoever waited goes away");
        drop(lent);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(stack.permits.available_permits(), most - 1, "its thread is still at it");
        let free = async {
            while stack.permits.available_permits() < most {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), free).await.expect("its place is free in the end");
        assert!(stack.free().is_empty(), "it is not lent again");
    }
}
