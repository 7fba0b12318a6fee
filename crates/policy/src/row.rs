//! Reading the columns of rows into values. A value that does not parse was not written by us.

use crate::Error;
use bonafide_model::Locale;
use sea_orm::QueryResult;
use std::str::FromStr;

/// A column whose text is one of our values.
pub(crate) fn parsed<T: FromStr>(row: &QueryResult, column: &str) -> Result<T, Error> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|_| damaged(column))
}

/// The same, may be absent.
pub(crate) fn parsed_null<T: FromStr>(row: &QueryResult, column: &str) -> Result<Option<T>, Error> {
    let text: Option<String> = row.try_get("", column)?;
    text.map(|text| text.parse().map_err(|_| damaged(column))).transpose()
}

/// A column that holds JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &QueryResult, column: &str) -> Result<T, Error> {
    let text: String = row.try_get("", column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column))
}

/// The number of a revision.
pub(crate) fn number(row: &QueryResult, column: &str) -> Result<u32, Error> {
    u32::try_from(row.try_get::<i64>("", column)?).map_err(|_| damaged(column))
}

/// A list of locales, separated by blanks; `NULL` if there are none.
pub(crate) fn locales(row: &QueryResult, column: &str) -> Result<Vec<Locale>, Error> {
    let listed: Option<String> = row.try_get("", column)?;
    let parsed = listed.iter().flat_map(|listed| listed.split(' ')).map(str::parse);
    let mut locales: Vec<Locale> = parsed.collect::<Result<_, _>>().map_err(|_| damaged(column))?;
    locales.sort();
    Ok(locales)
}

pub(crate) fn damaged(column: &str) -> Error {
    Error::Internal(format!("the column {column} of a policy holds a value that was not written by this product"))
}
