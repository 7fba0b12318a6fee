//! Publishes and unpublishes at the instants that were set, to the second, whichever node it is and however often it was
//! restarted: what is due is in the database, and stays due until it is done.

use crate::housekeeping;
use bonafide_content::Error;
use bonafide_content::entry::{self, Due};
use bonafide_keyring::Entropy;
use bonafide_ledger::Act;
use bonafide_model::access::{Actor, PublishContent};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::{Clock, Granted, Locale};
use bonafide_storage::{Db, lease};
use futures_util::FutureExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is asked what comes next: what other nodes set is heard of by then.
const POLL: Duration = Duration::from_millis(500);
/// How long a node keeps others from doing the same; only to save work, as each version is published once.
const LEASE: Duration = Duration::from_secs(10);
/// How many are done before it is looked again.
const BATCH: u64 = 100;
/// How long what cannot be done is left alone.
const PATIENCE: Duration = Duration::from_mins(1);

/// What keeps the time.
pub(crate) struct Scheduler {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) site: SiteId,
}

impl Scheduler {
    /// Does what is due, for ever.
    pub(crate) async fn run(self) {
        let holder = housekeeping::holder(&self.entropy);
        let mut failed = HashMap::new();
        loop {
            match self.once(&holder, &mut failed).await {
                Ok(wait) => tokio::time::sleep(wait).await,
                Err(error) => {
                    tracing::warn!(error = %error, "It cannot be told what is to be published");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Does what is due now; gives how long to wait.
    async fn once(
        &self,
        holder: &str,
        failed: &mut HashMap<(EntryId, Option<Locale>), Instant>,
    ) -> Result<Duration, Error> {
        let now = self.clock.now();
        let next = entry::next(self.db.read()).await?;
        let Some(next) = next.filter(|next| *next <= now) else {
            let wait = next.map_or(POLL, |next| next.since(now) + Duration::from_millis(1));
            return Ok(wait.min(POLL));
        };
        failed.retain(|_, since| since.elapsed() < PATIENCE);
        // what cannot be done keeps its place in front of the rest
        let due = entry::due(self.db.read(), self.site, now, BATCH + failed.len() as u64).await?;
        let due: Vec<Due> =
            due.into_iter().filter(|due| !failed.contains_key(&(due.at.id, due.at.locale.clone()))).collect();
        if due.is_empty() || !self.is_ours(holder).await? {
            return Ok(POLL);
        }
        for due in due {
            let (key, at) = ((due.at.id, due.at.locale.clone()), next);
            match self.carry_out(due).await {
                Ok(()) => tracing::info!(entry.id = %key.0, due_at = %at, "What was set for this instant was done"),
                // somebody was faster, or has changed it: it is looked at again
                Err(Error::Stale { .. } | Error::TypeChanged) => {}
                Err(error) => {
                    tracing::warn!(entry.id = %key.0, error = %error, "What was set for this instant cannot be done");
                    failed.insert(key, Instant::now());
                }
            }
        }
        Ok(Duration::ZERO)
    }

    async fn is_ours(&self, holder: &str) -> Result<bool, Error> {
        let (holder, now) = (holder.to_owned(), self.clock.now());
        let held = self.db.write(move |tx| {
            let holder = holder.clone();
            async move { Ok::<_, Error>(lease::acquire(tx, "schedule", &holder, LEASE, now).await?) }.boxed()
        });
        Ok(held.await?.is_some())
    }

    async fn carry_out(&self, due: Due) -> Result<(), Error> {
        let granted = Granted::<PublishContent>::issue(Actor::System, self.site);
        let act = Act::new(granted, self.clock.now(), self.entropy.clone());
        let Due { at, version, publish } = due;
        if publish {
            let prepared = entry::prepare(&self.db, &granted, at, version).await?;
            self.db.write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed()).await?;
            return Ok(());
        }
        let (place, again) = (at.clone(), act.clone());
        let done = self.db.write(move |tx| entry::unpublish(tx, act.clone(), place.clone(), version).boxed()).await;
        match done {
            Err(Error::NotPublished) => {
                self.db
                    .write(move |tx| {
                        let (act, at) = (again.clone(), at.clone());
                        async move { entry::forget(tx, &act, &at).await }.boxed()
                    })
                    .await
            }
            other => other.map(|_| ()),
        }
    }
}
