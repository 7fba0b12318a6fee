//! The preview surface: one draft, for whoever has the token of a preview link, as delivery would give it.
//!
//! What a token does not open is not there, published or not. Answers are not kept: not in memory, not by anybody else.
//! References lead to what is published of their targets. [`token`] finds out what a token opens.

mod token;

use crate::answer::Json;
use crate::app::App;
use crate::delivery::content::{OneQuery, PublishedEntry, PublishedPage, Selection, chain, join, raw, subject};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::problem::{Fault, Problem};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bonafide_content::delivery;
use bonafide_content::entry::preview::{self, Draft, Opened};
use bonafide_model::Instant;
use bonafide_model::content::builtin;
use bonafide_model::name::TypeKey;
use http::HeaderValue;
use http::header::CONTENT_LANGUAGE;
use serde::Serialize;
use token::Token;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_previewed_page)).routes(routes!(get_previewed_entry))
}

/// What is known of a draft that is shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// When the link ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
    /// Whether one revision is shown, whatever is saved after it; else the newest.
    pinned: bool,
    /// What stands in the way of publishing it.
    problems: Vec<Fault>,
    /// What is not shown as it is written, and references that lead to what is not published.
    warnings: Vec<Fault>,
}

/// A page as it would be published: `published_at` is absent if it is not, `updated_at` is when the draft was saved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PreviewedPage {
    #[serde(flatten)]
    page: PublishedPage,
    preview: PreviewView,
}

/// An entry as it would be published: `published_at` is absent if it is not, `updated_at` is when the draft was saved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document shows it")]
pub(crate) struct PreviewedEntry {
    #[serde(flatten)]
    entry: PublishedEntry,
    preview: PreviewView,
}

/// Read the draft of a page
///
/// The one that the token opens, under its path, a path it has published or its id, in the shape of a published page. An
/// incomplete draft is shown as far as it goes. Nothing else is here, and nobody may keep the answer.
#[utoipa::path(get, path = "/preview/v1/pages/{*path}", tag = "preview", params(("path" = String, Path, description = "The path of the page, or its id", example = "about"), OneQuery), responses((status = 200, body = PreviewedPage)), security(("preview_token" = [])))]
pub(crate) async fn get_previewed_page(
    State(app): State<App>,
    token: Token,
    Path(path): Path<String>,
    Query(query): Query<OneQuery>,
) -> Result<Response, ApiError> {
    show(app, &token.0, &builtin::page(), &path, query).await
}

/// Read the draft of an entry
///
/// The one that the token opens, under its slug, a slug it has published or its id, in the shape of a published entry.
#[utoipa::path(get, path = "/preview/v1/entries/{type}/{*slug}", tag = "preview", params(("type" = String, Path, description = "The key of the type"), ("slug" = String, Path, description = "The slug or the id of the entry"), OneQuery), responses((status = 200, body = PreviewedEntry)), security(("preview_token" = [])))]
pub(crate) async fn get_previewed_entry(
    State(app): State<App>,
    token: Token,
    Path((kind, slug)): Path<(TypeKey, String)>,
    Query(query): Query<OneQuery>,
) -> Result<Response, ApiError> {
    if kind == builtin::page() {
        return Err(Problem::not_found().into());
    }
    show(app, &token.0, &kind, &slug, query).await
}

/// The draft, if it is what was asked for.
async fn show(app: App, opened: &Opened, kind: &TypeKey, path: &str, query: OneQuery) -> Result<Response, ApiError> {
    // of other types nothing is told, not even that they are there
    if opened.at().kind != *kind {
        return Err(Problem::not_found().into());
    }
    let (catalogue, definition) = subject(&app, kind).await?;
    let selection = Selection::new(&catalogue, &definition, query.fields.as_deref(), query.include.as_deref())?;
    let mut chain = chain(&app, &definition, query.locale.as_ref(), query.fallback.as_deref()).await?;
    if query.locale.is_none() {
        chain.retain(|locale| locale != opened.locale());
        chain.insert(0, opened.locale().clone());
    }
    if !chain.contains(opened.locale()) {
        return Err(Problem::not_found().into());
    }
    let draft = preview::show(app.db(), opened).await.map_err(token::known)?;
    if !draft.is_at(path) {
        return Err(Problem::not_found().into());
    }
    let Draft { item, is_published, references, problems, warnings, .. } = draft;
    let whole = !selection.include.is_empty();
    let on = app.db().snapshot().await?;
    let references = delivery::resolve(&on, app.parts.site, &item, &references, &chain, whole).await?;
    let answer = join(&on, vec![item], references, &selection, &chain).await?;
    let mut shown = answer.one();
    let all = |faults: Vec<_>| faults.into_iter().map(crate::error::content_fault).collect();
    let view = PreviewView {
        expires_at: opened.expires_at(),
        pinned: opened.is_pinned(),
        problems: all(problems),
        warnings: all(warnings),
    };
    shown.insert("preview", raw(&view));
    if !is_published {
        shown.remove("published_at");
    }
    let mut response = Json(shown).into_response();
    if let Ok(language) = HeaderValue::from_str(opened.locale().as_str()) {
        response.headers_mut().insert(CONTENT_LANGUAGE, language);
    }
    Ok(response)
}
