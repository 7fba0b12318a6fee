//! Restrictions of visitors apart from those of the staff, which stay in `restricted`.

use crate::column::flag;
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0014_restrictions"
    }
}

/// Who placed one before is not known: it stands for both, and ends when both have lifted it.
const MOVE: &str = "UPDATE submission SET restricted_by_visitor = restricted";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = flag("restricted_by_visitor").default(false).take();
        manager.alter_table(Table::alter().table("submission").add_column(column).take()).await?;
        manager.get_connection().execute_unprepared(MOVE).await.map(drop)
    }
}
