//! Throw-away databases and servers for tests.
//!
//! A test that needs a place to live asks for an [`Installation`]: a temporary directory and, where the test
//! runs on PostgreSQL, an empty database of its own. [`on_both!`] makes one test for each database from one body:
//!
//! ```no_run
//! use bonafide_test_support::{Installation, Server, on_both};
//!
//! on_both! {
//!     /// The server says that it is there.
//!     async fn answers(home: &Installation) {
//!         let server = Server::start(home);
//!         let answer = server.client().get(server.url("/healthz")).send().await.expect("the server answers");
//!         assert_eq!(answer.status(), 200);
//!         server.stop();
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Everything is removed at the end, also when the test process itself is killed. What is missing on this
//! machine (PostgreSQL, the real policy histories) is said loudly and skipped; in CI it fails instead.
//!
//! Nothing here knows the product's insides: it knows processes, files, environment variables and URLs.
//!
//! Start reading at [`installation`], then [`server`] and [`postgres`].

mod clock;
mod command;
mod environment;
pub mod installation;
mod keeper;
mod namespace;
pub mod postgres;
mod python;
pub mod server;
pub mod shared;
mod template;

pub use clock::ShiftedClock;
pub use command::Output;
pub use installation::{Backend, Installation};
pub use namespace::namespace;
pub use postgres::TestDatabase;
pub use python::python;
pub use server::Server;
pub use shared::shared_data;
pub use template::Template;
