//! Why a command ended without having done its work, and with which exit code.

use bonafide_storage::Error as StorageError;
use std::process::ExitCode;

/// A command that did not succeed; its text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked for is refused, or failed.
    #[error("{0}")]
    Refused(String),
    /// An option has a value it cannot have.
    #[error("{0}")]
    Usage(String),
    /// The settings are wrong, or what they name does not fit together.
    #[error("{0}")]
    Configuration(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 78, // EX_CONFIG of sysexits.h
        })
    }

    /// A failure of something that went wrong underneath, with all its causes.
    pub(crate) fn of(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let more = inner.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = inner.source();
        }
        Self::Refused(text)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Newer(_) | StorageError::Outdated(_) => Self::Configuration(error.to_string()),
            other => Self::of(&other),
        }
    }
}

impl From<bonafide_keyring::Error> for Failure {
    fn from(error: bonafide_keyring::Error) -> Self {
        Self::Configuration(error.to_string())
    }
}

impl From<bonafide_vault::Error> for Failure {
    fn from(error: bonafide_vault::Error) -> Self {
        match error {
            bonafide_vault::Error::Storage(error) => error.into(),
            other => Self::Configuration(other.to_string()),
        }
    }
}

impl From<bonafide_site::Error> for Failure {
    fn from(error: bonafide_site::Error) -> Self {
        match error {
            bonafide_site::Error::Storage(error) => error.into(),
            other => Self::of(&other),
        }
    }
}
