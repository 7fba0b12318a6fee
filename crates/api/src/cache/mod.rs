//! The reading path: finished answers in memory.
//!
//! [`Front`](front::Front) is the outermost service. A GET of a delivery route that is in the [`Store`] is answered
//! without routing, extractors, database or serialisation. On a miss the router answers, and if its answer carries a
//! [`Cacheable`], it is finished (`ETag`, lifetimes, the coding that was asked for) and kept with the list of all objects it depends on.

mod entry;
mod front;
mod negotiate;
mod store;

pub(crate) use entry::Cacheable;
pub use front::Front;
pub(crate) use negotiate::{Form, form};
pub(crate) use store::Store;
