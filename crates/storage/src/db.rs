//! The one way to a database.

use crate::commits::{Commits, Counter};
use crate::feed::{Change, Changes};
use crate::group::Group;
use crate::inventory::Plane;
use crate::reader::{Reader, Snapshot};
use crate::turn::Turn;
use crate::tx::Tx;
use crate::{Error, Source, Work, migrate, postgres, sqlite};
use bonafide_migrations::{Migrator, keys};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// How a database is opened. The defaults are right for one node.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many writes share one commit on SQLite, at most.
    pub batch: usize,
    /// Who is shown every statement after it was run, values included: for tests of how statements are run.
    pub observer: Option<Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch: 64, observer: None }
    }
}

/// Whoever is shown every statement.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Statement) + Send + Sync>);

impl Observer {
    /// An observer.
    pub fn new(see: impl Fn(&Statement) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    pub(crate) fn see(&self, statement: &Statement) {
        (self.0)(statement);
    }

    fn watch(this: Option<&Self>, mut connection: DatabaseConnection) -> DatabaseConnection {
        if let Some(Self(see)) = this.cloned() {
            connection.set_metric_callback(move |info| see(info.statement));
        }
        connection
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

/// Whoever wants to know at once what this process has just committed.
type Callback = Box<dyn Fn(&Changes) + Send + Sync>;

#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<OnceLock<Callback>>);

impl Listener {
    pub(crate) fn tell(&self, changes: &[Change]) {
        if !changes.is_empty() {
            self.tell_all(&Changes::These(changes.to_vec()));
        }
    }

    pub(crate) fn tell_all(&self, changes: &Changes) {
        if let Some(callback) = self.0.get() {
            callback(changes);
        }
    }
}

/// A database, open. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    reader: Reader,
    writer: Writer,
    commits: Counter,
    pub(crate) listener: Listener,
    pub(crate) source: Source,
}

#[derive(Clone)]
enum Writer {
    Group(Group),
    Each(DatabaseConnection),
}

impl Db {
    /// Opens a database and brings its schema up to date, under a lock that other processes wait for.
    ///
    /// # Errors
    /// If it cannot be reached, was written by a newer version, or a migration fails (then nothing of it is kept).
    pub async fn open(source: Source, options: &Options) -> Result<Self, Error> {
        match &source {
            Source::Sqlite(dir) => {
                let writer = sqlite::writer(Plane::Data, dir).await?;
                migrate::run::<Migrator>(&writer).await?;
                let reader = Reader::sqlite(dir, options.observer.clone()).await?;
                let writer = Observer::watch(options.observer.as_ref(), writer);
                Ok(Self::grouped(reader, writer, None, dir, options))
            }
            Source::Postgres(url) => {
                let (listener, commits) = (Listener::default(), Counter::default());
                let pool = postgres::pool(url, postgres::CONNECTIONS).await?;
                migrate::run::<Migrator>(&pool).await?;
                let pool = Observer::watch(options.observer.as_ref(), pool);
                Ok(Self { reader: Reader::pool(pool.clone()), writer: Writer::Each(pool), commits, listener, source })
            }
        }
    }

    /// Opens the key plane: a SQLite database `keys.db` in a directory apart from the data, without a write-ahead log.
    ///
    /// Reads and writes take turns on one connection, so that neither waits for a lock of the other.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_keys(dir: &Path, options: &Options) -> Result<Self, Error> {
        let connection = sqlite::writer(Plane::Keys, dir).await?;
        migrate::run::<keys::Migrator>(&connection).await?;
        let turn = Turn::open(dir).map_err(|error| Error::Directory { path: dir.into(), reason: error.to_string() })?;
        let connection = Observer::watch(options.observer.as_ref(), connection);
        Ok(Self::grouped(Reader::pool(connection.clone()), connection, Some(turn), dir, options))
    }

    /// Opens a key plane that is there as it stands: it is neither made nor brought up to date, and refuses to write.
    /// `None` if there is none yet.
    ///
    /// # Errors
    /// If it cannot be read, was written by a newer version, or lacks a migration of this one.
    pub async fn open_keys_as_they_stand(dir: &Path, options: &Options) -> Result<Option<Self>, Error> {
        if !dir.join(sqlite::file(Plane::Keys)).exists() {
            return Ok(None);
        }
        let connection = sqlite::as_it_stands(Plane::Keys, dir).await?;
        let missing = migrate::missing::<keys::Migrator>(&connection).await?;
        if missing.len() == migrate::names::<keys::Migrator>().len() {
            return Ok(None);
        }
        if let Some(name) = missing.first() {
            return Err(Error::Outdated(name.clone()));
        }
        let connection = Observer::watch(options.observer.as_ref(), connection);
        Ok(Some(Self::grouped(Reader::pool(connection.clone()), connection, None, dir, options)))
    }

    /// A SQLite database, whose writes share commits.
    fn grouped(reader: Reader, writer: DatabaseConnection, turn: Option<Turn>, dir: &Path, options: &Options) -> Self {
        let (listener, commits) = (Listener::default(), Counter::default());
        let writer = Writer::Group(Group::start(writer, turn, listener.clone(), commits.clone(), options.batch));
        Self { reader, writer, commits, listener, source: Source::Sqlite(dir.into()) }
    }

    /// Sees to it that no file keeps what was deleted: on SQLite the write-ahead log is emptied into the database, where
    /// deleted bytes are overwritten. Waits until no reader is in the way. On PostgreSQL that is what its vacuum is for.
    ///
    /// # Errors
    /// If it cannot be done within a minute.
    pub async fn scrub(&self) -> Result<(), Error> {
        match &self.source {
            Source::Sqlite(dir) => sqlite::empty_wal(dir).await,
            Source::Postgres(_) => Ok(()),
        }
    }

    /// Whether the last write failed for another reason than its own, and none has succeeded since: a full disk, for
    /// example, or a server of PostgreSQL that only reads.
    pub fn is_failing(&self) -> bool {
        self.commits.is_failing()
    }

    /// Writes what changes nothing, so that [`Db::is_failing`] tells how it is now, where nobody else writes for long. On SQLite the
    /// first page of the file is written as it stands, for a number in it that nobody uses; a row that gets the values it has
    /// would not be. On PostgreSQL nothing is done.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn try_to_write(&self) -> Result<(), Error> {
        match &self.writer {
            Writer::Group(group) => group.write(rewrite).await,
            Writer::Each(_) => Ok(()),
        }
    }

    /// What this process has committed so far. On SQLite those who wait share a commit; on PostgreSQL each write has its own.
    pub fn commits(&self) -> Commits {
        self.commits.read()
    }

    /// A connection for single reads. On SQLite it refuses to write.
    pub fn read(&self) -> &Reader {
        &self.reader
    }

    /// A read-only transaction: all that is read through it is of one moment.
    ///
    /// # Errors
    /// If no connection is to be had.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        self.reader.snapshot().await
    }

    /// Runs a closure in a transaction and returns its value when that is durable; an error keeps nothing.
    ///
    /// The closure can be called more than once, each time in a fresh transaction, and its commit may be shared
    /// with others: it must do nothing but use the transaction, and must not wait for anything else. It borrows
    /// only the transaction, so that a typical one reads `move |tx| revision::create(tx, by, draft.clone(), now).boxed()`.
    ///
    /// # Errors
    /// The closure's own, or [`Error`] as the closure's error type.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> Fn(&'t Tx) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        match &self.writer {
            Writer::Group(group) => group.write(work).await,
            Writer::Each(pool) => postgres::write(pool, &self.listener, &self.commits, work).await,
        }
    }

    /// Names the one who is told what was changed: by a write of this process after its commit and before its
    /// caller is answered, by other processes within a second (while [`crate::feed::watch`] runs).
    /// Only the first call has an effect.
    pub fn on_change(&self, callback: impl Fn(&Changes) + Send + Sync + 'static) {
        let _ = self.listener.0.set(Box::new(callback));
    }

    /// What this database is, for logs and the status.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// Writes the first page as it stands (<https://sqlite.org/pragma.html#pragma_user_version>).
fn rewrite(tx: &Tx) -> Work<'_, (), Error> {
    async move { Ok::<_, Error>(tx.execute_unprepared("PRAGMA user_version = 0").await.map(drop)?) }.boxed()
}
