//! The admin surface: what authors, editors, privacy officers and owners do.

mod accounts;
mod audit;
mod auth;
pub(crate) mod content;
mod disclosures;
mod forms;
mod holds;
mod policies;
mod retention;
mod revisions;
mod sessions;
mod site;
mod status;
mod subjects;
mod submissions;
mod tokens;
mod types;

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
        .routes(routes!(holds::hold_submission))
        .routes(routes!(holds::release_submission))
        .routes(routes!(holds::list_holds))
        .routes(routes!(disclosures::get_disclosure, disclosures::disclose_submission))
        .routes(routes!(disclosures::withdraw_disclosure))
        .routes(routes!(subjects::export_subject))
        .routes(routes!(subjects::erase_subject))
        .routes(routes!(retention::list_due))
        .routes(routes!(retention::list_sweeps))
        .routes(routes!(retention::confirm_sweep))
        .routes(routes!(retention::trust_clock))
        .routes(routes!(types::list_types, types::create_type))
        .routes(routes!(types::get_type, types::update_type, types::delete_type))
        .routes(routes!(content::pages::list_pages, content::pages::create_page))
        .routes(routes!(content::pages::get_page, content::pages::update_page, content::pages::delete_page))
        .routes(routes!(content::pages::update_page_block))
        .routes(routes!(content::pages::publish_page))
        .routes(routes!(content::pages::unpublish_page))
        .routes(routes!(content::pages::archive_page))
        .routes(routes!(content::pages::restore_page))
        .routes(routes!(content::pages::schedule_page))
        .routes(routes!(content::pages::compare_page_revisions))
        .routes(routes!(content::pages::copy_page))
        .routes(routes!(content::pages::add_page_locale))
        .routes(routes!(content::pages::list_page_revisions))
        .routes(routes!(content::pages::get_page_revision))
        .routes(routes!(content::pages::list_page_preview_links, content::pages::create_page_preview_link))
        .routes(routes!(content::pages::get_page_preview_link, content::pages::revoke_page_preview_link))
        .routes(routes!(content::entries::list_entries, content::entries::create_entry))
        .routes(routes!(content::entries::get_entry, content::entries::update_entry, content::entries::delete_entry))
        .routes(routes!(content::entries::update_entry_block))
        .routes(routes!(content::entries::publish_entry))
        .routes(routes!(content::entries::unpublish_entry))
        .routes(routes!(content::entries::archive_entry))
        .routes(routes!(content::entries::restore_entry))
        .routes(routes!(content::entries::schedule_entry))
        .routes(routes!(content::entries::compare_entry_revisions))
        .routes(routes!(content::entries::copy_entry))
        .routes(routes!(content::entries::add_entry_locale))
        .routes(routes!(content::entries::list_entry_revisions))
        .routes(routes!(content::entries::get_entry_revision))
        .routes(routes!(content::entries::list_entry_preview_links, content::entries::create_entry_preview_link))
        .routes(routes!(content::entries::get_entry_preview_link, content::entries::revoke_entry_preview_link))
        .routes(routes!(status::get_status))
}
