//! The settings of the site.

use crate::answer::Versioned;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IfMatch, NoQuery};
use crate::problem::Problem;
use axum::extract::State;
use bonafide_model::access::{ReadSite, WriteSite};
use bonafide_model::id::SiteId;
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Title;
use bonafide_model::{Instant, Locale, Patch, TimeZone};
use bonafide_site::{Site, SitePatch};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The settings of the site.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteView {
    #[schema(value_type = uuid::Uuid)]
    id: SiteId,
    name: String,
    /// The zone in which its days begin.
    #[schema(value_type = String, example = "Europe/Amsterdam")]
    time_zone: TimeZone,
    /// Its languages; the first is the default.
    #[schema(value_type = Vec<String>, example = json!(["en", "de"]))]
    locales: Vec<Locale>,
    /// Where the frontend lives.
    #[schema(format = "uri")]
    base_url: Option<String>,
    /// How the address of a page is made.
    #[schema(example = "https://www.example.org/{locale}/{path}")]
    page_url_template: Option<String>,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Site> for SiteView {
    fn from(site: Site) -> Self {
        let Site { id, name, time_zone, locales, base_url, page_url_template, version, created_at, updated_at } = site;
        Self { id, name, time_zone, locales, base_url, page_url_template, version, created_at, updated_at }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteChange {
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Patch<Title>,
    #[serde(default)]
    #[schema(value_type = String, example = "Europe/Amsterdam")]
    time_zone: Patch<TimeZone>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    locales: Patch<Vec<Locale>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri")]
    base_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    page_url_template: Patch<String>,
}

/// Read the settings of the site
///
/// Name, time zone, locales, and where the frontend lives.
#[utoipa::path(get, path = "/admin/v1/site", tag = "site", responses((status = 200, body = SiteView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_site(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
) -> Result<Versioned<SiteView>, ApiError> {
    let by = caller.reads::<ReadSite>()?;
    let site = bonafide_site::get(app.db().read(), by.site()).await?;
    Ok(Versioned(site.version, site.into()))
}

/// Change the settings of the site
///
/// Only what the body names is changed. A new time zone moves the moment at which announced policies come into force; what
/// is in force stays so: a zone in which it is still the day before the last change of a policy is 409 until that day is over.
#[utoipa::path(patch, path = "/admin/v1/site", tag = "site", request_body = SiteChange, responses((status = 200, body = SiteView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_site(
    State(app): State<App>,
    caller: Caller,
    IfMatch(version): IfMatch,
    _: NoQuery,
    body: Body<SiteChange>,
) -> Result<Versioned<SiteView>, ApiError> {
    let act = caller.may::<WriteSite>()?;
    let SiteChange { name, time_zone, locales, base_url, page_url_template } = body.value;
    let patch = SitePatch { name, time_zone, locales, base_url, page_url_template };
    let site = app
        .db()
        .write(move |tx| {
            let (act, patch) = (act.clone(), patch.clone());
            async move {
                let (now, before) = (act.now(), bonafide_site::get(tx, act.site()).await?);
                let site = bonafide_site::patch(tx, act, version, patch).await?;
                let (was, is) = (before.time_zone.date(now), site.time_zone.date(now));
                match bonafide_policy::delivery::effective_between(tx, site.id, is, was).await? {
                    Some(policy) => Err(out_of_force(&policy)),
                    None => Ok(site),
                }
            }
            .boxed()
        })
        .await?;
    Ok(Versioned(site.version, site.into()))
}

fn out_of_force(policy: &PolicyKey) -> ApiError {
    let detail = format!(
        "In this time zone it is still yesterday, and the policy '{policy}' has come into force today: it would be out of \
         force again until midnight. Change the zone when that day has begun there too."
    );
    Problem::new("conflict", detail).into()
}
