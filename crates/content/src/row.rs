//! Reading the columns of rows into values, and writing many rows.

use crate::Error;
use bonafide_model::Instant;
use bonafide_storage::{Sql, Tx};
use sea_orm::{ConnectionTrait as _, QueryResult, Value};
use std::str::FromStr;

/// A column whose text is one of our values.
pub(crate) fn parsed<T: FromStr>(row: &QueryResult, column: &str) -> Result<T, Error> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|_| damaged(column))
}

/// A column that holds JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &QueryResult, column: &str) -> Result<T, Error> {
    let text: String = row.try_get("", column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column))
}

/// A column that holds an instant.
pub(crate) fn instant(row: &QueryResult, column: &str) -> Result<Instant, Error> {
    Ok(Instant::from_micros(row.try_get("", column)?))
}

/// The same, may be absent.
pub(crate) fn instant_null(row: &QueryResult, column: &str) -> Result<Option<Instant>, Error> {
    Ok(row.try_get::<Option<i64>>("", column)?.map(Instant::from_micros))
}

pub(crate) fn damaged(column: &str) -> Error {
    Error::Internal(format!("the column {column} of an entry holds a value that was not written by this product"))
}

/// Inserts rows, many with each statement.
pub(crate) async fn insert_all(tx: &Tx, insert: &'static str, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    for chunk in rows.chunks(200) {
        let mut sql = Sql::new(insert);
        sql.push(" ").rows(chunk.iter().cloned());
        tx.execute_raw(sql.on(tx)).await?;
    }
    Ok(())
}
