//! API tokens: long-lived credentials for scripts and frontends.

use crate::answer::{Created, Done, Json};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Body, Caller, IdempotencyKey, NoQuery, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_accounts::{ApiFamily, api_token};
use bonafide_model::access::{ManageTokens, Permission};
use bonafide_model::id::{AccountId, ApiTokenId};
use bonafide_model::text::Title;
use bonafide_model::{Date, Instant};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which surface a token is for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of accounts::ApiFamily")]
pub(crate) enum FamilyName {
    Read,
    Admin,
}

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    #[schema(value_type = uuid::Uuid)]
    id: ApiTokenId,
    /// The account that answers for what is done with it.
    #[schema(value_type = uuid::Uuid)]
    account: AccountId,
    #[schema(value_type = FamilyName)]
    family: ApiFamily,
    name: String,
    /// What it may do, at most; never more than its account may at the moment of use.
    #[schema(value_type = Vec<String>, example = json!(["policies:read"]))]
    scopes: Vec<Permission>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
    /// The last day (UTC) on which it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    last_used_day: Option<Date>,
}

impl From<api_token::ApiToken> for TokenView {
    fn from(token: api_token::ApiToken) -> Self {
        let api_token::ApiToken { id, account, family, name, scopes, created_at, expires_at, last_used_day } = token;
        Self { id, account, family, name, scopes, created_at, expires_at, last_used_day }
    }
}

/// An API token with its secret, shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTokenView {
    #[serde(flatten)]
    view: TokenView,
    /// The credential. It cannot be read again.
    #[schema(example = "bf_read_…")]
    token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for, so that one knows which to revoke.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Static build")]
    name: Title,
    #[schema(value_type = FamilyName)]
    family: ApiFamily,
    /// No wider than what the caller may.
    #[schema(value_type = Vec<String>, min_items = 1, example = json!(["delivery:read"]))]
    scopes: api_token::Scopes,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Instant>,
}

/// List API tokens
///
/// One's own; the owner sees all.
#[utoipa::path(get, path = "/admin/v1/tokens", tag = "tokens", params(PageQuery), responses((status = 200, body = List<TokenView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_tokens(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<TokenView>, ApiError> {
    let by = caller.reads::<ManageTokens>()?;
    let page = Page::<ApiTokenId>::new(&app, &query, format!("tokens/{}", caller.account()))?
        .counted(api_token::count(app.db().read(), &by))
        .await?;
    let found = api_token::list(app.db().read(), &by, page.start, page.fetch()).await?;
    Ok(page.finish(found, |token| token.id, TokenView::from))
}

/// Make an API token
///
/// Its scopes cannot be wider than what the caller may. The secret is shown once.
#[utoipa::path(post, path = "/admin/v1/tokens", tag = "tokens", request_body = NewToken, responses((status = 201, body = NewTokenView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn create_token(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    _: NoQuery,
    body: Body<NewToken>,
) -> Result<Created, ApiError> {
    let act = caller.may::<ManageTokens>()?;
    let NewToken { name, family, scopes, expires_at } = body.value;
    let draft = api_token::Draft { name, family, scopes, expires_at };
    create::once(&app, &caller, "create_token", key, &body.bytes, move |tx| {
        let (act, draft) = (act.clone(), draft.clone());
        async move {
            let (token, secret) = api_token::create(tx, act, draft).await?;
            let id = token.id;
            let view = NewTokenView { view: token.into(), token: secret.expose().to_owned() };
            Ok((Created::new(&view, format!("/admin/v1/tokens/{id}"), None), format!("token/{id}")))
        }
        .boxed()
    })
    .await
}

/// Read an API token
///
/// What it may do and when it was last used; never the secret.
#[utoipa::path(get, path = "/admin/v1/tokens/{id}", tag = "tokens", params(("id" = uuid::Uuid, Path, description = "The token")), responses((status = 200, body = TokenView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ApiTokenId>,
    _: NoQuery,
) -> Result<Json<TokenView>, ApiError> {
    Ok(Json(api_token::get(app.db().read(), &caller.reads::<ManageTokens>()?, id).await?.into()))
}

/// Revoke an API token
///
/// It works nowhere from the next request on (for delivery within a second).
#[utoipa::path(delete, path = "/admin/v1/tokens/{id}", tag = "tokens", params(("id" = uuid::Uuid, Path, description = "The token")), responses((status = 204, description = "The token is revoked")), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ApiTokenId>,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let act = caller.may::<ManageTokens>()?;
    app.db().write(move |tx| api_token::revoke(tx, act.clone(), id).boxed()).await?;
    Ok(Done)
}
