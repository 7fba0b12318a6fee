//! What readers of feeds follow: Atom feeds (RFC 4287), and where their entries are on the frontend.

use super::{base, chain, subject};
use crate::app::App;
use crate::cache::Cacheable;
use crate::delivery::feed::escape;
use crate::delivery::shared::{Delivered, SITE};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use axum::extract::State;
use bonafide_content::delivery::{self, Item, Sort, Start};
use bonafide_content::{encoded, list_key, type_key};
use bonafide_model::Locale;
use bonafide_model::content::builtin;
use bonafide_model::name::TypeKey;
use bonafide_site::Site;
use serde::Deserialize;
use std::fmt::Write as _;
use utoipa::IntoParams;

/// How many entries a feed shows.
const MOST_ENTRIES: u64 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// The language wanted; by default the site's first that there is.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    fallback: Option<String>,
}

/// Where the frontend is, if the site knows: without a slash at its end.
pub(super) fn frontend(site: &Site) -> Option<String> {
    let template = site.page_url_template.as_deref().and_then(|template| {
        let (scheme, rest) = template.split_once("://")?;
        Some(format!("{scheme}://{}", rest.split('/').next()?))
    });
    site.base_url.as_deref().map(|base| base.trim_end_matches('/').to_owned()).or(template)
}

/// The address of a page on the frontend, if the site knows where that is.
pub(super) fn address(site: &Site, locale: &Locale, path: &str) -> Option<String> {
    let base = site.base_url.as_deref().map(|base| base.trim_end_matches('/'));
    let template = match (&site.page_url_template, base) {
        (Some(template), Some(base)) if template.starts_with('/') => format!("{base}{template}"),
        (Some(template), _) if template.contains("://") => template.clone(),
        (_, Some(base)) => format!("{base}/{{path}}"),
        _ => return None,
    };
    Some(template.replace("{locale}", locale.as_str()).replace("{path}", &encoded(path)))
}

/// Follow pages
///
/// An Atom feed of the 50 that were published last.
#[utoipa::path(get, path = "/v1/pages/feed.atom", tag = "pages", params(FeedQuery), responses((status = 200, body = String, content_type = "application/atom+xml")))]
pub(crate) async fn get_pages_feed(
    State(app): State<App>,
    Query(query): Query<FeedQuery>,
) -> Result<Delivered, ApiError> {
    feed(app, builtin::page(), query).await
}

/// Follow the entries of a type
///
/// An Atom feed of the 50 that were published last.
#[utoipa::path(get, path = "/v1/entries/{type}/feed.atom", tag = "entries", params(("type" = String, Path, description = "The key of the type"), FeedQuery), responses((status = 200, body = String, content_type = "application/atom+xml")))]
pub(crate) async fn get_entries_feed(
    State(app): State<App>,
    Path(kind): Path<TypeKey>,
    Query(query): Query<FeedQuery>,
) -> Result<Delivered, ApiError> {
    if kind == builtin::page() {
        return Err(Problem::not_found().into());
    }
    feed(app, kind, query).await
}

async fn feed(app: App, kind: TypeKey, query: FeedQuery) -> Result<Delivered, ApiError> {
    let (_, definition) = subject(&app, &kind).await?;
    let chain = chain(&app, &definition, query.locale.as_ref(), query.fallback.as_deref()).await?;
    let site = app.remembered_site().await?;
    let sort = vec![Sort { field: "published_at".to_owned(), descending: true }];
    let wanted = delivery::Query { kind: kind.clone(), chain, conditions: Vec::new(), sort };
    let found = delivery::list(app.db().read(), app.parts.site, &wanted, &Start::First, MOST_ENTRIES).await?;
    let items: Vec<Item> = found.into_iter().map(|listed| listed.item).collect();
    let (is_page, id) = (kind == builtin::page(), app.parts.site);
    let base = base(&kind);
    let updated = items.iter().map(|item| item.updated_at).max();
    let (name, at) = (escape(&site.name), updated.unwrap_or(site.updated_at));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:uuid:{id}:{kind}</id>\n<title>{name}: {title}</title>\n<updated>{at}</updated>\n\
         <author><name>{name}</name></author>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/feed.atom\"/>\n",
        title = escape(definition.title.as_str()),
    );
    for item in &items {
        entry(&mut xml, &site, &base, is_page, item);
    }
    xml.push_str("</feed>\n");
    let depends_on = vec![list_key(&kind), type_key(&kind), SITE.to_owned()];
    let cacheable = Cacheable { depends_on, valid_until: None, last_modified: updated };
    let content_type = "application/atom+xml; charset=utf-8";
    Ok(Delivered { content_type, body: xml.into_bytes(), ..Delivered::json(&(), cacheable) })
}

fn entry(xml: &mut String, site: &Site, base: &str, is_page: bool, item: &Item) {
    let content: serde_json::Value = serde_json::from_str(&item.content).unwrap_or_default();
    let id = item.id.to_string();
    let path = item.path.as_deref().unwrap_or(&id);
    let own = format!("{base}/{path}?locale={}", item.locale);
    let (kind, href) = match address(site, &item.locale, path).filter(|_| is_page) {
        Some(url) => ("text/html", url),
        None => ("application/json", own),
    };
    write!(
        xml,
        "<entry xml:lang=\"{lang}\">\n<id>urn:uuid:{id}:{lang}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <published>{published}</published>\n<link rel=\"alternate\" type=\"{kind}\" href=\"{href}\"/>\n\
         <summary>{summary}</summary>\n</entry>\n",
        lang = item.locale,
        title = escape(item.title.as_deref().unwrap_or(path)),
        updated = item.updated_at,
        published = item.published_at,
        href = escape(&href),
        summary = escape(content["excerpt"].as_str().unwrap_or_default()),
    )
    .expect("a string takes every character");
}
