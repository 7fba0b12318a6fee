//! Whose pages may hand a form out and send it: those of the origins that the form names, and of the site itself.

use super::forms::HandedOut;
use crate::app::App;
use crate::error::ApiError;
use crate::problem::Problem;
use bonafide_model::name::FormKey;
use bonafide_retention::form::{self, Definition};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// Whether the pages of an origin may use a published form. What cannot be looked up is not accepted.
pub(crate) async fn accepted(app: &App, path: &str, origin: &HeaderValue) -> bool {
    let key = path.strip_prefix("/v1/forms/").and_then(|rest| rest.split('/').next());
    let (Some(key), Ok(origin)) = (key.and_then(|key| key.parse::<FormKey>().ok()), origin.to_str()) else {
        return false;
    };
    let (db, site) = (app.db().read(), app.parts.site);
    let Ok(form) = form::published(db, site, &key).await else { return false };
    let Ok(own) = own(app).await else { return false };
    accepts(&form.definition, own.as_deref(), origin)
}

/// The origin of the site's own pages.
pub(crate) async fn own(app: &App) -> Result<Option<String>, ApiError> {
    let site = app.site().await?;
    Ok(site.base_url.as_deref().and_then(origin_of))
}

/// Refuses what the page of another origin sends: browsers say whose page it is, and other programs say nothing.
///
/// # Errors
/// `origin_refused`.
pub(super) fn check(form: &HandedOut, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let own = form.base_url.as_deref().and_then(origin_of);
    if is_ours(origin, headers, uri) || accepts(&form.form.definition, own.as_deref(), origin) {
        return Ok(());
    }
    Err(Problem::new("origin_refused", "The form does not take answers from pages of this origin."))
}

/// Whether the page came from this server, under the name that the browser knows it by.
fn is_ours(origin: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str));
    let named = origin.split_once("://").map(|(_, host)| host);
    named.is_some_and(|named| host.is_some_and(|host| named.eq_ignore_ascii_case(host)))
}

/// Whether the pages of an origin may use a form. There is no wildcard.
pub(crate) fn accepts(definition: &Definition, own: Option<&str>, origin: &str) -> bool {
    own == Some(origin) || definition.origins.iter().any(|accepted| accepted.as_str() == origin)
}

/// The origin of a URL, as browsers send it (RFC 6454 §6.2).
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let scheme = scheme.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(&host);
    (!host.is_empty()).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_site_is_what_its_pages_send() {
        for (url, origin) in [
            ("https://www.example.org", "https://www.example.org"),
            ("https://WWW.Example.org/blog/", "https://www.example.org"),
            ("https://www.example.org:443/", "https://www.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80/x", "http://[::1]"),
        ] {
            assert_eq!(origin_of(url).as_deref(), Some(origin));
        }
        assert_eq!(origin_of("example.org"), None);
    }

    #[test]
    fn only_named_origins_are_accepted() {
        let mut definition: Definition = serde_json::from_str("{}").expect("a definition");
        definition.origins = vec!["https://shop.example.org".parse().expect("an origin")];
        let accepts = |origin| accepts(&definition, Some("https://www.example.org"), origin);
        assert!(accepts("https://shop.example.org") && accepts("https://www.example.org"));
        for origin in
            ["null", "*", "", "https://example.org", "http://shop.example.org", "https://shop.example.org.evil.example"]
        {
            assert!(!accepts(origin), "{origin}");
        }
    }
}
