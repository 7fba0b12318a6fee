//! Reading the columns of rows into values. A value that does not parse was not written by us.

use crate::Error;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use std::str::FromStr;

/// A column whose text is one of our values; `name` is said if it is not.
pub(crate) fn parsed<T: FromStr>(row: &QueryResult, column: &str, name: &'static str) -> Result<T, Error> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|_| Error::Damaged(name))
}

/// A small number that may be absent.
pub(crate) fn number_null(row: &QueryResult, column: &str) -> Result<Option<u32>, Error> {
    let number: Option<i64> = row.try_get("", column)?;
    number.map(|number| u32::try_from(number).map_err(|_| Error::Damaged("a number"))).transpose()
}

/// The one number of a `SELECT COUNT(*)`.
pub(crate) async fn count(on: &impl ConnectionTrait, select: Statement) -> Result<u64, Error> {
    let count: i64 = on.query_one_raw(select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A limit as a parameter of a statement.
pub(crate) fn limit(limit: u64) -> sea_orm::Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}
