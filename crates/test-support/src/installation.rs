//! A place for one installation to live, and tests that run on each database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::command::{self, Output};
use crate::environment;
use crate::postgres::{self, TestDatabase};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The bundled SQLite, the default of the product.
    Sqlite,
    /// A real PostgreSQL server.
    Postgres,
}

/// A temporary directory and, on PostgreSQL, an empty database: all that one installation owns. The directory lies in memory
/// where the machine has such a disk, unless the installation is made for a given database.
///
/// Several servers may be started on it one after the other, or, on PostgreSQL, at the same time. Directories and
/// database are removed when it is dropped.
#[derive(Debug)]
pub struct Installation {
    backend: Backend,
    database: Option<TestDatabase>,
    logs: AtomicU32,
    root: TempDir,
}

impl Installation {
    /// A new, empty installation; `None` where there is no PostgreSQL to put it on.
    ///
    /// # Panics
    /// When skipping is forbidden, see [`postgres::database`].
    pub fn new(backend: Backend) -> Option<Self> {
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(postgres::database()?),
        };
        Some(Self::with(backend, database, environment::memory()))
    }

    /// A new, empty installation on SQLite, which is always there, on a real disk.
    pub fn on_sqlite() -> Self {
        Self::with(Backend::Sqlite, None, None)
    }

    /// A new installation on a given PostgreSQL database, for example one of [`postgres::durable_database`].
    pub fn on_postgres(database: TestDatabase) -> Self {
        Self::with(Backend::Postgres, Some(database), None)
    }

    fn with(backend: Backend, database: Option<TestDatabase>, disk: Option<&Path>) -> Self {
        let mut root = tempfile::Builder::new();
        root.prefix("bonafide-");
        let root = disk.map_or_else(|| root.tempdir(), |disk| root.tempdir_in(disk));
        let root = root.expect("a temporary directory can be made");
        Self { backend, database, logs: AtomicU32::new(0), root }
    }

    /// Which database it runs on.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The URL of its database: `sqlite://DATA_DIR/bonafide.db?mode=rwc`, or that of the PostgreSQL database.
    ///
    /// For tests that open the database themselves; the directory is made here.
    ///
    /// # Panics
    /// When the directory cannot be made.
    pub fn database_url(&self) -> String {
        if let Some(database) = &self.database {
            return database.url().to_owned();
        }
        std::fs::create_dir_all(self.data_dir()).expect("the data directory can be made");
        format!("sqlite://{}?mode=rwc", self.data_dir().join("bonafide.db").display())
    }

    /// Its PostgreSQL database; `None` on SQLite.
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// What is left when its directories are removed.
    pub(crate) fn into_database(self) -> Option<TestDatabase> {
        self.database
    }

    /// The directory of its data. The server makes it.
    pub fn data_dir(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// The directory of its keys. The server makes it.
    pub fn keys_dir(&self) -> PathBuf {
        self.root.path().join("data-keys")
    }

    /// A directory for the test's own files, which is also the working directory of all its processes.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the next server writes its log.
    pub(crate) fn next_log(&self) -> PathBuf {
        self.root.path().join(format!("server-{}.log", self.logs.fetch_add(1, Ordering::Relaxed)))
    }

    /// Everything that all its servers so far wrote to their standard error, in order of their start.
    pub fn logs(&self) -> String {
        let read = |n| std::fs::read(self.root.path().join(format!("server-{n}.log"))).unwrap_or_default();
        (0..self.logs.load(Ordering::Relaxed)).map(|n| String::from_utf8_lossy(&read(n)).into_owned()).collect()
    }

    /// Runs the shipped binary to its end: `home.run(["owner", "create", "--email", "ada@example.org"], "password\n")`.
    ///
    /// # Panics
    /// When it cannot be started. How it ended is in the [`Output`].
    pub fn run<I, S>(&self, arguments: I, input: impl AsRef<[u8]>) -> Output
    where
        I: IntoIterator<Item = S>,
        S: AsRef<std::ffi::OsStr>,
    {
        let mut command = self.command();
        command.args(arguments);
        command::run(command, input.as_ref())
    }

    /// The shipped binary, told by its environment which data, keys and database are its own.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(crate::server::binary());
        crate::environment::clear_ours(&mut command);
        command
            .current_dir(self.root.path())
            .env("BONAFIDE_DATA_DIR", self.data_dir())
            .env("BONAFIDE_KEYS_DIR", self.keys_dir());
        if let Some(database) = &self.database {
            command.env("BONAFIDE_DATABASE_URL", database.url());
        }
        command
    }
}

/// Runs one body of a test on one database; what [`on_both!`](crate::on_both) expands to.
///
/// # Panics
/// When the body does.
pub fn on(backend: Backend, body: impl AsyncFnOnce(&Installation)) {
    let Some(home) = Installation::new(backend) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be started");
    runtime.block_on(body(&home));
}

/// Makes a test on SQLite and one on PostgreSQL from each body: `name::sqlite` and `name::postgres`.
///
/// See the example at the head of this crate.
#[macro_export]
macro_rules! on_both {
    ($($bodies:tt)+) => { $crate::tests_of! { quick quick $($bodies)+ } };
}

/// Makes the tests of [`on_both!`], of which `cargo test` runs only that on SQLite: where what the database does is tested
/// elsewhere. The other one is `name::slow::postgres`.
#[macro_export]
macro_rules! on_sqlite_first {
    ($($bodies:tt)+) => { $crate::tests_of! { quick slow_apart $($bodies)+ } };
}

/// Makes the tests of [`on_both!`], of which `cargo test` runs none. It stands in a module `slow`, by which they are found.
#[macro_export]
macro_rules! slow_on_both {
    ($($bodies:tt)+) => { $crate::tests_of! { slow slow $($bodies)+ } };
}

/// Makes the two tests of each body, of the kinds that are given: those on SQLite, then those on PostgreSQL.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of {
    (@quick $test:ident $backend:ident $body:ident) => {
        #[test]
        fn $test() {
            $crate::installation::on($crate::Backend::$backend, super::$body);
        }
    };
    (@slow $test:ident $backend:ident $body:ident) => {
        #[test]
        #[ignore = "slow: `cargo xtask ci slow`"]
        fn $test() {
            $crate::installation::on($crate::Backend::$backend, super::$body);
        }
    };
    (@slow_apart $test:ident $backend:ident $body:ident) => {
        use super::$body;

        mod slow {
            $crate::tests_of!(@slow $test $backend $body);
        }
    };
    (
        $sqlite:ident $postgres:ident
        $($(#[$attribute:meta])* async fn $name:ident($home:ident: $kind:ty) $body:block)+
    ) => {$(
        $(#[$attribute])*
        async fn $name($home: $kind) $body

        mod $name {
            $crate::tests_of!(@$sqlite sqlite Sqlite $name);
            $crate::tests_of!(@$postgres postgres Postgres $name);
        }
    )+};
}
