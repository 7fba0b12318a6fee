//! When the sweep must not go on by itself.

pub mod guard;
