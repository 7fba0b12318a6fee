//! What the test support promises: databases of one's own, and nothing left behind.

mod left_behind;
mod postgres;
mod server;
