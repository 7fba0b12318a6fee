//! Rounds through the submissions: whether each has keys, and whether these open. A stretch of a round at a time, so that
//! many submissions cost no more than few.

use crate::{Error, Retention};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// How many submissions are asked about at once, and how often in one stretch.
const BATCH: u64 = 500;
const BATCHES: usize = 20;

/// What the last looks at the keys have found, in the memory of this process.
#[derive(Default)]
pub(crate) struct Found {
    /// Keys without a submission that were too many to be deleted.
    pub(crate) strays: AtomicU64,
    /// Submissions whose keys are gone.
    pub(crate) without_keys: AtomicU64,
    /// Submissions whose keys do not open.
    pub(crate) damaged: AtomicU64,
    round: Mutex<Round>,
}

/// How far a round has come, and what it has counted so far.
#[derive(Clone, Copy, Default)]
struct Round {
    after: Uuid,
    missing: u64,
    damaged: u64,
}

impl Found {
    pub(crate) fn is_set(count: &AtomicU64) -> bool {
        count.load(Ordering::Relaxed) > 0
    }

    fn so_far(&self, round: Round) {
        self.without_keys.fetch_max(round.missing, Ordering::Relaxed);
        self.damaged.fetch_max(round.damaged, Ordering::Relaxed);
    }

    fn whole(&self, round: Round) {
        self.without_keys.store(round.missing, Ordering::Relaxed);
        self.damaged.store(round.damaged, Ordering::Relaxed);
    }

    fn round(&self) -> std::sync::MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Retention {
    /// Goes on with the round.
    pub(crate) async fn go_round(&self) -> Result<(), Error> {
        let mut round = *self.found.round();
        for _ in 0..BATCHES {
            let ids = self.live_after(round.after, BATCH).await?;
            let examined = self.vault.examine(&ids).await?;
            round.missing += examined.missing.len() as u64;
            round.damaged += examined.damaged;
            if (ids.len() as u64) < BATCH {
                self.found.whole(round);
                if round.missing + round.damaged > 0 {
                    tracing::error!(
                        submissions.without_keys = round.missing,
                        keys.damaged = round.damaged,
                        "Submissions have no keys that open; nobody can read them"
                    );
                }
                round = Round::default();
                break;
            }
            round.after = ids.last().copied().unwrap_or_default();
            self.found.so_far(round);
        }
        *self.found.round() = round;
        Ok(())
    }
}
