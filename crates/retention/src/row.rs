//! Reading the columns of rows into values. A value that does not parse was not written by us.

use crate::Error;
use sea_orm::QueryResult;
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
