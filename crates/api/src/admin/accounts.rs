//! The people who work with the admin API.

use crate::answer::{Created, Json, Versioned};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, NoQuery, Nothing, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_accounts::{Link, user};
use bonafide_model::access::{ReadUsers, Role, WriteUsers};
use bonafide_model::id::AccountId;
use bonafide_model::text::Title;
use bonafide_model::{EmailAddress, Instant};
use futures_util::FutureExt as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Who is calling.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    #[schema(value_type = uuid::Uuid)]
    id: AccountId,
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    display_name: String,
    #[schema(value_type = Vec<RoleName>)]
    roles: Vec<Role>,
}

/// What a person is on the site.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of model::access::Role")]
pub(crate) enum RoleName {
    Owner,
    Editor,
    Author,
    PrivacyOfficer,
    Viewer,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    #[schema(value_type = uuid::Uuid)]
    id: AccountId,
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    display_name: String,
    /// `invited`, `active` or `suspended`.
    #[schema(example = "active")]
    state: &'static str,
    #[schema(value_type = Vec<RoleName>)]
    roles: Vec<Role>,
    /// Raised by every change; the `ETag`.
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<user::User> for UserView {
    fn from(user: user::User) -> Self {
        let user::User { id, email, display_name, state, roles, version, created_at, updated_at } = user;
        Self { id, email, display_name, state: state.name(), roles, version, created_at, updated_at }
    }
}

/// A link that sets a password, shown once. Give it to the person it is for.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// For `POST /admin/v1/auth/accept`.
    #[schema(example = "bf_link_…")]
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

impl From<Link> for LinkView {
    fn from(link: Link) -> Self {
        Self { token: link.token.expose().to_owned(), expires_at: link.expires_at }
    }
}

/// An account that was just invited, with the link for the person.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitedView {
    #[serde(flatten)]
    user: UserView,
    invitation: LinkView,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    #[schema(value_type = String, format = Email, max_length = 320, example = "ada@example.org")]
    email: EmailAddress,
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Ada")]
    display_name: Title,
    #[schema(value_type = Vec<RoleName>, min_items = 1)]
    roles: user::Roles,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatch {
    #[serde(default, deserialize_with = "never_null")]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    display_name: Option<Title>,
    #[serde(default, deserialize_with = "never_null")]
    #[schema(value_type = Vec<RoleName>, min_items = 1)]
    roles: Option<user::Roles>,
}

/// A member of a merge patch that can be left out and not be cleared: null would ask for just that (RFC 7396).
fn never_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Who am I
///
/// The account that the credentials belong to, with its roles.
#[utoipa::path(get, path = "/admin/v1/me", tag = "users", responses((status = 200, body = Me)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_me(State(app): State<App>, caller: Caller, _: NoQuery) -> Result<Json<Me>, ApiError> {
    let user = user::me(app.db().read(), caller.identity(), app.parts.site).await?;
    Ok(Json(Me { id: user.id, email: user.email, display_name: user.display_name, roles: user.roles }))
}

/// List accounts
///
/// Everybody who has an account on this site, suspended ones included.
#[utoipa::path(get, path = "/admin/v1/users", tag = "users", params(PageQuery), responses((status = 200, body = List<UserView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_users(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<UserView>, ApiError> {
    let by = caller.reads::<ReadUsers>()?;
    let page = Page::<AccountId>::new(&app, &query, format!("users/{}", caller.account()))?
        .counted(user::count(app.db().read(), &by))
        .await?;
    let found = user::list(app.db().read(), &by, page.start, page.fetch()).await?;
    Ok(page.finish(found, |user| user.id, UserView::from))
}

/// Invite somebody
///
/// Makes an account without a password, and a link with which the person sets one within seven days.
#[utoipa::path(post, path = "/admin/v1/users", tag = "users", request_body = NewUser, responses((status = 201, body = InvitedView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_user(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewUser>,
) -> Result<Created, ApiError> {
    let act = caller.may::<WriteUsers>()?;
    let NewUser { email, display_name, roles } = body.value;
    let draft = user::Draft { email, display_name, roles };
    create::once(&app, &caller, "create_user", key, &body.bytes, move |tx| {
        let (act, draft) = (act.clone(), draft.clone());
        async move {
            let (user, link) = user::invite(tx, act, draft).await?;
            let (id, version) = (user.id, user.version);
            let view = InvitedView { user: user.into(), invitation: link.into() };
            Ok((Created::new(&view, format!("/admin/v1/users/{id}"), Some(version)), format!("user/{id}")))
        }
        .boxed()
    })
    .await
}

/// Read an account
///
/// Its name, roles and state.
#[utoipa::path(get, path = "/admin/v1/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path, description = "The account")), responses((status = 200, body = UserView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AccountId>,
    _: NoQuery,
) -> Result<Versioned<UserView>, ApiError> {
    let user = user::get(app.db().read(), &caller.reads::<ReadUsers>()?, id).await?;
    Ok(Versioned(user.version, user.into()))
}

/// Change an account
///
/// Changes name or roles. New roles work on the very next request. The last active owner keeps the role.
#[utoipa::path(patch, path = "/admin/v1/users/{id}", tag = "users", params(("id" = uuid::Uuid, Path, description = "The account")), request_body = UserPatch, responses((status = 200, body = UserView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn update_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    body: Body<UserPatch>,
) -> Result<Versioned<UserView>, ApiError> {
    let act = caller.may::<WriteUsers>()?;
    let UserPatch { display_name, roles } = body.value;
    let change = user::Change { display_name, roles };
    let user = app.db().write(move |tx| user::change(tx, act.clone(), id, version, change.clone()).boxed()).await?;
    Ok(Versioned(user.version, user.into()))
}

/// Suspend an account
///
/// Its sessions and tokens work nowhere from the next request on.
#[utoipa::path(post, path = "/admin/v1/users/{id}/suspend", tag = "users", params(("id" = uuid::Uuid, Path, description = "The account")), responses((status = 200, body = UserView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn suspend_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    _: Nothing,
) -> Result<Versioned<UserView>, ApiError> {
    let act = caller.may::<WriteUsers>()?;
    let user = app.db().write(move |tx| user::suspend(tx, act.clone(), id, version).boxed()).await?;
    Ok(Versioned(user.version, user.into()))
}

/// Let a suspended account in again
///
/// Sessions and tokens that were ended stay ended; the person logs in again.
#[utoipa::path(post, path = "/admin/v1/users/{id}/reactivate", tag = "users", params(("id" = uuid::Uuid, Path, description = "The account")), responses((status = 200, body = UserView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn reactivate_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
    _: NoQuery,
    _: Nothing,
) -> Result<Versioned<UserView>, ApiError> {
    let act = caller.may::<WriteUsers>()?;
    let user = app.db().write(move |tx| user::reactivate(tx, act.clone(), id, version).boxed()).await?;
    Ok(Versioned(user.version, user.into()))
}

/// Make a link that sets a new password
///
/// The way back for somebody who has lost theirs. Earlier links of the account stop working.
#[utoipa::path(post, path = "/admin/v1/users/{id}/reset", tag = "users", params(("id" = uuid::Uuid, Path, description = "The account")), responses((status = 200, body = LinkView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn reset_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AccountId>,
    _: NoQuery,
    _: Nothing,
) -> Result<Json<LinkView>, ApiError> {
    let act = caller.may::<WriteUsers>()?;
    Ok(Json(app.db().write(move |tx| user::reset(tx, act.clone(), id).boxed()).await?.into()))
}
