//! Preview links: each shows the draft of one page or entry in one language, to whoever has its token.

use crate::column::{big, big_null, bytes, id, id_null, index, references, text, unique};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0013_preview_links"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // a row is there as long as the link is good: to revoke is to delete
        let link = Table::create()
            .table("preview_link")
            .col(id("id").primary_key())
            .col(id("site_id"))
            .col(id("entry_id"))
            .col(text("locale"))
            // the one that is shown; the newest there is, if absent
            .col(big_null("revision"))
            .col(bytes("hash"))
            .col(id_null("account_id"))
            .col(big("created_at"))
            .col(big("expires_at"))
            .foreign_key(&mut references("preview_link", "site_id", "site"))
            .foreign_key(&mut references("preview_link", "entry_id", "entry"))
            .take();
        manager.create_table(link).await?;
        manager.create_index(unique("preview_link", &["hash"])).await?;
        manager.create_index(index("preview_link", &["entry_id", "id"])).await?;
        manager.create_index(index("preview_link", &["expires_at"])).await
    }
}
