//! Whether the promises are kept at this moment, and if not, why: what makes the status red.

use super::Watch;
use super::guard::is_late;
use super::round::Found;
use super::upkeep::is_ahead;
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use std::time::Duration;

/// How often a sweep is tried; two that were missed are too many.
pub const EVERY: Duration = Duration::from_secs(10);

/// How long an erasure may take until no file keeps any of it.
const SCRUBBED_WITHIN: Duration = Duration::from_mins(1);

/// How long an epoch of keys may last: it is renewed every day.
const EPOCH_AT_MOST: Duration = Duration::from_hours(25);

/// Something that a person has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Submissions are kept beyond their time.
    Overdue,
    /// The clock jumped, and nothing is erased until somebody says that it is right.
    ClockJumped,
    /// A sweep would erase unusually much and waits for somebody's word.
    Unconfirmed,
    /// An erasure has been begun and does not end.
    Unsettled,
    /// The keys were not renewed in time.
    KeysOutdated,
    /// Many keys have no submission, as if the data were other ones than those they belong to.
    KeysWithoutSubmissions,
    /// Submissions have no keys: nobody can read them.
    SubmissionsWithoutKeys,
    /// Keys do not open.
    KeysDamaged,
    /// The day of review of a hold has come, and nobody has looked.
    HoldsUnreviewed,
    /// One person alone has placed a hold.
    HeldByOne,
    /// The data cannot be written: a full disk, for example.
    DataUnwritable,
    /// The keys cannot be written.
    KeysUnwritable,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Overdue,
        Self::ClockJumped,
        Self::Unconfirmed,
        Self::Unsettled,
        Self::KeysOutdated,
        Self::KeysWithoutSubmissions,
        Self::SubmissionsWithoutKeys,
        Self::KeysDamaged,
        Self::HoldsUnreviewed,
        Self::HeldByOne,
    ];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overdue => "submissions_overdue",
            Self::ClockJumped => "clock_jumped",
            Self::Unconfirmed => "sweep_unconfirmed",
            Self::Unsettled => "erasure_unsettled",
            Self::KeysOutdated => "keys_outdated",
            Self::KeysWithoutSubmissions => "keys_without_submissions",
            Self::SubmissionsWithoutKeys => "submissions_without_keys",
            Self::KeysDamaged => "keys_damaged",
            Self::HoldsUnreviewed => "holds_unreviewed",
            Self::HeldByOne => "held_by_one_person",
            Self::DataUnwritable => "data_unwritable",
            Self::KeysUnwritable => "keys_unwritable",
        }
    }
}

/// What is known of submissions and their keys as a whole.
#[derive(Clone, Debug)]
pub struct Health {
    /// What makes it red; empty if all is well.
    pub causes: Vec<Cause>,
    /// The sweeps.
    pub watch: Watch,
    /// Since when the submission that waits longest has been due.
    pub overdue_since: Option<Instant>,
    /// When the present epoch of keys began.
    pub epoch_began_at: Instant,
    /// How many submissions have keys.
    pub records: u64,
    /// How many of them are held.
    pub held: u64,
    /// How many erasures are under way, and since when the first of them.
    pub erasing: u64,
    /// Since when the erasure that waits longest has been under way.
    pub erasing_since: Option<Instant>,
}

impl Retention {
    /// Looks after everything that a person may have to look at.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn health(&self, site: SiteId, now: Instant) -> Result<Health, Error> {
        let (watch, overdue_since) = self.watch(site, now).await?;
        let keys = self.vault.status().await?;
        let causes = [
            (Cause::Overdue, is_late(overdue_since, EVERY, now)),
            (Cause::ClockJumped, watch.suspended_at.is_some()),
            (Cause::Unconfirmed, watch.asked.is_some()),
            (Cause::Unsettled, keys.pending_since.is_some_and(|since| now.since(since) > SCRUBBED_WITHIN)),
            (Cause::DataUnwritable, self.db.is_failing()),
            (Cause::KeysUnwritable, self.vault.is_failing()),
            (Cause::KeysOutdated, now.since(keys.epoch_began_at) > EPOCH_AT_MOST || is_ahead(keys.epoch_began_at, now)),
            (Cause::KeysWithoutSubmissions, Found::is_set(&self.found.strays)),
            (Cause::SubmissionsWithoutKeys, Found::is_set(&self.found.without_keys)),
            (Cause::KeysDamaged, Found::is_set(&self.found.damaged)),
            (Cause::HoldsUnreviewed, keys.review_at.is_some_and(|at| at <= now)),
            (Cause::HeldByOne, keys.held_by_one > 0),
        ];
        Ok(Health {
            causes: causes.into_iter().filter(|cause| cause.1).map(|cause| cause.0).collect(),
            watch,
            overdue_since,
            epoch_began_at: keys.epoch_began_at,
            records: keys.records,
            held: keys.held,
            erasing: keys.pending,
            erasing_since: keys.pending_since,
        })
    }
}
