//! Policies: lines of revisions.

use crate::answer::{Created, Done, Versioned};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, NoQuery, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_model::access::{ReadPolicies, WritePolicies};
use bonafide_model::id::PolicyId;
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Title;
use bonafide_model::{Instant, Locale, Patch};
use bonafide_policy::policy::{self, Policy};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A policy.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyView {
    #[schema(value_type = uuid::Uuid)]
    id: PolicyId,
    /// Its key in URLs.
    #[schema(value_type = String, example = "privacy")]
    policy: PolicyKey,
    #[schema(example = "Privacy policy")]
    title: String,
    /// The locale that every published revision has a text in.
    #[schema(value_type = String, example = "en")]
    default_locale: Locale,
    /// The highest number of a published revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<u32>,
    /// The number of the draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<u32>,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        let Policy { id, key, title, default_locale, published, draft, version, created_at, updated_at } = policy;
        Self { id, policy: key, title, default_locale, published, draft, version, created_at, updated_at }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPolicy {
    /// Its key in URLs; it can never be changed.
    #[schema(value_type = String, pattern = "^[a-z]([a-z0-9._-]{0,62}[a-z0-9_-])?$", example = "privacy")]
    policy: PolicyKey,
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Privacy policy")]
    title: Title,
    /// The locale that every published revision must have a text in.
    #[schema(value_type = String, example = "en")]
    default_locale: Locale,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyPatch {
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Patch<Title>,
    #[serde(default)]
    #[schema(value_type = String, example = "en")]
    default_locale: Patch<Locale>,
}

/// List policies
///
/// All policies in the order of their keys, those without a published revision included.
#[utoipa::path(get, path = "/admin/v1/policies", tag = "policies", params(PageQuery), responses((status = 200, body = List<PolicyView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_policies(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<PolicyView>, ApiError> {
    let by = caller.reads::<ReadPolicies>()?;
    let page = Page::<PolicyKey>::new(&app, &query, format!("admin/policies/{}", caller.account()))?
        .counted(policy::count(app.db().read(), &by))
        .await?;
    let found = policy::list(app.db().read(), &by, page.start.clone(), page.fetch()).await?;
    Ok(page.finish(found, |policy| policy.key.clone(), PolicyView::from))
}

/// Create a policy
///
/// A policy begins without a revision. Readers see it when its first revision is published.
#[utoipa::path(post, path = "/admin/v1/policies", tag = "policies", request_body = NewPolicy, responses((status = 201, body = PolicyView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_policy(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewPolicy>,
) -> Result<Created, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    let NewPolicy { policy, title, default_locale } = body.value;
    let draft = policy::PolicyDraft { key: policy, title, default_locale };
    create::once(&app, &caller, "create_policy", key, &body.bytes, move |tx| {
        let (act, draft) = (act.clone(), draft.clone());
        async move {
            let made = policy::create(tx, act, draft).await?;
            let (object, location) =
                (bonafide_policy::object_key(&made.key), format!("/admin/v1/policies/{}", made.key));
            Ok((Created::new(&PolicyView::from(made.clone()), location, Some(made.version)), object))
        }
        .boxed()
    })
    .await
}

/// Read a policy
///
/// With the number of its newest published revision and of its draft.
#[utoipa::path(get, path = "/admin/v1/policies/{policy}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy")), responses((status = 200, body = PolicyView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_policy(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<PolicyKey>,
    _: NoQuery,
) -> Result<Versioned<PolicyView>, ApiError> {
    let policy = policy::get(app.db().read(), &caller.reads::<ReadPolicies>()?, &key).await?;
    Ok(Versioned(policy.version, policy.into()))
}

/// Change title or default locale of a policy
///
/// Only what the body names is changed. Published revisions stay as they are.
#[utoipa::path(patch, path = "/admin/v1/policies/{policy}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy")), request_body = PolicyPatch, responses((status = 200, body = PolicyView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_policy(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<PolicyKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    body: Body<PolicyPatch>,
) -> Result<Versioned<PolicyView>, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    let PolicyPatch { title, default_locale } = body.value;
    let patch = policy::PolicyPatch { title, default_locale };
    let policy =
        app.db().write(move |tx| policy::patch(tx, act.clone(), key.clone(), version, patch.clone()).boxed()).await?;
    Ok(Versioned(policy.version, policy.into()))
}

/// Delete a policy
///
/// Only one that has no published revision.
#[utoipa::path(delete, path = "/admin/v1/policies/{policy}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy")), responses((status = 204, description = "The policy is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_policy(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<PolicyKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    app.db().write(move |tx| policy::delete(tx, act.clone(), key.clone(), version).boxed()).await?;
    Ok(Done)
}
