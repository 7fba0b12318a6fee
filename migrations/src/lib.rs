//! The schema, one file per change. See `README.md` beside this crate for the rules.

mod column;
pub mod inventory;
pub mod keys;
mod m0001_installation;
mod m0002_site;
mod m0003_changes;
mod m0004_log;
mod m0005_accounts;
mod m0006_policies;
mod m0007_forms;
mod m0008_submissions;
mod m0009_content_types;
mod m0010_entries;
mod m0011_published;
mod m0012_warnings;
mod m0013_preview_links;
mod m0014_restrictions;
mod m0015_due;
mod trigger;

use sea_orm_migration::prelude::*;

/// All migrations of the data plane, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_installation::Migration),
            Box::new(m0002_site::Migration),
            Box::new(m0003_changes::Migration),
            Box::new(m0004_log::Migration),
            Box::new(m0005_accounts::Migration),
            Box::new(m0006_policies::Migration),
            Box::new(m0007_forms::Migration),
            Box::new(m0008_submissions::Migration),
            Box::new(m0009_content_types::Migration),
            Box::new(m0010_entries::Migration),
            Box::new(m0011_published::Migration),
            Box::new(m0012_warnings::Migration),
            Box::new(m0013_preview_links::Migration),
            Box::new(m0014_restrictions::Migration),
            Box::new(m0015_due::Migration),
        ]
    }
}

/// A text column whose order is that of its bytes, on every machine alike.
fn ordered(manager: &SchemaManager<'_>, mut column: ColumnDef) -> ColumnDef {
    if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}
