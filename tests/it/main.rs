//! Black-box tests: the shipped binary over HTTP, on SQLite and on PostgreSQL.
//!
//! They know HTTP, files and processes, and nothing of the product's insides. Start reading at [`site`], which opens an
//! installation and gives its people, then at [`policies`], the story that the product is about.

mod auth;
mod bad_input;
mod client;
mod clock;
mod command_line;
mod content;
mod conventions;
mod durability;
mod inventory;
mod keys;
mod metrics;
mod operations;
mod policies;
mod proxy;
mod site;
mod slow;
mod submissions;
mod tokens;
mod users;
