//! Forms: written as drafts, published in versions that never change.

use crate::answer::{Created, Done, Versioned};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, NoQuery, Nothing, Path, Query};
use crate::json;
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_model::access::{PublishForms, ReadForms, WriteForms};
use bonafide_model::id::FormId;
use bonafide_model::name::FormKey;
use bonafide_model::{Instant, patch};
use bonafide_retention::form::{
    self, Definition, ExtraUse, Field, Form, FormVersion, Localized, Origin, Purpose, Retention, Spam,
};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a form or one version of it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct DefinitionView {
    /// What it is called, by locale.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"en": "Contact"}))]
    title: Localized,
    /// What its answers are used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FormPurpose>)]
    purpose: Option<Purpose>,
    /// What it asks.
    #[schema(value_type = Vec<FormField>)]
    fields: Vec<Field>,
    /// How long answers are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FormRetention>)]
    retention: Option<Retention>,
    /// Uses beyond the purpose, each of which the visitor can permit or not.
    #[schema(value_type = Vec<FormPermission>)]
    permissions: Vec<ExtraUse>,
    /// Whose pages may send it from a browser, beside the site's own.
    #[schema(value_type = Vec<String>)]
    origins: Vec<Origin>,
    /// What it does against machines.
    #[schema(value_type = FormSpam)]
    spam: Spam,
}

impl From<Definition> for DefinitionView {
    fn from(definition: Definition) -> Self {
        let Definition { title, purpose, fields, retention, permissions, origins, spam } = definition;
        Self { title, purpose, fields, retention, permissions, origins, spam }
    }
}

/// A form.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormView {
    #[schema(value_type = uuid::Uuid)]
    id: FormId,
    /// Its key in URLs.
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// `draft` until it is published for the first time; then `published` or `offline`.
    #[schema(example = "published")]
    state: &'static str,
    /// The number of the published version.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<u32>,
    /// The number of the draft, if there is one; then what stands below is what the draft says.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<u32>,
    #[serde(flatten)]
    definition: DefinitionView,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Form> for FormView {
    fn from(form: Form) -> Self {
        let state = form.state();
        let Form { id, key, online: _, published, draft, definition, version, created_at, updated_at } = form;
        let definition = definition.into();
        Self { id, form: key, state, published, draft, definition, version, created_at, updated_at }
    }
}

/// A version of a form.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormVersionView {
    /// Its number, from 1 without gaps.
    number: u32,
    /// `draft` or `published`.
    #[schema(example = "published")]
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Instant>,
    #[serde(flatten)]
    definition: DefinitionView,
}

impl From<FormVersion> for FormVersionView {
    fn from(version: FormVersion) -> Self {
        let FormVersion { id: _, form: _, key: _, number, definition, published_at } = version;
        let state = if published_at.is_some() { "published" } else { "draft" };
        Self { number, state, published_at, definition: definition.into() }
    }
}

/// What the answers of a form are used for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormPurpose {
    /// The purpose as a term.
    #[schema(example = "fulfil_request")]
    term: FormTerm,
    /// The purpose in words, by locale.
    #[schema(example = json!({"en": "To answer your question"}))]
    text: BTreeMap<String, String>,
    /// Whether answers may also be read to trace fraud; visitors are told.
    #[schema(default = false, required = false)]
    fraud_trace: bool,
}

/// The purposes there are.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) enum FormTerm {
    /// To do what the visitor asks for.
    FulfilRequest,
}

/// One thing that a form asks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormField {
    /// Its name in submissions.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "email")]
    key: String,
    kind: FormKind,
    /// Whether it must be answered.
    #[schema(default = false, required = false)]
    required: bool,
    /// What it is called, by locale.
    #[schema(example = json!({"en": "Your e-mail address"}))]
    label: BTreeMap<String, String>,
    /// More words for whoever fills it in, by locale.
    #[schema(required = false)]
    help: BTreeMap<String, String>,
    /// The most characters of an answer; by default what its kind takes.
    #[schema(required = false, minimum = 1, maximum = 20000)]
    max_length: u32,
    /// What can be chosen, for the kind `choice`.
    #[schema(required = false, max_items = 200)]
    choices: Vec<FormChoice>,
}

/// One thing that can be chosen.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormChoice {
    /// What is sent.
    #[schema(min_length = 1, max_length = 200)]
    value: String,
    /// What is shown, by locale.
    label: BTreeMap<String, String>,
}

/// What kind of data a field takes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) enum FormKind {
    Name,
    Email,
    PostalAddress,
    Phone,
    FreeText,
    Choice,
    Other,
}

/// How long answers are kept, as ISO 8601 periods.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormRetention {
    /// After the request was fulfilled. `P0D` is at that moment.
    #[schema(default = "P30D", required = false)]
    after_fulfilment: String,
    /// When nobody answers.
    #[schema(default = "P180D", required = false)]
    unanswered: String,
}

/// A use beyond the purpose.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormPermission {
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,63}$", example = "newsletter")]
    r#use: String,
    /// What the visitor permits, in words, by locale.
    text: BTreeMap<String, String>,
    /// How long the permission lasts, at most `P24M`.
    #[schema(example = "P24M")]
    period: String,
    /// The fields that it needs; without any, those that tell how to reach the visitor.
    #[schema(required = false)]
    fields: Vec<String>,
}

/// What a form does against machines.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) struct FormSpam {
    /// Whether the visitor's browser has to solve a riddle.
    #[schema(default = "off", required = false)]
    proof_of_work: FormSwitch,
    /// The fewest seconds between the form and its answer.
    #[schema(default = 3, required = false, maximum = 3600)]
    minimum_seconds: u16,
    /// How long what was judged spam is kept, at most `P90D`.
    #[schema(default = "P7D", required = false)]
    keep: String,
}

/// On or off.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of the form crate, which knows no OpenAPI")]
pub(crate) enum FormSwitch {
    On,
    Off,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewForm {
    /// Its key in URLs; it can never be changed.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,63}$", example = "contact")]
    form: FormKey,
    /// What it is called, by locale.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>, example = json!({"en": "Contact"}))]
    title: Localized,
    /// What its answers are used for. Without one it cannot be published.
    #[serde(default)]
    #[schema(value_type = Option<FormPurpose>)]
    purpose: Option<Purpose>,
    /// What it asks.
    #[serde(default)]
    #[schema(value_type = Vec<FormField>, max_items = 50)]
    fields: Vec<Field>,
    /// How long answers are kept. Without it the form cannot be published.
    #[serde(default)]
    #[schema(value_type = Option<FormRetention>)]
    retention: Option<Retention>,
    /// Uses beyond the purpose, each of which the visitor can permit or not.
    #[serde(default)]
    #[schema(value_type = Vec<FormPermission>, max_items = 10)]
    permissions: Vec<ExtraUse>,
    /// Whose pages may send it from a browser, beside the site's own.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["https://www.example.org"]))]
    origins: Vec<Origin>,
    /// What it does against machines.
    #[serde(default)]
    #[schema(value_type = FormSpam)]
    spam: Spam,
}

/// A merge patch (RFC 7396) of what a form says; [`FormChange`] describes it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Merge(serde_json::Map<String, Value>);

/// What a form shall say: only what is named changes, member by member; `null` takes a value away.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a merge patch, which is applied to the document as it is")]
pub(crate) struct FormChange {
    title: Option<BTreeMap<String, Option<String>>>,
    #[schema(value_type = Option<Object>)]
    purpose: Option<FormPurpose>,
    fields: Option<Vec<FormField>>,
    #[schema(value_type = Option<Object>)]
    retention: Option<FormRetention>,
    permissions: Option<Vec<FormPermission>>,
    origins: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    spam: Option<FormSpam>,
}

/// List forms
///
/// All forms in the order of their keys, those that were never published included.
#[utoipa::path(get, path = "/admin/v1/forms", tag = "forms", params(PageQuery), responses((status = 200, body = List<FormView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_forms(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<FormView>, ApiError> {
    let by = caller.reads::<ReadForms>()?;
    let page = Page::<FormKey>::new(&app, &query, format!("admin/forms/{}", caller.account()))?
        .counted(form::count(app.db().read(), &by))
        .await?;
    let found = form::list(app.db().read(), &by, page.start.clone(), page.fetch()).await?;
    Ok(page.finish(found, |form| form.key.clone(), FormView::from))
}

/// Create a form
///
/// It begins as a draft. Visitors can fill it in once it is published.
#[utoipa::path(post, path = "/admin/v1/forms", tag = "forms", request_body = NewForm, responses((status = 201, body = FormView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_form(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewForm>,
) -> Result<Created, ApiError> {
    let act = caller.may::<WriteForms>()?;
    let NewForm { form, title, purpose, fields, retention, permissions, origins, spam } = body.value;
    let definition = Definition { title, purpose, fields, retention, permissions, origins, spam };
    create::once(&app, &caller, "create_form", key, &body.bytes, move |tx| {
        let (act, form, definition) = (act.clone(), form.clone(), definition.clone());
        async move {
            let made = form::create(tx, act, form, definition).await?;
            let (object, location) = (form::object_key(&made.key), format!("/admin/v1/forms/{}", made.key));
            let version = made.version;
            Ok((Created::new(&FormView::from(made), location, Some(version)), object))
        }
        .boxed()
    })
    .await
}

/// Read a form
///
/// What its draft says or, without one, its published version.
#[utoipa::path(get, path = "/admin/v1/forms/{form}", tag = "forms", params(("form" = String, Path, description = "The key of the form")), responses((status = 200, body = FormView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    _: NoQuery,
) -> Result<Versioned<FormView>, ApiError> {
    Ok(versioned(form::get(app.db().read(), &caller.reads::<ReadForms>()?, &key).await?))
}

fn versioned(form: Form) -> Versioned<FormView> {
    Versioned(form.version, form.into())
}

/// Change a form
///
/// Changes the draft; without one, begins the next version from the published one. Visitors see it once it is published.
#[utoipa::path(patch, path = "/admin/v1/forms/{form}", tag = "forms", params(("form" = String, Path, description = "The key of the form")), request_body = FormChange, responses((status = 200, body = FormView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    body: Body<Merge>,
) -> Result<Versioned<FormView>, ApiError> {
    let act = caller.may::<WriteForms>()?;
    let found = form::for_change(app.db().read(), act.granted(), &key).await?;
    let definition = changed(&found, version, body.value)?;
    let form = app
        .db()
        .write(move |tx| form::patch(tx, act.clone(), key.clone(), version, definition.clone()).boxed())
        .await?;
    Ok(versioned(form))
}

/// What a form says after a patch, if it still is what the caller has read.
fn changed(found: &Form, version: i64, changes: Merge) -> Result<Definition, ApiError> {
    let mut document = serde_json::to_value(&found.definition).unwrap_or_default();
    if let Value::Object(document) = &mut document {
        patch::merge(document, changes.0);
    }
    let definition = json::shape(document)?;
    if found.version != version {
        return Err(bonafide_retention::Error::Stale { current: found.version }.into());
    }
    Ok(definition)
}

/// Delete a form
///
/// Only a form that was never published: what visitors were shown is kept, for as long as the product is.
#[utoipa::path(delete, path = "/admin/v1/forms/{form}", tag = "forms", params(("form" = String, Path, description = "The key of the form")), responses((status = 204, description = "The form is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let act = caller.may::<WriteForms>()?;
    app.db().write(move |tx| form::delete(tx, act.clone(), key.clone(), version).boxed()).await?;
    Ok(Done)
}

/// Publish a form
///
/// Visitors fill in what the draft says from now on. A shorter period binds what was submitted before; a longer one does not.
#[utoipa::path(post, path = "/admin/v1/forms/{form}/publish", tag = "forms", params(("form" = String, Path, description = "The key of the form")), responses((status = 200, body = FormView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn publish_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    _: Nothing,
) -> Result<Versioned<FormView>, ApiError> {
    let act = caller.may::<PublishForms>()?;
    let default = app.site().await?.default_locale().clone();
    let form =
        app.db().write(move |tx| form::publish(tx, act.clone(), key.clone(), version, default.clone()).boxed()).await?;
    Ok(versioned(form))
}

/// Take a form offline
///
/// Nobody can fill it in. What was submitted lives on by its rules.
#[utoipa::path(post, path = "/admin/v1/forms/{form}/unpublish", tag = "forms", params(("form" = String, Path, description = "The key of the form")), responses((status = 200, body = FormView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn unpublish_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    _: Nothing,
) -> Result<Versioned<FormView>, ApiError> {
    let act = caller.may::<PublishForms>()?;
    let form = app.db().write(move |tx| form::unpublish(tx, act.clone(), key.clone(), version).boxed()).await?;
    Ok(versioned(form))
}

/// List the versions of a form, newest first
///
/// The draft included. A submission keeps the version that it answered.
#[utoipa::path(get, path = "/admin/v1/forms/{form}/versions", tag = "forms", params(("form" = String, Path, description = "The key of the form"), PageQuery), responses((status = 200, body = List<FormVersionView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_form_versions(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<FormKey>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<FormVersionView>, ApiError> {
    let by = caller.reads::<ReadForms>()?;
    let page = Page::<u32>::new(&app, &query, format!("admin/forms/{key}/versions/{}", caller.account()))?
        .counted(form::count_versions(app.db().read(), &by, &key))
        .await?;
    let found = form::versions(app.db().read(), &by, &key, page.start, page.fetch()).await?;
    Ok(page.finish(found, |version| version.number, FormVersionView::from))
}

/// Read a version of a form
///
/// A draft or a published version.
#[utoipa::path(get, path = "/admin/v1/forms/{form}/versions/{number}", tag = "forms", params(("form" = String, Path, description = "The key of the form"), ("number" = u32, Path, description = "The number of the version")), responses((status = 200, body = FormVersionView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_form_version(
    State(app): State<App>,
    caller: Caller,
    Path((key, number)): Path<(FormKey, u32)>,
    _: NoQuery,
) -> Result<crate::answer::Json<FormVersionView>, ApiError> {
    let version = form::version(app.db().read(), &caller.reads::<ReadForms>()?, &key, number).await?;
    Ok(crate::answer::Json(version.into()))
}
