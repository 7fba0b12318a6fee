//! Databases for tests.

use bonafide_test_support::{Backend, Installation, on_both, postgres};

#[test]
fn every_database_is_empty_and_its_own() {
    let (Some(one), Some(two)) = (postgres::database(), postgres::database()) else { return };
    assert_ne!(one.url(), two.url());
    one.sql("CREATE TABLE page (id int PRIMARY KEY); INSERT INTO page VALUES (1), (2)");
    assert_eq!(one.sql("SELECT id, id * 2 FROM page ORDER BY id"), "1|2\n2|4");
    assert!(two.try_sql("SELECT * FROM page").is_err_and(|refusal| refusal.contains("does not exist")));
}

#[test]
fn a_dropped_database_is_gone() {
    let (Some(stays), Some(goes)) = (postgres::database(), postgres::database()) else { return };
    let name = goes.sql("SELECT current_database()");
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(stays.sql(&count), "1");
    drop(goes);
    assert_eq!(stays.sql(&count), "0");
}

#[test]
fn a_durable_database_flushes() {
    let Some(database) = postgres::durable_database() else { return };
    assert_eq!(database.sql("SHOW fsync"), "on");
    assert_eq!(database.sql("SHOW synchronous_commit"), "on");
    assert_eq!(database.sql("SHOW full_page_writes"), "on");
}

on_both! {
    /// The body runs once for each database, on an installation that says which.
    async fn a_body_runs_on_each_database(home: &Installation) {
        match home.backend() {
            Backend::Sqlite => {
                assert!(home.database().is_none());
                assert!(home.database_url().starts_with("sqlite:///"));
                assert!(home.data_dir().is_dir());
            }
            Backend::Postgres => {
                let database = home.database().expect("PostgreSQL is there, or the body would not run");
                assert_eq!(database.sql("SELECT 1"), "1");
                assert_eq!(home.database_url(), database.url());
            }
        }
    }
}
