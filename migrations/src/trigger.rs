//! Tables, or rows of them, that nobody can change: not by a route, not by SQL.

use sea_orm_migration::prelude::*;

/// Refuses `UPDATE` and `DELETE` of every row for which `when` holds (`OLD` is the row; `"TRUE"` for all),
/// and `TRUNCATE` of the table. The error reads `immutable: TABLE`.
pub(crate) async fn immutable(manager: &SchemaManager<'_>, table: &str, when: &str) -> Result<(), DbErr> {
    for verb in ["UPDATE", "DELETE"] {
        refuse(manager, table, verb, when).await?;
    }
    if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
        let sql = format!(
            "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION bonafide_refuse('{table}')"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Refuses one verb (`INSERT`, `UPDATE` or `DELETE`) on rows for which `when` holds.
/// On PostgreSQL a `when` may not contain a sub-query.
pub(crate) async fn refuse(manager: &SchemaManager<'_>, table: &str, verb: &str, when: &str) -> Result<(), DbErr> {
    let name = format!("{table}_no_{}", verb.to_lowercase());
    let sql = match manager.get_database_backend() {
        sea_orm::DbBackend::Postgres => format!(
            "CREATE TRIGGER {name} BEFORE {verb} ON {table}
             FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION bonafide_refuse('{table}')"
        ),
        _ => format!(
            "CREATE TRIGGER {name} BEFORE {verb} ON {table}
             FOR EACH ROW WHEN {when} BEGIN SELECT RAISE(ABORT, 'immutable: {table}'); END"
        ),
    };
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// The function behind the triggers on PostgreSQL.
pub(crate) async fn install(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
        let sql = "CREATE FUNCTION bonafide_refuse() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN RAISE EXCEPTION 'immutable: %', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$";
        manager.get_connection().execute_unprepared(sql).await?;
    }
    Ok(())
}
