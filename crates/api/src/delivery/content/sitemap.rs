//! The sitemap (<https://www.sitemaps.org/protocol.html>): one file while that can hold all addresses, then an index of files.
//!
//! A sitemap has to be on the host of the pages that it names, so that the frontend hands `/sitemap.xml` and `/sitemaps/…` on
//! to these routes; the index says where it does.

use super::followed::{address, frontend};
use crate::app::App;
use crate::cache::Cacheable;
use crate::delivery::feed::escape;
use crate::delivery::shared::{Delivered, SITE};
use crate::error::ApiError;
use crate::extract::{NoQuery, Path};
use crate::problem::Problem;
use axum::extract::State;
use bonafide_content::delivery::places::{self, Placed};
use bonafide_content::{list_key, type_key};
use bonafide_model::content::builtin;
use bonafide_model::id::EntryId;
use bonafide_site::Site;
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many addresses a sitemap has at most, those of other languages counted again with each.
const MOST: u64 = 50_000;
/// Sitemaps are big: they are made one after the other.
static TURN: Semaphore = Semaphore::const_new(1);
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const SPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// Read the sitemap
///
/// The addresses of all published pages on the frontend, by the site's `page_url_template`, or `base_url`; each with those of
/// its other languages. Pages with `seo.no_index` are left out. With more than 50,000 addresses, divided by the languages of the
/// site, it is an index of sitemaps at `/sitemaps/…` of the frontend, which are here at `/v1/sitemaps/…`.
#[utoipa::path(get, path = "/v1/sitemap.xml", tag = "pages", responses((status = 200, body = String, content_type = "application/xml"), (status = 404, description = "The site does not know where its frontend is")))]
pub(crate) async fn get_sitemap(State(app): State<App>, _: NoQuery) -> Result<Delivered, ApiError> {
    let site = known(&app).await?;
    let beginnings = beginnings(&app, &site).await?;
    if beginnings.is_empty() {
        return part(&app, &site, None, None).await;
    }
    let base = escape(&frontend(&site).unwrap_or_default());
    let mut xml = format!("{HEAD}<sitemapindex xmlns=\"{SPACE}\">\n");
    for number in 1..=beginnings.len() + 1 {
        writeln!(xml, "<sitemap><loc>{base}/sitemaps/{number}.xml</loc></sitemap>")
            .expect("a string takes every character");
    }
    xml.push_str("</sitemapindex>\n");
    Ok(delivered(xml))
}

/// Read a part of the sitemap
///
/// Of those that the index names.
#[utoipa::path(get, path = "/v1/sitemaps/{part}", tag = "pages", params(("part" = String, Path, description = "The number of the part, with `.xml`", example = "1.xml")), responses((status = 200, body = String, content_type = "application/xml")))]
pub(crate) async fn get_sitemap_part(
    State(app): State<App>,
    Path(name): Path<String>,
    _: NoQuery,
) -> Result<Delivered, ApiError> {
    let number = name.strip_suffix(".xml").and_then(|number| number.parse::<usize>().ok());
    let number = number.filter(|number| name == format!("{number}.xml")).ok_or_else(Problem::not_found)?;
    let site = known(&app).await?;
    let beginnings = beginnings(&app, &site).await?;
    if !(1..=beginnings.len() + 1).contains(&number) {
        return Err(Problem::not_found().into());
    }
    let begins = number.checked_sub(2).map(|before| beginnings[before]);
    part(&app, &site, begins, beginnings.get(number - 1).copied()).await
}

/// Where the parts begin, from memory.
async fn beginnings(app: &App, site: &Site) -> Result<Arc<Vec<EntryId>>, ApiError> {
    // each address names those of its other languages too, and a sitemap may have 50 MB
    let (kind, most) = (builtin::page(), MOST / site.locales.len().max(1) as u64);
    let found = places::beginnings(app.db().read(), app.parts.site, &kind, most);
    app.sitemap.get(found).await.map_err(ApiError::from)
}

/// The settings of a site that knows where its frontend is.
async fn known(app: &App) -> Result<Arc<Site>, ApiError> {
    let site = app.remembered_site().await?;
    if frontend(&site).is_some() {
        return Ok(site);
    }
    let detail = "The site does not know where its frontend is; set `base_url` or `page_url_template`.";
    Err(Problem::new("not_found", detail).into())
}

/// The addresses of one part.
async fn part(app: &App, site: &Site, from: Option<EntryId>, end: Option<EntryId>) -> Result<Delivered, ApiError> {
    let _turn = TURN.acquire().await;
    let pages = places::placed(app.db().read(), app.parts.site, &builtin::page(), from, end).await?;
    let mut xml = format!("{HEAD}<urlset xmlns=\"{SPACE}\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n");
    for group in pages.chunk_by(|one, other| one.id == other.id) {
        for page in group {
            let Some(url) = address(site, &page.locale, &page.path) else { continue };
            write!(xml, "<url><loc>{}</loc><lastmod>{}</lastmod>", escape(&url), page.updated_at)
                .expect("a string takes every character");
            for other in group.iter().filter(|_| group.len() > 1) {
                alternate(&mut xml, site, other);
            }
            xml.push_str("</url>\n");
        }
    }
    xml.push_str("</urlset>\n");
    Ok(delivered(xml))
}

fn alternate(xml: &mut String, site: &Site, page: &Placed) {
    if let Some(url) = address(site, &page.locale, &page.path) {
        let (locale, url) = (page.locale.as_str(), escape(&url));
        write!(xml, "<xhtml:link rel=\"alternate\" hreflang=\"{locale}\" href=\"{url}\"/>")
            .expect("a string takes every character");
    }
}

fn delivered(xml: String) -> Delivered {
    let kind = builtin::page();
    let depends_on = vec![list_key(&kind), type_key(&kind), SITE.to_owned()];
    let cacheable = Cacheable { depends_on, valid_until: None, last_modified: None };
    let content_type = "application/xml; charset=utf-8";
    Delivered { content_type, body: xml.into_bytes(), ..Delivered::json(&(), cacheable) }
}
