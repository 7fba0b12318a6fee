//! People and their ways in: accounts, roles, sessions, one-time links, API tokens, the keys that sign access tokens.

use crate::column::{big, big_null, bytes, bytes_null, id, index, references, text, text_null, unique};
use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [account(), account_role(), session(), refresh_token(), link(), api_token(), signing_key()] {
            manager.create_table(table).await?;
        }
        manager.create_index(unique("account", &["email"])).await?;
        manager.create_index(unique("api_token", &["hash"])).await?;
        for (table, columns) in [
            ("account_role", &["site_id", "role"][..]),
            ("session", &["account_id"]),
            ("session", &["expires_at"]),
            ("refresh_token", &["session_id"]),
            ("link", &["account_id"]),
            ("link", &["expires_at"]),
            ("api_token", &["site_id", "account_id", "id"]),
        ] {
            manager.create_index(index(table, columns)).await?;
        }
        Ok(())
    }
}

fn account() -> TableCreateStatement {
    Table::create()
        .table("account")
        .col(id("id").primary_key())
        .col(text("email"))
        .col(text("display_name"))
        .col(text_null("password_hash"))
        .col(text("state"))
        .col(big("version"))
        .col(big("created_at"))
        .col(big("updated_at"))
        .take()
}

/// A role is held on a site; an account has at least one.
fn account_role() -> TableCreateStatement {
    Table::create()
        .table("account_role")
        .col(id("account_id"))
        .col(id("site_id"))
        .col(text("role"))
        .primary_key(Index::create().col("account_id").col("site_id").col("role"))
        .foreign_key(&mut references("account_role", "account_id", "account"))
        .foreign_key(&mut references("account_role", "site_id", "site"))
        .take()
}

/// A row is there as long as the session lives: to revoke is to delete.
fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(id("id").primary_key())
        .col(id("account_id"))
        .col(big("created_at"))
        .col(big("used_at"))
        .col(big("expires_at"))
        .foreign_key(&mut references("session", "account_id", "account"))
        .take()
}

/// Those that were exchanged stay as long as their session, so that a second use is noticed.
fn refresh_token() -> TableCreateStatement {
    Table::create()
        .table("refresh_token")
        .col(bytes("hash").primary_key())
        .col(id("session_id"))
        .col(big("issued_at"))
        .col(big_null("rotated_at"))
        .col(bytes_null("successor"))
        .col(big_null("forgiven_at"))
        .foreign_key(&mut references("refresh_token", "session_id", "session"))
        .take()
}

/// A row is there until the link is used, replaced or out of date.
fn link() -> TableCreateStatement {
    Table::create()
        .table("link")
        .col(bytes("hash").primary_key())
        .col(id("account_id"))
        .col(text("kind"))
        .col(big("created_at"))
        .col(big("expires_at"))
        .foreign_key(&mut references("link", "account_id", "account"))
        .take()
}

fn api_token() -> TableCreateStatement {
    Table::create()
        .table("api_token")
        .col(id("id").primary_key())
        .col(id("site_id"))
        .col(id("account_id"))
        .col(text("family"))
        .col(text("name"))
        .col(bytes("hash"))
        .col(text("scopes"))
        .col(big("created_at"))
        .col(big_null("expires_at"))
        .col(text_null("last_used_day"))
        .foreign_key(&mut references("api_token", "site_id", "site"))
        .foreign_key(&mut references("api_token", "account_id", "account"))
        .take()
}

/// Only the names of the keys: each is derived from the root key and its name.
fn signing_key() -> TableCreateStatement {
    Table::create()
        .table("signing_key")
        .col(text("kid").primary_key())
        .col(big("created_at"))
        .col(big_null("retired_at"))
        .take()
}
