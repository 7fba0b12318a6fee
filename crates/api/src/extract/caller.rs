//! Who calls: the identity behind the bearer token of this request, and what it may do.

use crate::app::App;
use crate::error::ApiError;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use bonafide_accounts::{ApiFamily, Identity, OwnAccount};
use bonafide_keyring::TokenFamily;
use bonafide_ledger::Act;
use bonafide_model::Granted;
use bonafide_model::access::Action;
use bonafide_model::id::{AccountId, SessionId};
use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;

/// Somebody with valid credentials for the admin surface. One primary-key read for every request, no cache.
pub(crate) struct Caller {
    identity: Identity,
    app: App,
}

impl Caller {
    /// Who it is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The account that calls.
    pub(crate) fn account(&self) -> AccountId {
        self.identity.account()
    }

    /// The permission to read something, or 403.
    pub(crate) fn reads<A: Action>(&self) -> Result<Granted<A>, Problem> {
        let forbidden = || {
            let wanted = A::PERMISSION.name();
            Problem::new("forbidden", format!("This needs the permission {wanted}, which the caller does not have."))
        };
        self.identity.may::<A>(self.app.parts.site).ok_or_else(forbidden)
    }

    /// The permission to act, here and now, or 403.
    pub(crate) fn may<A: Action>(&self) -> Result<Act<A>, Problem> {
        self.reads::<A>().map(|granted| self.act(granted))
    }

    /// The permission to look after their own account and its sessions, or 403 for an API token.
    pub(crate) fn owns(&self) -> Result<(Act<OwnAccount>, SessionId), Problem> {
        let own = self.identity.own(self.app.parts.site).zip(self.identity.session());
        let (granted, session) =
            own.ok_or_else(|| Problem::new("forbidden", "An API token cannot do this; log in as a person."))?;
        Ok((self.act(granted), session))
    }

    fn act<A: Action>(&self, granted: Granted<A>) -> Act<A> {
        Act::new(granted, self.app.now(), self.app.parts.entropy.clone())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| unauthenticated("Send an access token or an API token as `Authorization: Bearer …`."))?;
        let (accounts, now) = (&app.parts.accounts, app.now());
        let identity = if token.starts_with(TokenFamily::Admin.prefix()) {
            accounts.authenticate_token(ApiFamily::Admin, token, now).await
        } else {
            accounts.authenticate(token, now).await
        };
        let identity = identity.map_err(ApiError::from)?;
        Ok(Self { identity, app: app.clone() })
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// 401 with what to do about it.
pub(crate) fn unauthenticated(detail: &str) -> Problem {
    Problem::new("unauthenticated", detail).header(WWW_AUTHENTICATE, "Bearer realm=\"bonafide\"")
}
