//! How many requests have waited for half and for four fifths of their time, as it was counted last.

use crate::column::big_null;
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0012_warnings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // one by one: SQLite adds no more than one column in a statement
        for name in ["half_over", "nearly_over", "counted_at"] {
            let add = Table::alter().table("retention_watch").add_column(big_null(name)).take();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
