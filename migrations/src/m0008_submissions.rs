//! What visitors submitted: structure and dates in one table, sealed bytes in another, which nothing orders but arrival.

use crate::column::{
    big, big_null, bytes, bytes_null, flag, id, id_null, index, position, references, text, text_null, unique,
};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0008_submissions"
    }
}

/// What is still there, and what ends next of it.
const PARTIAL: [&str; 2] = [
    "CREATE INDEX submission_ends_at_idx ON submission (ends_at, id)
        WHERE state IN ('received', 'open', 'fulfilled', 'due') AND NOT held",
    "CREATE INDEX submission_reckoned_idx ON submission (form_id, reckoned)
        WHERE state IN ('received', 'open', 'fulfilled', 'due')",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(submission()).await?;
        manager.create_index(index("submission", &["site_id", "id"])).await?;
        manager.create_index(index("submission", &["site_id", "state", "id"])).await?;
        manager.create_index(index("submission", &["form_id", "id"])).await?;
        manager.create_index(unique("submission", &["receipt_hash"])).await?;
        for statement in PARTIAL {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        let sealed = Table::create()
            .table("submission_sealed")
            .col(id("submission_id").primary_key())
            .col(bytes_null("contact"))
            .col(bytes_null("message"))
            .col(bytes_null("address"))
            .foreign_key(&mut references("submission_sealed", "submission_id", "submission"))
            .take();
        let reading = Table::create()
            .table("reading")
            .col(position("position"))
            .col(id("submission_id"))
            .col(id_null("account_id"))
            .col(text("purpose"))
            .col(big("at"))
            .foreign_key(&mut references("reading", "submission_id", "submission"))
            .take();
        let sweep = Table::create()
            .table("sweep")
            .col(position("position"))
            .col(id("site_id"))
            .col(big("started_at"))
            .col(big("finished_at"))
            .col(big("due"))
            .col(big("erased"))
            .col(big("reduced"))
            .col(big("held_back"))
            // why it stopped before its work was done
            .col(text_null("stopped"))
            .foreign_key(&mut references("sweep", "site_id", "site"))
            .take();
        let watch = Table::create()
            .table("retention_watch")
            .col(id("site_id").primary_key())
            .col(big_null("last_success_at"))
            // how many a person has to confirm, and how many one has confirmed
            .col(big_null("asked"))
            .col(big_null("confirmed"))
            .col(big_null("suspended_at"))
            .col(big_null("jumped_by"))
            .foreign_key(&mut references("retention_watch", "site_id", "site"))
            .take();
        for table in [sealed, reading, sweep, watch] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("sweep", &["site_id", "position"])).await?;
        manager.create_index(index("reading", &["submission_id"])).await
    }
}

fn submission() -> TableCreateStatement {
    Table::create()
        .table("submission")
        .col(id("id").primary_key())
        .col(id("site_id"))
        .col(id("form_id"))
        .col(id("form_version_id"))
        .col(text("state"))
        .col(flag("spam"))
        .col(flag("restricted"))
        // repeated from the keys, so that the sweep does not come back to it every time
        .col(flag("held"))
        .col(big("received_at"))
        .col(big_null("fulfilled_at"))
        .col(big("due_at"))
        // when something of it ends next: its time, a permission, or the day the visitor asked for
        .col(big("ends_at"))
        .col(big_null("erase_at"))
        .col(big_null("locked_until"))
        // the number of the newest version of the form that its dates were computed with
        .col(big("reckoned"))
        .col(bytes("receipt_hash"))
        .col(text_null("policy"))
        .col(big_null("policy_number"))
        .col(bytes_null("policy_digest"))
        .col(big_null("erased_at"))
        .col(text_null("erase_cause"))
        .col(big_null("scrubbed_at"))
        .col(big_null("final_at"))
        .foreign_key(&mut references("submission", "site_id", "site"))
        .foreign_key(&mut references("submission", "form_id", "form"))
        .foreign_key(&mut references("submission", "form_version_id", "form_version"))
        .take()
}
