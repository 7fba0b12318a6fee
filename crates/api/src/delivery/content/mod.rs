//! Pages and entries, as readers see them: by path or slug, in lists, with what they refer to.
//!
//! An answer is the finished JSON of the snapshot with references put in: two statements, and one more for the references
//! of what is included. Types and the languages of the site come from memory.

mod asked;
pub(crate) mod followed;
mod shown;

use self::asked::{ListQuery, OneQuery, Selection};
use self::shown::{Answer, PublishedEntry, PublishedPage};
use super::shared::{Delivered, SITE};
use crate::app::App;
use crate::cache::Cacheable;
use crate::error::ApiError;
use crate::extract::{Filtered, Path, Query};
use crate::paging::{List, Page};
use crate::problem::Problem;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bonafide_content::delivery::{self, Cursor, Found, Item, Listed};
use bonafide_content::{entry_key, list_key, path_key, type_key};
use bonafide_model::Locale;
use bonafide_model::content::{Catalogue, Definition, builtin};
use bonafide_model::id::EntryId;
use bonafide_model::name::TypeKey;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode, Uri};
use std::fmt::Write as _;
use std::sync::Arc;

/// How many entries an answer may name as those it depends on; beyond it depends on all lists.
const MOST_NAMED: usize = 60;

/// All types of the site, from memory.
async fn catalogue(app: &App) -> Result<Arc<Catalogue>, ApiError> {
    app.types.get(bonafide_content::types::catalogue(app.db().read(), app.parts.site)).await.map_err(ApiError::from)
}

/// The languages a reader is served in, best first: those that are wanted, and of a type without languages all.
async fn chain(
    app: &App,
    definition: &Definition,
    locale: Option<&Locale>,
    fallback: Option<&str>,
) -> Result<Vec<Locale>, ApiError> {
    let wanted = super::shared::Wanted::parse(locale.cloned(), fallback)?;
    let mut chain: Vec<Locale> = wanted.named().cloned().collect();
    if locale.is_none() || !definition.localized {
        let site = app.site_settings.get(bonafide_site::get(app.db().read(), app.parts.site)).await?;
        chain.extend(site.locales.iter().cloned());
    }
    let mut seen = std::collections::BTreeSet::new();
    chain.retain(|locale| seen.insert(locale.clone()));
    Ok(chain)
}

/// A type that has entries, and all others.
async fn subject(app: &App, kind: &TypeKey) -> Result<(Arc<Catalogue>, Arc<Definition>), ApiError> {
    let catalogue = catalogue(app).await?;
    let definition = catalogue.get(kind).filter(|definition| !definition.component).cloned();
    Ok((catalogue, definition.ok_or_else(Problem::not_found)?))
}

/// List published pages
///
/// Filtered by `filter[field][op]=value`, sorted by `sort`, with what they refer to as `include` names it. `title`, `slug`,
/// `published_at`, `updated_at` and indexed fields can be filtered and sorted by; docs/content.md has the operators.
#[utoipa::path(get, path = "/v1/pages", tag = "pages", params(ListQuery), responses((status = 200, body = List<PublishedPage>)))]
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
#[utoipa::path(get, path = "/v1/entries/{type}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ListQuery), responses((status = 200, body = List<PublishedEntry>)))]
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
    let (db, site) = (app.db().read(), app.parts.site);
    let found = match path.parse::<EntryId>() {
        Ok(id) if kind != builtin::page() => {
            delivery::by_id(db, site, &kind, id, &chain).await?.map(|item| Found::Item(Box::new(item)))
        }
        _ => delivery::by_path(db, site, &kind, path, &chain).await?,
    };
    match found {
        Some(Found::Item(item)) => {
            let mut depends_on = vec![type_key(&kind), path_key(&kind, path), entry_key(item.id), SITE.to_owned()];
            let (locale, updated) = (item.locale.clone(), item.updated_at);
            let answer = answer(&app, &catalogue, vec![*item], &selection, &chain, &mut depends_on).await?;
            let cacheable = Cacheable { depends_on, valid_until: None, last_modified: Some(updated) };
            Ok(Delivered { language: Some(locale), ..Delivered::json(&answer.one(), cacheable) }.into_response())
        }
        Some(Found::Moved { path, locale: _ }) => Ok(led_on(&kind, &path, uri)),
        None => Err(Problem::not_found().into()),
    }
}

/// 308 to the present address, with the same query.
fn led_on(kind: &TypeKey, path: &str, uri: &Uri) -> Response {
    let base = if *kind == builtin::page() { "/v1/pages".to_owned() } else { format!("/v1/entries/{kind}") };
    let mut location = format!("{base}/");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/') {
            location.push(char::from(byte));
        } else {
            write!(location, "%{byte:02X}").expect("a string takes every character");
        }
    }
    if let Some(query) = uri.query() {
        location.push('?');
        location.push_str(query);
    }
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(LOCATION, location);
    }
    // a name can be given back: nobody may take it for ever, whatever the status says
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, s-maxage=60"));
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
    let found = delivery::list(db, site, &wanted, &page.start, page.fetch()).await?;
    let listed = page.finish(found, |listed| listed.cursor.clone(), |Listed { item, cursor: _ }| item);
    let mut depends_on = vec![list_key(&kind), type_key(&kind), SITE.to_owned()];
    let valid_until = listed.valid_until(app.now(), None);
    let links = listed.links_with(&rest);
    let List { items, page } = listed.0;
    let answer = answer(&app, &catalogue, items, &selection, &chain, &mut depends_on).await?;
    let cacheable = Cacheable { depends_on, valid_until, last_modified: None };
    Ok(Delivered { links, ..Delivered::json(&answer.many(&page), cacheable) })
}

/// Puts the references of items in, and what they lead to beside them if that is wanted.
async fn answer(
    app: &App,
    catalogue: &Catalogue,
    items: Vec<Item>,
    selection: &Selection,
    chain: &[Locale],
    depends_on: &mut Vec<String>,
) -> Result<Answer, ApiError> {
    let db = app.db().read();
    let refers = |items: &[Item]| -> Vec<(EntryId, Locale)> {
        items.iter().filter(|item| item.has_references).map(|item| (item.id, item.locale.clone())).collect()
    };
    let whole = !selection.include.is_empty();
    let references = delivery::references(db, &refers(&items), chain, whole).await?;
    let mut answer = Answer::new(items, references, selection);
    for depth in 1..=2 {
        let fresh = answer.included_at(depth, selection);
        let more = refers(&fresh);
        if !more.is_empty() {
            let deeper = depth == 1 && selection.is_deep();
            let references = delivery::references(db, &more, chain, deeper).await?;
            answer.take_in(references);
        }
    }
    let targets = answer.targets();
    if targets.len() > MOST_NAMED {
        let lists = catalogue.iter().filter(|(_, definition)| !definition.component);
        depends_on.extend(lists.map(|(kind, _)| list_key(kind)));
    } else {
        depends_on.extend(targets.into_iter().map(entry_key));
    }
    depends_on.sort();
    depends_on.dedup();
    Ok(answer)
}
