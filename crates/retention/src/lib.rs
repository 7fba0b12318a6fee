//! What visitors submitted and asked for.
//!
//! The only crate in which personal data exists in clear: for a recorded purpose, for a moment.
