//! The door: what it needs, and what it does beside [login](crate::login), [renewal](crate::refresh) and
//! [links](crate::link).

use crate::access_token::{self, AccessTokens};
use crate::identity::{self, Identity};
use crate::password::{Cost, Passwords};
use crate::throttle::{Limits, Throttle};
use crate::{ApiFamily, Error, OwnAccount, Password, Secret, api_token, session};
use bonafide_keyring::{Entropy, Keyring, parse};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::Permission;
use bonafide_model::id::{AccountId, SessionId, SiteId};
use bonafide_model::{EmailAddress, Instant};
use bonafide_storage::{Db, Tx, sql, statement};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What may be set. The defaults are right outside of tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// What a password hash costs.
    pub cost: Cost,
    /// How many attempts may fail.
    pub limits: Limits,
}

/// Somebody who has not proved yet who they are: where they knock, and when.
#[derive(Clone)]
pub struct Arrival {
    /// The site whose API they use.
    pub site: SiteId,
    /// The client, as the limits know it.
    pub client: IpAddr,
    /// The present instant.
    pub now: Instant,
    /// Randomness for new ids and tokens.
    pub entropy: Entropy,
}

/// Everything that proves who somebody is. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) db: Db,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) access_tokens: Arc<AccessTokens>,
    pub(crate) throttle: Arc<Throttle>,
}

impl Accounts {
    /// Opens the door; at the first start of an installation it makes the first signing key.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn open(
        db: Db,
        keyring: Arc<Keyring>,
        settings: Settings,
        now: Instant,
        entropy: Entropy,
    ) -> Result<Self, Error> {
        if access_token::current(db.read()).await?.is_none() {
            let entropy = entropy.clone();
            db.write(move |tx| access_token::ensure(tx, now, entropy.clone()).boxed()).await?;
        }
        Ok(Self {
            db,
            passwords: Arc::new(Passwords::new(settings.cost, &entropy)),
            throttle: Arc::new(Throttle::new(&keyring, settings.limits)),
            access_tokens: Arc::new(AccessTokens::new(keyring)),
        })
    }

    /// Who presents this access token: one look-up by primary key, so that every revocation, suspension and change
    /// of role counts at once.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], or the database's.
    pub async fn authenticate(&self, access_token: &str, now: Instant) -> Result<Identity, Error> {
        let verified = self.access_tokens.verify(access_token, now)?;
        identity::of_session(self.db.read(), &verified, now).await
    }

    /// Who presents this API token; writes down the day on its first use of the day.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if it is unknown, of another family, revoked or out of date, or its maker is not active;
    /// or the database's.
    pub async fn authenticate_token(&self, family: ApiFamily, token: &str, now: Instant) -> Result<Identity, Error> {
        let hash = parse(family.token_family(), token).ok_or(Error::InvalidToken)?;
        let (identity, last_used) = identity::of_token(self.db.read(), family, hash, now).await?;
        let today = now.utc_date();
        if last_used.is_none_or(|day| day < today)
            && let Err(error) = self.db.write(move |tx| api_token::mark_used(tx, hash, today).boxed()).await
        {
            // the token is good all the same, and the next request tries again
            tracing::warn!(error = %error, "The day of an API token's last use could not be written down");
        }
        Ok(identity)
    }

    /// Whether an account may do something on a site now: for what it has made and answers for.
    ///
    /// # Errors
    /// If the statement fails.
    pub async fn may(&self, account: AccountId, site: SiteId, permission: Permission) -> Result<bool, Error> {
        identity::has(self.db.read(), account, site, permission).await
    }

    /// Changes the password of whoever is logged in, and ends all their other sessions.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], [`Error::Throttled`], [`Error::Busy`], [`Error::InvalidToken`] if the account
    /// was suspended meanwhile, or the database's.
    pub async fn change_password(
        &self,
        act: Act<OwnAccount>,
        session: SessionId,
        client: IpAddr,
        current: Secret,
        new: Password,
    ) -> Result<(), Error> {
        let account = session::own(act.by())?;
        let select = "SELECT email, password_hash FROM account WHERE id = $1 AND state = 'active'";
        let row = self.db.read().query_one_raw(sql(self.db.read(), select, [account.uuid().into()])).await?;
        let row = row.ok_or(Error::InvalidToken)?;
        let email = known_address(&row.try_get_by_index::<String>(0)?)?;
        let before: Option<String> = row.try_get_by_index(1)?;
        let attempt = self.throttle.attempt(&email, client, act.now())?;
        let hash = match self.passwords.verify(&current, before.clone()).await {
            Ok(true) => self.passwords.hash(new, act.entropy()).await,
            Ok(false) => return Err(Error::WrongPassword),
            Err(error) => Err(error),
        };
        let hash = match hash {
            Ok(hash) => hash,
            Err(error) => {
                attempt.give_back();
                return Err(error);
            }
        };
        attempt.succeeded();
        let change = Change { account, session, before, hash };
        self.db.write(move |tx| change_hash(tx, act.clone(), change.clone()).boxed()).await
    }
}

#[derive(Clone)]
struct Change {
    account: AccountId,
    session: SessionId,
    before: Option<String>,
    hash: String,
}

/// Puts the new hash in the place of the one that was checked.
async fn change_hash(tx: &Tx, act: Act<OwnAccount>, change: Change) -> Result<(), Error> {
    let update = "UPDATE account SET password_hash = $3
        WHERE id = $1 AND password_hash = $2 AND state = 'active'
            AND EXISTS (SELECT 1 FROM session s WHERE s.id = $4 AND s.account_id = account.id)";
    let values = [change.account.uuid().into(), change.before.into(), change.hash.into(), change.session.uuid().into()];
    if tx.execute_raw(sql(tx, update, values)).await?.rows_affected() == 0 {
        return Err(Error::InvalidToken);
    }
    session::delete_all(tx, change.account, Some(change.session)).await?;
    act.record(tx, "user.change_password", Object::new("user", &change.account.to_string()));
    Ok(())
}

/// An address from our own column.
pub(crate) fn known_address(text: &str) -> Result<EmailAddress, Error> {
    text.parse().map_err(|_| sea_orm::DbErr::Type("account.email holds no address".into()).into())
}

/// Deletes what is out of date: up to `most` sessions, and all links and signing keys. Says how many sessions went.
///
/// # Errors
/// If a statement fails.
pub async fn prune(tx: &Tx, now: Instant, most: u64) -> Result<u64, Error> {
    const TOKENS: &str = "DELETE FROM refresh_token WHERE session_id IN
        (SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)";
    const SESSIONS: &str = "DELETE FROM session WHERE id IN
        (SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)";
    let values = || [now.micros().into(), statement::limit(most)];
    tx.execute_raw(sql(tx, TOKENS, values())).await?;
    let sessions = tx.execute_raw(sql(tx, SESSIONS, values())).await?.rows_affected();
    tx.execute_raw(sql(tx, "DELETE FROM link WHERE expires_at <= $1", [now.micros().into()])).await?;
    let long_ago = now.minus(Duration::from_hours(24)).micros();
    tx.execute_raw(sql(tx, "DELETE FROM signing_key WHERE retired_at <= $1", [long_ago.into()])).await?;
    Ok(sessions)
}
