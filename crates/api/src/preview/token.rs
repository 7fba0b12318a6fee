//! What the token of a preview link opens, asked of the database for every request.

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{bearer, unauthenticated};
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use bonafide_content::Error;
use bonafide_content::entry::preview::{self, Opened};
use bonafide_keyring::{TokenFamily, parse};
use bonafide_model::access::Permission;
use http::request::Parts;

/// What the bearer token of this request opens.
pub(crate) struct Token(pub(super) Opened);

impl FromRequestParts<App> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let hash = bearer(&parts.headers).and_then(|token| parse(TokenFamily::Preview, token)).ok_or_else(refused)?;
        let opened = preview::open(app.db().read(), app.parts.site, hash.as_bytes(), app.now()).await.map_err(known)?;
        if let Some(account) = opened.account() {
            // a link is worth no more than what its maker may see
            let may = app.parts.accounts.may(account, app.parts.site, Permission::ReadContent).await;
            if !may.map_err(ApiError::from)? {
                return Err(refused());
            }
        }
        Ok(Self(opened))
    }
}

/// What is not there (any more) is no credential.
pub(super) fn known(error: Error) -> ApiError {
    match error {
        Error::NotFound => refused().into(),
        error => error.into(),
    }
}

/// The same for every token that opens nothing, whatever the reason.
fn refused() -> Problem {
    unauthenticated("Send the token of a preview link that is good as `Authorization: Bearer bf_preview_…`.")
}
