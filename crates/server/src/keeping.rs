//! What keeps the promises about submissions by itself: erasures are brought to their end, what is due is swept, and keys
//! are renewed.
//!
//! Each loop can be killed anywhere and run in several processes; what one has left the next one takes up.

use crate::clock::Monotonic;
use crate::housekeeping;
use bonafide_keyring::Entropy;
use bonafide_model::id::SiteId;
use bonafide_model::{Clock, TimeZone};
use bonafide_retention::sweep::guard::{ClockGuard, Reading};
use bonafide_retention::sweep::{Report, Sweeper, health};
use bonafide_retention::{Error, Retention};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often erasures are looked for that another process, or an earlier run, has left half done.
const SETTLE: Duration = Duration::from_secs(5);

/// How often keys are looked after.
const KEYS: Duration = Duration::from_mins(1);

/// What the loops have in common.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) retention: Retention,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) site: SiteId,
}

impl Keeper {
    /// Brings erasures to their end: nothing of what was erased stays in a file for longer than a moment.
    pub(crate) async fn settle(self) {
        loop {
            match self.retention.settle(self.clock.now()).await {
                Ok(0) => {}
                Ok(settled) => {
                    tracing::debug!(submissions.settled = settled, "Erasures have been brought to their end");
                }
                Err(error) => tracing::error!(error = %error, "Erasures could not be brought to their end"),
            }
            either(SETTLE, self.retention.erasure_begun()).await;
        }
    }

    /// Erases what is due.
    pub(crate) async fn sweep(self, entropy: Entropy) {
        let reading = self.readings();
        let mut sweeper = Sweeper::new(self.site, housekeeping::holder(&entropy), reading());
        let mut said = None;
        loop {
            let swept = match self.zone().await {
                Ok(zone) => self.retention.sweep(&mut sweeper, &zone, reading()).await,
                Err(error) => Err(error),
            };
            match swept {
                Ok(Some(report)) => tell(&report, &mut said),
                Ok(None) => tracing::debug!("Another process sweeps"),
                Err(error) => tracing::error!(error = %error, "What is due could not be erased"),
            }
            either(health::EVERY, self.retention.woken()).await;
        }
    }

    /// Renews keys and clears what is no longer needed of them.
    pub(crate) async fn look_after_keys(self) {
        let reading = self.readings();
        let mut guard = ClockGuard::trusting(reading());
        loop {
            // after a jump the sweep comes first, which suspends whatever destroys
            if guard.check(reading()).is_err() {
                guard = ClockGuard::trusting(reading());
                tokio::time::sleep(health::EVERY * 2).await;
            }
            match self.retention.look_after_keys(self.clock.now()).await {
                Ok(done) => tracing::debug!(?done, "The keys were looked after"),
                Err(error) => tracing::error!(error = %error, "The keys could not be looked after"),
            }
            tokio::time::sleep(KEYS).await;
        }
    }

    /// Both clocks, read together whenever it is called.
    fn readings(&self) -> impl Fn() -> Reading {
        let monotonic = Monotonic::start();
        move || Reading { wall: self.clock.now(), monotonic: monotonic.elapsed() }
    }

    /// The zone in which periods are counted.
    async fn zone(&self) -> Result<TimeZone, Error> {
        let site = bonafide_site::get(self.retention.db().read(), self.site).await;
        site.map(|site| site.time_zone).map_err(|error| match error {
            bonafide_site::Error::Storage(error) => error.into(),
            _ => Error::NotFound,
        })
    }
}

/// What a person wants to know of a sweep; that it waits is said once.
fn tell(report: &Report, said: &mut Option<String>) {
    let Report { due, erased, reduced, held_back, stopped, .. } = report;
    match stopped {
        Some(why) if *said != *stopped => {
            tracing::warn!(
                due,
                erased,
                why,
                "A sweep has stopped and waits for a person: GET /admin/v1/retention/sweeps"
            );
        }
        None if erased + reduced > 0 => tracing::info!(due, erased, reduced, held_back, "What was due has been erased"),
        _ => {}
    }
    said.clone_from(stopped);
}

/// Waits for one of both.
async fn either(tick: Duration, event: impl Future<Output = ()>) {
    // that it took too long is the other way to end
    let _ = tokio::time::timeout(tick, event).await;
}
