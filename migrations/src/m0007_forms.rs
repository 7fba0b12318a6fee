//! Forms and their versions. What is published can never change again, not even by SQL.

use crate::column::{big, big_null, flag, id, references, text, unique};
use crate::trigger::{immutable, refuse};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_forms"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut key = text("key");
        if manager.get_database_backend() == DbBackend::Postgres {
            // lists are ordered by key, on every machine alike
            key.extra("COLLATE \"C\"");
        }
        let form = Table::create()
            .table("form")
            .col(id("id").primary_key())
            .col(id("site_id"))
            .col(key)
            .col(flag("online"))
            .col(big("version"))
            .col(big("created_at"))
            .col(big("updated_at"))
            .foreign_key(&mut references("form", "site_id", "site"))
            .take();
        let version = Table::create()
            .table("form_version")
            .col(id("id").primary_key())
            .col(id("form_id"))
            .col(big("number"))
            // draft or published
            .col(text("state"))
            .col(text("definition"))
            .col(big_null("published_at"))
            .foreign_key(&mut references("form_version", "form_id", "form"))
            .take();
        manager.create_table(form).await?;
        manager.create_index(unique("form", &["site_id", "key"])).await?;
        manager.create_table(version).await?;
        manager.create_index(unique("form_version", &["form_id", "number"])).await?;
        // one draft for each form; named as SQLite reports it, by its column
        let draft = unique("form_version", &["form_id"]).and_where(Expr::col("state").eq("draft")).take();
        manager.create_index(draft).await?;
        immutable(manager, "form_version", "OLD.state = 'published'").await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            // `INSERT OR REPLACE` deletes the row in its way
            let taken = "EXISTS (SELECT 1 FROM form_version v WHERE v.state = 'published'
                AND (v.id = NEW.id OR (v.form_id = NEW.form_id AND v.number = NEW.number)))";
            refuse(manager, "form_version", "INSERT", taken).await?;
        }
        Ok(())
    }
}
