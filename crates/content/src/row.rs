//! Reading the columns of rows into values, and statements whose length depends on how much is asked for.

use crate::Error;
use bonafide_model::Instant;
use bonafide_storage::Tx;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::fmt::Write as _;
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

/// The one number of a `SELECT COUNT(*)`.
pub(crate) async fn count(on: &impl ConnectionTrait, select: Statement) -> Result<u64, Error> {
    let count: i64 = on.query_one_raw(select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A limit as a parameter of a statement.
pub(crate) fn limit(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

/// A statement put together from pieces of ours, with a value for every `$n` in it. Texts of others are only ever values.
#[derive(Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with a piece.
    pub(crate) fn new(text: &'static str) -> Self {
        let mut sql = Self::default();
        sql.push(text);
        sql
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        write!(self.text, "${}", self.values.len()).expect("a string takes every character");
        self
    }

    /// Adds a list of values in brackets; never an empty one.
    pub(crate) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " }).bind(value);
        }
        self.push(")")
    }

    /// The finished statement.
    pub(crate) fn on(self, on: &impl ConnectionTrait) -> Statement {
        Statement::from_sql_and_values(on.get_database_backend(), self.text, self.values)
    }
}

/// Inserts rows, many with each statement.
pub(crate) async fn insert_all(tx: &Tx, insert: &'static str, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    for chunk in rows.chunks(200) {
        let mut sql = Sql::new(insert);
        for (index, row) in chunk.iter().enumerate() {
            sql.push(if index == 0 { " VALUES " } else { ", " }).list(row.iter().cloned());
        }
        tx.execute_raw(sql.on(tx)).await?;
    }
    Ok(())
}
