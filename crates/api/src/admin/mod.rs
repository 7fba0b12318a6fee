//! The admin surface: what authors, editors, privacy officers and owners do.

mod accounts;
mod audit;
mod auth;
mod forms;
mod policies;
mod retention;
mod revisions;
mod sessions;
mod site;
mod status;
mod subjects;
mod submissions;
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
        .routes(routes!(forms::list_forms, forms::create_form))
        .routes(routes!(forms::get_form, forms::update_form, forms::delete_form))
        .routes(routes!(forms::publish_form))
        .routes(routes!(forms::unpublish_form))
        .routes(routes!(forms::list_form_versions))
        .routes(routes!(forms::get_form_version))
        .routes(routes!(submissions::list_submissions))
        .routes(routes!(submissions::count_submissions))
        .routes(routes!(submissions::get_submission))
        .routes(routes!(submissions::open_submission))
        .routes(routes!(submissions::fulfil_submission))
        .routes(routes!(submissions::reopen_submission))
        .routes(routes!(submissions::restrict_submission))
        .routes(routes!(submissions::erase_submission))
        .routes(routes!(subjects::export_subject))
        .routes(routes!(subjects::erase_subject))
        .routes(routes!(retention::list_due))
        .routes(routes!(retention::list_sweeps))
        .routes(routes!(retention::confirm_sweep))
        .routes(routes!(retention::trust_clock))
        .routes(routes!(status::get_status))
}
