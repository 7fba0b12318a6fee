//! What readers see, and nothing else: the finished JSON of each published page or entry, what lists filter and sort by,
//! what it refers to, and the addresses it had before.

use crate::column::{big, flag, id, index, references, text, text_null, unique};
use crate::ordered;
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0011_published"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let published = Table::create()
            .table("published")
            .col(id("entry_id"))
            .col(text("locale"))
            .col(id("site_id"))
            .col(text("type"))
            .col(ordered(manager, text_null("path")))
            .col(text_null("title"))
            // JSON
            .col(text("content"))
            .col(big("revision"))
            .col(flag("has_references"))
            // whether its type is written in several languages; what is not is shown in all
            .col(flag("localized"))
            .col(big("published_at"))
            .col(big("updated_at"))
            .primary_key(Index::create().name("published_pkey").col("entry_id").col("locale"))
            .foreign_key(&mut references("published", "entry_id", "entry"))
            .take();
        let key = Table::create()
            .table("published_key")
            .col(id("entry_id"))
            .col(text("locale"))
            .col(id("site_id"))
            .col(text("type"))
            .col(text("field"))
            // in a form whose order of bytes is the order of the values
            .col(ordered(manager, text("value")))
            .primary_key(
                Index::create().name("published_key_pkey").col("entry_id").col("locale").col("field").col("value"),
            )
            .foreign_key(&mut references("published_key", "entry_id", "entry"))
            .take();
        let reference = Table::create()
            .table("published_reference")
            .col(id("entry_id"))
            .col(text("locale"))
            .col(text("pointer"))
            .col(big("position"))
            // may lead to what is not there any more
            .col(id("target_id"))
            .primary_key(
                Index::create()
                    .name("published_reference_pkey")
                    .col("entry_id")
                    .col("locale")
                    .col("pointer")
                    .col("position"),
            )
            .foreign_key(&mut references("published_reference", "entry_id", "entry"))
            .take();
        let moved = Table::create()
            .table("moved")
            .col(id("site_id"))
            .col(text("type"))
            .col(text("locale"))
            .col(ordered(manager, text("path")))
            .col(id("entry_id"))
            .primary_key(Index::create().name("moved_pkey").col("site_id").col("type").col("locale").col("path"))
            .foreign_key(&mut references("moved", "entry_id", "entry"))
            .take();
        for table in [published, key, reference, moved] {
            manager.create_table(table).await?;
        }
        manager.create_index(unique("published", &["site_id", "type", "locale", "path"])).await?;
        let by_value = ["site_id", "type", "locale", "field", "value", "entry_id"];
        manager.create_index(index("published_key", &by_value)).await?;
        manager.create_index(index("published_reference", &["target_id"])).await?;
        manager.create_index(index("published", &["site_id", "type", "entry_id"])).await?;
        manager.create_index(index("moved", &["entry_id"])).await
    }
}
