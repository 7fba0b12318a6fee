//! What is published stays as it is, whatever statement is sent.

use crate::{World, draft, key, locale, world};
use bonafide_policy::revision::DraftPatch;
use bonafide_policy::{Error, delivery};
use bonafide_storage::{Violation, violation};
use bonafide_test_support::{Backend, Installation, on_both};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

/// Refused on both databases by the trigger of a table.
const REFUSED: &[(&str, &str)] = &[
    ("policy_revision", "UPDATE policy_revision SET material = NOT material WHERE number = 1"),
    ("policy_revision", "UPDATE policy_revision SET state = 'draft', digest = NULL WHERE number = 1"),
    ("policy_revision", "UPDATE policy_revision SET version = version WHERE number = 1"),
    ("policy_revision", "UPDATE policy_revision SET number = 1 WHERE number = 2"),
    ("policy_revision", "DELETE FROM policy_revision WHERE number = 1"),
    ("policy_revision", "DELETE FROM policy_revision"),
    ("policy_text", "UPDATE policy_text SET markdown = 'x' WHERE state = 'published'"),
    ("policy_text", "UPDATE policy_text SET html = 'x' WHERE state = 'published'"),
    ("policy_text", "UPDATE policy_text SET state = 'draft' WHERE state = 'published'"),
    ("policy_text", "DELETE FROM policy_text WHERE state = 'published'"),
    (
        "policy_text",
        "INSERT INTO policy_text (revision_id, locale, state, markdown, sha256)
         SELECT id, 'fr', 'published', 'x', digest FROM policy_revision WHERE number = 1",
    ),
    (
        "policy_text",
        "UPDATE policy_text SET state = 'published', locale = 'fr',
         revision_id = (SELECT id FROM policy_revision WHERE number = 1) WHERE state = 'draft'",
    ),
    ("policy", "UPDATE policy SET key = 'terms'"),
];

/// Refused because the state of a text is that of its revision.
const INCONSISTENT: &[&str] = &[
    "INSERT INTO policy_text (revision_id, locale, state, markdown, sha256)
     SELECT id, 'fr', 'draft', 'x', digest FROM policy_revision WHERE number = 1",
    "UPDATE policy_text SET state = 'published' WHERE state = 'draft'",
];

/// Ways around the triggers that only PostgreSQL has.
const ON_POSTGRES: &[(&str, &str)] = &[
    ("policy_text", "TRUNCATE policy_text"),
    ("policy_revision", "TRUNCATE policy_revision CASCADE"),
    ("policy_revision", "TRUNCATE policy CASCADE"),
];

/// Ways around the triggers that only SQLite has: a replaced row is deleted without a word.
const ON_SQLITE: &[(&str, &str)] = &[
    ("policy", "DELETE FROM policy"),
    (
        "policy_revision",
        "INSERT OR REPLACE INTO policy_revision (id, policy_id, number, state, material, commitments,
            commitments_format, version, created_at, updated_at)
         SELECT id, policy_id, number, state, NOT material, commitments, 0, 1, 0, 0
         FROM policy_revision WHERE number = 1",
    ),
    (
        "policy_revision",
        "REPLACE INTO policy_revision (id, policy_id, number, state, material, commitments, commitments_format,
            version, created_at, updated_at)
         SELECT x'00', policy_id, number, 'published', 0, '[]', 0, 1, 0, 0 FROM policy_revision WHERE number = 1",
    ),
    (
        "policy_revision",
        "UPDATE OR REPLACE policy_revision SET id = (SELECT id FROM policy_revision WHERE number = 1)
         WHERE number = 2",
    ),
    (
        "policy_text",
        "REPLACE INTO policy_text (revision_id, locale, state, markdown, sha256)
         SELECT revision_id, locale, state, 'x', sha256 FROM policy_text WHERE state = 'published'",
    ),
    (
        "policy_text",
        "UPDATE OR REPLACE policy_text SET state = 'published',
         revision_id = (SELECT id FROM policy_revision WHERE number = 1) WHERE state = 'draft'",
    ),
    (
        "policy",
        "REPLACE INTO policy (id, site_id, key, title, default_locale, version, created_at, updated_at)
         SELECT id, site_id, 'terms', title, default_locale, 1, 0, 0 FROM policy",
    ),
];

async fn refused(world: &World, statement: &'static str) -> Option<Violation> {
    let work = world.db.write(move |tx| {
        async move { Ok::<_, bonafide_storage::Error>(tx.execute_unprepared(statement).await?) }.boxed()
    });
    match work.await {
        Err(bonafide_storage::Error::Statement(error)) => violation(&error),
        other => panic!("{statement}: {other:?}"),
    }
}

on_both! {
    async fn no_statement_changes_what_is_published(home: &Installation) {
        let world = world(home).await;
        let published = world.published("# Privacy").await;
        world.create("privacy", draft("# Draft", "2026-12-01")).await.expect("a draft");
        let seen = async || {
            let db = world.db.read();
            let revision = delivery::revision(db, world.site, &key("privacy"), 1).await.expect("it is there");
            let text = delivery::text(db, revision.id, &locale("en")).await.expect("a read").expect("a text");
            format!("{revision:?} {text:?}")
        };
        let before = seen().await;
        let own = if home.backend() == Backend::Postgres { ON_POSTGRES } else { ON_SQLITE };
        for (table, statement) in REFUSED.iter().chain(own) {
            let found = refused(&world, statement).await;
            assert_eq!(found, Some(Violation::Immutable((*table).to_owned())), "{statement}");
        }
        for statement in INCONSISTENT {
            assert_eq!(refused(&world, statement).await, Some(Violation::ForeignKey), "{statement}");
        }
        assert!(refused(&world, "DELETE FROM policy").await.is_some());
        assert_eq!(seen().await, before);
        assert_eq!(world.count("SELECT COUNT(*) FROM policy_text").await, 2);
        // and no route does
        let error = world.patch("privacy", 1, published.revision.version, DraftPatch::default()).await;
        assert!(matches!(error, Err(Error::Published)));
        // the draft is still a draft
        world.publish("privacy", 2, 1).await.expect("published");
    }
}
