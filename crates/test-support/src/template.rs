//! Installations that begin where another one stands.

use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

use crate::postgres::TestDatabase;
use crate::{Backend, Installation};

/// What installations on PostgreSQL begin with, say all tables or a first owner: made once in a test process and copied
/// for each test, which takes PostgreSQL a sixth of what it takes to make it.
///
/// A `static` of the tests that want it.
#[derive(Debug)]
pub struct Template(OnceCell<Pattern>);

#[derive(Debug)]
struct Pattern {
    database: TestDatabase,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    /// Beneath the root of the installation.
    path: PathBuf,
    permissions: std::fs::Permissions,
    bytes: Vec<u8>,
}

impl Template {
    /// One that is made when it is first laid.
    #[expect(clippy::new_without_default, reason = "there is none but in a `static`")]
    pub const fn new() -> Self {
        Self(OnceCell::const_new())
    }

    /// Opens an installation with what makes one when there is none; a new one begins as a copy, where that is cheaper.
    ///
    /// # Panics
    /// As [`Self::lay`].
    pub async fn open<T>(&self, home: &Installation, open: impl AsyncFn(&Installation) -> T) -> T {
        self.lay(home, async |home| drop(open(home).await)).await;
        open(home).await
    }

    /// Brings a new installation to where `make` leaves one. Says whether it stands there: not on SQLite, where making
    /// is as cheap as copying, and not on a server that is not the tests' own, where the pattern would stay behind.
    ///
    /// # Panics
    /// When `make` does; when the database refuses or a file cannot be copied.
    pub async fn lay(&self, home: &Installation, make: impl AsyncFnOnce(&Installation)) -> bool {
        let Some(database) = home.database().filter(|database| database.ends_with_us()) else { return false };
        if database.is_there() {
            return true;
        }
        let pattern = self.0.get_or_init(async || Pattern::of(make).await).await;
        database.begin_as(&pattern.database);
        for file in &pattern.files {
            let path = home.root().join(&file.path);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
            std::fs::write(&path, &file.bytes).expect("a file can be written");
            std::fs::set_permissions(&path, file.permissions.clone()).expect("a file can be given its rights");
        }
        true
    }
}

impl Pattern {
    async fn of(make: impl AsyncFnOnce(&Installation)) -> Self {
        let home = Installation::new(Backend::Postgres).expect("there is a PostgreSQL: a test runs on it");
        make(&home).await;
        let mut files = Vec::new();
        for folder in [home.data_dir(), home.keys_dir()].iter().filter(|folder| folder.is_dir()) {
            collect(folder, home.root(), &mut files);
        }
        let database = home.into_database().expect("it is on PostgreSQL");
        database.close();
        Self { database, files }
    }
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let about = path.metadata().expect("a file can be looked at");
        if about.is_dir() {
            collect(&path, root, files);
            continue;
        }
        files.push(File {
            path: path.strip_prefix(root).expect("it lies beneath").to_owned(),
            permissions: about.permissions(),
            bytes: std::fs::read(&path).expect("a file can be read"),
        });
    }
}
