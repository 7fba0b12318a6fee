//! What is due at an instant.

use crate::Error;
use crate::submission::{Submission, read, select};
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{sql, statement};
use sea_orm::ConnectionTrait;

/// The place after a submission in the order of the list.
pub type Place = (Instant, SubmissionId);

/// Why something of a submission ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The visitor wants it.
    Wish,
    /// The request was fulfilled long enough ago.
    AfterFulfilment,
    /// Nobody answered in time.
    Unanswered,
    /// It was judged to be spam.
    Spam,
}

impl Rule {
    /// The rule by which a submission ends.
    pub fn of(submission: &Submission) -> Self {
        if submission.erase_at.is_some_and(|at| at <= submission.due_at) {
            Self::Wish
        } else if submission.spam {
            Self::Spam
        } else if submission.fulfilled_at.is_some() {
            Self::AfterFulfilment
        } else {
            Self::Unanswered
        }
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wish => "subject_request",
            Self::AfterFulfilment => "after_fulfilment",
            Self::Unanswered => "unanswered",
            Self::Spam => "spam",
        }
    }
}

macro_rules! condition {
    ($rest:literal) => {
        concat!(
            "s.site_id = $1 AND s.ends_at <= $2 AND s.state IN ('received', 'open', 'fulfilled', 'due') AND NOT s.held
             AND (s.locked_until IS NULL OR s.locked_until <= $2 OR s.erase_at <= $2) ",
            $rest
        )
    };
}

/// Up to `limit` submissions of which something has ended at an instant, those that ended first, first.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<EraseSubmissions>,
    at: Instant,
    start: Start<Place>,
    limit: u64,
) -> Result<Vec<Submission>, Error> {
    const BEFORE: &str = select!(concat!(
        "WHERE ",
        condition!("AND (s.ends_at, s.id) < ($3, $4) ORDER BY s.ends_at DESC, s.id DESC LIMIT $5")
    ));
    let (bound, id) = match start {
        Start::First => return select_due(on, by.site(), at, None, limit).await,
        Start::After(place) => return select_due(on, by.site(), at, Some(place), limit).await,
        Start::Before((at, id)) => (at, id),
    };
    let values =
        [by.site().uuid().into(), at.micros().into(), bound.micros().into(), id.uuid().into(), statement::limit(limit)];
    on.query_all_raw(sql(on, BEFORE, values)).await?.iter().map(read).collect()
}

/// How many [`list`] has.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<EraseSubmissions>, at: Instant) -> Result<u64, Error> {
    const COUNT: &str = concat!("SELECT COUNT(*) FROM submission s WHERE ", condition!(""));
    Ok(statement::count(on, sql(on, COUNT, [by.site().uuid().into(), at.micros().into()])).await?)
}

pub(crate) async fn select_due(
    on: &impl ConnectionTrait,
    site: SiteId,
    at: Instant,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Submission>, Error> {
    const SELECT: &str =
        select!(concat!("WHERE ", condition!("AND (s.ends_at, s.id) > ($3, $4) ORDER BY s.ends_at, s.id LIMIT $5")));
    let (bound, id) = after.map_or((i64::MIN, uuid::Uuid::nil()), |(at, id)| (at.micros(), id.uuid()));
    let values = [site.uuid().into(), at.micros().into(), bound.into(), id.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, SELECT, values)).await?.iter().map(read).collect()
}

/// How many are due by schedule, without those that visitors want erased; and how many are there at all.
pub(crate) async fn counts(on: &impl ConnectionTrait, site: SiteId, at: Instant) -> Result<(u64, u64), Error> {
    const DUE: &str =
        concat!("SELECT COUNT(*) FROM submission s WHERE ", condition!("AND (s.erase_at IS NULL OR s.erase_at > $2)"));
    let live =
        "SELECT COUNT(*) FROM submission WHERE site_id = $1 AND state IN ('received', 'open', 'fulfilled', 'due')";
    let due = statement::count(on, sql(on, DUE, [site.uuid().into(), at.micros().into()])).await?;
    if due == 0 {
        return Ok((0, 0));
    }
    Ok((due, statement::count(on, sql(on, live, [site.uuid().into()])).await?))
}

/// Since when the submission that waits longest has been due; `None` if none is.
pub(crate) async fn oldest(on: &impl ConnectionTrait, site: SiteId, at: Instant) -> Result<Option<Instant>, Error> {
    const SELECT: &str = concat!("SELECT MIN(s.ends_at) AS oldest FROM submission s WHERE ", condition!(""));
    let row = on.query_one_raw(sql(on, SELECT, [site.uuid().into(), at.micros().into()])).await?;
    let oldest: Option<i64> = row.map_or(Ok(None), |row| row.try_get("", "oldest"))?;
    Ok(oldest.map(Instant::from_micros))
}
