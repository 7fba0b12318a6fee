//! What is known of sweeps between sweeps: the last success, what waits for a person, and whether the clock is trusted.

use super::due;
use crate::{Error, Retention};
use bonafide_ledger::audit::Object;
use bonafide_ledger::{Act, Leaf, leaf};
use bonafide_model::Instant;
use bonafide_model::access::{Actor, EraseSubmissions};
use bonafide_model::id::SiteId;
use bonafide_storage::{Sql, Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;

/// What is known of the sweeps of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// When one last did all there was to do.
    pub last_success_at: Option<Instant>,
    /// How many erasures wait for a person's word.
    pub asked: Option<u64>,
    /// How many a person has agreed to.
    pub confirmed: Option<u64>,
    /// Since when destruction is suspended because the clock jumped.
    pub suspended_at: Option<Instant>,
    /// By how many seconds it did.
    pub jumped_by: Option<i64>,
    /// How many requests have waited for half of the time in which they have to be answered, or longer.
    pub half_over: u64,
    /// How many of them for four fifths of it.
    pub nearly_over: u64,
    /// When they were counted.
    pub counted_at: Option<Instant>,
}

impl Retention {
    /// What is known of the sweeps of a site, and since when the oldest overdue submission has been due.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn watch(&self, site: SiteId, now: Instant) -> Result<(Watch, Option<Instant>), Error> {
        let db = self.db.read();
        Ok((read(db, site).await?, due::oldest(db, site, now).await?))
    }

    /// Agrees to as many scheduled erasures as wait for a person's word.
    ///
    /// # Errors
    /// [`Error::NotAsked`] if none do, or more than `count`.
    pub async fn confirm(&self, act: Act<EraseSubmissions>, count: u64) -> Result<Watch, Error> {
        let confirmed = self.db.write(move |tx| {
            let act = act.clone();
            async move {
                let watch = read(tx, act.site()).await?;
                if watch.asked.is_none_or(|asked| asked > count) {
                    return Err(Error::NotAsked);
                }
                let update = "UPDATE retention_watch SET confirmed = $2, asked = NULL WHERE site_id = $1";
                let agreed = i64::try_from(count).unwrap_or(i64::MAX);
                tx.execute_raw(sql(tx, update, [act.site().uuid().into(), agreed.into()])).await?;
                act.record(tx, "sweep.confirm", Object { kind: "sweep", key: None });
                read(tx, act.site()).await
            }
            .boxed()
        });
        let watch = confirmed.await?;
        self.wake();
        Ok(watch)
    }

    /// Says that the clock is right: destruction goes on.
    ///
    /// # Errors
    /// [`Error::NotAsked`] if it is not suspended.
    pub async fn trust_clock(&self, act: Act<EraseSubmissions>) -> Result<Watch, Error> {
        let trusted = self.db.write(move |tx| {
            let act = act.clone();
            async move {
                let update = "UPDATE retention_watch SET suspended_at = NULL, jumped_by = NULL
                    WHERE site_id = $1 AND suspended_at IS NOT NULL";
                let done = tx.execute_raw(sql(tx, update, [act.site().uuid().into()])).await?;
                if done.rows_affected() == 0 {
                    return Err(Error::NotAsked);
                }
                act.record(tx, "sweep.trust_clock", Object { kind: "sweep", key: None });
                read(tx, act.site()).await
            }
            .boxed()
        });
        let watch = trusted.await?;
        self.wake();
        Ok(watch)
    }
}

pub(super) async fn read(on: &impl ConnectionTrait, site: SiteId) -> Result<Watch, Error> {
    let select = "SELECT last_success_at, asked, confirmed, suspended_at, jumped_by, half_over, nearly_over, counted_at
        FROM retention_watch WHERE site_id = $1";
    let Some(row) = on.query_one_raw(sql(on, select, [site.uuid().into()])).await? else {
        return Ok(Watch::default());
    };
    let number = |column| row.try_get::<Option<i64>>("", column);
    let count = |column| number(column).map(|count| count.and_then(|count| u64::try_from(count).ok()));
    let instant = |column| number(column).map(|at| at.map(Instant::from_micros));
    Ok(Watch {
        last_success_at: instant("last_success_at")?,
        asked: count("asked")?,
        confirmed: count("confirmed")?,
        suspended_at: instant("suspended_at")?,
        jumped_by: number("jumped_by")?,
        half_over: count("half_over")?.unwrap_or(0),
        nearly_over: count("nearly_over")?.unwrap_or(0),
        counted_at: instant("counted_at")?,
    })
}

/// Sets one column; `column` is one of ours.
pub(super) async fn set(tx: &Tx, site: SiteId, column: &'static str, value: Option<i64>) -> Result<(), Error> {
    let mut upsert = Sql::new(&format!("INSERT INTO retention_watch (site_id, {column}) "));
    upsert.rows([[site.uuid().into(), value.into()]]);
    upsert.push(&format!(" ON CONFLICT (site_id) DO UPDATE SET {column} = excluded.{column}"));
    tx.execute_raw(upsert.on(tx)).await?;
    Ok(())
}

/// Suspends destruction because the clock jumped.
pub(super) async fn suspend(tx: &Tx, site: SiteId, seconds: i64, now: Instant) -> Result<(), Error> {
    set(tx, site, "suspended_at", Some(now.micros())).await?;
    set(tx, site, "jumped_by", Some(seconds)).await?;
    let line = Leaf { counts: vec![seconds.unsigned_abs()], ..Leaf::new(leaf::Kind::ClockSuspect, now, Actor::System) };
    leaf::append(tx, site, &line);
    Ok(())
}
