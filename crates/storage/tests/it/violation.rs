//! Which constraint was hurt: the same names on both databases; and what can never change.

use crate::{open, run, site};
use bonafide_storage::{Db, Error, Violation, violation};
use bonafide_test_support::{Backend, Installation, on_both};

/// The violation of a write that must be refused.
async fn refused(db: &Db, statements: &[&str]) -> Option<Violation> {
    match run(db, statements).await {
        Err(Error::Statement(error)) => violation(&error),
        other => panic!("{statements:?}: {other:?}"),
    }
}

async fn log(db: &Db) {
    site(db).await;
    run(db, &[
        "INSERT INTO audit (id, site_id, actor_kind, action, object_kind, at) SELECT id, id, 'operator', 'a.b', 'a', 1 FROM site",
    ])
    .await
    .expect("a line");
}

on_both! {
    async fn unique_indexes_are_named_alike(home: &Installation) {
        let db = open(home).await;
        run(&db, &[
            "CREATE TABLE pet (id BIGINT PRIMARY KEY, name TEXT, owner TEXT, tag TEXT)",
            "CREATE UNIQUE INDEX pet_owner_name_key ON pet (owner, name)",
            "CREATE UNIQUE INDEX pet_tag_key ON pet (tag)",
            "INSERT INTO pet VALUES (1, 'Rex', 'Ada', 'x')",
        ]).await.expect("a table");
        let named = |name: &str| Some(Violation::Unique(name.into()));
        assert_eq!(refused(&db, &["INSERT INTO pet VALUES (2, 'Rex', 'Ada', 'y')"]).await, named("pet_owner_name_key"));
        assert_eq!(refused(&db, &["INSERT INTO pet VALUES (2, 'Tom', 'Ada', 'x')"]).await, named("pet_tag_key"));
        assert_eq!(refused(&db, &["SELECT no_such_column FROM pet"]).await, None);
    }

    async fn a_broken_reference_is_told(home: &Installation) {
        let db = open(home).await;
        let id = if home.backend() == Backend::Postgres {
            "INSERT INTO change_feed (site_id, object, at) VALUES ('00000000-0000-7000-8000-000000000000', 'a', 1)"
        } else {
            "INSERT INTO change_feed (site_id, object, at) VALUES (x'00000000000070008000000000000000', 'a', 1)"
        };
        assert_eq!(refused(&db, &[id]).await, Some(Violation::ForeignKey));
    }

    async fn the_log_can_be_neither_changed_nor_deleted(home: &Installation) {
        let db = open(home).await;
        log(&db).await;
        let postgres = home.backend() == Backend::Postgres;
        let leaf = if postgres {
            "INSERT INTO leaf (site_id, content) SELECT id, '\\x01'::bytea FROM site"
        } else {
            "INSERT INTO leaf (site_id, content) SELECT id, x'01' FROM site"
        };
        run(&db, &[leaf]).await.expect("a leaf");
        let immutable = |table: &str| Some(Violation::Immutable(table.into()));
        assert_eq!(refused(&db, &["UPDATE audit SET action = 'c.d'"]).await, immutable("audit"));
        assert_eq!(refused(&db, &["DELETE FROM audit"]).await, immutable("audit"));
        assert_eq!(refused(&db, &["UPDATE leaf SET position = position + 1"]).await, immutable("leaf"));
        assert_eq!(refused(&db, &["DELETE FROM leaf"]).await, immutable("leaf"));
        if postgres {
            assert_eq!(refused(&db, &["TRUNCATE leaf"]).await, immutable("leaf"));
            assert_eq!(refused(&db, &["TRUNCATE audit"]).await, immutable("audit"));
            assert_eq!(refused(&db, &["TRUNCATE site CASCADE"]).await.map(|it| matches!(it, Violation::Immutable(_))), Some(true));
        } else {
            // replacing deletes, too
            let replace = "REPLACE INTO audit (id, site_id, actor_kind, action, object_kind, at) SELECT id, id, 'system', 'x.y', 'a', 2 FROM site";
            assert_eq!(refused(&db, &[replace]).await, immutable("audit"));
        }
    }
}
