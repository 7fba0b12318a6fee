//! SQLite and PostgreSQL alike: transactions, change feed, outbox, leases, migrations.
//!
//! [`Db`] is the only way to a database. [`Db::read`] gives connections that cannot write;
//! [`Db::write`] runs one re-callable transaction and returns when it is durable. Domain functions
//! take a [`Tx`] (or `&impl ConnectionTrait` if they only read) and never commit.
//! Nothing here knows what the tables of the domains mean.

mod appends;
mod commits;
mod connect;
mod db;
mod error;
pub mod feed;
mod group;
pub mod installation;
pub mod inventory;
pub mod lease;
pub mod migrate;
pub mod outbox;
mod postgres;
mod reader;
pub mod replay;
mod sqlite;
pub mod statement;
mod turn;
mod tx;

pub use commits::Commits;
pub use connect::Source;
pub use db::{Db, Observer, Options};
pub use error::{Error, Violation, violation};
pub use feed::{Change, Changes};
pub use reader::{Reader, Snapshot};
pub use statement::{Sql, sql};
pub use tx::Tx;

/// What a write closure returns: a boxed future that borrows only the transaction.
pub type Work<'t, T, E> = futures_util::future::BoxFuture<'t, Result<T, E>>;
