//! The routes of pages.

#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the two files say the same of two addresses"))]

use super::*;
use crate::admin::content;

/// List pages
///
/// All of them, the newest first, with what stands of each in its languages.
#[utoipa::path(get, path = "/admin/v1/pages", tag = "pages", params(PageQuery), responses((status = 200, body = List<EntrySummary>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_pages(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<EntrySummary>, ApiError> {
    content::list(app, caller, builtin::page(), query).await
}

/// Write a page
///
/// It begins as a draft in one language. A draft may be incomplete, not misshapen.
#[utoipa::path(post, path = "/admin/v1/pages", tag = "pages", request_body = NewPage, responses((status = 201, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_page(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<Map<String, Value>, LARGE>,
) -> Result<Created, ApiError> {
    let sent = Sent::page(body.value, true)?;
    content::make::<PageView>(app, caller, builtin::page(), key, sent, &body.bytes).await
}

/// Read a page
///
/// Its draft in one language, and what stands of it in all.
#[utoipa::path(get, path = "/admin/v1/pages/{id}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<LocaleQuery>,
) -> Result<Versioned<PageView>, ApiError> {
    content::read(app, caller, address.at(query)).await
}

/// Change a page
///
/// A merge patch of its draft: lists are replaced as a whole, `null` takes a value away. What is published stays as it is.
#[utoipa::path(patch, path = "/admin/v1/pages/{id}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), request_body = PagePatch, responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Map<String, Value>, LARGE>,
) -> Result<Versioned<PageView>, ApiError> {
    let sent = Sent::page(body.value, false)?;
    content::change(app, caller, address.at(query), version, sent).await
}

/// Delete a page
///
/// With all its languages and revisions. What is published has to be unpublished first.
#[utoipa::path(delete, path = "/admin/v1/pages/{id}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), responses((status = 204, description = "It is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
) -> Result<Done, ApiError> {
    content::remove(app, caller, address.at(query), version).await
}

/// Change one block of a page
///
/// A merge patch of the block with this id, wherever it stands. Its type stays.
#[utoipa::path(patch, path = "/admin/v1/pages/{id}/blocks/{block}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), ("block" = uuid::Uuid, Path, description = "The id of the block"), LocaleQuery), request_body = BlockPatch, responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_page_block(
    State(app): State<App>,
    caller: Caller,
    Path(BlockAddress { kind, id, block }): Path<BlockAddress>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Map<String, Value>, LARGE>,
) -> Result<Versioned<PageView>, ApiError> {
    let address = Address { kind, id };
    content::change_block(app, caller, address.at(query), block, version, body.value).await
}

/// Publish a page
///
/// Its draft in one language, as it is now. Every rule of its type must hold; all that do not are named.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/publish", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn publish_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<PageView>, ApiError> {
    content::publish(app, caller, address.at(query), version).await
}

/// Take a page back
///
/// In one language: nobody reads it any more. Its draft stays.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/unpublish", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn unpublish_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<PageView>, ApiError> {
    content::unpublish(app, caller, address.at(query), version).await
}

/// Put a page away
///
/// In all languages: nobody reads it, and nothing of it can be changed until it is restored. If it is published, this
/// needs the permission to publish.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/archive", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn archive_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<PageView>, ApiError> {
    content::archive(app, caller, address.at(query), version).await
}

/// Bring a page back
///
/// From the archive, or to what it was in a revision, which becomes a new draft.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/restore", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), request_body = Restoration, responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn restore_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Restoration>,
) -> Result<Versioned<PageView>, ApiError> {
    content::restore(app, caller, address.at(query), version, body.value).await
}

/// Copy a page
///
/// Its drafts in all languages become another one. Its slugs end in `-copy`.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/copy", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page")), responses((status = 201, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn copy_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    _: NoQuery,
    _: Nothing,
) -> Result<Created, ApiError> {
    content::copy::<PageView>(app, caller, address.at(LocaleQuery { locale: None }), key).await
}

/// Add a language to a page
///
/// It begins as a copy of another language's draft, or with what all languages share.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/locales", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page")), request_body = NewLocale, responses((status = 201, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn add_page_locale(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewLocale>,
) -> Result<Created, ApiError> {
    let at = address.at(LocaleQuery { locale: None });
    content::add_language::<PageView>(app, caller, at, key, body.value, &body.bytes).await
}

/// List the revisions of a page, newest first
///
/// Of one language, without their fields. Every save is one.
#[utoipa::path(get, path = "/admin/v1/pages/{id}/revisions", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), SavesQuery), responses((status = 200, body = List<SavedView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_page_revisions(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<SavesQuery>,
) -> Result<Listed<SavedView>, ApiError> {
    let (locale, page) = query.split();
    content::list_saves(app, caller, address.at(locale), page).await
}

/// Read a revision of a page
///
/// With its fields exactly as they were saved.
#[utoipa::path(get, path = "/admin/v1/pages/{id}/revisions/{number}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), ("number" = i64, Path, description = "The number of the revision"), LocaleQuery), responses((status = 200, body = SavedView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_page_revision(
    State(app): State<App>,
    caller: Caller,
    Path(SaveAddress { kind, id, number }): Path<SaveAddress>,
    Query(query): Query<LocaleQuery>,
) -> Result<Json<SavedView>, ApiError> {
    let address = Address { kind, id };
    content::read_save(app, caller, address.at(query), number).await
}

/// Publish or unpublish a page at an instant
///
/// In one language. At `publish_at` its draft is published as it is then; at `unpublish_at` it is taken back. What is absent
/// stays as it is set, `null` takes it away.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/schedule", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), request_body = Schedule, responses((status = 200, body = PageView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn schedule_page(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Schedule>,
) -> Result<Versioned<PageView>, ApiError> {
    content::set(app, caller, address.at(query), version, body.value).await
}

/// Compare two revisions of a page
///
/// Per field, and per block by its id; inside of texts by words.
#[utoipa::path(get, path = "/admin/v1/pages/{id}/diff", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), DiffQuery), responses((status = 200, body = DocumentDiff)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn compare_page_revisions(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<DocumentDiff>, ApiError> {
    content::compared::compare(app, caller, address, query).await
}

/// List the preview links of a page
///
/// Those that are good, of all its languages, the newest first; never their tokens.
#[utoipa::path(get, path = "/admin/v1/pages/{id}/preview-links", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), PageQuery), responses((status = 200, body = List<PreviewLinkView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_page_preview_links(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<PreviewLinkView>, ApiError> {
    content::links::list(app, caller, address, query).await
}

/// Make a preview link to a page
///
/// Whoever has its token reads the draft of one language under `/preview/v1`, as readers would get it: the newest, or one
/// revision of it. The token is shown once. The link ends by itself, and when whoever made it may not read drafts any more.
#[utoipa::path(post, path = "/admin/v1/pages/{id}/preview-links", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), LocaleQuery), request_body = NewPreviewLink, responses((status = 201, body = MadePreviewLink)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_page_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    Query(query): Query<LocaleQuery>,
    body: Body<NewPreviewLink>,
) -> Result<Created, ApiError> {
    content::links::make(app, caller, address.at(query), key, body.value, &body.bytes).await
}

/// Read a preview link of a page
///
/// What it shows and until when; never its token.
#[utoipa::path(get, path = "/admin/v1/pages/{id}/preview-links/{link}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), ("link" = uuid::Uuid, Path, description = "The id of the link")), responses((status = 200, body = PreviewLinkView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_page_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<LinkAddress>,
    _: NoQuery,
) -> Result<Json<PreviewLinkView>, ApiError> {
    let (address, link) = address.split();
    content::links::read(app, caller, address, link).await
}

/// Revoke a preview link of a page
///
/// Its token shows nothing from the next request on.
#[utoipa::path(delete, path = "/admin/v1/pages/{id}/preview-links/{link}", tag = "pages", params(("id" = uuid::Uuid, Path, description = "The id of the page"), ("link" = uuid::Uuid, Path, description = "The id of the link")), responses((status = 204, description = "The link is revoked")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn revoke_page_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<LinkAddress>,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let (address, link) = address.split();
    content::links::revoke(app, caller, address, link).await
}
