//! Whether the promises are kept at this moment, and if not, why: what makes the status red.

use super::Watch;
use super::guard::is_late;
use super::round::Found;
use super::upkeep::is_ahead;
use crate::life::disclosure::is_good;
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use bonafide_vault::Status as KeyStatus;
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
    /// One person alone has decided a disclosure.
    DisclosedByOne,
    /// The data cannot be written: a full disk, for example.
    DataUnwritable,
    /// The keys cannot be written.
    KeysUnwritable,
    /// The keys cannot be read.
    KeysUnreadable,
}

impl Cause {
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
            Self::DisclosedByOne => "disclosed_by_one_person",
            Self::DataUnwritable => "data_unwritable",
            Self::KeysUnwritable => "keys_unwritable",
            Self::KeysUnreadable => "keys_unreadable",
        }
    }
}

/// What is known of submissions and their keys as a whole.
#[derive(Clone, Debug)]
pub struct Health {
    /// Everything that was looked for, and whether it is there.
    pub looked_for: Vec<(Cause, bool)>,
    /// The sweeps.
    pub watch: Watch,
    /// Since when the submission that waits longest has been due.
    pub overdue_since: Option<Instant>,
    /// The keys; `None` if they cannot be read.
    pub keys: Option<KeyStatus>,
}

impl Health {
    /// What makes it red; nothing if all is well.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.looked_for.iter().filter(|looked| looked.1).map(|looked| looked.0)
    }
}

impl Retention {
    /// Looks after everything that a person may have to look at.
    ///
    /// # Errors
    /// If the data cannot be read.
    pub async fn health(&self, site: SiteId, now: Instant) -> Result<Health, Error> {
        let (watch, overdue_since) = self.watch(site, now).await?;
        let keys = self.vault.status().await;
        let keys = keys.inspect_err(|error| tracing::error!(error = %error, "The keys cannot be read")).ok();
        let is = |found: fn(&KeyStatus, Instant) -> bool| keys.as_ref().is_some_and(|keys| found(keys, now));
        let looked_for = vec![
            (Cause::Overdue, is_late(overdue_since, EVERY, now)),
            (Cause::ClockJumped, watch.suspended_at.is_some()),
            (Cause::Unconfirmed, watch.asked.is_some()),
            (
                Cause::Unsettled,
                is(|keys, now| keys.pending_since.is_some_and(|since| now.since(since) > SCRUBBED_WITHIN)),
            ),
            (Cause::DataUnwritable, self.db.is_failing()),
            (Cause::KeysUnwritable, self.vault.is_failing()),
            (Cause::KeysUnreadable, keys.is_none()),
            (
                Cause::KeysOutdated,
                is(|keys, now| now.since(keys.epoch_began_at) > EPOCH_AT_MOST || is_ahead(keys.epoch_began_at, now)),
            ),
            (Cause::KeysWithoutSubmissions, Found::is_set(&self.found.strays)),
            (Cause::SubmissionsWithoutKeys, Found::is_set(&self.found.without_keys)),
            (Cause::KeysDamaged, Found::is_set(&self.found.damaged)),
            (Cause::HoldsUnreviewed, is(|keys, now| keys.review_at.is_some_and(|at| at <= now))),
            (Cause::HeldByOne, is(|keys, _| keys.held_by_one > 0)),
            (Cause::DisclosedByOne, is(|keys, now| keys.disclosed_by_one.is_some_and(|at| is_good(at, now)))),
        ];
        Ok(Health { looked_for, watch, overdue_since, keys })
    }
}
