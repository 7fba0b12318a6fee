//! The admin surface: what authors, editors, privacy officers and owners do.

mod accounts;
mod audit;
mod auth;
mod policies;
mod revisions;
mod sessions;
mod site;
mod status;
mod tokens;

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::logout_everywhere))
        .routes(routes!(auth::accept_link))
        .routes(routes!(auth::change_password))
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::revoke_session))
        .routes(routes!(accounts::get_me))
        .routes(routes!(accounts::list_users, accounts::create_user))
        .routes(routes!(accounts::get_user, accounts::update_user))
        .routes(routes!(accounts::suspend_user))
        .routes(routes!(accounts::reactivate_user))
        .routes(routes!(accounts::reset_user))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::get_token, tokens::revoke_token))
        .routes(routes!(audit::list_audit))
        .routes(routes!(site::get_site, site::update_site))
        .routes(routes!(policies::list_policies, policies::create_policy))
        .routes(routes!(policies::get_policy, policies::update_policy, policies::delete_policy))
        .routes(routes!(revisions::list_revisions, revisions::create_revision))
        .routes(routes!(revisions::get_revision, revisions::update_revision, revisions::delete_revision))
        .routes(routes!(revisions::publish_revision))
        .routes(routes!(status::get_status))
}
