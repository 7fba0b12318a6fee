//! What the operator does on the server's own machine: the first owner, and the way back for one who is locked out.

use crate::accounts::Accounts;
use crate::user::{self, Draft};
use crate::{Error, Password, link};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::EmailAddress;
use bonafide_model::access::WriteUsers;
use bonafide_model::id::{AccountId, SiteId};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

impl Accounts {
    /// Adds an account that is active at once, as the operator does with the first owner.
    ///
    /// # Errors
    /// [`Error::EmailTaken`], [`Error::Busy`], or the database's.
    pub async fn create_active(
        &self,
        act: Act<WriteUsers>,
        draft: Draft,
        password: Password,
    ) -> Result<AccountId, Error> {
        let hash = self.passwords.hash(password, act.entropy()).await?;
        self.db.write(move |tx| create(tx, act.clone(), draft.clone(), hash.clone()).boxed()).await
    }

    /// Sets a new password for an owner, makes the account active whatever it was, and ends its sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] if no owner of the site has this address, [`Error::Busy`], or the database's.
    pub async fn reset_owner(
        &self,
        act: Act<WriteUsers>,
        email: EmailAddress,
        password: Password,
    ) -> Result<AccountId, Error> {
        let hash = self.passwords.hash(password, act.entropy()).await?;
        let address = email.clone();
        let id = self.db.write(move |tx| reset(tx, act.clone(), address.clone(), hash.clone()).boxed()).await?;
        self.throttle.forget(&email);
        Ok(id)
    }

    /// Whether the site has an owner who can log in.
    ///
    /// # Errors
    /// If the statement fails.
    pub async fn has_owner(&self, site: SiteId) -> Result<bool, Error> {
        let select = "SELECT 1 FROM account_role r JOIN account a ON a.id = r.account_id
            WHERE r.site_id = $1 AND r.role = 'owner' AND a.state = 'active' LIMIT 1";
        let on = self.db.read();
        Ok(on.query_one_raw(sql(on, select, [site.uuid().into()])).await?.is_some())
    }
}

async fn create(tx: &Tx, act: Act<WriteUsers>, draft: Draft, hash: String) -> Result<AccountId, Error> {
    let id = user::insert(tx, &act, draft, Some(hash)).await?;
    act.record(tx, "user.create", Object::new("user", &id.to_string()));
    Ok(id)
}

async fn reset(tx: &Tx, act: Act<WriteUsers>, email: EmailAddress, hash: String) -> Result<AccountId, Error> {
    let select = "SELECT a.id FROM account a JOIN account_role r ON r.account_id = a.id
        WHERE a.email = $1 AND r.site_id = $2 AND r.role = 'owner'";
    let row = tx.query_one_raw(sql(tx, select, [email.as_str().into(), act.site().uuid().into()])).await?;
    let id = AccountId::from_uuid(row.ok_or(Error::NotFound)?.try_get_by_index(0)?);
    link::set_password(tx, id, hash, act.now()).await?;
    act.record(tx, "user.set_password", Object::new("user", &id.to_string()));
    Ok(id)
}
