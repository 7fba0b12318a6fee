//! Content types and components, as their authors defined them. Those that are built in have a row once they were changed.

use crate::column::{big, big_null, id, references, text, unique};
use crate::ordered;
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_content_types"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("content_type")
            .col(id("id").primary_key())
            .col(id("site_id"))
            .col(ordered(manager, text("key")))
            // JSON
            .col(text("definition"))
            // the row of a type that was deleted stays: one of the same key goes on from its version
            .col(big_null("deleted_at"))
            .col(big("version"))
            .col(big("created_at"))
            .col(big("updated_at"))
            .foreign_key(&mut references("content_type", "site_id", "site"))
            .take();
        manager.create_table(table).await?;
        manager.create_index(unique("content_type", &["site_id", "key"])).await
    }
}
