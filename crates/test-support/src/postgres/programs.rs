//! Where PostgreSQL is installed on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;

/// The folder of a PostgreSQL server's programs.
#[derive(Debug)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Looks in `PG_BIN`, asks `pg_config`, then looks where the packages of Debian, Fedora, Alpine, Homebrew and
    /// Postgres.app put them; the newest version wins.
    pub(super) fn find() -> Option<Self> {
        let given = environment::get("PG_BIN").map(PathBuf::from);
        let configured = || {
            let output = Command::new("pg_config").arg("--bindir").output().ok()?;
            output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
        };
        let usual = || {
            versions(Path::new("/usr/lib/postgresql"))
                .chain(versions(Path::new("/usr/libexec/postgresql")))
                .chain(versions(Path::new("/Applications/Postgres.app/Contents/Versions")))
                .chain(["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from))
        };
        given.into_iter().chain(configured()).chain(usual()).map(Self).find(Self::is_complete)
    }

    fn is_complete(&self) -> bool {
        ["initdb", "postgres", "psql"].iter().all(|program| self.path(program).is_file())
    }

    /// The file of one program.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

/// `FOLDER/*/bin`, the greatest version first.
fn versions(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, bin)| bin)
}
