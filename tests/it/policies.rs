//! The story of policies: drafted, published, read, compared, followed, imported, and never changed.

mod delivery;
mod diff;
mod import;
mod revisions;
