//! Where the database is.

use crate::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the data plane lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A SQLite database, `bonafide.db` in this directory.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL (which may hold a password).
    Postgres(String),
}

impl Source {
    /// The source for a database URL if there is one, else for a data directory.
    ///
    /// # Errors
    /// If the URL is not one of PostgreSQL.
    pub fn new(database_url: Option<&str>, data_dir: &Path) -> Result<Self, Error> {
        match database_url {
            None => Ok(Self::Sqlite(data_dir.into())),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url.into()))
            }
            Some(_) => Err(Error::Unusable(
                "the database URL must start with postgres:// (SQLite needs none: it lives in the data directory)"
                    .into(),
            )),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// For logs: the password of a URL is left out.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(dir) => write!(f, "SQLite in {}", dir.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "PostgreSQL at {}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let source = Source::new(Some("postgres://bonafide:s3cret@db.example.org/cms?password=s3cret"), Path::new("x"));
        let source = source.expect("a URL of PostgreSQL");
        assert_eq!(format!("{source} {source:?}").matches("s3cret").count(), 0);
        assert_eq!(source.to_string(), "PostgreSQL at db.example.org/cms");
    }

    #[test]
    fn other_databases_are_refused() {
        assert!(Source::new(Some("mysql://localhost"), Path::new("x")).is_err());
    }
}
