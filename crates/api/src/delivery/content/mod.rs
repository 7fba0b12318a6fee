//! Pages and entries, as readers see them: by path or slug, in lists, with what they refer to.
//!
//! An answer is the finished JSON of the snapshot with references put in ([`reading`]): two statements, and one more for the
//! references of what is included. Types and the languages of the site come from memory.

mod asked;
pub(crate) mod followed;
mod reading;
mod shown;
pub(crate) mod sitemap;

pub(crate) use self::asked::{OneQuery, Selection};
pub(crate) use self::reading::join;
pub(crate) use self::shown::{PublishedEntry, PublishedPage, raw};

use self::asked::ListQuery;
use self::reading::{Reading, There};
use self::shown::{PublishedEntryList, PublishedPageList};
use super::shared::Delivered;
use crate::app::App;
use crate::cache::Cacheable;
use crate::error::ApiError;
use crate::extract::{Filtered, Path, Query};
use crate::paging::Page;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bonafide_content::delivery::{self, Cursor};
use bonafide_content::{Error, encoded};
use bonafide_model::Locale;
use bonafide_model::content::{Catalogue, Definition, builtin};
use bonafide_model::name::TypeKey;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode, Uri};
use std::sync::Arc;

/// All types of the site, from memory.
async fn catalogue(app: &App) -> Result<Arc<Catalogue>, ApiError> {
    app.types.get(bonafide_content::types::catalogue(app.db().read(), app.parts.site)).await.map_err(ApiError::from)
}

/// The languages a reader is served in, best first: those that are wanted, and of a type without languages all.
pub(crate) async fn chain(
    app: &App,
    definition: &Definition,
    locale: Option<&Locale>,
    fallback: Option<&str>,
) -> Result<Vec<Locale>, ApiError> {
    let wanted = super::shared::Wanted::parse(locale.cloned(), fallback)?;
    let mut chain: Vec<Locale> = wanted.named().cloned().collect();
    if locale.is_none() || !definition.localized {
        let site = app.remembered_site().await?;
        chain.extend(site.locales.iter().cloned());
    }
    let mut seen = std::collections::BTreeSet::new();
    chain.retain(|locale| seen.insert(locale.clone()));
    Ok(chain)
}

/// A type that has entries, and all others.
pub(crate) async fn subject(app: &App, kind: &TypeKey) -> Result<(Arc<Catalogue>, Arc<Definition>), ApiError> {
    let catalogue = catalogue(app).await?;
    let definition = catalogue.entry_type(kind).cloned();
    Ok((catalogue, definition.ok_or_else(Problem::not_found)?))
}

/// List published pages
///
/// Filtered by `filter[field][op]=value`, sorted by `sort`, with what they refer to as `include` names it. `title`, `slug`,
/// `published_at`, `updated_at` and indexed fields can be filtered and sorted by; docs/content.md has the operators.
#[utoipa::path(get, path = "/v1/pages", tag = "pages", params(ListQuery), responses((status = 200, body = PublishedPageList)))]
pub(crate) async fn list_published_pages(
    State(app): State<App>,
    query: Filtered<ListQuery>,
) -> Result<Delivered, ApiError> {
    list(app, builtin::page(), query).await
}

/// Read a page
///
/// By its path: slugs joined by `/`. A path that a page had before leads to its present one.
#[utoipa::path(get, path = "/v1/pages/{*path}", tag = "pages", params(("path" = String, Path, description = "The path of the page", example = "about"), OneQuery), responses((status = 200, body = PublishedPage), (status = 308, description = "The page has another path now: `Location`")))]
pub(crate) async fn get_published_page(
    State(app): State<App>,
    uri: Uri,
    Path(path): Path<String>,
    Query(query): Query<OneQuery>,
) -> Result<Response, ApiError> {
    one(app, builtin::page(), &path, query, &uri).await
}

/// List the published entries of a type
///
/// As pages are listed; filters name the keys of fields.
#[utoipa::path(get, path = "/v1/entries/{type}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ListQuery), responses((status = 200, body = PublishedEntryList)))]
pub(crate) async fn list_published_entries(
    State(app): State<App>,
    Path(kind): Path<TypeKey>,
    query: Filtered<ListQuery>,
) -> Result<Delivered, ApiError> {
    if kind == builtin::page() {
        return Err(Problem::not_found().into());
    }
    list(app, kind, query).await
}

/// Read an entry
///
/// By its slug, or by its id. A slug that it had before leads to its present one.
#[utoipa::path(get, path = "/v1/entries/{type}/{*slug}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("slug" = String, Path, description = "The slug or the id of the entry"), OneQuery), responses((status = 200, body = PublishedEntry), (status = 308, description = "The entry has another slug now: `Location`")))]
pub(crate) async fn get_published_entry(
    State(app): State<App>,
    uri: Uri,
    Path((kind, slug)): Path<(TypeKey, String)>,
    Query(query): Query<OneQuery>,
) -> Result<Response, ApiError> {
    if kind == builtin::page() {
        return Err(Problem::not_found().into());
    }
    one(app, kind, &slug, query, &uri).await
}

/// What is at a path, or where it went.
async fn one(app: App, kind: TypeKey, path: &str, query: OneQuery, uri: &Uri) -> Result<Response, ApiError> {
    let (catalogue, definition) = subject(&app, &kind).await?;
    let selection = Selection::new(&catalogue, &definition, query.fields.as_deref(), query.include.as_deref())?;
    let chain = chain(&app, &definition, query.locale.as_ref(), query.fallback.as_deref()).await?;
    let (site, catalogue, selection) = (app.parts.site, &catalogue, &selection);
    let reading = Reading { site, kind: &kind, catalogue, selection, chain: &chain };
    let there = match reading.one(app.db().read(), Some(&app.together), path).await {
        Err(Error::Changed) => reading.one(&app.db().snapshot().await?, None, path).await?,
        there => there?,
    };
    match there {
        There::Item { locale, updated_at, answer, depends_on } => {
            let cacheable = Cacheable { depends_on, valid_until: None, last_modified: Some(updated_at) };
            Ok(Delivered { language: Some(locale), ..Delivered::json(&answer.one(), cacheable) }.into_response())
        }
        There::Moved(path) => Ok(led_on(&kind, &path, uri)),
        There::Nothing => Err(Problem::not_found().into()),
    }
}

/// Where the published entries of a type are read.
fn base(kind: &TypeKey) -> String {
    if *kind == builtin::page() { "/v1/pages".to_owned() } else { format!("/v1/entries/{kind}") }
}

/// 308 to the present address, with the same query.
fn led_on(kind: &TypeKey, path: &str, uri: &Uri) -> Response {
    let mut location = format!("{}/{}", base(kind), encoded(path));
    if let Some(query) = uri.query() {
        location.push('?');
        location.push_str(query);
    }
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(LOCATION, location);
    }
    // a name can be given back: nobody may take it for ever, whatever the status says, nor after it was given back
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn list(app: App, kind: TypeKey, asked: Filtered<ListQuery>) -> Result<Delivered, ApiError> {
    let Filtered { query, filters, rest } = asked;
    let (catalogue, definition) = subject(&app, &kind).await?;
    let selection = Selection::new(&catalogue, &definition, query.fields.as_deref(), query.include.as_deref())?;
    let chain = chain(&app, &definition, query.locale.as_ref(), query.fallback.as_deref()).await?;
    let wanted = delivery::Query {
        kind: kind.clone(),
        chain: chain.clone(),
        conditions: asked::conditions(&definition, &filters)?,
        sort: asked::sort(&definition, query.sort.as_deref())?,
    };
    let (db, site) = (app.db().read(), app.parts.site);
    let page = Page::<Cursor>::new(&app, &query.page(), format!("v1/{wanted:?}"))?
        .counted(delivery::count(db, site, &wanted))
        .await?;
    let (catalogue, selection) = (&catalogue, &selection);
    let reading = Reading { site, kind: &kind, catalogue, selection, chain: &chain };
    let (listed, answer, depends_on) = match reading.many(db, &wanted, &page).await {
        Err(Error::Changed) => reading.many(&app.db().snapshot().await?, &wanted, &page).await?,
        many => many?,
    };
    let valid_until = listed.valid_until(app.now(), None);
    let links = listed.links_with(&rest);
    let cacheable = Cacheable { depends_on, valid_until, last_modified: None };
    Ok(Delivered { links, ..Delivered::json(&answer.many(&listed.0.page), cacheable) })
}
