//! Ids, values and rules that every other part shares.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time and randomness come in as
//! parameters. Every value from outside becomes one of these types once, at the edge, and is
//! trusted from there on. Start with [`id`], then [`access`] (who may do what).

pub mod access;
pub mod content;
pub mod email;
mod fault;
pub mod id;
mod list;
pub mod locale;
pub mod name;
pub mod patch;
pub mod period;
pub mod text;
pub mod time;
mod value;

pub use access::Granted;
pub use email::EmailAddress;
pub use fault::Fault;
pub use list::Start;
pub use locale::Locale;
pub use patch::Patch;
pub use period::Period;
pub use text::Text;
pub use time::{Clock, Date, Instant, TimeZone};
pub use value::Invalid;
