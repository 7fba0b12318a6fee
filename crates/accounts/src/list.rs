//! What the lists of this crate have in common: they are ordered by id, oldest first.

use crate::Error;
use bonafide_model::Start;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Statement, Value};

/// The id beyond which a page lies, as a value for SQL.
pub(crate) fn bound<I>(start: Start<I>, uuid: impl Fn(I) -> Uuid) -> Value {
    match start {
        Start::First => Uuid::nil().into(),
        Start::After(id) | Start::Before(id) => uuid(id).into(),
    }
}

pub(crate) fn limit(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

pub(crate) async fn count(on: &impl ConnectionTrait, select: Statement) -> Result<u64, Error> {
    let row = on.query_one_raw(select).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
