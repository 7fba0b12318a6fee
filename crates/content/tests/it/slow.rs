//! Tests that take long, or measure and want the machine for themselves: `cargo xtask ci slow` runs them, and CI does.

mod histories;
mod many;
