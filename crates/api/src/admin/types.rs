//! Content types and components.

use crate::answer::{Created, Done, Json, Versioned};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, NoQuery, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bonafide_content::types::{self, Plan, Type};
use bonafide_model::access::{ReadTypes, WriteTypes};
use bonafide_model::content::{Definition, Field};
use bonafide_model::id::EntryId;
use bonafide_model::name::{FieldKey, TypeKey};
use bonafide_model::text::{Note, Title};
use bonafide_model::{Instant, Locale, Patch};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A content type or a component.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a yes or no of its own on the wire")]
pub(crate) struct TypeView {
    /// Its key in URLs.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "article")]
    key: TypeKey,
    #[schema(value_type = String, example = "Article")]
    title: Title,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    description: Option<Note>,
    /// Its fields, in the order in which authors see them; docs/content.md tells of their kinds and rules.
    #[schema(value_type = Vec<Object>)]
    fields: Vec<Field>,
    /// The field that is the title of an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    title_field: Option<FieldKey>,
    /// The field that is the slug of an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    slug_field: Option<FieldKey>,
    /// Whether its entries are written in several languages.
    localized: bool,
    /// Whether there is one entry of it, and no more.
    singleton: bool,
    /// Whether it is a component: something that stands in lists of blocks.
    component: bool,
    /// Whether it is always there.
    built_in: bool,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Instant>,
}

impl From<Type> for TypeView {
    fn from(found: Type) -> Self {
        let Type { key, definition, built_in, version, created_at, updated_at } = found;
        let title_field = definition.title_field().map(|field| field.key.clone());
        let slug_field = definition.slug_field().map(|field| field.key.clone());
        let Definition { title, description, fields, title_field: _, localized, singleton, component } =
            definition.as_ref().clone();
        Self {
            key,
            title,
            description,
            fields,
            title_field,
            slug_field,
            localized,
            singleton,
            component,
            built_in,
            version,
            created_at,
            updated_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewType {
    /// Its key in URLs; it can never be changed.
    #[serde(rename = "type")]
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,63}$", example = "article")]
    key: TypeKey,
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Article")]
    title: Title,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    description: Option<Note>,
    /// Its fields; docs/content.md tells of their kinds and rules.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, max_items = 100)]
    fields: Vec<Field>,
    /// The field that is the title of an entry; by default the text field `title` or `name`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title_field: Option<FieldKey>,
    /// Whether its entries are written in several languages; they are unless it says no.
    #[serde(default)]
    localized: Option<bool>,
    /// Whether there is one entry of it, and no more.
    #[serde(default)]
    singleton: bool,
    /// Whether it is a component; that can never be changed.
    #[serde(default)]
    component: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypePatch {
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Patch<Title>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    description: Patch<Note>,
    /// All its fields.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, max_items = 100)]
    fields: Patch<Vec<Field>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title_field: Patch<FieldKey>,
    #[serde(default)]
    #[schema(value_type = bool)]
    localized: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = bool)]
    singleton: Patch<bool>,
    /// Fields whose values may be lost: those that are gone, or of another kind, and of which entries have a value.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    drop: Vec<FieldKey>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// With `true`, nothing is changed: the answer is the plan, what the change would do to the entries that are there.
    #[serde(default)]
    plan: Option<bool>,
}

/// What a change of a type does, or would do, to the entries that are there.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// How many entries were looked at, each language counted.
    entries: u64,
    /// Fields of which entries have values that would be lost. The change is made if it names them in `drop`.
    lost: Vec<LostView>,
    /// How many drafts could not be published as they are, and could before.
    invalid_drafts: u64,
    /// How many of the published entries could not be published again as they are. They stay as they are until then.
    invalid_published: u64,
    /// Some drafts that could not be published, with their faults.
    examples: Vec<ExampleView>,
    /// Whether the change cannot be made while entries are as they are: they have several languages, or are several.
    refused: bool,
}

/// A field whose values would be lost.
#[derive(Serialize, ToSchema)]
pub(crate) struct LostView {
    #[schema(value_type = String)]
    field: FieldKey,
    /// How many entries have a value of it. What would go inside a group or a list counts for the field it stands in.
    entries: u64,
}

/// A draft that could not be published.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExampleView {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    #[schema(value_type = String)]
    locale: Locale,
    errors: Vec<crate::problem::Fault>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let Plan { entries, lost, invalid_drafts, invalid_published, examples, refused } = plan;
        let lost = lost.into_iter().map(|lost| LostView { field: lost.field, entries: lost.entries }).collect();
        let examples = examples.into_iter().map(|example| ExampleView {
            id: example.id,
            locale: example.locale,
            errors: example.faults.into_iter().map(crate::error::content_fault).collect(),
        });
        Self { entries, lost, invalid_drafts, invalid_published, examples: examples.collect(), refused }
    }
}

/// List content types and components
///
/// In the order of their keys, those that are built in included.
#[utoipa::path(get, path = "/admin/v1/types", tag = "types", params(PageQuery), responses((status = 200, body = List<TypeView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_types(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<TypeView>, ApiError> {
    let by = caller.reads::<ReadTypes>()?;
    let page = Page::<TypeKey>::new(&app, &query, format!("admin/types/{}", caller.account()))?
        .counted(types::count(app.db().read(), &by))
        .await?;
    let found = types::list(app.db().read(), &by, page.start.clone(), page.fetch()).await?;
    Ok(page.finish(found, |found| found.key.clone(), TypeView::from))
}

/// Define a content type or a component
///
/// Its entries can be written at once, and are read under `/v1/entries/{type}` when they are published.
#[utoipa::path(post, path = "/admin/v1/types", tag = "types", request_body = NewType, responses((status = 201, body = TypeView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_type(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewType>,
) -> Result<Created, ApiError> {
    let act = caller.may::<WriteTypes>()?;
    let NewType { key: name, title, description, fields, title_field, localized, singleton, component } = body.value;
    let localized = localized.unwrap_or(true);
    let definition = Definition { title, description, fields, title_field, localized, singleton, component };
    create::once(&app, &caller, "create_type", key, &body.bytes, move |tx| {
        let (act, name, definition) = (act.clone(), name.clone(), definition.clone());
        async move {
            let made = types::create(tx, act, name, definition).await?;
            let location = format!("/admin/v1/types/{}", made.key);
            let object = bonafide_content::type_key(&made.key);
            let version = made.version;
            Ok((Created::new(&TypeView::from(made), location, Some(version)), object))
        }
        .boxed()
    })
    .await
}

/// Read a content type or a component
///
/// With all its fields and their rules.
#[utoipa::path(get, path = "/admin/v1/types/{type}", tag = "types", params(("type" = String, Path, description = "The key of the type")), responses((status = 200, body = TypeView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_type(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<TypeKey>,
    _: NoQuery,
) -> Result<Versioned<TypeView>, ApiError> {
    let found = types::get(app.db().read(), &caller.reads::<ReadTypes>()?, &key).await?;
    Ok(Versioned(found.version, found.into()))
}

/// Change a content type or a component
///
/// Only what the body names is changed; `fields` are all fields. With `plan=true` the answer is what the change would do
/// and nothing is changed. What is published stays as it is. A change that would lose what entries hold is refused unless
/// `drop` names the fields; earlier revisions keep it even then. Types that are built in can be extended.
#[utoipa::path(patch, path = "/admin/v1/types/{type}", tag = "types", params(("type" = String, Path, description = "The key of the type"), PlanQuery), request_body = TypePatch, responses((status = 200, content((TypeView = "application/json"), (PlanView = "application/vnd.bonafide.plan+json")))), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_type(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<TypeKey>,
    IfMatch(version): IfMatch,
    Query(query): Query<PlanQuery>,
    body: Body<TypePatch>,
) -> Result<Response, ApiError> {
    let act = caller.may::<WriteTypes>()?;
    let TypePatch { title, description, fields, title_field, localized, singleton, drop } = body.value;
    let patch = types::TypePatch { title, description, fields, title_field, localized, singleton, drop };
    if query.plan == Some(true) {
        let plan = types::plan(app.db().read(), act.granted(), &key, version, patch).await?;
        let mut response = Json(PlanView::from(plan)).into_response();
        let media_type = http::HeaderValue::from_static("application/vnd.bonafide.plan+json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, media_type);
        return Ok(response);
    }
    let (changed, _) =
        app.db().write(move |tx| types::change(tx, act.clone(), key.clone(), version, patch.clone()).boxed()).await?;
    Ok(Versioned(changed.version, TypeView::from(changed)).into_response())
}

/// Delete a content type or a component
///
/// Only one without entries that no other type names, and none that is built in.
#[utoipa::path(delete, path = "/admin/v1/types/{type}", tag = "types", params(("type" = String, Path, description = "The key of the type")), responses((status = 204, description = "The type is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_type(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<TypeKey>,
    IfMatch(version): IfMatch,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let act = caller.may::<WriteTypes>()?;
    app.db().write(move |tx| types::delete(tx, act.clone(), key.clone(), version).boxed()).await?;
    Ok(Done)
}
