//! Disclosures by order of the law, which two people decide.

use crate::column::{big, big_null, id, id_null, text};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "k0002_disclosures"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let disclosure = Table::create()
            .table("disclosure")
            .col(id("record").primary_key())
            .col(text("ground"))
            .col(text("reference"))
            .col(id("asked_by"))
            .col(big("asked_at"))
            .col(id_null("decided_by"))
            .col(big_null("decided_at"))
            .take();
        manager.create_table(disclosure).await
    }
}
