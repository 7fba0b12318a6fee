//! Installations that begin where another one stands.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

use crate::postgres::TestDatabase;
use crate::{Backend, Installation};

/// What installations begin with, say all tables or a first owner: made once in a test process for each database, and copied
/// for each test, which takes a sixth of what it takes to make it.
///
/// A `static` of the tests that want it.
#[derive(Debug)]
pub struct Template {
    sqlite: OnceCell<Pattern>,
    postgres: OnceCell<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    database: Option<TestDatabase>,
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
        Self { sqlite: OnceCell::const_new(), postgres: OnceCell::const_new() }
    }

    /// Opens an installation with what makes one when there is none; a new one on PostgreSQL begins as a copy. On SQLite
    /// making is cheap, and nobody knows when a connection of this process has written its last.
    ///
    /// # Panics
    /// As [`Self::lay`].
    pub async fn open<T>(&self, home: &Installation, open: impl AsyncFn(&Installation) -> T) -> T {
        let copies = home.database().is_some_and(|database| database.ends_with_us() && !database.is_there());
        if copies {
            self.lay(home, async |home| drop(open(home).await)).await;
        }
        open(home).await
    }

    /// Brings a new installation to where `make` leaves one, with no process or connection that goes on writing.
    ///
    /// On a PostgreSQL that is not the tests' own a pattern would stay behind: there `make` makes each of them.
    ///
    /// # Panics
    /// When `make` does; when the database refuses or a file cannot be copied.
    pub async fn lay(&self, home: &Installation, make: impl AsyncFn(&Installation)) {
        let pattern = match home.database() {
            Some(database) if !database.ends_with_us() => return make(home).await,
            Some(_) => &self.postgres,
            None => &self.sqlite,
        };
        let pattern = pattern.get_or_init(async || Pattern::of(home.backend(), make).await).await;
        if let (Some(database), Some(other)) = (home.database(), &pattern.database) {
            database.begin_as(other);
        }
        for file in &pattern.files {
            file.lay(home.root());
        }
    }
}

impl Pattern {
    async fn of(backend: Backend, make: impl AsyncFn(&Installation)) -> Self {
        let home = Installation::new(backend).expect("there is a database: a test runs on it");
        make(&home).await;
        let mut files = Vec::new();
        for folder in [home.data_dir(), home.keys_dir()].iter().filter(|folder| folder.is_dir()) {
            collect(folder, home.root(), &mut files);
        }
        let database = home.into_database();
        database.iter().for_each(TestDatabase::close);
        Self { database, files }
    }
}

impl File {
    fn lay(&self, root: &Path) {
        let path = root.join(&self.path);
        let folder = path.parent().expect("a file lies in a folder");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).expect("a folder can be made");
        std::fs::write(&path, &self.bytes).expect("a file can be written");
        std::fs::set_permissions(&path, self.permissions.clone()).expect("a file can be given its rights");
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
