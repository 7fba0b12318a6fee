//! Whose turn it is to write where several processes do: a server, and the command line beside it.
//!
//! SQLite has whoever finds a database locked look again after longer and longer pauses, up to a tenth of a second, however
//! often it was free meanwhile: beside a process that writes batch after batch a visitor waits for a second. So writers of
//! the key plane take turns by a lock on a file of its own, which is free as soon as the other one has committed, or has ended.

use sea_orm::{ConnAcquireErr, DbErr};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a turn is waited for: as long as SQLite waits.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(1);

/// The lock, in one process.
pub(crate) struct Turn(File);

impl Turn {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(dir.join("keys.lock")).map(Self)
    }

    /// Waits until no other process writes.
    pub(crate) async fn take(&self) -> Result<(), DbErr> {
        let began = Instant::now();
        loop {
            match self.0.try_lock() {
                Err(TryLockError::WouldBlock) if began.elapsed() < WAIT => tokio::time::sleep(LOOK).await,
                Err(TryLockError::WouldBlock) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
                // where files cannot be locked the lock of SQLite is there all the same
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
            }
        }
    }

    /// Leaves it to others.
    pub(crate) fn give(&self) {
        let _ = self.0.unlock();
    }
}
