//! What the processes tell each other: the change feed, the outbox, leases, and answers to repeated requests.

use crate::column::{big, big_null, bytes, id, index, position, references, text, text_null};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_changes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let feed = Table::create()
            .table("change_feed")
            .col(position("position"))
            .col(id("site_id"))
            .col(text("object"))
            .col(big("at"))
            .foreign_key(&mut references("change_feed", "site_id", "site"))
            .take();
        let outbox = Table::create()
            .table("outbox")
            .col(position("id"))
            .col(text("kind"))
            .col(text("payload"))
            .col(big("attempts"))
            .col(big("due_at"))
            .col(text_null("claimed_by"))
            .col(big_null("claimed_until"))
            .take();
        let lease = Table::create()
            .table("lease")
            .col(text("name").primary_key())
            .col(text("holder"))
            .col(big("fence"))
            .col(big("expires_at"))
            .take();
        let replay = Table::create()
            .table("replay")
            .col(bytes("id").primary_key())
            .col(bytes("body_mac"))
            .col(bytes("answer"))
            .col(text("object"))
            .col(big("expires_at"))
            .take();
        for table in [feed, outbox, lease, replay] {
            manager.create_table(table).await?;
        }
        for (table, column) in
            [("outbox", "due_at"), ("replay", "expires_at"), ("replay", "object"), ("change_feed", "at")]
        {
            manager.create_index(index(table, &[column])).await?;
        }
        Ok(())
    }
}
