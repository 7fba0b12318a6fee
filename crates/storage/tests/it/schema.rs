//! Migrations: once, all or nothing, never backwards.

use crate::{number, open, run, source};
use bonafide_storage::{Db, Error, Options, installation, migrate};
use bonafide_test_support::{Backend, Installation, on_both};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

on_both! {
    async fn processes_that_start_at_once_migrate_once(home: &Installation) {
        let planned = migrate::plan(&source(home)).await.expect("a plan");
        assert_eq!(planned.first().map(String::as_str), Some("m0001_installation"));
        let opened = join_all((0..6).map(|_| {
            let source = source(home);
            tokio::spawn(async move { Db::open(source, &Options::default()).await })
        })).await;
        let db = opened.into_iter().map(|db| db.expect("no panic").expect("the database opens")).next_back().expect("six");
        assert!(migrate::plan(&source(home)).await.expect("a plan").is_empty());
        let done = number(db.read(), "SELECT COUNT(*) FROM seaql_migrations").await;
        assert_eq!(usize::try_from(done).expect("a count"), planned.len());
    }

    async fn a_plan_changes_nothing(home: &Installation) {
        let first = migrate::plan(&source(home)).await.expect("a plan");
        assert_eq!(migrate::plan(&source(home)).await.expect("a plan"), first);
        assert!(!home.data_dir().join("bonafide.db").exists());
    }

    async fn a_database_of_a_newer_version_is_refused_by_name(home: &Installation) {
        let db = open(home).await;
        run(&db, &["INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 1)"]).await.expect("a row");
        drop(db);
        let refused = Db::open(source(home), &Options::default()).await.err().expect("refused");
        assert!(matches!(&refused, Error::Newer(name) if name == "m9999_tomorrow"), "{refused}");
        assert!(matches!(migrate::plan(&source(home)).await, Err(Error::Newer(name)) if name == "m9999_tomorrow"));
    }

    async fn a_database_belongs_to_the_root_key_that_was_recorded_first(home: &Installation) {
        let (one, other) = (open(home).await, open(home).await);
        assert_eq!(installation::root_id(one.read()).await.expect("readable"), None);
        let record = |db: Db, id: &'static str| async move {
            db.write::<_, Error, _>(move |tx| installation::record(tx, id, crate::at(1)).boxed()).await.expect("recorded");
        };
        tokio::join!(record(one.clone(), "aaaa"), record(other.clone(), "bbbb"));
        let recorded = installation::root_id(one.read()).await.expect("readable").expect("recorded");
        record(one.clone(), "cccc").await;
        assert_eq!(installation::root_id(other.read()).await.expect("readable"), Some(recorded));
    }

    /// Before, nobody knew who had placed a restriction: it ends when both have lifted it.
    async fn a_restriction_of_before_stands_for_the_staff_and_for_the_visitor(home: &Installation) {
        let db = open(home).await;
        let postgres = home.backend() == Backend::Postgres;
        let id = |n: u8| if postgres { format!("'{n:032x}'") } else { format!("x'{n:032x}'") };
        let receipt = |n: u8| if postgres { format!("'\\x{n:064x}'") } else { format!("x'{n:064x}'") };
        let (site, form, version) = (id(1), id(2), id(3));
        let mut before = vec![
            "DELETE FROM seaql_migrations WHERE version = 'm0014_restrictions'".to_owned(),
            "ALTER TABLE submission DROP COLUMN restricted_by_visitor".to_owned(),
            format!("INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
                VALUES ({site}, 'Knots', 'UTC', 'en', 1, 0, 0)"),
            format!("INSERT INTO form (id, site_id, key, online, version, created_at, updated_at)
                VALUES ({form}, {site}, 'contact', TRUE, 1, 0, 0)"),
            format!("INSERT INTO form_version (id, form_id, number, state, definition) VALUES ({version}, {form}, 1, 'draft', '{{}}')"),
        ];
        for (n, restricted) in [(4, true), (5, false)] {
            before.push(format!("INSERT INTO submission (id, site_id, form_id, form_version_id, state, spam, restricted, held,
                    received_at, due_at, ends_at, reckoned, receipt_hash)
                VALUES ({}, {site}, {form}, {version}, 'received', FALSE, {restricted}, FALSE, 0, 1, 1, 1, {})", id(n), receipt(n)));
        }
        run(&db, &before.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("as it was before");
        drop(db);
        assert_eq!(migrate::plan(&source(home)).await.expect("a plan"), ["m0014_restrictions"]);
        let db = open(home).await;
        let both = "SELECT COUNT(*) FROM submission WHERE restricted AND restricted_by_visitor";
        let none = "SELECT COUNT(*) FROM submission WHERE NOT restricted AND NOT restricted_by_visitor";
        assert_eq!((number(db.read(), both).await, number(db.read(), none).await), (1, 1));
    }
}
