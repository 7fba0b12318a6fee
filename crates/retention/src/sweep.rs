//! The sweep: what is due goes, in time, and only that.
//!
//! [`due`] is the one SELECT that says what is due: the sweep, its dry run and the list for people use it alike.
//! [`run`] is one pass, [`watch`] what is known between passes, [`guard`] when not to go on without a person, and
//! [`health`] says whether a person has to look.

pub mod due;
pub mod guard;
pub mod health;
mod reckon;
pub(crate) mod round;
pub mod run;
pub(crate) mod strays;
pub mod upkeep;
mod waiting;
pub mod watch;

pub use run::{Report, Sweeper};
pub use watch::Watch;
