//! The HTTP surface: delivery, visitor, admin and preview routes and their OpenAPI documents.
//!
//! A request is four hops: [`routes`] → an extractor of [`extract`] → a handler ([`delivery`], [`visitor`], [`admin`], [`preview`]) → one function
//! of a domain crate, whose result becomes a wire type. Around it stand [`layers`] (ids, limits, problem documents)
//! and, outermost, [`cache`], which answers what it has finished before. Start reading at `admin/policies.rs`.

mod admin;
mod answer;
mod app;
mod by_locale;
mod cache;
mod cors;
mod create;
mod delivery;
mod error;
mod extract;
mod json;
mod layers;
mod limit;
mod memory;
mod openapi;
mod paging;
mod preview;
mod problem;
mod reference;
mod routes;
mod source;
mod system;
mod visitor;

pub use app::{DeliveryAccess, HoldDecision, Parts, Settings};
pub use cache::Front;
pub use openapi::{Surface, document};

/// The whole HTTP surface as one service. It wants the socket's address by [`Front::of`], or as `ConnectInfo<SocketAddr>` on each request.
pub fn service(parts: Parts) -> Front {
    let app = app::App::new(parts);
    let router = routes::all(&app);
    Front::new(app, router)
}
