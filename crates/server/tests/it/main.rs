//! The program as it is shipped: its command line, its exit codes, what it makes and what it refuses to make.

mod demo;
mod history;
mod import;
mod keys;
mod owner;
mod serve;
mod settings;
mod types;
