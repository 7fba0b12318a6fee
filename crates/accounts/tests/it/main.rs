//! The rules of accounts on real databases.

mod login;
mod owner;
mod refresh;
mod sessions;
mod signing_keys;
mod tokens;
mod users;
mod world;
