//! One-time links: whoever holds one sets the password of an account, for the first time or anew.

use crate::accounts::{Accounts, Arrival, known_address};
use crate::identity::OwnAccount;
use crate::{Error, Password, Secret, session};
use bonafide_keyring::{Entropy, TokenFamily, TokenHash, mint, parse};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::Actor;
use bonafide_model::id::AccountId;
use bonafide_model::{EmailAddress, Granted, Instant};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;
use std::time::Duration;

/// How long a link is good for.
pub(crate) const LIFE: Duration = Duration::from_hours(7 * 24);

/// A link, shown once.
#[derive(Clone, Debug)]
pub struct Link {
    /// What [`Accounts::accept`] takes.
    pub token: Secret,
    /// When it is worth nothing any more.
    pub expires_at: Instant,
}

/// Makes a link; older ones of the account are worth nothing from now on.
pub(crate) async fn make(
    tx: &Tx,
    account: AccountId,
    kind: &'static str,
    now: Instant,
    entropy: &Entropy,
) -> Result<Link, Error> {
    discard(tx, account).await?;
    let (token, hash) = mint(TokenFamily::Link, entropy);
    let expires_at = now.plus(LIFE);
    let insert = "INSERT INTO link (hash, account_id, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let values =
        [hash.to_vec().into(), account.uuid().into(), kind.into(), now.micros().into(), expires_at.micros().into()];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(Link { token: token.into(), expires_at })
}

/// Deletes all links of an account.
pub(crate) async fn discard(tx: &Tx, account: AccountId) -> Result<(), Error> {
    tx.execute_raw(sql(tx, "DELETE FROM link WHERE account_id = $1", [account.uuid().into()])).await?;
    Ok(())
}

impl Accounts {
    /// Takes the password that the holder of a link chose. An invited account becomes active; after a reset
    /// all sessions of the account end.
    ///
    /// # Errors
    /// [`Error::InvalidLink`], [`Error::Busy`], or the database's.
    pub async fn accept(&self, arrival: Arrival, token: &Secret, password: Password) -> Result<(), Error> {
        let hash = parse(TokenFamily::Link, token.expose()).ok_or(Error::InvalidLink)?;
        let Arrival { site, now, entropy, .. } = arrival;
        // asked before the slow hash, so that it is not done for strangers
        let (_, email) = holder(self.db.read(), hash, now).await?;
        let new = self.passwords.hash(password, &entropy).await?;
        self.db
            .write(move |tx| {
                let new = new.clone();
                let entropy = entropy.clone();
                async move {
                    let (account, _) = holder(tx, hash, now).await?;
                    let by: Granted<OwnAccount> = Granted::issue(Actor::Account(account), site);
                    set_password(tx, account, new, now).await?;
                    let act = Act::new(by, now, entropy);
                    act.record(tx, "user.accept_link", Object::new("user", &account.to_string()));
                    Ok::<_, Error>(())
                }
                .boxed()
            })
            .await?;
        self.throttle.forget(&email);
        Ok(())
    }
}

/// Whose link it is, if it is still good.
async fn holder(on: &impl ConnectionTrait, hash: TokenHash, now: Instant) -> Result<(AccountId, EmailAddress), Error> {
    let select = "SELECT a.id, a.email FROM link l JOIN account a ON a.id = l.account_id
        WHERE l.hash = $1 AND l.expires_at > $2 AND a.state <> 'suspended'";
    let row = on.query_one_raw(sql(on, select, [hash.to_vec().into(), now.micros().into()])).await?;
    let row = row.ok_or(Error::InvalidLink)?;
    let email: String = row.try_get_by_index(1)?;
    Ok((AccountId::from_uuid(row.try_get_by_index(0)?), known_address(&email)?))
}

/// Sets the password of an account, makes the account active, and takes back every other way in but API tokens.
pub(crate) async fn set_password(tx: &Tx, account: AccountId, hash: String, now: Instant) -> Result<(), Error> {
    let update = "UPDATE account SET password_hash = $2 WHERE id = $1";
    let activate = "UPDATE account SET state = 'active', version = version + 1, updated_at = $2
        WHERE id = $1 AND state <> 'active'";
    tx.execute_raw(sql(tx, update, [account.uuid().into(), hash.into()])).await?;
    tx.execute_raw(sql(tx, activate, [account.uuid().into(), now.micros().into()])).await?;
    session::delete_all(tx, account, None).await?;
    discard(tx, account).await
}
