//! The routes of entries of all other types.

#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the two files say the same of two addresses"))]

use super::*;
use crate::admin::content;

/// List the entries of a type
///
/// All of them, the newest first, with what stands of each in its languages.
#[utoipa::path(get, path = "/admin/v1/entries/{type}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), PageQuery), responses((status = 200, body = List<EntrySummary>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_entries(
    State(app): State<App>,
    caller: Caller,
    Path(kind): Path<TypeKey>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<EntrySummary>, ApiError> {
    content::list(app, caller, no_page(kind)?, query).await
}

/// Write an entry
///
/// It begins as a draft in one language. A draft may be incomplete, not misshapen.
#[utoipa::path(post, path = "/admin/v1/entries/{type}", tag = "entries", params(("type" = String, Path, description = "The key of the type")), request_body = NewEntry, responses((status = 201, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_entry(
    State(app): State<App>,
    caller: Caller,
    Path(kind): Path<TypeKey>,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewEntry, LARGE>,
) -> Result<Created, ApiError> {
    let sent = Sent::new_entry(body.value);
    content::make::<EntryView>(app, caller, no_page(kind)?, key, sent, &body.bytes).await
}

/// Read an entry
///
/// Its draft in one language, and what stands of it in all.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<LocaleQuery>,
) -> Result<Versioned<EntryView>, ApiError> {
    content::read(app, caller, address.of_type()?.at(query)).await
}

/// Change an entry
///
/// A merge patch of its draft: lists are replaced as a whole, `null` takes a value away. What is published stays as it is.
#[utoipa::path(patch, path = "/admin/v1/entries/{type}/{id}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), request_body = EntryPatch, responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<EntryPatch, LARGE>,
) -> Result<Versioned<EntryView>, ApiError> {
    let sent = Sent::patch(body.value);
    content::change(app, caller, address.of_type()?.at(query), version, sent).await
}

/// Delete an entry
///
/// With all its languages and revisions. What is published has to be unpublished first.
#[utoipa::path(delete, path = "/admin/v1/entries/{type}/{id}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), responses((status = 204, description = "It is deleted")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn delete_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
) -> Result<Done, ApiError> {
    content::remove(app, caller, address.of_type()?.at(query), version).await
}

/// Change one block of an entry
///
/// A merge patch of the block with this id, wherever it stands. Its type stays.
#[utoipa::path(patch, path = "/admin/v1/entries/{type}/{id}/blocks/{block}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), ("block" = uuid::Uuid, Path, description = "The id of the block"), LocaleQuery), request_body = BlockPatch, responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_entry_block(
    State(app): State<App>,
    caller: Caller,
    Path(BlockAddress { kind, id, block }): Path<BlockAddress>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Map<String, Value>, LARGE>,
) -> Result<Versioned<EntryView>, ApiError> {
    let address = Address { kind, id };
    content::change_block(app, caller, address.of_type()?.at(query), block, version, body.value).await
}

/// Publish an entry
///
/// Its draft in one language, as it is now. Every rule of its type must hold; all that do not are named.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/publish", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn publish_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<EntryView>, ApiError> {
    content::publish(app, caller, address.of_type()?.at(query), version).await
}

/// Take an entry back
///
/// In one language: nobody reads it any more. Its draft stays.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/unpublish", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn unpublish_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<EntryView>, ApiError> {
    content::unpublish(app, caller, address.of_type()?.at(query), version).await
}

/// Put an entry away
///
/// In all languages: nobody reads it, and nothing of it can be changed until it is restored. If it is published, this
/// needs the permission to publish.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/archive", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn archive_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    _: Nothing,
) -> Result<Versioned<EntryView>, ApiError> {
    content::archive(app, caller, address.of_type()?.at(query), version).await
}

/// Bring an entry back
///
/// From the archive, or to what it was in a revision, which becomes a new draft.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/restore", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), request_body = Restoration, responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn restore_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Restoration>,
) -> Result<Versioned<EntryView>, ApiError> {
    content::restore(app, caller, address.of_type()?.at(query), version, body.value).await
}

/// Copy an entry
///
/// Its drafts in all languages become another one. Its slugs end in `-copy`.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/copy", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry")), responses((status = 201, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn copy_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    _: NoQuery,
    _: Nothing,
) -> Result<Created, ApiError> {
    content::copy::<EntryView>(app, caller, address.of_type()?.at(LocaleQuery { locale: None }), key).await
}

/// Add a language to an entry
///
/// It begins as a copy of another language's draft, or with what all languages share.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/locales", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry")), request_body = NewLocale, responses((status = 201, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn add_entry_locale(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewLocale>,
) -> Result<Created, ApiError> {
    let at = address.of_type()?.at(LocaleQuery { locale: None });
    content::add_language::<EntryView>(app, caller, at, key, body.value, &body.bytes).await
}

/// List the revisions of an entry, newest first
///
/// Of one language, without their fields. Every save is one.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}/revisions", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), SavesQuery), responses((status = 200, body = List<SavedView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_entry_revisions(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<SavesQuery>,
) -> Result<Listed<SavedView>, ApiError> {
    let (locale, page) = query.split();
    content::list_saves(app, caller, address.of_type()?.at(locale), page).await
}

/// Read a revision of an entry
///
/// With its fields exactly as they were saved.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}/revisions/{number}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), ("number" = i64, Path, description = "The number of the revision"), LocaleQuery), responses((status = 200, body = SavedView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_entry_revision(
    State(app): State<App>,
    caller: Caller,
    Path(SaveAddress { kind, id, number }): Path<SaveAddress>,
    Query(query): Query<LocaleQuery>,
) -> Result<Json<SavedView>, ApiError> {
    let address = Address { kind, id };
    content::read_save(app, caller, address.of_type()?.at(query), number).await
}

/// Publish or unpublish an entry at an instant
///
/// In one language. At `publish_at` its draft is published as it is then; at `unpublish_at` it is taken back. What is absent
/// stays as it is set, `null` takes it away.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/schedule", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), request_body = Schedule, responses((status = 200, body = EntryView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn schedule_entry(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    IfMatch(version): IfMatch,
    Query(query): Query<LocaleQuery>,
    body: Body<Schedule>,
) -> Result<Versioned<EntryView>, ApiError> {
    content::set(app, caller, address.of_type()?.at(query), version, body.value).await
}

/// Compare two revisions of an entry
///
/// Per field, and per block by its id; inside of texts by words.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}/diff", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), DiffQuery), responses((status = 200, body = DocumentDiff)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn compare_entry_revisions(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<DocumentDiff>, ApiError> {
    content::compared::compare(app, caller, address.of_type()?, query).await
}

/// List the preview links of an entry
///
/// Those that are good, of all its languages, the newest first; never their tokens.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}/preview-links", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), PageQuery), responses((status = 200, body = List<PreviewLinkView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_entry_preview_links(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    Query(query): Query<PageQuery>,
) -> Result<Listed<PreviewLinkView>, ApiError> {
    content::links::list(app, caller, address.of_type()?, query).await
}

/// Make a preview link to an entry
///
/// Whoever has its token reads the draft of one language under `/preview/v1`, as readers would get it: the newest, or one
/// revision of it. The token is shown once. The link ends by itself, and when whoever made it may not read drafts any more.
#[utoipa::path(post, path = "/admin/v1/entries/{type}/{id}/preview-links", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), LocaleQuery), request_body = NewPreviewLink, responses((status = 201, body = MadePreviewLink)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_entry_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<Address>,
    key: IdempotencyKey,
    Query(query): Query<LocaleQuery>,
    body: Body<NewPreviewLink>,
) -> Result<Created, ApiError> {
    content::links::make(app, caller, address.of_type()?.at(query), key, body.value, &body.bytes).await
}

/// Read a preview link of an entry
///
/// What it shows and until when; never its token.
#[utoipa::path(get, path = "/admin/v1/entries/{type}/{id}/preview-links/{link}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), ("link" = uuid::Uuid, Path, description = "The id of the link")), responses((status = 200, body = PreviewLinkView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_entry_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<LinkAddress>,
    _: NoQuery,
) -> Result<Json<PreviewLinkView>, ApiError> {
    let (address, link) = address.split();
    content::links::read(app, caller, address.of_type()?, link).await
}

/// Revoke a preview link of an entry
///
/// Its token shows nothing from the next request on.
#[utoipa::path(delete, path = "/admin/v1/entries/{type}/{id}/preview-links/{link}", tag = "entries", params(("type" = String, Path, description = "The key of the type"), ("id" = uuid::Uuid, Path, description = "The id of the entry"), ("link" = uuid::Uuid, Path, description = "The id of the link")), responses((status = 204, description = "The link is revoked")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn revoke_entry_preview_link(
    State(app): State<App>,
    caller: Caller,
    Path(address): Path<LinkAddress>,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let (address, link) = address.split();
    content::links::revoke(app, caller, address.of_type()?, link).await
}
