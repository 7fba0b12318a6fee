//! Statements in SQL that both databases understand. Texts of others are only ever values.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use std::fmt::Write as _;

/// A statement with `$1`, `$2` … for its values.
pub fn sql(on: &impl ConnectionTrait, text: &'static str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(on.get_database_backend(), text, values)
}

/// A statement that ends in a list of values: `HEAD ($1, $2 …)`.
pub fn naming<V: Into<Value>>(on: &impl ConnectionTrait, head: &str, named: impl IntoIterator<Item = V>) -> Statement {
    let mut sql = Sql::default();
    sql.push(head).push(" ").list(named);
    sql.on(on)
}

/// The one number of a `SELECT COUNT(*)`.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, select: Statement) -> Result<u64, DbErr> {
    let count: i64 = on.query_one_raw(select).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A limit as a value.
pub fn limit(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

/// A statement put together from pieces of ours, with a value for each place in it that is left open.
#[derive(Default)]
pub struct Sql {
    /// With [`OPEN`] for each value.
    text: String,
    values: Vec<Value>,
}

/// A place for a value. No statement of ours has it otherwise.
const OPEN: char = '\u{0}';

impl Sql {
    /// Begins with a piece.
    pub fn new(text: &str) -> Self {
        let mut sql = Self::default();
        sql.push(text);
        sql
    }

    /// Adds a piece.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds a value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push(OPEN);
        self
    }

    /// Adds a list of values, `(?, ? …)`; nothing is in an empty one.
    pub fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let before = self.values.len();
        self.push("(");
        for value in values {
            self.push(if self.values.len() > before { ", " } else { "" }).bind(value);
        }
        // PostgreSQL knows no list of nothing
        self.push(if self.values.len() > before { ")" } else { "NULL)" })
    }

    /// Adds rows of values, `VALUES (?, ?), (?, ?) …`; never none.
    pub fn rows<R: IntoIterator<Item = Value>>(&mut self, rows: impl IntoIterator<Item = R>) -> &mut Self {
        for (index, row) in rows.into_iter().enumerate() {
            self.push(if index == 0 { "VALUES " } else { ", " }).list(row);
        }
        self
    }

    /// The finished statement.
    pub fn on(self, on: &impl ConnectionTrait) -> Statement {
        let backend = on.get_database_backend();
        Statement::from_sql_and_values(backend, self.text(backend), self.values)
    }

    fn text(&self, backend: DbBackend) -> String {
        if backend == DbBackend::Sqlite {
            // to find the number of a place that has a name SQLite looks through all names before it
            return self.text.replace(OPEN, "?");
        }
        let mut text = String::with_capacity(self.text.len() + 4 * self.values.len());
        for (number, piece) in self.text.split(OPEN).enumerate() {
            if number > 0 {
                write!(text, "${number}").expect("a string takes every character");
            }
            text.push_str(piece);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_as_they_come() {
        let mut sql = Sql::new("UPDATE t SET a = ");
        sql.bind(1_i64).push(" WHERE b IN ").list(["x", "y"]).push(" AND c IN ").list([""; 0]);
        let text = |of: &str| format!("UPDATE t SET a = {of}");
        assert_eq!(sql.text(DbBackend::Postgres), text("$1 WHERE b IN ($2, $3) AND c IN (NULL)"));
        assert_eq!(sql.text(DbBackend::Sqlite), text("? WHERE b IN (?, ?) AND c IN (NULL)"));
        assert_eq!(sql.values.len(), 3);
    }

    #[test]
    fn rows_are_one_statement() {
        let mut sql = Sql::new("INSERT INTO t (a, b) ");
        sql.rows([[Value::from(1_i64), Value::from("a")], [Value::from(2_i64), Value::from("b")]]);
        assert_eq!(sql.text(DbBackend::Postgres), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
        assert_eq!(sql.values.len(), 4);
    }
}
