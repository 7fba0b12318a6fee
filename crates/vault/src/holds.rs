//! Legal holds: one person asks, another puts it into force; from then on nothing destroys the record until it is released.
//!
//! Who may do which is for the caller to know. What stands here is kept with the keys, so that no restore of the data
//! loses a hold or brings one back.

use crate::{Error, Record, Vault};
use bonafide_model::{Instant, Start};
use bonafide_storage::{Tx, sql, statement};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use std::sync::Arc;
use uuid::Uuid;

/// A hold that somebody has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// The record.
    pub record: Record,
    /// Why, as a term of the caller's.
    pub reason: String,
    /// What it is about, as a file number or the like.
    pub reference: Option<String>,
    /// When somebody has to look whether it is still needed.
    pub review_at: Instant,
    /// Who asked.
    pub asked_by: Uuid,
    /// When.
    pub asked_at: Instant,
}

/// A hold in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What was asked for.
    pub request: HoldRequest,
    /// Who put it into force.
    pub placed_by: Uuid,
    /// When.
    pub placed_at: Instant,
}

const REQUEST: &str =
    "SELECT record, reason, reference, review_at, asked_by, asked_at FROM hold_request WHERE record = $1";
const HOLD: &str = "SELECT record, reason, reference, review_at, asked_by, asked_at, placed_by, placed_at FROM hold
    WHERE record = $1";
const DOWN: &str = "SELECT record FROM hold WHERE record > $1 UNION SELECT record FROM hold_request WHERE record > $1
    ORDER BY record LIMIT $2";
const UP: &str = "SELECT record FROM hold WHERE record < $1 UNION SELECT record FROM hold_request WHERE record < $1
    ORDER BY record DESC LIMIT $2";

impl Vault {
    /// The hold on a record, and the one that somebody has asked for.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn hold(&self, record: Record) -> Result<(Option<Hold>, Option<HoldRequest>), Error> {
        let db = self.0.db.read();
        let hold = db.query_one_raw(sql(db, HOLD, [record.into()])).await?;
        let asked = db.query_one_raw(sql(db, REQUEST, [record.into()])).await?;
        Ok((hold.as_ref().map(read).transpose()?, asked.as_ref().map(request).transpose()?))
    }

    /// Records that are held, or for which that was asked, in their order.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn on_hold(&self, start: Start<Record>, limit: u64) -> Result<Vec<Record>, Error> {
        let db = self.0.db.read();
        let (select, bound) = match start {
            Start::First => (DOWN, Uuid::nil()),
            Start::After(record) => (DOWN, record),
            Start::Before(record) => (UP, record),
        };
        let rows = db.query_all_raw(sql(db, select, [bound.into(), statement::limit(limit)])).await?;
        Ok(rows.iter().map(|row| row.try_get("", "record")).collect::<Result<_, _>>()?)
    }

    /// How many those are.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn count_on_hold(&self) -> Result<u64, Error> {
        let db = self.0.db.read();
        let select = "SELECT COUNT(*) FROM (SELECT record FROM hold UNION SELECT record FROM hold_request) AS held";
        Ok(statement::count(db, sql(db, select, [])).await?)
    }

    /// Notes that a hold is asked for, in place of a request made before `void`. Gives false if a younger one is there.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn ask_for_hold(&self, asked: HoldRequest, void: Instant) -> Result<bool, Error> {
        let insert = "INSERT INTO hold_request (record, reason, reference, review_at, asked_by, asked_at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (record) DO UPDATE SET reason = excluded.reason,
            reference = excluded.reference, review_at = excluded.review_at, asked_by = excluded.asked_by,
            asked_at = excluded.asked_at WHERE hold_request.asked_at < $7";
        let values = values(&asked).into_iter().chain([void.micros().into()]);
        self.change(asked.record, insert, values.collect()).await
    }

    /// Puts a hold into force that was asked for, in place of one that is. Gives false if that request is gone or another one.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn place_hold(&self, hold: Hold) -> Result<bool, Error> {
        let hold = Arc::new(hold);
        self.0
            .write(move |_, tx| {
                let hold = Arc::clone(&hold);
                async move { place(tx, &hold).await }.boxed()
            })
            .await
    }

    /// Lifts the hold on a record, and takes back what was asked for. Gives whether there was a hold in force.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn release(&self, record: Record) -> Result<bool, Error> {
        self.change(record, "DELETE FROM hold_request WHERE record = $1", vec![record.into()]).await?;
        self.change(record, "DELETE FROM hold WHERE record = $1", vec![record.into()]).await
    }
}

async fn place(tx: &Tx, hold: &Hold) -> Result<bool, Error> {
    let record = hold.request.record;
    let raise = "UPDATE record_key SET version = version + 1 WHERE record = $1";
    if tx.execute_raw(sql(tx, raise, [record.into()])).await?.rows_affected() == 0 {
        return Err(Error::Gone);
    }
    let asked = tx.query_one_raw(sql(tx, REQUEST, [record.into()])).await?;
    if asked.as_ref().map(request).transpose()?.is_none_or(|asked| asked != hold.request) {
        return Ok(false);
    }
    let insert = "INSERT INTO hold (record, reason, reference, review_at, asked_by, asked_at, placed_by, placed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (record) DO UPDATE SET reason = excluded.reason,
        reference = excluded.reference, review_at = excluded.review_at, asked_by = excluded.asked_by,
        asked_at = excluded.asked_at, placed_by = excluded.placed_by, placed_at = excluded.placed_at";
    let more = [hold.placed_by.into(), hold.placed_at.micros().into()];
    tx.execute_raw(sql(tx, insert, values(&hold.request).into_iter().chain(more))).await?;
    tx.execute_raw(sql(tx, "DELETE FROM hold_request WHERE record = $1", [record.into()])).await?;
    Ok(true)
}

fn values(asked: &HoldRequest) -> Vec<Value> {
    let HoldRequest { record, reason, reference, review_at, asked_by, asked_at } = asked;
    vec![
        (*record).into(),
        reason.clone().into(),
        reference.clone().into(),
        review_at.micros().into(),
        (*asked_by).into(),
        asked_at.micros().into(),
    ]
}

fn request(row: &QueryResult) -> Result<HoldRequest, Error> {
    Ok(HoldRequest {
        record: row.try_get("", "record")?,
        reason: row.try_get("", "reason")?,
        reference: row.try_get("", "reference")?,
        review_at: Instant::from_micros(row.try_get("", "review_at")?),
        asked_by: row.try_get("", "asked_by")?,
        asked_at: Instant::from_micros(row.try_get("", "asked_at")?),
    })
}

fn read(row: &QueryResult) -> Result<Hold, Error> {
    Ok(Hold {
        request: request(row)?,
        placed_by: row.try_get("", "placed_by")?,
        placed_at: Instant::from_micros(row.try_get("", "placed_at")?),
    })
}
