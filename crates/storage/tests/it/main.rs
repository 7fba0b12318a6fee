//! The storage layer on real databases: one body of tests, on SQLite and on PostgreSQL.

mod feed;
mod group;
mod lease;
mod outbox;
mod plans;
mod postgres;
mod replay;
mod schema;
mod settings;
mod slow;
mod violation;

use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use bonafide_storage::{Db, Error, Options, Source, Tx, sql};
use bonafide_test_support::{Installation, Template, TestDatabase};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;

/// What a new database begins with.
static TABLES: Template = Template::new();

/// An instant, in seconds.
fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

fn source(home: &Installation) -> Source {
    Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source")
}

/// Opens the database as one more process would.
async fn open(home: &Installation) -> Db {
    let open = async |home: &Installation| Db::open(source(home), &Options::default()).await;
    TABLES.open(home, open).await.expect("the database opens")
}

/// Runs statements of the test's own in one write.
async fn run(db: &Db, statements: &[&str]) -> Result<(), Error> {
    let statements: Vec<String> = statements.iter().map(ToString::to_string).collect();
    db.write(move |tx| {
        let statements = statements.clone();
        async move {
            for statement in &statements {
                tx.execute_unprepared(statement).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// A table for tests that need one: `note (n)`.
async fn notes(db: &Db) {
    run(db, &["CREATE TABLE note (n BIGINT PRIMARY KEY)"]).await.expect("a table");
}

async fn note(tx: &Tx, n: i64) -> Result<(), Error> {
    tx.execute_raw(sql(tx, "INSERT INTO note (n) VALUES ($1)", [n.into()])).await?;
    Ok(())
}

/// All numbers in `note`, in order.
async fn noted(db: &Db) -> Vec<i64> {
    let rows = db.read().query_all_raw(sql(db.read(), "SELECT n FROM note ORDER BY n", [])).await.expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a number")).collect()
}

/// The one number that a query gives.
async fn number(on: &impl ConnectionTrait, query: &'static str) -> i64 {
    let row = on.query_one_raw(sql(on, query, [])).await.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// Makes a site, which most tables point at.
async fn site(db: &Db) -> SiteId {
    let id = SiteId::new(at(1), [1; 10]);
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'My site', 'UTC', '[\"en\"]', 1, 0, 0)";
    db.write::<_, Error, _>(move |tx| {
        async move { Ok(tx.execute_raw(sql(tx, insert, [id.uuid().into()])).await.map(drop)?) }.boxed()
    })
    .await
    .expect("a site");
    id
}
