//! What waits for the rest of its erasure is found among all that wait for the end of their epoch, and the other way round.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "k0003_pending"
    }
}

const INDEXES: &str = "CREATE INDEX pending_unsettled_idx ON pending (destroyed_at, record) WHERE settled_at IS NULL;
    CREATE INDEX pending_settled_idx ON pending (epoch) WHERE settled_at IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEXES).await.map(drop)
    }
}
