//! Logging in: an address and a password become a session with its first pair of tokens.

use crate::accounts::{Accounts, Arrival};
use crate::identity::OwnAccount;
use crate::{ACCESS_TOKEN_LIFE, Error, Secret, access_token, refresh, session};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::Actor;
use bonafide_model::id::{AccountId, SessionId};
use bonafide_model::{EmailAddress, Granted};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;
use std::time::Duration;

/// What a login or a renewal gives, shown once.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The session they belong to.
    pub session: SessionId,
    /// The account that is logged in.
    pub account: AccountId,
    /// For the `Authorization` header.
    pub access_token: Secret,
    /// How long the access token is good for.
    pub expires_in: Duration,
    /// Renews both, once.
    pub refresh_token: Secret,
}

/// A session under way, before its access token is signed.
pub(crate) struct Begun {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
    pub(crate) refresh_token: Secret,
    pub(crate) kid: String,
}

impl Accounts {
    /// Logs somebody in.
    ///
    /// The answer is the same, and costs the same, for an address that is not known, a wrong password,
    /// and an account that is invited or suspended.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Throttled`], [`Error::Busy`], or the database's.
    pub async fn login(&self, arrival: Arrival, email: EmailAddress, password: Secret) -> Result<Tokens, Error> {
        let attempt = self.throttle.attempt(&email, arrival.client, arrival.now)?;
        let stored = stored(self.db.read(), &email).await?;
        let hash = stored.as_ref().and_then(|stored| stored.password_hash.clone());
        let right = match self.passwords.verify(&password, hash.clone()).await {
            Ok(right) => right,
            Err(error) => {
                attempt.give_back();
                return Err(error);
            }
        };
        let Some(stored) = stored.filter(|stored| right && stored.is_active) else {
            return Err(Error::InvalidCredentials);
        };
        let granted: Granted<OwnAccount> = Granted::issue(Actor::Account(stored.account), arrival.site);
        let act = Act::new(granted, arrival.now, arrival.entropy.clone());
        let begun = self.db.write(move |tx| begin(tx, act.clone(), stored.account, hash.clone()).boxed()).await?;
        attempt.succeeded();
        Ok(self.sign(begun, &arrival))
    }

    pub(crate) fn sign(&self, begun: Begun, arrival: &Arrival) -> Tokens {
        let Begun { session, account, refresh_token, kid } = begun;
        let access_token = self.access_tokens.sign(&kid, account, session, arrival.now, &arrival.entropy);
        Tokens { session, account, access_token, expires_in: ACCESS_TOKEN_LIFE, refresh_token }
    }
}

pub(crate) struct Stored {
    pub(crate) account: AccountId,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_active: bool,
}

async fn stored(on: &impl ConnectionTrait, email: &EmailAddress) -> Result<Option<Stored>, Error> {
    let select = "SELECT id, password_hash, state FROM account WHERE email = $1";
    let Some(row) = on.query_one_raw(sql(on, select, [email.as_str().into()])).await? else { return Ok(None) };
    let state: String = row.try_get_by_index(2)?;
    Ok(Some(Stored {
        account: AccountId::from_uuid(row.try_get_by_index(0)?),
        password_hash: row.try_get_by_index(1)?,
        is_active: state == "active",
    }))
}

/// Begins a session, unless the account was changed while the password was being checked.
async fn begin(tx: &Tx, act: Act<OwnAccount>, account: AccountId, hash: Option<String>) -> Result<Begun, Error> {
    let select = "SELECT 1 FROM account WHERE id = $1 AND password_hash = $2 AND state = 'active'";
    if tx.query_one_raw(sql(tx, select, [account.uuid().into(), hash.into()])).await?.is_none() {
        return Err(Error::InvalidCredentials);
    }
    let kid = access_token::ensure(tx, act.now(), act.entropy().clone()).await?;
    let session = session::insert(tx, &act, account).await?;
    let refresh_token = refresh::first(tx, session, act.now(), act.entropy()).await?;
    act.record(tx, "session.begin", Object::new("session", &session.to_string()));
    Ok(Begun { session, account, refresh_token, kid })
}
