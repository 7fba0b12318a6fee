//! One pass of the sweep.

use super::due::{Place, select_due};
use super::guard::{ClockGuard, Reading, first_reading, wants_confirmation};
use super::{due, watch};
use crate::erase::{Part, Wanted};
use crate::life::{Cause, Group, Permission};
use crate::submission::{KnownVersions, Submission};
use crate::{Error, Retention};
use bonafide_ledger::{Leaf, leaf};
use bonafide_model::access::{Actor, EraseSubmissions};
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_model::{Granted, Instant, Start, TimeZone};
use bonafide_storage::lease::{self, Lease};
use bonafide_storage::{Tx, sql, statement};
use bonafide_vault::{Outcome, Rules};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, QueryResult};
use std::sync::Arc;
use std::time::Duration;

/// How long a process keeps others from sweeping; it is renewed with every batch.
const LEASE: Duration = Duration::from_mins(1);
/// How many submissions one batch takes.
const BATCH: u64 = 250;

/// What one pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its place in the list.
    pub position: i64,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub finished_at: Option<Instant>,
    /// How many were due.
    pub due: u64,
    /// How many were erased.
    pub erased: u64,
    /// How many lost some groups and keep others by permission.
    pub reduced: u64,
    /// How many a hold or an open request of the person held back.
    pub held_back: u64,
    /// Why it stopped before its work was done: `confirmation`, `clock`, or `lease`.
    pub stopped: Option<String>,
}

/// Who sweeps, and by which clocks.
pub struct Sweeper {
    /// The site.
    pub site: SiteId,
    /// The process, by a random name.
    pub holder: String,
    /// The guard of its clock.
    guard: ClockGuard,
    /// Whether destruction was suspended when it looked last.
    suspended: bool,
    /// Whether it has looked yet.
    begun: bool,
}

impl Sweeper {
    /// A sweeper that trusts its clocks as they are now. `holder` is a random name of the process.
    pub const fn new(site: SiteId, holder: String, now: Reading) -> Self {
        Self { site, holder, guard: ClockGuard::trusting(now), suspended: false, begun: false }
    }
}

impl Retention {
    /// Sweeps once. `None` if it is another process's turn.
    ///
    /// # Errors
    /// If something cannot be read or written; what was erased by then stays erased.
    pub async fn sweep(
        &self,
        sweeper: &mut Sweeper,
        zone: &TimeZone,
        reading: Reading,
    ) -> Result<Option<Report>, Error> {
        let (now, began) = (reading.wall, std::time::Instant::now());
        let Some(lease) = self.lease(sweeper, now).await? else { return Ok(None) };
        let mut report = Report { started_at: Some(now), ..Report::default() };
        if self.clock_is_suspect(sweeper, reading).await? {
            report.stopped = Some("clock".to_owned());
        } else {
            self.reckon(sweeper.site, zone).await?;
            self.pass(sweeper, zone, now, &lease, &mut report).await?;
        }
        report.finished_at = Some(now.plus(began.elapsed()));
        self.report(sweeper.site, &report).await?;
        self.count_waiting(sweeper.site, now).await?;
        Ok(Some(report))
    }

    async fn lease(&self, sweeper: &Sweeper, now: Instant) -> Result<Option<Lease>, Error> {
        let holder = sweeper.holder.clone();
        let write = self.db.write(move |tx| {
            let holder = holder.clone();
            async move { Ok::<_, Error>(lease::acquire(tx, "retention", &holder, LEASE, now).await?) }.boxed()
        });
        write.await
    }

    /// Asks both clocks, and what was noted of them before.
    async fn clock_is_suspect(&self, sweeper: &mut Sweeper, reading: Reading) -> Result<bool, Error> {
        let site = sweeper.site;
        let watch = watch::read(self.db.read(), site).await?;
        if watch.suspended_at.is_some() {
            (sweeper.suspended, sweeper.begun) = (true, true);
            return Ok(true);
        }
        let begun = std::mem::replace(&mut sweeper.begun, true);
        if std::mem::take(&mut sweeper.suspended) {
            // whoever lifted it trusts the clock as it is now
            sweeper.guard = ClockGuard::trusting(reading);
        }
        let first = if begun { Ok(()) } else { first_reading(watch.last_success_at, reading.wall) };
        let Err(jumped) = first.and_then(|()| sweeper.guard.check(reading)) else { return Ok(false) };
        let write = self.db.write(move |tx| {
            async move { watch::suspend(tx, site, jumped.by_micros / 1_000_000, reading.wall).await }.boxed()
        });
        write.await?;
        sweeper.suspended = true;
        Ok(true)
    }

    async fn pass(
        &self,
        sweeper: &Sweeper,
        zone: &TimeZone,
        now: Instant,
        lease: &Lease,
        report: &mut Report,
    ) -> Result<(), Error> {
        let confirmed = self.confirmed(sweeper.site, now).await?;
        let mut after: Option<Place> = None;
        loop {
            let found = select_due(self.db.read(), sweeper.site, now, after, BATCH).await?;
            let Some(last) = found.last() else { break };
            after = Some((last.ends_at, last.id));
            if self.lease(sweeper, now).await?.is_none_or(|held| held.fence != lease.fence) {
                report.stopped = Some("lease".to_owned());
                return Ok(());
            }
            report.due += found.len() as u64;
            let (wished, scheduled): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|found| found.erase_at.is_some_and(|at| at <= now));
            let mut wanted: Vec<_> = wished
                .into_iter()
                .map(|submission| Wanted { submission, cause: Cause::Subject, rules: None })
                .collect();
            let mut parts = Vec::new();
            if confirmed {
                let (ended, in_part) = self.judge(scheduled, zone, now).await?;
                wanted.extend(ended);
                parts = in_part;
            } else if !scheduled.is_empty() {
                report.stopped = Some("confirmation".to_owned());
            }
            self.take(&wanted, now, report).await?;
            self.take_parts(&parts, now, report).await?;
        }
        Ok(())
    }

    async fn take(&self, wanted: &[Wanted], now: Instant, report: &mut Report) -> Result<(), Error> {
        for (wanted, outcome) in wanted.iter().zip(self.erase(Actor::System, wanted, now).await?) {
            match outcome {
                Outcome::Destroyed | Outcome::Gone => report.erased += 1,
                Outcome::Held | Outcome::Locked => {
                    report.held_back += 1;
                    self.note_hold(wanted.submission.id).await?;
                }
                // decided on anew in the next pass
                Outcome::Changed => {}
            }
        }
        Ok(())
    }

    /// Repeats in the data what holds a submission back, so that the next pass does not come to it again.
    async fn note_hold(&self, id: SubmissionId) -> Result<(), Error> {
        let rules = self.vault.rules(id.uuid()).await?;
        let held = rules.as_ref().is_some_and(|rules| rules.held_since.is_some());
        let until = rules.and_then(|rules| rules.locked_until).map(Instant::micros);
        let write = self.db.write(move |tx| {
            async move {
                let update = "UPDATE submission SET held = $2, locked_until = $3 WHERE id = $1";
                tx.execute_raw(sql(tx, update, [id.uuid().into(), held.into(), until.into()])).await?;
                Ok::<_, Error>(())
            }
            .boxed()
        });
        write.await
    }

    /// Whether scheduled erasures may go on: few enough, or agreed to by a person.
    async fn confirmed(&self, site: SiteId, now: Instant) -> Result<bool, Error> {
        let (due, live) = due::counts(self.db.read(), site, now).await?;
        if !wants_confirmation(due, live) {
            return Ok(true);
        }
        let write = self.db.write(move |tx| {
            async move {
                let watch = watch::read(tx, site).await?;
                if watch.confirmed.is_some_and(|confirmed| due <= confirmed) {
                    watch::set(tx, site, "confirmed", None).await?;
                    return Ok(true);
                }
                watch::set(tx, site, "asked", i64::try_from(due).ok()).await?;
                Ok::<_, Error>(false)
            }
            .boxed()
        });
        write.await
    }

    /// Tells what has ended altogether from what a permission keeps in part.
    async fn judge(
        &self,
        scheduled: Vec<Submission>,
        zone: &TimeZone,
        now: Instant,
    ) -> Result<(Vec<Wanted>, Vec<Part>), Error> {
        let mut versions = KnownVersions::default();
        let (mut wanted, mut parts) = (Vec::with_capacity(scheduled.len()), Vec::new());
        let records: Vec<_> = scheduled.iter().map(|submission| submission.id.uuid()).collect();
        let mut rules = self.vault.rules_many(&records).await?;
        for submission in scheduled {
            let found = rules.remove(&submission.id.uuid());
            let permissions = found.as_ref().map(noted).unwrap_or_default();
            let rules = found.map(|rules| rules.version);
            if permissions.is_empty() {
                wanted.push(Wanted { submission, cause: Cause::Schedule, rules });
                continue;
            }
            let versions = versions.of(self.db.read(), submission.form_version).await?;
            let life = submission.timeline(&versions.rules, zone);
            let ended = life.due(submission.due_at, &permissions, now);
            if ended.is_all() {
                wanted.push(Wanted { submission, cause: Cause::Schedule, rules });
                continue;
            }
            let kept = Group::ALL.into_iter().filter(|group| !ended.has(*group));
            let until = kept.map(|group| life.kept_until(group, submission.due_at, &permissions, now)).min();
            let until = until.unwrap_or(now);
            let ends_at = submission.erase_at.map_or(until, |erase_at| erase_at.min(until));
            parts.push(Part { submission, ended, rules, ends_at });
        }
        Ok((wanted, parts))
    }

    /// Destroys what nothing keeps any more of submissions that are kept in part. If that fails it is tried again in the
    /// next pass, and stops nobody else's erasure.
    async fn take_parts(&self, parts: &[Part], now: Instant, report: &mut Report) -> Result<(), Error> {
        if parts.is_empty() {
            return Ok(());
        }
        let outcomes = match self.erase_parts(parts, now).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(error = %error, "Parts of submissions could not be erased");
                return Ok(());
            }
        };
        for (part, outcome) in parts.iter().zip(outcomes) {
            match outcome {
                Outcome::Destroyed => report.reduced += 1,
                Outcome::Held | Outcome::Locked => {
                    report.held_back += 1;
                    self.note_hold(part.submission.id).await?;
                }
                // decided on anew in the next pass
                Outcome::Changed | Outcome::Gone => {}
            }
        }
        Ok(())
    }

    /// Writes down what a pass did, after it was done. One that found nothing is only noted as the last success.
    async fn report(&self, site: SiteId, report: &Report) -> Result<(), Error> {
        let report = Arc::new(report.clone());
        let write = self.db.write(move |tx| {
            let report = Arc::clone(&report);
            async move { store(tx, site, &report).await }.boxed()
        });
        write.await
    }
}

/// Whether the last report says the same: a sweep that waits for somebody is tried again and again, and told of once.
async fn again(tx: &Tx, site: SiteId, report: &Report) -> Result<bool, Error> {
    let last = "SELECT stopped FROM sweep WHERE site_id = $1 ORDER BY position DESC LIMIT 1";
    let last = tx.query_one_raw(sql(tx, last, [site.uuid().into()])).await?;
    let stopped: Option<String> = last.map(|row| row.try_get("", "stopped")).transpose()?.flatten();
    Ok(report.erased == 0 && report.reduced == 0 && stopped == report.stopped)
}

async fn store(tx: &Tx, site: SiteId, report: &Report) -> Result<(), Error> {
    let at = |at: Option<Instant>| at.map_or(0, Instant::micros);
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    if report.stopped.is_some() && again(tx, site, report).await? {
        return Ok(());
    }
    if report.due > 0 || report.stopped.is_some() {
        let insert = "INSERT INTO sweep (site_id, started_at, finished_at, due, erased, reduced, held_back, stopped)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            site.uuid().into(),
            at(report.started_at).into(),
            at(report.finished_at).into(),
            number(report.due).into(),
            number(report.erased).into(),
            number(report.reduced).into(),
            number(report.held_back).into(),
            report.stopped.clone().into(),
        ];
        tx.execute_raw(sql(tx, insert, values)).await?;
    }
    if report.erased > 0 || report.reduced > 0 {
        let line = Leaf {
            counts: vec![report.due, report.erased, report.reduced, report.held_back],
            ..Leaf::new(leaf::Kind::SweepReport, report.finished_at.unwrap_or(Instant::from_micros(0)), Actor::System)
        };
        leaf::append(tx, site, &line);
    }
    if report.stopped.is_none() {
        watch::set(tx, site, "last_success_at", Some(at(report.finished_at))).await?;
        watch::set(tx, site, "asked", None).await?;
        // what was agreed to is done; the next large sweep asks again
        watch::set(tx, site, "confirmed", None).await?;
    }
    Ok(())
}

fn noted(rules: &Rules) -> Vec<Permission> {
    let noted = |given: &bonafide_vault::Permission| Permission::noted(given.groups, given.given_at, given.expires_at);
    rules.permissions.iter().map(noted).collect()
}

/// Up to `limit` reports, the newest first.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<EraseSubmissions>,
    start: Start<i64>,
    limit: u64,
) -> Result<Vec<Report>, Error> {
    const DOWN: &str = "SELECT position, started_at, finished_at, due, erased, reduced, held_back, stopped FROM sweep
        WHERE site_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3";
    const UP: &str = "SELECT position, started_at, finished_at, due, erased, reduced, held_back, stopped FROM sweep
        WHERE site_id = $1 AND position > $2 ORDER BY position LIMIT $3";
    let (select, bound) = match start {
        Start::First => (DOWN, i64::MAX),
        Start::After(position) => (DOWN, position),
        Start::Before(position) => (UP, position),
    };
    let values = [by.site().uuid().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(read).collect()
}

/// How many reports there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<EraseSubmissions>) -> Result<u64, Error> {
    Ok(statement::count(on, sql(on, "SELECT COUNT(*) FROM sweep WHERE site_id = $1", [by.site().uuid().into()]))
        .await?)
}

fn read(row: &QueryResult) -> Result<Report, Error> {
    let count = |column| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or(0));
    let instant = |column| row.try_get::<i64>("", column).map(|at| Some(Instant::from_micros(at)));
    Ok(Report {
        position: row.try_get("", "position")?,
        started_at: instant("started_at")?,
        finished_at: instant("finished_at")?,
        due: count("due")?,
        erased: count("erased")?,
        reduced: count("reduced")?,
        held_back: count("held_back")?,
        stopped: row.try_get("", "stopped")?,
    })
}
