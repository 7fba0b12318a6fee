//! The schema of the key plane: a database of its own, apart from the data.

mod k0001_keys;
mod k0002_disclosures;
mod k0003_pending;

use sea_orm_migration::prelude::*;

/// All migrations of the key plane, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(k0001_keys::Migration),
            Box::new(k0002_disclosures::Migration),
            Box::new(k0003_pending::Migration),
        ]
    }
}
