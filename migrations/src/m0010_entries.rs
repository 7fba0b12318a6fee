//! Pages and entries as authors see them: each language has its own draft, version and state; every save is a revision.

use crate::column::{big, big_null, id, id_null, index, references, text, text_null};
use crate::trigger::refuse;
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_entries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let entry = Table::create()
            .table("entry")
            .col(id("id").primary_key())
            .col(id("site_id"))
            .col(text("type"))
            .col(big_null("archived_at"))
            .col(big("created_at"))
            .foreign_key(&mut references("entry", "site_id", "site"))
            .take();
        let locale = Table::create()
            .table("entry_locale")
            .col(id("entry_id"))
            .col(text("locale"))
            .col(id("site_id"))
            .col(text("type"))
            // the first is the one that is meant where none is named
            .col(big("position"))
            .col(big("version"))
            // the number of the newest revision
            .col(big("revision"))
            // that which is published, if any is
            .col(big_null("published_revision"))
            .col(big_null("published_at"))
            .col(big_null("publish_at"))
            .col(big_null("unpublish_at"))
            .col(text_null("title"))
            .col(text_null("slug"))
            .col(big("updated_at"))
            .primary_key(Index::create().name("entry_locale_pkey").col("entry_id").col("locale"))
            .foreign_key(&mut references("entry_locale", "entry_id", "entry"))
            .take();
        let revision = Table::create()
            .table("entry_revision")
            .col(id("entry_id"))
            .col(text("locale"))
            .col(big("number"))
            // JSON
            .col(text("fields"))
            .col(text_null("note"))
            .col(big_null("restored_from"))
            .col(text("actor_kind"))
            .col(id_null("account_id"))
            .col(big("created_at"))
            .primary_key(Index::create().name("entry_revision_pkey").col("entry_id").col("locale").col("number"))
            .foreign_key(&mut references("entry_revision", "entry_id", "entry"))
            .take();
        for table in [entry, locale, revision] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("entry", &["site_id", "type", "id"])).await?;
        manager.create_index(index("entry_locale", &["site_id", "type", "entry_id", "locale"])).await?;
        manager.create_index(index("entry_locale", &["publish_at"])).await?;
        manager.create_index(index("entry_locale", &["unpublish_at"])).await?;
        // what was saved stays as it was saved, for as long as its entry is there
        refuse(manager, "entry_revision", "UPDATE", "TRUE").await
    }
}
