//! Revisions of a policy: one draft at a time, and what was published, which never changes.

use crate::answer::{Created, Done, Versioned};
use crate::app::App;
use crate::by_locale::ByLocale;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, LARGE, NoQuery, Nothing, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use crate::source::SourceView;
use axum::extract::State;
use bonafide_model::access::{PublishPolicies, ReadPolicies, WritePolicies};
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Note;
use bonafide_model::{Date, Instant, Locale, Patch};
use bonafide_policy::revision::{self, Manuscript, Publication, Revision};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A revision, without its texts.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevisionView {
    /// The policy it belongs to.
    #[schema(value_type = String, example = "privacy")]
    policy: PolicyKey,
    /// Its number, from 1 without gaps.
    number: u32,
    /// `draft` or `published`.
    #[schema(example = "draft")]
    state: &'static str,
    /// The day it comes into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    effective_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    material: bool,
    /// What is promised, in data.
    #[schema(value_type = Vec<Object>)]
    commitments: Vec<serde_json::Value>,
    /// How the commitments are to be read; 0 means that nothing interprets them.
    commitments_format: u32,
    /// Where the text was recorded, if it was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceView>,
    /// The locales it has texts in.
    #[schema(value_type = Vec<String>)]
    locales: Vec<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    /// Its digest in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sha256:…")]
    digest: Option<String>,
    /// The digest of the revision before; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_digest: Option<String>,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        let state = revision.state().name();
        let Revision {
            id: _,
            policy,
            title: _,
            default_locale: _,
            number,
            effective_on,
            summary_of_changes,
            material,
            commitments,
            commitments_format,
            source,
            locales,
            publication,
            version,
            created_at,
            updated_at,
        } = revision;
        let (published_at, digest, previous_digest) = match publication {
            None => (None, None, None),
            Some(Publication { published_at, digest, previous_digest }) => {
                (Some(published_at), Some(digest.to_string()), previous_digest.map(|digest| digest.to_string()))
            }
        };
        Self {
            policy,
            number,
            state,
            effective_on,
            summary_of_changes,
            material,
            commitments,
            commitments_format,
            source: source.map(SourceView::from),
            locales,
            published_at,
            digest,
            previous_digest,
            version,
            created_at,
            updated_at,
        }
    }
}

/// A revision with its texts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManuscriptView {
    #[serde(flatten)]
    revision: RevisionView,
    /// The texts as Markdown, by locale.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"en": "# Privacy\n"}))]
    texts: BTreeMap<Locale, String>,
}

impl From<Manuscript> for ManuscriptView {
    fn from(manuscript: Manuscript) -> Self {
        Self { revision: manuscript.revision.into(), texts: manuscript.texts }
    }
}

fn versioned(manuscript: Manuscript) -> Versioned<ManuscriptView> {
    Versioned(manuscript.revision.version, manuscript.into())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRevision {
    /// The texts as Markdown, by locale; each at most 1 MiB and 20,000 lines, kept byte for byte.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>, example = json!({"en": "# Privacy\n"}))]
    texts: ByLocale<String>,
    /// The day it shall come into force, in the site's time zone.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    effective_on: Option<Date>,
    /// What changed, in words.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    summary_of_changes: Option<Note>,
    /// Whether the change matters to the people concerned.
    #[serde(default)]
    material: bool,
    /// What is promised, in data.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    commitments: Vec<serde_json::Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevisionPatch {
    /// Texts to be set or, with null, removed; the others stay.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    texts: Patch<ByLocale<Patch<String>>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    effective_on: Patch<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    summary_of_changes: Patch<Note>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    material: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    commitments: Patch<Vec<serde_json::Value>>,
}

/// List the revisions of a policy, newest first
///
/// Without their texts; the draft included.
#[utoipa::path(get, path = "/admin/v1/policies/{policy}/revisions", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), PageQuery), responses((status = 200, body = List<RevisionView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_revisions(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<PolicyKey>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<RevisionView>, ApiError> {
    let by = caller.reads::<ReadPolicies>()?;
    let page = Page::<u32>::new(&app, &query, format!("admin/revisions/{key}/{}", caller.account()))?
        .counted(revision::count(app.db().read(), &by, &key))
        .await?;
    let found = revision::list(app.db().read(), &by, &key, page.start, page.fetch()).await?;
    Ok(page.finish(found, |revision| revision.number, RevisionView::from))
}

/// Begin a revision
///
/// A policy has one draft at a time.
#[utoipa::path(post, path = "/admin/v1/policies/{policy}/revisions", tag = "policies", params(("policy" = String, Path, description = "The key of the policy")), request_body = NewRevision, responses((status = 201, body = ManuscriptView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_revision(
    State(app): State<App>,
    caller: Caller,
    Path(policy): Path<PolicyKey>,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewRevision, LARGE>,
) -> Result<Created, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    let NewRevision { texts, effective_on, summary_of_changes, material, commitments } = body.value;
    let draft = revision::Draft { texts: texts.0, effective_on, summary_of_changes, material, commitments };
    let route = format!("create_revision/{policy}");
    create::once(&app, &caller, &route, key, &body.bytes, move |tx| {
        let (act, policy, draft) = (act.clone(), policy.clone(), draft.clone());
        async move {
            let made = revision::create(tx, act, policy.clone(), draft).await?;
            let (number, version) = (made.revision.number, made.revision.version);
            let location = format!("/admin/v1/policies/{policy}/revisions/{number}");
            let object = format!("{}/{number}", bonafide_policy::object_key(&policy));
            Ok((Created::new(&ManuscriptView::from(made), location, Some(version)), object))
        }
        .boxed()
    })
    .await
}

/// Read a revision with its texts
///
/// A draft or a published revision, with its texts in all locales.
#[utoipa::path(get, path = "/admin/v1/policies/{policy}/revisions/{number}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), ("number" = u32, Path, description = "The number of the revision")), responses((status = 200, body = ManuscriptView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_revision(
    State(app): State<App>,
    caller: Caller,
    Path((key, number)): Path<(PolicyKey, u32)>,
    _: NoQuery,
) -> Result<Versioned<ManuscriptView>, ApiError> {
    Ok(versioned(revision::get(app.db().read(), &caller.reads::<ReadPolicies>()?, &key, number).await?))
}

/// Change a draft
///
/// Only what the body names is changed; `null` takes a value away. A published revision cannot be changed.
#[utoipa::path(patch, path = "/admin/v1/policies/{policy}/revisions/{number}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), ("number" = u32, Path, description = "The number of the revision")), request_body = RevisionPatch, responses((status = 200, body = ManuscriptView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_revision(
    State(app): State<App>,
    caller: Caller,
    Path((key, number)): Path<(PolicyKey, u32)>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    body: Body<RevisionPatch, LARGE>,
) -> Result<Versioned<ManuscriptView>, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    let RevisionPatch { texts, effective_on, summary_of_changes, material, commitments } = body.value;
    let patch = revision::DraftPatch {
        texts: texts.map(|texts| texts.0),
        effective_on,
        summary_of_changes,
        material,
        commitments,
    };
    let revised = revision::revise(app.db().read(), act.granted(), &key, number, version, patch).await?;
    Ok(versioned(app.db().write(move |tx| revision::save(tx, act.clone(), revised.clone()).boxed()).await?))
}

/// Delete a draft
///
/// Only a draft can be deleted. Its number is given to the next draft.
#[utoipa::path(delete, path = "/admin/v1/policies/{policy}/revisions/{number}", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), ("number" = u32, Path, description = "The number of the revision")), responses((status = 204, description = "The draft is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_revision(
    State(app): State<App>,
    caller: Caller,
    Path((key, number)): Path<(PolicyKey, u32)>,
    IfMatch(version): IfMatch,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let act = caller.may::<WritePolicies>()?;
    app.db().write(move |tx| revision::delete(tx, act.clone(), key.clone(), number, version).boxed()).await?;
    Ok(Done)
}

/// Publish a draft
///
/// From now on nothing can change the revision. It must have a text in the policy's default locale, and come into force
/// today or later, in the site's time zone.
#[utoipa::path(post, path = "/admin/v1/policies/{policy}/revisions/{number}/publish", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), ("number" = u32, Path, description = "The number of the revision")), responses((status = 200, body = ManuscriptView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn publish_revision(
    State(app): State<App>,
    caller: Caller,
    Path((key, number)): Path<(PolicyKey, u32)>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    _: Nothing,
) -> Result<Versioned<ManuscriptView>, ApiError> {
    let act = caller.may::<PublishPolicies>()?;
    let zone = app.site().await?.time_zone;
    let prepared = revision::prepare(app.db(), act.granted(), &key, number, version).await?;
    let published =
        app.db().write(move |tx| revision::publish(tx, act.clone(), prepared.clone(), zone.clone()).boxed()).await?;
    Ok(versioned(published))
}
