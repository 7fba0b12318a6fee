//! The delivery surface: what frontends fetch. It selects published rows only and has no means to read drafts.

pub(crate) mod access;
pub(crate) mod content;
mod diff;
pub(crate) mod feed;
mod policies;
mod revisions;
pub(crate) mod shared;

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(policies::list_published_policies))
        .routes(routes!(policies::get_policy_in_force))
        .routes(routes!(revisions::list_published_revisions))
        .routes(routes!(revisions::get_published_revision))
        .routes(routes!(diff::compare_revisions))
        .routes(routes!(feed::get_policy_feed))
        .routes(routes!(content::sitemap::get_sitemap))
        .routes(routes!(content::sitemap::get_sitemap_part))
        .routes(routes!(content::followed::get_pages_feed))
        .routes(routes!(content::followed::get_entries_feed))
        .routes(routes!(content::list_published_pages))
        .routes(routes!(content::get_published_page))
        .routes(routes!(content::list_published_entries))
        .routes(routes!(content::get_published_entry))
}
