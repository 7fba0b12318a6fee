//! PostgreSQL databases for tests, each empty and its owner's alone.
//!
//! They lie on the server of `BONAFIDE_TEST_POSTGRES_URL` (whose user may create databases), or else in a throw-away
//! cluster that the first caller in a test process starts from the programs installed on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Once};

use crate::environment;

mod cluster;
mod programs;

use cluster::{Cluster, Durability};
use programs::Programs;

/// An empty database, made when it is first asked for. It is dropped, with all connections to it, when this value is.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    server: &'static Place,
    made: Once,
}

/// A server on which databases can be made.
#[derive(Debug)]
struct Place {
    psql: PathBuf,
    /// URL of the maintenance database.
    url: String,
    made: AtomicU32,
    /// What the server needs to stay alive; `None` when it is somebody else's.
    cluster: Option<Cluster>,
}

/// A fresh database on the server that all tests of this process share. Its settings are fast and not durable: it does
/// not survive the end of PostgreSQL itself, while killing *our* server loses nothing more than on a real one.
///
/// Gives `None` where there is no PostgreSQL, and says so once.
///
/// # Panics
/// Where there is no PostgreSQL and `BONAFIDE_REQUIRE_POSTGRES=1` or `CI=true`; when the server refuses.
pub fn database() -> Option<TestDatabase> {
    static PLACE: LazyLock<Option<Place>> = LazyLock::new(|| Place::find(Durability::Fast));
    PLACE.as_ref().map(Place::database)
}

/// A fresh database with the durable settings of a real server, for measurements.
///
/// With `BONAFIDE_TEST_POSTGRES_URL` the settings are those of that server.
///
/// # Panics
/// As [`database`].
pub fn durable_database() -> Option<TestDatabase> {
    static PLACE: LazyLock<Option<Place>> = LazyLock::new(|| Place::find(Durability::Durable));
    PLACE.as_ref().map(Place::database)
}

impl Place {
    fn find(durability: Durability) -> Option<Self> {
        let programs = Programs::find();
        if let Some(url) = environment::get("BONAFIDE_TEST_POSTGRES_URL") {
            let psql = programs.map_or_else(|| "psql".into(), |programs| programs.path("psql"));
            return Some(Self { psql, url, made: AtomicU32::new(0), cluster: None });
        }
        let Some(programs) = programs else {
            environment::missing(
                "PostgreSQL (initdb, postgres, psql)",
                "install its server package, set PG_BIN, or set BONAFIDE_TEST_POSTGRES_URL to a server's URL",
                "BONAFIDE_REQUIRE_POSTGRES",
            );
            return None;
        };
        let cluster = Cluster::start(&programs, durability);
        let url = cluster.url("postgres");
        Some(Self { psql: programs.path("psql"), url, made: AtomicU32::new(0), cluster: Some(cluster) })
    }

    fn database(&'static self) -> TestDatabase {
        let name = format!("bonafide_{}_{}", std::process::id(), self.made.fetch_add(1, Ordering::Relaxed));
        TestDatabase { url: with_database(&self.url, &name), name, server: self, made: Once::new() }
    }
}

impl TestDatabase {
    /// Its URL, in the form that sqlx and libpq both understand; a throw-away cluster is reached by its socket:
    /// `postgres://postgres@localhost/NAME?host=DIRECTORY`.
    ///
    /// # Panics
    /// When it cannot be made.
    #[track_caller]
    pub fn url(&self) -> &str {
        self.made.call_once(|| self.make("template0"));
        &self.url
    }

    /// Whether it has been made.
    pub(crate) fn is_there(&self) -> bool {
        self.made.is_completed()
    }

    /// Whether its server ends when this process does, and all that is on it.
    pub(crate) fn ends_with_us(&self) -> bool {
        self.server.cluster.is_some()
    }

    /// Makes it a copy of another one on its server, to which nobody is connected.
    ///
    /// # Panics
    /// When the other one is elsewhere; when the server refuses.
    #[track_caller]
    pub(crate) fn begin_as(&self, other: &Self) {
        assert!(std::ptr::eq(self.server, other.server), "databases are copied within one server");
        self.made.call_once(|| self.make(&other.name));
    }

    /// Ends all connections to it and lets nobody connect any more.
    pub(crate) fn close(&self) {
        let name = &self.name;
        let connections = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let statements = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false; {connections}");
        psql(&self.server.psql, &self.server.url, &statements);
    }

    #[track_caller]
    fn make(&self, template: &str) {
        let (name, server) = (&self.name, self.server);
        // A process of an earlier day may have had our id and been killed; its database is nobody's.
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // a third of what copying through the log takes, which is for large databases on busy servers
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        psql(&server.psql, &server.url, &format!("{drop}; {create}"));
    }

    /// Runs SQL on it, past the product, and gives the rows: values without alignment, `|` between columns.
    ///
    /// # Panics
    /// When the database refuses; shows its message. See [`Self::try_sql`].
    #[track_caller]
    pub fn sql(&self, statements: &str) -> String {
        self.try_sql(statements).unwrap_or_else(|refusal| panic!("{statements}: {refusal}"))
    }

    /// Runs SQL on it as [`Self::sql`] does.
    ///
    /// # Errors
    /// The database's message when it refuses.
    pub fn try_sql(&self, statements: &str) -> Result<String, String> {
        try_psql(&self.server.psql, self.url(), statements)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if !self.is_there() {
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(refusal) = try_psql(&self.server.psql, &self.server.url, &statement) {
            eprintln!("a test database stays behind: {refusal}");
        }
    }
}

/// The same URL with another database: what stands between the authority and the `?`.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..end])
}

#[track_caller]
fn psql(program: &Path, url: &str, statements: &str) -> String {
    try_psql(program, url, statements).unwrap_or_else(|refusal| panic!("{statements}: {refusal}"))
}

fn try_psql(program: &Path, url: &str, statements: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--no-align",
        "--tuples-only",
        "--set",
        "ON_ERROR_STOP=1",
        "--dbname",
        url,
    ]);
    command.env("PGOPTIONS", "--client-min-messages=warning").env("PGCONNECT_TIMEOUT", "10").current_dir("/");
    let output = crate::command::run(command, statements.as_bytes());
    if output.code == Some(0) { Ok(output.stdout.trim_end().to_owned()) } else { Err(output.stderr) }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_of_a_url_changes() {
        for (url, expected) in [
            ("postgres://postgres@localhost/postgres?host=/tmp/x", "postgres://postgres@localhost/t1?host=/tmp/x"),
            ("postgres://u:p@db.example.org:5433/main", "postgres://u:p@db.example.org:5433/t1"),
            ("postgres://u@localhost", "postgres://u@localhost/t1"),
            ("postgres://u@localhost?sslmode=disable", "postgres://u@localhost/t1?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "t1"), expected);
        }
    }
}
