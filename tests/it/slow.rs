//! Tests that take long, or measure and want the machine for themselves: `cargo xtask ci slow` runs them, and CI does.

mod exports;
mod faults;
mod jumps;
pub(crate) mod leaks;
mod nodes;
mod scanner;
