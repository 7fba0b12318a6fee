//! Tests that take long: `cargo xtask ci slow` runs them, and CI does.

mod forbidden;
mod matrix;
