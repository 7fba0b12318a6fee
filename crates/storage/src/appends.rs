//! Rows of append-only tables, written at the end of a transaction: one statement for all of a table, however many
//! closures share the commit.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Statement, Value};
use std::fmt::Write as _;

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
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(count).map(|row| row.1).collect();
        let text = statement(insert, &chunk);
        let values = chunk.into_iter().flatten();
        on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

fn statement(insert: &str, rows: &[Vec<Value>]) -> String {
    let mut text = format!("{insert} VALUES ");
    let mut number = 0;
    for (index, row) in rows.iter().enumerate() {
        text.push_str(if index == 0 { "(" } else { "), (" });
        for column in 0..row.len() {
            number += 1;
            // writing to a string does not fail
            let _ = write!(text, "{}${number}", if column == 0 { "" } else { ", " });
        }
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_one_statement() {
        let rows = vec![vec![Value::from(1_i64), Value::from("a")], vec![Value::from(2_i64), Value::from("b")]];
        assert_eq!(statement("INSERT INTO t (a, b)", &rows), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
    }
}
