//! The HTTP surface under a clock that the test moves: what changes by itself, at which instant, on both databases.

mod expiry;
mod fills;
mod midnight;
mod plans;
mod read_tokens;
mod sitemap;
mod world;
