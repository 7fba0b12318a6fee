//! The published revisions of a policy.

use super::policies::{PolicyText, text};
use super::shared::{Delivered, Wanted, depends_on, today};
use crate::app::App;
use crate::cache::{Cacheable, Form, form};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::paging::{List, Page, PageQuery};
use crate::problem::Problem;
use axum::extract::State;
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Instant, Locale};
use bonafide_policy::delivery::{self, RevisionSummary};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A published revision, without its text.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevisionLine {
    number: u32,
    #[schema(value_type = String, format = Date)]
    effective_on: Date,
    #[schema(value_type = String, format = DateTime)]
    published_at: Instant,
    summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    material: bool,
    #[schema(example = "sha256:…")]
    digest: String,
    /// `in_force`, `announced` or `superseded`, today in the site's time zone.
    #[schema(value_type = Standing)]
    state: &'static str,
}

/// Where a published revision stands today.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of policy::delivery::Standing")]
pub(crate) enum Standing {
    InForce,
    Announced,
    Superseded,
}

impl From<RevisionSummary> for RevisionLine {
    fn from(summary: RevisionSummary) -> Self {
        let RevisionSummary { number, effective_on, published_at, summary_of_changes, material, digest, standing } =
            summary;
        let (digest, state) = (digest.to_string(), standing.name());
        Self { number, effective_on, published_at, summary_of_changes, material, digest, state }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TextQuery {
    /// The language of the text; the policy's default if absent.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    fallback: Option<String>,
}

/// List the revisions of a policy, newest first
///
/// Those that are announced for a later day included.
#[utoipa::path(get, path = "/v1/policies/{policy}/revisions", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), PageQuery), responses((status = 200, body = List<RevisionLine>)))]
pub(crate) async fn list_published_revisions(
    State(app): State<App>,
    Path(key): Path<PolicyKey>,
    Query(query): Query<PageQuery>,
) -> Result<Delivered, ApiError> {
    let page = Page::<u32>::new(&app, &query, format!("v1/revisions/{key}"))?
        .counted(delivery::count_revisions(app.db().read(), app.parts.site, &key))
        .await?;
    let (day, zone, now) = today(&app).await?;
    let (db, site) = (app.db().read(), app.parts.site);
    let found = delivery::revisions(db, site, &key, day, page.start, page.fetch()).await?;
    let next = delivery::next_change(db, site, &key, day).await?;
    let last_modified = found.iter().map(|summary| summary.published_at).max();
    let listed = page.finish(found, |summary| summary.number, RevisionLine::from);
    let valid_until = listed.valid_until(now, next.map(|day| zone.start_of(day)));
    let cacheable = Cacheable { depends_on: depends_on(&key), valid_until, last_modified };
    Ok(Delivered { links: listed.links(), ..Delivered::json(&listed.0, cacheable) })
}

/// Read one revision
///
/// With `.md` after the number, or `Accept: text/markdown`, the exact bytes of the text.
#[utoipa::path(get, path = "/v1/policies/{policy}/revisions/{number}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), ("number" = String, Path, description = "The number of the revision, with `.md` for its bare text", example = "1"), TextQuery), responses((status = 200, content((PolicyText = "application/json"), (String = "text/markdown")))))]
pub(crate) async fn get_published_revision(
    State(app): State<App>,
    Path((key, number)): Path<(PolicyKey, String)>,
    Query(query): Query<TextQuery>,
    headers: HeaderMap,
) -> Result<Delivered, ApiError> {
    let wanted = Wanted::parse(query.locale, query.fallback.as_deref())?;
    let (number, suffixed) = number.strip_suffix(".md").map_or((number.as_str(), false), |number| (number, true));
    let number: u32 = number.parse().ok().filter(|n: &u32| n.to_string() == number).ok_or_else(Problem::not_found)?;
    let (db, site) = (app.db().read(), app.parts.site);
    let published = delivery::revision(db, site, &key, number).await?;
    if !suffixed && form(&headers) != Form::Markdown {
        return Ok(Delivered { negotiated: true, ..text(&app, published, &wanted).await? });
    }
    let locale = wanted.choose(&published.locales, &published.default_locale)?;
    let found = delivery::text(db, published.id, &locale).await?.ok_or_else(Problem::not_found)?;
    let cacheable =
        Cacheable { depends_on: depends_on(&key), valid_until: None, last_modified: Some(published.published_at) };
    Ok(Delivered {
        content_type: "text/markdown; charset=utf-8",
        body: found.markdown.into_bytes(),
        language: Some(locale),
        links: Vec::new(),
        negotiated: !suffixed,
        cacheable,
    })
}
