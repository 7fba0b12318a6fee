//! API tokens: long-lived credentials for scripts and frontends, never worth more than their maker.

mod list;
mod scopes;

pub use list::{count, get, list};
pub(crate) use scopes::read as read_scopes;
pub use scopes::{ApiFamily, Scopes};

use crate::{Error, Secret, session};
use bonafide_keyring::{TokenHash, mint};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::{Actor, ManageTokens, Permission, Role};
use bonafide_model::id::{AccountId, ApiTokenId, SiteId};
use bonafide_model::text::Title;
use bonafide_model::{Date, Instant};
use bonafide_storage::{Tx, replay, sql};
use sea_orm::ConnectionTrait as _;
use sea_orm::prelude::Uuid;

/// A token as its maker sees it afterwards.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// The account that made it and answers for it.
    pub account: AccountId,
    /// Which surface it opens.
    pub family: ApiFamily,
    /// What it is for, in the maker's words.
    pub name: String,
    /// What it may do, as long as its maker may.
    pub scopes: Vec<Permission>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends, if it does.
    pub expires_at: Option<Instant>,
    /// The last day (in UTC) on which it was used.
    pub last_used_day: Option<Date>,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is for.
    pub name: Title,
    /// Which surface it opens.
    pub family: ApiFamily,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends, if it does.
    pub expires_at: Option<Instant>,
}

/// What its maker has, and so what a new token may have.
struct Maker {
    account: AccountId,
    roles: Vec<Role>,
    /// Of the API token it is made with, if it is made with one.
    scopes: Option<Vec<Permission>>,
    expires_at: Option<Instant>,
}

impl Maker {
    fn may(&self, scope: Permission) -> bool {
        scope.is_given_to(&self.roles) && self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Refuses a draft that would be worth more than its maker, or nothing.
    fn check(&self, draft: &Draft, now: Instant) -> Result<(), Error> {
        let pick = |is_wrong: &dyn Fn(Permission) -> bool| -> Vec<Permission> {
            draft.scopes.iter().filter(|scope| is_wrong(*scope)).collect()
        };
        let foreign = pick(&|scope| !draft.family.has(scope));
        if !foreign.is_empty() {
            return Err(Error::ScopesOfOtherFamily(foreign));
        }
        let beyond = pick(&|scope| !self.may(scope));
        if !beyond.is_empty() {
            return Err(Error::ScopesTooWide(beyond));
        }
        if draft.expires_at.is_some_and(|end| end <= now) {
            return Err(Error::ExpiryPast);
        }
        if self.expires_at.is_some_and(|last| draft.expires_at.is_none_or(|end| end > last)) {
            return Err(Error::ExpiryTooLate);
        }
        Ok(())
    }
}

/// Makes a token; its text is shown once.
///
/// # Errors
/// [`Error::ScopesOfOtherFamily`], [`Error::ScopesTooWide`], [`Error::ExpiryPast`], [`Error::ExpiryTooLate`],
/// or the database's.
pub async fn create(tx: &Tx, act: Act<ManageTokens>, draft: Draft) -> Result<(ApiToken, Secret), Error> {
    const INSERT: &str = "INSERT INTO api_token
        (id, site_id, account_id, family, name, hash, scopes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let maker = maker(tx, act.by(), act.site()).await?;
    maker.check(&draft, act.now())?;
    let (secret, hash) = mint(draft.family.token_family(), act.entropy());
    let id: ApiTokenId = act.id();
    let values = [
        id.uuid().into(),
        act.site().uuid().into(),
        maker.account.uuid().into(),
        draft.family.name().into(),
        draft.name.into_string().into(),
        hash.to_vec().into(),
        draft.scopes.write().into(),
        act.now().micros().into(),
        draft.expires_at.map(Instant::micros).into(),
    ];
    tx.execute_raw(sql(tx, INSERT, values)).await?;
    act.record(tx, "token.create", Object::new("token", &id.to_string()));
    Ok((list::find(tx, act.by(), act.site(), id).await?, secret.into()))
}

/// Revokes a token: it is deleted, and its next use is refused. Owners may revoke everybody's.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn revoke(tx: &Tx, act: Act<ManageTokens>, id: ApiTokenId) -> Result<(), Error> {
    list::find(tx, act.by(), act.site(), id).await?;
    tx.execute_raw(sql(tx, "DELETE FROM api_token WHERE id = $1", [id.uuid().into()])).await?;
    replay::forget(tx, &format!("token/{id}")).await?;
    act.record(tx, "token.revoke", Object::new("token", &id.to_string()));
    Ok(())
}

async fn maker(tx: &Tx, by: Actor, site: SiteId) -> Result<Maker, Error> {
    let account = session::own(by)?;
    let select = "SELECT role FROM account_role WHERE account_id = $1 AND site_id = $2";
    let mut roles = Vec::new();
    for row in tx.query_all_raw(sql(tx, select, [account.uuid().into(), site.uuid().into()])).await? {
        roles.extend(row.try_get_by_index::<String>(0)?.parse::<Role>().ok());
    }
    let Actor::Token(id, _) = by else { return Ok(Maker { account, roles, scopes: None, expires_at: None }) };
    let select = "SELECT scopes, expires_at FROM api_token WHERE id = $1";
    let row = tx.query_one_raw(sql(tx, select, [Uuid::into(id.uuid())])).await?.ok_or(Error::InvalidToken)?;
    let expires_at = row.try_get_by_index::<Option<i64>>(1)?.map(Instant::from_micros);
    Ok(Maker { account, roles, scopes: Some(scopes::read(&row.try_get_by_index::<String>(0)?)), expires_at })
}

/// Writes down that a token was used on a day, unless that is known.
pub(crate) async fn mark_used(tx: &Tx, hash: TokenHash, day: Date) -> Result<(), Error> {
    let update = "UPDATE api_token SET last_used_day = $2
        WHERE hash = $1 AND (last_used_day IS NULL OR last_used_day < $2)";
    tx.execute_raw(sql(tx, update, [hash.to_vec().into(), day.to_string().into()])).await?;
    Ok(())
}
