//! Brings a schema up to date, under a lock, all or nothing.

use crate::inventory::Plane;
use crate::{Error, Source, postgres, sqlite};
use bonafide_migrations::Migrator;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait;

/// The key of the advisory lock on PostgreSQL: "bonafide" as a number.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7093002226453734501)";

/// Runs every migration that is missing, in one transaction that others wait for.
pub(crate) async fn run<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<(), Error> {
    if connection.get_database_backend() == DbBackend::Postgres {
        refuse_newer::<M>(connection).await?;
        if !exists(connection).await? || !M::get_pending_migrations(connection).await?.is_empty() {
            let transaction = connection.begin().await?;
            transaction.execute_unprepared(LOCK).await?;
            M::up(&transaction, None).await?;
            transaction.commit().await?;
        }
        return Ok(());
    }
    let immediate =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let transaction = connection.begin_with_options(immediate).await?;
    refuse_newer::<M>(&transaction).await?;
    M::up(&transaction, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// The names of the migrations that [`crate::Db::open`] would run; changes nothing.
///
/// # Errors
/// If the database cannot be read, or was written by a newer version.
pub async fn plan(source: &Source) -> Result<Vec<String>, Error> {
    let connection = match source {
        Source::Sqlite(dir) if !dir.join(sqlite::file(Plane::Data)).exists() => return Ok(names::<Migrator>()),
        Source::Sqlite(dir) => sqlite::as_it_stands(Plane::Data, dir).await?,
        Source::Postgres(url) => postgres::pool(url, 1).await?,
    };
    missing::<Migrator>(&connection).await
}

/// The names of all migrations, oldest first.
pub(crate) fn names<M: MigratorTrait>() -> Vec<String> {
    M::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// Those that were not run yet; refuses a database of a newer version.
pub(crate) async fn missing<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<Vec<String>, Error> {
    refuse_newer::<M>(connection).await?;
    let applied = applied(connection).await?;
    Ok(names::<M>().into_iter().filter(|name| !applied.contains(name)).collect())
}

/// How many migrations this version knows; a new database lacks all of them.
pub fn count() -> usize {
    Migrator::migrations().len()
}

async fn refuse_newer<M: MigratorTrait>(connection: &impl sea_orm::ConnectionTrait) -> Result<(), Error> {
    let known = names::<M>();
    match applied(connection).await?.into_iter().find(|name| !known.contains(name)) {
        Some(name) => Err(Error::Newer(name)),
        None => Ok(()),
    }
}

async fn applied(connection: &impl sea_orm::ConnectionTrait) -> Result<Vec<String>, Error> {
    if !exists(connection).await? {
        return Ok(Vec::new());
    }
    let rows = connection.query_all_raw(crate::sql(connection, "SELECT version FROM seaql_migrations", [])).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

async fn exists(connection: &impl sea_orm::ConnectionTrait) -> Result<bool, Error> {
    let query = match connection.get_database_backend() {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_schema WHERE name = 'seaql_migrations'",
    };
    Ok(connection.query_one_raw(crate::sql(connection, query, [])).await?.is_some())
}
