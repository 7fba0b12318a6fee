//! Policies, their revisions and texts. What is published can never change again, not even by SQL.

use crate::column::{big, big_null, bytes, bytes_null, flag, id, index, references, text, text_null, unique};
use crate::trigger::{immutable, refuse};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_policies"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(policy(manager.get_database_backend())).await?;
        manager.create_index(unique("policy", &["site_id", "key"])).await?;
        manager.create_table(revision()).await?;
        manager.create_index(unique("policy_revision", &["policy_id", "number"])).await?;
        // one draft for each policy; named as SQLite reports it, by its column
        let draft = unique("policy_revision", &["policy_id"]).and_where(Expr::col("state").eq("draft")).take();
        manager.create_index(draft).await?;
        // a revision that was imported is known by its file and that file's digest
        manager.create_index(unique("policy_revision", &["policy_id", "source_file", "source_sha256"])).await?;
        manager.create_index(index("policy_revision", &["policy_id", "effective_on", "number"])).await?;
        manager.create_table(policy_text()).await?;
        manager.create_table(policy_diff()).await?;
        keep(manager).await
    }
}

fn policy(backend: DbBackend) -> TableCreateStatement {
    let mut key = text("key");
    if backend == DbBackend::Postgres {
        // lists are ordered by key, on every machine alike
        key.extra("COLLATE \"C\"");
    }
    Table::create()
        .table("policy")
        .col(id("id").primary_key())
        .col(id("site_id"))
        .col(key)
        .col(text("title"))
        .col(text("default_locale"))
        // the version of the last draft that was deleted: the next one goes on from there
        .col(big("draft_version").default(0).take())
        .col(big("version"))
        .col(big("created_at"))
        .col(big("updated_at"))
        .foreign_key(&mut references("policy", "site_id", "site"))
        .take()
}

fn revision() -> TableCreateStatement {
    Table::create()
        .table("policy_revision")
        .col(id("id").primary_key())
        .col(id("policy_id"))
        .col(big("number"))
        // draft or published
        .col(text("state"))
        .col(text_null("effective_on"))
        .col(big_null("published_at"))
        .col(text_null("summary_of_changes"))
        .col(flag("material"))
        .col(bytes_null("digest"))
        .col(bytes_null("previous_digest"))
        .col(text("commitments"))
        .col(big("commitments_format"))
        .col(text_null("source"))
        .col(text_null("source_file"))
        .col(bytes_null("source_sha256"))
        .col(big("version"))
        .col(big("created_at"))
        .col(big("updated_at"))
        .foreign_key(&mut references("policy_revision", "policy_id", "policy"))
        .index(Index::create().name("policy_revision_id_state_key").col("id").col("state").unique())
        .take()
}

/// The state of the revision is repeated in its texts and kept equal by the foreign key. That is how a trigger on
/// one row knows that the revision is published: a text with the state `draft` cannot be put into it, and
/// none with the state `published` can be inserted, moved, changed or deleted.
fn policy_text() -> TableCreateStatement {
    let revision = ForeignKey::create()
        .name("policy_text_revision_id_fkey")
        .from("policy_text", ("revision_id", "state"))
        .to("policy_revision", ("id", "state"))
        .on_update(ForeignKeyAction::Cascade)
        .take();
    Table::create()
        .table("policy_text")
        .col(id("revision_id"))
        .col(text("locale"))
        .col(text("state"))
        .col(text("markdown"))
        .col(text_null("html"))
        .col(bytes("sha256"))
        .primary_key(Index::create().name("policy_text_pkey").col("revision_id").col("locale"))
        .foreign_key(&mut revision.clone())
        .take()
}

/// Differences of neighbours. They follow from the texts and can be computed again.
fn policy_diff() -> TableCreateStatement {
    Table::create()
        .table("policy_diff")
        .col(id("from_id"))
        .col(id("to_id"))
        .col(text("locale"))
        .col(text("granularity"))
        .col(text("content"))
        .primary_key(
            Index::create().name("policy_diff_pkey").col("from_id").col("to_id").col("locale").col("granularity"),
        )
        .foreign_key(&mut references("policy_diff", "from_id", "policy_revision"))
        .foreign_key(&mut references("policy_diff", "to_id", "policy_revision"))
        .take()
}

/// The triggers that keep what is published.
async fn keep(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    immutable(manager, "policy_revision", "OLD.state = 'published'").await?;
    immutable(manager, "policy_text", "OLD.state = 'published'").await?;
    refuse(manager, "policy_text", "INSERT", "NEW.state = 'published'").await?;
    fixed(manager, "policy", "NEW.id <> OLD.id OR NEW.site_id <> OLD.site_id OR NEW.key <> OLD.key").await?;
    let moved = "NEW.id <> OLD.id OR NEW.policy_id <> OLD.policy_id OR NEW.number <> OLD.number
        OR NEW.source_file IS DISTINCT FROM OLD.source_file OR NEW.source_sha256 IS DISTINCT FROM OLD.source_sha256";
    fixed(manager, "policy_revision", moved).await?;
    fixed(manager, "policy_text", "NEW.revision_id <> OLD.revision_id OR NEW.locale <> OLD.locale").await?;
    if manager.get_database_backend() == DbBackend::Sqlite {
        // `INSERT OR REPLACE` deletes the row in its way, and its triggers for DELETE do not fire
        let taken = "EXISTS (SELECT 1 FROM policy_revision r WHERE r.state = 'published' AND (r.id = NEW.id
            OR (r.policy_id = NEW.policy_id AND (r.number = NEW.number
                OR (r.source_file = NEW.source_file AND r.source_sha256 = NEW.source_sha256)))))";
        refuse(manager, "policy_revision", "INSERT", taken).await?;
        let id_taken = "EXISTS (SELECT 1 FROM policy p WHERE p.id = NEW.id)";
        refuse(manager, "policy", "INSERT", id_taken).await?;
        // whoever opens the file without foreign keys must not get further
        let published = "EXISTS (SELECT 1 FROM policy_revision r WHERE r.policy_id = OLD.id AND r.state = 'published')";
        refuse(manager, "policy", "DELETE", published).await?;
    }
    Ok(())
}

/// Refuses an `UPDATE` of any row that would change what identifies it.
async fn fixed(manager: &SchemaManager<'_>, table: &str, when: &str) -> Result<(), DbErr> {
    let sql = match manager.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table}
             FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION bonafide_refuse('{table}')"
        ),
        _ => format!(
            "CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table}
             FOR EACH ROW WHEN {when} BEGIN SELECT RAISE(ABORT, 'immutable: {table}'); END"
        ),
    };
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
