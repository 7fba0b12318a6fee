//! What is due is found by its site too: without that SQLite takes the index of states, and reads all that is not erased.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0015_due"
    }
}

const INDEXES: &str = "DROP INDEX submission_ends_at_idx;
    CREATE INDEX submission_due_idx ON submission (site_id, ends_at, id)
        WHERE state IN ('received', 'open', 'fulfilled', 'due') AND NOT held";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEXES).await.map(drop)
    }
}
