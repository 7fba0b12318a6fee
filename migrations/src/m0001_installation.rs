//! What this database belongs to: the root key it was made with.

use crate::column::{big, id, text};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_installation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::trigger::install(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("installation")
                    .col(id("id").primary_key())
                    .col(text("root_id"))
                    .col(big("created_at"))
                    .take(),
            )
            .await
    }
}
