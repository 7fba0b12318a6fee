//! How many durable commits this process has made, how many writes shared them, and whether writes fail at present.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What was committed since the process opened the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// Durable commits. A transaction that only read is none.
    pub commits: u64,
    /// The writes that shared them.
    pub writes: u64,
}

/// Counts them; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    commits: AtomicU64,
    writes: AtomicU64,
    /// Whether the last transaction that wrote was lost: none has been committed since.
    failing: AtomicBool,
}

impl Counter {
    /// Counts a commit that so many writes shared, before any of them is answered.
    pub(crate) fn count(&self, writes: u64) {
        if writes > 0 {
            self.0.commits.fetch_add(1, Ordering::Relaxed);
            self.0.writes.fetch_add(writes, Ordering::Relaxed);
            self.0.failing.store(false, Ordering::Relaxed);
        }
    }

    /// A transaction was lost for another reason than its own.
    pub(crate) fn lost(&self) {
        self.0.failing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.0.failing.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self) -> Commits {
        Commits { commits: self.0.commits.load(Ordering::Relaxed), writes: self.0.writes.load(Ordering::Relaxed) }
    }
}
