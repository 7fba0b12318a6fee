//! Reading what stands about submissions in clear: structure, states and dates.

use super::{PolicyRef, Submission};
use crate::life::{Restrictions, State};
use crate::{Error, row};
use bonafide_model::access::{CountSubmissions, EraseSubmissions, HandleSubmissions};
use bonafide_model::id::{FormId, FormVersionId, SiteId, SubmissionId};
use bonafide_model::name::FormKey;
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, QueryResult};

/// Selects submissions.
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT s.id, s.site_id, s.form_id, f.key AS form, s.form_version_id, s.state, s.spam, s.restricted,
                s.restricted_by_visitor, s.held,
                s.received_at, s.fulfilled_at, s.due_at, s.ends_at, s.erase_at, s.locked_until, s.policy,
                s.policy_number, s.policy_digest, s.erased_at, s.erase_cause, s.scrubbed_at, s.final_at
             FROM submission s JOIN form f ON f.id = s.form_id ",
            $rest
        )
    };
}
pub(crate) use select;

/// Which submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of one form.
    pub form: Option<FormKey>,
    /// Those in one state.
    pub state: Option<State>,
}

/// Up to `limit` submissions, the newest first.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<HandleSubmissions>,
    filter: &Filter,
    start: Start<SubmissionId>,
    limit: u64,
) -> Result<Vec<Submission>, Error> {
    const FIRST: &str = select!(
        "WHERE s.site_id = $1 AND (CAST($2 AS TEXT) IS NULL OR f.key = $2)
         AND (CAST($3 AS TEXT) IS NULL OR s.state = $3) AND s.id < $4 ORDER BY s.id DESC LIMIT $5"
    );
    const UP: &str = select!(
        "WHERE s.site_id = $1 AND (CAST($2 AS TEXT) IS NULL OR f.key = $2)
         AND (CAST($3 AS TEXT) IS NULL OR s.state = $3) AND s.id > $4 ORDER BY s.id LIMIT $5"
    );
    let (select, bound) = match start {
        Start::First => (FIRST, uuid::Uuid::max()),
        Start::After(id) => (FIRST, id.uuid()),
        Start::Before(id) => (UP, id.uuid()),
    };
    let values = [
        by.site().uuid().into(),
        filter.form.as_ref().map(ToString::to_string).into(),
        filter.state.map(State::name).into(),
        bound.into(),
        statement::limit(limit),
    ];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(read).collect()
}

/// How many there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<HandleSubmissions>, filter: &Filter) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM submission s JOIN form f ON f.id = s.form_id WHERE s.site_id = $1
        AND (CAST($2 AS TEXT) IS NULL OR f.key = $2) AND (CAST($3 AS TEXT) IS NULL OR s.state = $3)";
    let values = [
        by.site().uuid().into(),
        filter.form.as_ref().map(ToString::to_string).into(),
        filter.state.map(State::name).into(),
    ];
    Ok(statement::count(on, sql(on, select, values)).await?)
}

/// How many are in each state, those with none left out.
///
/// # Errors
/// If the statement fails.
pub async fn by_state(on: &impl ConnectionTrait, by: &Granted<CountSubmissions>) -> Result<Vec<(State, u64)>, Error> {
    let select = "SELECT state, COUNT(*) AS n FROM submission WHERE site_id = $1 GROUP BY state";
    let rows = on.query_all_raw(sql(on, select, [by.site().uuid().into()])).await?;
    let pair = |row: &QueryResult| {
        let count: i64 = row.try_get("", "n")?;
        Ok((row::parsed(row, "state", "submission.state")?, u64::try_from(count).unwrap_or(0)))
    };
    rows.iter().map(pair).collect()
}

/// How many are there and not erased: all that some roles may know.
///
/// # Errors
/// If the statement fails.
pub async fn total(on: &impl ConnectionTrait, by: &Granted<CountSubmissions>) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM submission WHERE site_id = $1
        AND state IN ('received', 'open', 'fulfilled', 'due')";
    Ok(statement::count(on, sql(on, select, [by.site().uuid().into()])).await?)
}

/// One submission.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(
    on: &impl ConnectionTrait,
    by: &Granted<HandleSubmissions>,
    id: SubmissionId,
) -> Result<Submission, Error> {
    find(on, by.site(), id).await
}

/// One submission, for whoever may erase it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn for_erasure(
    on: &impl ConnectionTrait,
    by: &Granted<EraseSubmissions>,
    id: SubmissionId,
) -> Result<Submission, Error> {
    find(on, by.site(), id).await
}

pub(crate) async fn find(on: &impl ConnectionTrait, site: SiteId, id: SubmissionId) -> Result<Submission, Error> {
    let select = select!("WHERE s.site_id = $1 AND s.id = $2");
    let row = on.query_one_raw(sql(on, select, [site.uuid().into(), id.uuid().into()])).await?;
    read(&row.ok_or(Error::NotFound)?)
}

/// Takes a row of [`select!`].
pub(crate) fn read(row: &QueryResult) -> Result<Submission, Error> {
    let instant = |column| row.try_get::<i64>("", column).map(Instant::from_micros);
    let maybe = |column| row.try_get::<Option<i64>>("", column).map(|at| at.map(Instant::from_micros));
    Ok(Submission {
        id: SubmissionId::from_uuid(row.try_get("", "id")?),
        site: SiteId::from_uuid(row.try_get("", "site_id")?),
        form_id: FormId::from_uuid(row.try_get("", "form_id")?),
        form: row::parsed(row, "form", "form.key")?,
        form_version: FormVersionId::from_uuid(row.try_get("", "form_version_id")?),
        state: row::parsed(row, "state", "submission.state")?,
        spam: row.try_get("", "spam")?,
        restrictions: Restrictions {
            visitor: row.try_get("", "restricted_by_visitor")?,
            staff: row.try_get("", "restricted")?,
        },
        held: row.try_get("", "held")?,
        received_at: instant("received_at")?,
        fulfilled_at: maybe("fulfilled_at")?,
        due_at: instant("due_at")?,
        ends_at: instant("ends_at")?,
        erase_at: maybe("erase_at")?,
        locked_until: maybe("locked_until")?,
        policy: policy(row)?,
        erased_at: maybe("erased_at")?,
        erase_cause: row.try_get("", "erase_cause")?,
        scrubbed_at: maybe("scrubbed_at")?,
        final_at: maybe("final_at")?,
    })
}

fn policy(row: &QueryResult) -> Result<Option<PolicyRef>, Error> {
    let key: Option<String> = row.try_get("", "policy")?;
    let digest: Option<Vec<u8>> = row.try_get("", "policy_digest")?;
    match (key, row::number_null(row, "policy_number")?, digest) {
        (None, None, None) => Ok(None),
        (Some(key), Some(number), Some(digest)) => Ok(Some(PolicyRef {
            policy: key.parse().map_err(|_| Error::Damaged("submission.policy"))?,
            number,
            digest: digest.try_into().map_err(|_| Error::Damaged("submission.policy_digest"))?,
        })),
        _ => Err(Error::Damaged("submission.policy")),
    }
}
