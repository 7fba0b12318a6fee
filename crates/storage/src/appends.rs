//! Rows of append-only tables, written at the end of a transaction: one statement for all of a table, however many
//! closures share the commit.

use crate::Sql;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Value};

/// How many rows one statement writes at most: with few sizes, each is prepared once.
const MOST: usize = 64;

/// A row to be written: `INSERT INTO table (columns)` and its values.
pub(crate) type Append = (&'static str, Vec<Value>);

/// Writes rows, those of a table in the order they came.
pub(crate) async fn flush(on: &DatabaseTransaction, mut appends: Vec<Append>) -> Result<(), DbErr> {
    while let Some(&(insert, _)) = appends.first() {
        let (rows, rest) = appends.into_iter().partition(|append| append.0 == insert);
        appends = rest;
        write(on, insert, rows).await?;
    }
    Ok(())
}

async fn write(on: &DatabaseTransaction, insert: &'static str, rows: Vec<Append>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        // the largest power of two that is there
        let count = (1 << rows.len().ilog2()).min(MOST);
        let mut sql = Sql::new(insert);
        sql.push(" ").rows(rows.by_ref().take(count).map(|row| row.1));
        on.execute_raw(sql.on(on)).await?;
    }
    Ok(())
}
