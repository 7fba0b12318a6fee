//! Wrapped keys of records, the epochs they are wrapped under, the blind index, and what holds back or follows a destruction.

use crate::column::{big, big_null, bytes, bytes_null, id, index, text, text_null};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "k0001_keys"
    }
}

/// The tags of one generation of the blind index stand in one table, those of the next in the other; a generation
/// ends by emptying its table.
const TAGS: [&str; 2] = [
    "CREATE TABLE tag_even (tag INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (tag, record)) WITHOUT ROWID",
    "CREATE TABLE tag_odd (tag INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (tag, record)) WITHOUT ROWID",
];

/// Rows that wait to be confirmed are few among many.
const FRESH: &str = "CREATE INDEX record_key_fresh_since_idx ON record_key (fresh_since) WHERE fresh_since IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let note = Table::create().table("note").col(text("name").primary_key()).col(text("value")).take();
        let epoch = Table::create().table("epoch").col(big("number").primary_key()).col(big("created_at")).take();
        let index_key = Table::create()
            .table("index_key")
            .col(big("generation").primary_key())
            .col(big("bits"))
            .col(big("created_at"))
            .col(big("epoch"))
            .col(bytes("wrapped"))
            .foreign_key(&mut to("index_key", "epoch", "epoch", "number"))
            .take();
        let record_key = Table::create()
            .table("record_key")
            .col(id("record").primary_key())
            .col(big("epoch"))
            .col(bytes("wrapped"))
            .col(big("version"))
            .col(big_null("fresh_since"))
            .col(big_null("generation"))
            .col(big_null("tag"))
            .foreign_key(&mut to("record_key", "epoch", "epoch", "number"))
            .foreign_key(&mut to("record_key", "generation", "index_key", "generation"))
            .take();
        let permission = Table::create()
            .table("permission")
            .col(id("record"))
            .col(text("use"))
            .col(big("groups"))
            .col(big("given_at"))
            .col(big("expires_at"))
            .primary_key(Index::create().col("record").col("use"))
            .take();
        let hold = hold_request("hold").col(id("placed_by")).col(big("placed_at")).take();
        let rights_lock = Table::create().table("rights_lock").col(id("record").primary_key()).col(big("until")).take();
        let pending = Table::create()
            .table("pending")
            .col(id("record").primary_key())
            .col(bytes_null("object"))
            .col(text("cause"))
            .col(big("destroyed_at"))
            // the newest epoch when it was destroyed: once that is gone, nothing can have kept its keys
            .col(big("epoch"))
            .col(big_null("settled_at"))
            .take();
        for table in
            [note, epoch, index_key, record_key, permission, hold, hold_request("hold_request"), rights_lock, pending]
        {
            manager.create_table(table).await?;
        }
        manager.create_index(index("record_key", &["epoch"])).await?;
        manager.create_index(index("record_key", &["generation"])).await?;
        manager.create_index(index("permission", &["expires_at"])).await?;
        for statement in TAGS.into_iter().chain([FRESH]) {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// What is known of a hold that somebody has asked for; one that another person has put into force knows that, too.
fn hold_request(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(id("record").primary_key())
        .col(text("reason"))
        .col(text_null("reference"))
        .col(big("review_at"))
        .col(id("asked_by"))
        .col(big("asked_at"))
        .take()
}

fn to(table: &'static str, column: &'static str, target: &'static str, key: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("{table}_{column}_fkey")).from(table, column).to(target, key).take()
}
