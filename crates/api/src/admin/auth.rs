//! Logging in, staying logged in, logging out, and passwords.

use crate::answer::{Done, Json};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, Caller, Client, NoQuery, Nothing};
use axum::extract::State;
use bonafide_accounts::{Arrival, Password, Secret, Tokens, session};
use bonafide_model::EmailAddress;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The address of the account.
    #[schema(value_type = String, format = Email, max_length = 320, example = "owner@example.org")]
    email: EmailAddress,
    /// Its password.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// The newest refresh token of the session.
    #[schema(value_type = String, example = "bf_refresh_…")]
    refresh_token: Secret,
}

/// What a login or a renewal gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// For the `Authorization` header of the admin API.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(example = 600)]
    expires_in: u64,
    /// Gives a new pair, once.
    refresh_token: String,
}

impl From<Tokens> for TokenPair {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
            refresh_token: tokens.refresh_token.expose().to_owned(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptLink {
    /// The token of the link.
    #[schema(value_type = String, example = "bf_link_…")]
    token: Secret,
    /// The password to have from now on: 10 to 256 characters, none of the most common ones.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 256)]
    password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The password as it is.
    #[schema(value_type = String, format = Password)]
    current_password: Secret,
    /// The password to have from now on: 10 to 256 characters, none of the most common ones.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 256)]
    new_password: Password,
}

fn arrival(app: &App, client: &Client) -> Arrival {
    Arrival { site: app.parts.site, client: client.0, now: app.now(), entropy: app.parts.entropy.clone() }
}

/// Log in
///
/// Answers the same for an unknown address, a wrong password and an account that cannot log in. After several failures
/// for one account or from one client further attempts wait (429).
#[utoipa::path(post, path = "/admin/v1/auth/login", tag = "auth", request_body = Login, responses((status = 200, body = TokenPair)))]
pub(crate) async fn login(
    State(app): State<App>,
    client: Client,
    _: NoQuery,
    body: Body<Login>,
) -> Result<Json<TokenPair>, ApiError> {
    let tokens = app.parts.accounts.login(arrival(&app, &client), body.value.email, body.value.password).await?;
    Ok(Json(tokens.into()))
}

/// Renew a login
///
/// The refresh token is used up and a new pair comes back. Using an old one ends the session; only the token just before the
/// newest is forgiven once, within 30 seconds, while its successor is unused.
#[utoipa::path(post, path = "/admin/v1/auth/refresh", tag = "auth", request_body = Refresh, responses((status = 200, body = TokenPair)))]
pub(crate) async fn refresh(
    State(app): State<App>,
    client: Client,
    _: NoQuery,
    body: Body<Refresh>,
) -> Result<Json<TokenPair>, ApiError> {
    Ok(Json(app.parts.accounts.refresh(arrival(&app, &client), &body.value.refresh_token).await?.into()))
}

/// Log out
///
/// Ends the session of the access token; it works nowhere from the next request on.
#[utoipa::path(post, path = "/admin/v1/auth/logout", tag = "auth", responses((status = 204, description = "The session has ended")), security(("session" = [])))]
pub(crate) async fn logout(State(app): State<App>, caller: Caller, _: NoQuery, _: Nothing) -> Result<Done, ApiError> {
    let (act, session) = caller.owns()?;
    app.db().write(move |tx| session::revoke(tx, act.clone(), session).boxed()).await?;
    Ok(Done)
}

/// Log out everywhere
///
/// Ends all sessions of the caller's account, this one included.
#[utoipa::path(post, path = "/admin/v1/auth/logout-everywhere", tag = "auth", responses((status = 204, description = "All sessions have ended")), security(("session" = [])))]
pub(crate) async fn logout_everywhere(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
    _: Nothing,
) -> Result<Done, ApiError> {
    let (act, _) = caller.owns()?;
    app.db().write(move |tx| session::revoke_all(tx, act.clone(), None).boxed()).await?;
    Ok(Done)
}

/// Accept an invitation or a reset
///
/// Sets the password of the account that the link was made for. A link works once.
#[utoipa::path(post, path = "/admin/v1/auth/accept", tag = "auth", request_body = AcceptLink, responses((status = 204, description = "The password is set")))]
pub(crate) async fn accept_link(
    State(app): State<App>,
    client: Client,
    _: NoQuery,
    body: Body<AcceptLink>,
) -> Result<Done, ApiError> {
    let AcceptLink { token, password } = body.value;
    app.parts.accounts.accept(arrival(&app, &client), &token, password).await?;
    Ok(Done)
}

/// Change one's password
///
/// Asks for the present one, and ends all other sessions of the account.
#[utoipa::path(post, path = "/admin/v1/auth/password", tag = "auth", request_body = ChangePassword, responses((status = 204, description = "The password is changed")), security(("session" = [])))]
pub(crate) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    _: NoQuery,
    body: Body<ChangePassword>,
) -> Result<Done, ApiError> {
    let (act, session) = caller.owns()?;
    let ChangePassword { current_password, new_password } = body.value;
    app.parts.accounts.change_password(act, session, client.0, current_password, new_password).await?;
    Ok(Done)
}
