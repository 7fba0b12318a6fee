//! Policies, as readers see them.

use super::shared::{Delivered, SITE, Wanted, depends_on, today};
use crate::app::App;
use crate::cache::Cacheable;
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::paging::{List, Page, PageQuery};
use crate::problem::Problem;
use crate::source::SourceView;
use axum::extract::State;
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Instant, Locale};
use bonafide_policy::delivery::{self, Published};
use bonafide_policy::policy::LIST_KEY;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A policy that has a published revision.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedPolicy {
    #[schema(value_type = String, example = "privacy")]
    policy: PolicyKey,
    #[schema(example = "Privacy policy")]
    title: String,
    #[schema(value_type = String, example = "en")]
    default_locale: Locale,
    /// The number of the revision in force today; absent before the first one comes into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<u32>,
}

/// A published revision of a policy, in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyText {
    #[schema(value_type = String, example = "privacy")]
    policy: PolicyKey,
    /// The number of the revision, from 1 without gaps.
    number: u32,
    #[schema(example = "Privacy policy")]
    title: String,
    /// The language of this answer.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// The text, byte for byte as it was published.
    #[schema(example = "# Privacy\n")]
    markdown: String,
    /// The text as sanitised HTML.
    html: String,
    /// The day it came or comes into force.
    #[schema(value_type = String, format = Date)]
    effective_on: Date,
    #[schema(value_type = String, format = DateTime)]
    published_at: Instant,
    summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    material: bool,
    /// What is promised, in data.
    #[schema(value_type = Vec<Object>)]
    commitments: Vec<serde_json::Value>,
    /// How the commitments are to be read; 0 means that nothing interprets them.
    commitments_format: u32,
    /// The SHA-256 of the text in each language, in hexadecimal digits: with the other fields, what the digest is made of.
    #[schema(value_type = BTreeMap<String, String>)]
    text_digests: BTreeMap<Locale, String>,
    /// The digest of this revision; docs/policy-digests.md says how to compute it.
    #[schema(example = "sha256:…")]
    digest: String,
    /// The digest of the revision before; null for the first.
    previous_digest: Option<String>,
    /// Where the text was recorded, if it was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceView>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InForceQuery {
    /// The day of interest, in the site's time zone; today if absent.
    #[param(value_type = Option<String>, format = Date, example = "2017-01-01")]
    as_of: Option<Date>,
    /// The language of the text; the policy's default if absent.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    fallback: Option<String>,
}

/// List policies
///
/// Every policy that has a published revision, in the order of their keys.
#[utoipa::path(get, path = "/v1/policies", tag = "policies", params(PageQuery), responses((status = 200, body = List<ListedPolicy>)))]
pub(crate) async fn list_published_policies(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Delivered, ApiError> {
    let page = Page::<PolicyKey>::new(&app, &query, "v1/policies".to_owned())?
        .counted(delivery::count_policies(app.db().read(), app.parts.site))
        .await?;
    let (day, zone, now) = today(&app).await?;
    let found = delivery::policies(app.db().read(), app.parts.site, day, page.start.clone(), page.fetch()).await?;
    let next_change = found.iter().filter_map(|listed| listed.next_change).min();
    let view = |listed: delivery::Listed| {
        let delivery::Listed { policy, title, default_locale, in_force, next_change: _ } = listed;
        ListedPolicy { policy, title, default_locale, in_force }
    };
    let listed = page.finish(found, |listed| listed.policy.clone(), view);
    let cacheable = Cacheable {
        depends_on: vec![LIST_KEY.to_owned(), SITE.to_owned()],
        valid_until: listed.valid_until(now, next_change.map(|day| zone.start_of(day))),
        last_modified: None,
    };
    Ok(Delivered { links: listed.links(), ..Delivered::json(&listed.0, cacheable) })
}

/// Read a policy
///
/// The revision in force today or on a day. It comes into force at the beginning of its day in the site's time zone.
#[utoipa::path(get, path = "/v1/policies/{policy}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), InForceQuery), responses((status = 200, body = PolicyText)))]
pub(crate) async fn get_policy_in_force(
    State(app): State<App>,
    Path(key): Path<PolicyKey>,
    Query(query): Query<InForceQuery>,
) -> Result<Delivered, ApiError> {
    let wanted = Wanted::parse(query.locale, query.fallback.as_deref())?;
    let (today, zone, _) = today(&app).await?;
    let day = query.as_of.unwrap_or(today);
    let (db, site) = (app.db().read(), app.parts.site);
    let Some(published) = delivery::in_force(db, site, &key, day).await? else {
        // a policy that is not there at all is told by NotFound
        delivery::revisions(db, site, &key, day, bonafide_policy::Start::First, 1).await?;
        return Err(Problem::new("not_in_force", "No revision of this policy was in force on that day.").into());
    };
    let next = if query.as_of.is_none() { delivery::next_change(db, site, &key, day).await? } else { None };
    let mut delivered = text(&app, published, &wanted).await?;
    delivered.cacheable.valid_until = next.map(|day| zone.start_of(day));
    Ok(delivered)
}

/// The answer that shows one revision in one language.
pub(super) async fn text(app: &App, published: Published, wanted: &Wanted) -> Result<Delivered, ApiError> {
    let db = app.db().read();
    let locale = wanted.choose(&published.locales, &published.default_locale)?;
    let neighbours = delivery::neighbours(db, app.parts.site, &published.policy, published.number).await?;
    let chosen = delivery::text(db, published.id, &locale).await?.ok_or_else(Problem::not_found)?;
    let text_digests = delivery::text_digests(db, published.id).await?;
    let text_digests = text_digests.into_iter().map(|(locale, digest)| (locale, digest.hex())).collect();
    let cacheable = Cacheable {
        depends_on: depends_on(&published.policy),
        valid_until: None,
        last_modified: Some(published.published_at),
    };
    let link = |number: u32, relation: &str| {
        format!("</v1/policies/{}/revisions/{number}>; rel=\"{relation}\"", published.policy)
    };
    let links = neighbours
        .previous
        .map(|number| link(number, "prev"))
        .into_iter()
        .chain(neighbours.next.map(|number| link(number, "next")))
        .chain([format!(
            "</v1/policies/{}/feed.atom>; rel=\"alternate\"; type=\"application/atom+xml\"",
            published.policy
        )])
        .collect();
    let view = view(published, locale.clone(), chosen, text_digests);
    Ok(Delivered { language: Some(locale), links, ..Delivered::json(&view, cacheable) })
}

fn view(
    published: Published,
    locale: Locale,
    text: delivery::Text,
    text_digests: BTreeMap<Locale, String>,
) -> PolicyText {
    let Published {
        id: _,
        policy,
        title,
        default_locale: _,
        number,
        effective_on,
        published_at,
        summary_of_changes,
        material,
        commitments,
        commitments_format,
        source,
        digest,
        previous_digest,
        locales: _,
    } = published;
    PolicyText {
        policy,
        number,
        title,
        locale,
        markdown: text.markdown,
        html: text.html,
        effective_on,
        published_at,
        summary_of_changes,
        material,
        commitments,
        commitments_format,
        text_digests,
        digest: digest.to_string(),
        previous_digest: previous_digest.map(|digest| digest.to_string()),
        source: source.map(SourceView::from),
    }
}
