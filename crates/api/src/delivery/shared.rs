//! What the delivery routes of policies have in common.

use crate::app::App;
use crate::cache::Cacheable;
use crate::error::ApiError;
use crate::problem::{Fault, Problem};
use axum::response::{IntoResponse, Response};
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Instant, Locale, TimeZone};
use http::HeaderValue;
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LINK, VARY};

/// The key of the site's settings in the change feed.
pub(crate) const SITE: &str = "site";

/// An answer that is finished and kept by the cache.
pub(crate) struct Delivered {
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) language: Option<Locale>,
    pub(crate) links: Vec<String>,
    /// Whether another `Accept` gives another representation.
    pub(crate) negotiated: bool,
    pub(crate) cacheable: Cacheable,
}

impl Delivered {
    /// An answer in JSON.
    pub(crate) fn json(view: &impl serde::Serialize, cacheable: Cacheable) -> Self {
        let body = serde_json::to_vec(view).unwrap_or_default();
        let content_type = "application/json";
        Self { content_type, body, language: None, links: Vec::new(), negotiated: false, cacheable }
    }
}

impl IntoResponse for Delivered {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(Ok(language)) = self.language.map(|locale| HeaderValue::from_str(locale.as_str())) {
            headers.insert(CONTENT_LANGUAGE, language);
        }
        for link in self.links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                headers.append(LINK, link);
            }
        }
        if self.negotiated {
            headers.insert(VARY, HeaderValue::from_static("accept"));
        }
        response.extensions_mut().insert(self.cacheable);
        response
    }
}

/// Which languages a reader wants, best first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    locale: Option<Locale>,
    fallback: Vec<Locale>,
}

impl Wanted {
    /// Reads `locale` and `fallback` (a list with commas).
    pub(crate) fn parse(locale: Option<Locale>, fallback: Option<&str>) -> Result<Self, Problem> {
        let list = fallback.map(|list| list.split(',').map(str::parse).collect::<Result<Vec<Locale>, _>>()).transpose();
        let fallback = list.map_err(|error| {
            Problem::fault(Fault::of("fallback", "invalid_parameter", format!("Each language {error}.")))
        })?;
        let fallback = fallback.unwrap_or_default();
        if fallback.len() > 10 {
            return Err(Problem::fault(Fault::of("fallback", "invalid_parameter", "Must name at most 10 languages.")));
        }
        Ok(Self { locale, fallback })
    }

    /// The languages that are named, best first.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Locale> {
        self.locale.iter().chain(&self.fallback)
    }

    /// The first wanted language there is; without a wish the default.
    pub(crate) fn choose(&self, there: &[Locale], default: &Locale) -> Result<Locale, Problem> {
        let Some(first) = &self.locale else {
            let mut fallback = self.fallback.iter().chain([default]).chain(there);
            return fallback.find(|locale| there.contains(locale)).cloned().ok_or_else(Problem::not_found);
        };
        std::iter::once(first).chain(&self.fallback).find(|locale| there.contains(locale)).cloned().ok_or_else(|| {
            let list = there.iter().map(Locale::as_str).collect::<Vec<_>>().join(", ");
            Problem::new("not_found", format!("There is no text in this language; there is one in: {list}."))
        })
    }
}

/// Today in the site's zone, and that zone.
pub(crate) async fn today(app: &App) -> Result<(Date, TimeZone, Instant), ApiError> {
    let zone = app.site().await?.time_zone;
    let now = app.now();
    Ok((zone.date(now), zone, now))
}

/// What an answer about one policy depends on.
pub(crate) fn depends_on(policy: &PolicyKey) -> Vec<String> {
    vec![bonafide_policy::object_key(policy), SITE.to_owned()]
}
