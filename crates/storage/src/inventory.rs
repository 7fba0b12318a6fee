//! Whether a real schema is the one that was declared, column by column.

use crate::{Db, Error, sql};
pub use bonafide_migrations::inventory::document::markdown;
pub use bonafide_migrations::inventory::{Column, Difference, Plane, Table};
use sea_orm::{ConnectionTrait as _, DbBackend};

const SQLITE: &str =
    "SELECT m.name AS \"table\", c.name AS \"column\" FROM sqlite_schema m, pragma_table_xinfo(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid";

/// Tables of every kind that hold rows, materialized views among them.
const POSTGRES: &str = "SELECT CAST(c.relname AS TEXT) AS \"table\", CAST(a.attname AS TEXT) AS \"column\"
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p', 'm', 'f')
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum";

/// How the schema of a database differs from the inventory.
///
/// # Errors
/// If the schema cannot be read.
pub async fn compare(db: &Db, plane: Plane) -> Result<Difference, Error> {
    let on = db.read();
    let select = match on.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    let rows = on.query_all_raw(sql(on, select, [])).await?;
    let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "table")?, row.try_get("", "column")?));
    let real = rows.iter().map(pair).collect::<Result<Vec<(String, String)>, sea_orm::DbErr>>()?;
    Ok(plane.compare(&real))
}
