//! The few kinds of columns there are, so that a kind looks the same in every table.

use sea_orm_migration::prelude::*;

/// A `UUIDv7`, not null: bytes on SQLite, `uuid` on PostgreSQL.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A `UUIDv7` that may be absent.
pub(crate) fn id_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().take()
}

/// A text, not null. Bounds are kept by the types of `model`, not by the column.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// A text that may be absent.
pub(crate) fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

/// A whole number, or an instant in microseconds since the epoch; not null.
pub(crate) fn big(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// The same, may be absent.
pub(crate) fn big_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().take()
}

/// Bytes, not null.
pub(crate) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

/// Bytes that may be absent.
pub(crate) fn bytes_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().take()
}

/// Yes or no.
pub(crate) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// A number that the database hands out in ascending order and never twice.
pub(crate) fn position(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().auto_increment().primary_key().take()
}

/// A unique index named `TABLE_COLUMN_COLUMN_key`, the name under which a violation is reported on both databases.
pub(crate) fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_{}_key", columns.join("_"))).table(table).unique().take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// An index named `TABLE_COLUMN_COLUMN_idx`.
pub(crate) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_{}_idx", columns.join("_"))).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// A foreign key to the `id` of another table; what it points at cannot go while it is there.
pub(crate) fn references(table: &'static str, column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("{table}_{column}_fkey")).from(table, column).to(target, "id").take()
}
