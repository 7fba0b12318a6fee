//! Where the routers of all surfaces come together.

use crate::app::App;
use crate::openapi::{AdminDoc, PublicDoc};
use crate::{admin, delivery, preview, system, visitor};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of the public document.
pub(crate) fn public() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(PublicDoc::openapi())
        .merge(delivery::router())
        .merge(visitor::router())
        .merge(preview::router())
        .routes(routes!(system::get_public_document))
        .routes(routes!(system::get_health))
        .routes(routes!(system::get_readiness))
}

/// The routes of the admin document.
pub(crate) fn admin() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(AdminDoc::openapi()).merge(admin::router()).routes(routes!(system::get_admin_document))
}

/// Everything that is answered.
pub(crate) fn all(app: &App) -> axum::Router {
    let (public, _) = public().split_for_parts();
    let (admin, _) = admin().split_for_parts();
    public
        .merge(admin)
        .merge(crate::reference::router())
        .fallback(crate::layers::no_such_route)
        .layer(axum::middleware::from_fn_with_state(app.clone(), crate::layers::around))
        .with_state(app.clone())
}
