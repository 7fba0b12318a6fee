//! Sites: the hosts, zone and languages that all content belongs to.

use crate::column::{big, id, text, text_null};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_site"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("site")
                    .col(id("id").primary_key())
                    .col(text("name"))
                    .col(text("time_zone"))
                    .col(text("locales"))
                    .col(text_null("base_url"))
                    .col(text_null("page_url_template"))
                    // the highest version of a policy or draft that went with its policy: those made later go on from there
                    .col(big("policy_version").default(0).take())
                    .col(big("version"))
                    .col(big("created_at"))
                    .col(big("updated_at"))
                    .take(),
            )
            .await
    }
}
