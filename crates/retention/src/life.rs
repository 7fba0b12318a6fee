//! The life of a submission: its states, its clocks, and what holds back its end.
//!
//! Pure: instants, rules and zones come in as values. A state is stored; a due date is stored as an absolute instant and
//! computed when something happens ([`clock`]); flags are kept with the keys, so that old data do not bring old flags.

pub mod clock;
pub mod disclosure;
pub mod flags;
pub mod hold;
mod restriction;
mod state;

pub use clock::{Group, Groups, Permission, Rule, Rules, Timeline};
pub use flags::{Blocked, Cause, Flags};
pub use restriction::{NotTheirs, Party, Restrictions};
pub use state::{Clash, Event, State};
