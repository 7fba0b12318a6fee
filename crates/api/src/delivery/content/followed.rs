//! What search engines and readers of feeds follow: the sitemap, and Atom feeds (RFC 4287).

use super::{chain, subject};
use crate::app::App;
use crate::cache::Cacheable;
use crate::delivery::feed::escape;
use crate::delivery::shared::{Delivered, SITE};
use crate::error::ApiError;
use crate::extract::{NoQuery, Path, Query};
use crate::problem::Problem;
use axum::extract::State;
use bonafide_content::delivery::{self, Item, Placed, Sort, Start};
use bonafide_content::{list_key, type_key};
use bonafide_model::Locale;
use bonafide_model::content::builtin;
use bonafide_model::name::TypeKey;
use bonafide_site::Site;
use serde::Deserialize;
use std::fmt::Write as _;
use utoipa::IntoParams;

/// How many addresses a sitemap has at most (sitemaps.org).
const MOST_ADDRESSES: u64 = 50_000;
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

/// The address of a page on the frontend, if the site knows where that is.
fn address(site: &Site, locale: &Locale, path: &str) -> Option<String> {
    let base = site.base_url.as_deref().map(|base| base.trim_end_matches('/'));
    let template = match (&site.page_url_template, base) {
        (Some(template), Some(base)) if template.starts_with('/') => format!("{base}{template}"),
        (Some(template), _) if template.contains("://") => template.clone(),
        (_, Some(base)) => format!("{base}/{{path}}"),
        _ => return None,
    };
    let mut encoded = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes every character");
        }
    }
    Some(template.replace("{locale}", locale.as_str()).replace("{path}", &encoded))
}

/// Read the sitemap
///
/// The addresses of all published pages on the frontend, by the site's `page_url_template`, or `base_url`; each with those of
/// its other languages. Pages with `seo.no_index` are left out. At most 50,000.
#[utoipa::path(get, path = "/v1/sitemap.xml", tag = "pages", responses((status = 200, body = String, content_type = "application/xml"), (status = 404, description = "The site does not know where its frontend is")))]
pub(crate) async fn get_sitemap(State(app): State<App>, _: NoQuery) -> Result<Delivered, ApiError> {
    let site = app.site_settings.get(bonafide_site::get(app.db().read(), app.parts.site)).await?;
    let kind = builtin::page();
    let pages = delivery::placed(app.db().read(), app.parts.site, &kind, MOST_ADDRESSES).await?;
    let mut xml =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n"
            .to_owned();
    for group in pages.chunk_by(|one, other| one.id == other.id) {
        for page in group {
            let Some(url) = address(&site, &page.locale, &page.path) else { return Err(no_frontend().into()) };
            write!(xml, "<url><loc>{}</loc><lastmod>{}</lastmod>", escape(&url), page.updated_at)
                .expect("a string takes every character");
            for other in group.iter().filter(|_| group.len() > 1) {
                alternate(&mut xml, &site, other);
            }
            xml.push_str("</url>\n");
        }
    }
    xml.push_str("</urlset>\n");
    if address(&site, site.default_locale(), "x").is_none() {
        return Err(no_frontend().into());
    }
    let depends_on = vec![list_key(&kind), type_key(&kind), SITE.to_owned()];
    let cacheable = Cacheable { depends_on, valid_until: None, last_modified: None };
    let content_type = "application/xml; charset=utf-8";
    Ok(Delivered { content_type, body: xml.into_bytes(), ..Delivered::json(&(), cacheable) })
}

fn no_frontend() -> Problem {
    Problem::new("not_found", "The site does not know where its frontend is; set `base_url` or `page_url_template`.")
}

fn alternate(xml: &mut String, site: &Site, page: &Placed) {
    if let Some(url) = address(site, &page.locale, &page.path) {
        let (locale, url) = (page.locale.as_str(), escape(&url));
        write!(xml, "<xhtml:link rel=\"alternate\" hreflang=\"{locale}\" href=\"{url}\"/>")
            .expect("a string takes every character");
    }
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
    let site = app.site_settings.get(bonafide_site::get(app.db().read(), app.parts.site)).await?;
    let sort = vec![Sort { field: "published_at".to_owned(), descending: true }];
    let wanted = delivery::Query { kind: kind.clone(), chain, conditions: Vec::new(), sort };
    let found = delivery::list(app.db().read(), app.parts.site, &wanted, &Start::First, MOST_ENTRIES).await?;
    let items: Vec<Item> = found.into_iter().map(|listed| listed.item).collect();
    let (is_page, id) = (kind == builtin::page(), app.parts.site);
    let base = if is_page { "/v1/pages".to_owned() } else { format!("/v1/entries/{kind}") };
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
