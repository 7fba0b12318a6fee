//! The log: leaves that nobody can change, and the list of admin actions.

use crate::column::{big, bytes, id, id_null, index, position, references, text, text_null};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leaf = Table::create()
            .table("leaf")
            .col(position("position"))
            .col(id("site_id"))
            .col(bytes("content"))
            .foreign_key(&mut references("leaf", "site_id", "site"))
            .take();
        let audit = Table::create()
            .table("audit")
            .col(id("id").primary_key())
            .col(id("site_id"))
            .col(text("actor_kind"))
            .col(id_null("account_id"))
            .col(id_null("token_id"))
            .col(text("action"))
            .col(text("object_kind"))
            .col(text_null("object"))
            .col(big("at"))
            .foreign_key(&mut references("audit", "site_id", "site"))
            .take();
        manager.create_table(leaf).await?;
        manager.create_table(audit).await?;
        manager.create_index(index("audit", &["site_id", "id"])).await?;
        crate::trigger::immutable(manager, "leaf", "TRUE").await?;
        crate::trigger::immutable(manager, "audit", "TRUE").await
    }
}
