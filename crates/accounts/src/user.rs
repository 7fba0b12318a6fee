//! People who work with the admin API. Their addresses are personal: keep a [`User`] out of logs.

mod list;
mod roles;

pub use list::{count, get, list, me};
pub use roles::Roles;

use crate::link::{self, Link};
use crate::{Error, session};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::{Role, WriteUsers};
use bonafide_model::id::{AccountId, SiteId};
use bonafide_model::text::Title;
use bonafide_model::{EmailAddress, Instant, Invalid};
use bonafide_storage::{Tx, Violation, sql, violation};
use sea_orm::ConnectionTrait as _;
use std::fmt;
use std::str::FromStr;

/// Whether an account can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not yet: the invitation has not been accepted.
    Invited,
    /// Yes.
    Active,
    /// Not until an owner says so; its API tokens rest too.
    Suspended,
}

impl State {
    /// The name in columns and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for State {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(Invalid("must be one of invited, active, suspended"))
    }
}

/// A person's account.
#[derive(Clone)]
pub struct User {
    /// Its id.
    pub id: AccountId,
    /// The address to log in with.
    pub email: EmailAddress,
    /// How the person wants to be called.
    pub display_name: String,
    /// Whether it can log in.
    pub state: State,
    /// The roles on the site the caller asked for.
    pub roles: Vec<Role>,
    /// Raised by every change of what stands here.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({}, {:?}, {:?}, version {})", self.id, self.state, self.roles, self.version)
    }
}

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The address to log in with.
    pub email: EmailAddress,
    /// How the person wants to be called.
    pub display_name: Title,
    /// What they will be.
    pub roles: Roles,
}

/// What to change; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// How the person wants to be called.
    pub display_name: Option<Title>,
    /// All roles on the site.
    pub roles: Option<Roles>,
}

/// Invites somebody. The link has to reach them by another way, for now.
///
/// # Errors
/// [`Error::EmailTaken`], or the database's.
pub async fn invite(tx: &Tx, act: Act<WriteUsers>, draft: Draft) -> Result<(User, Link), Error> {
    let id = insert(tx, &act, draft, None).await?;
    let link = link::make(tx, id, "invitation", act.now(), act.entropy()).await?;
    act.record(tx, "user.invite", Object::new("user", &id.to_string()));
    Ok((list::find(tx, act.site(), id).await?, link))
}

/// Changes a name or roles. New roles count from the next request on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::LastOwner`], or the database's.
pub async fn change(
    tx: &Tx,
    act: Act<WriteUsers>,
    id: AccountId,
    expected: i64,
    change: Change,
) -> Result<User, Error> {
    let user = expect(tx, act.site(), id, expected).await?;
    if let Some(roles) = change.roles {
        if !roles.contains(Role::Owner) {
            check_other_owner(tx, act.site(), &user).await?;
        }
        set_roles(tx, act.site(), id, &roles).await?;
    }
    let name = change.display_name.map_or(user.display_name, Title::into_string);
    let update = "UPDATE account SET display_name = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    tx.execute_raw(sql(tx, update, [id.uuid().into(), name.into(), act.now().micros().into()])).await?;
    act.record(tx, "user.change", Object::new("user", &id.to_string()));
    list::find(tx, act.site(), id).await
}

/// Suspends an account: its sessions end, its links are worth nothing, its API tokens rest.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Suspended`], [`Error::LastOwner`], or the database's.
pub async fn suspend(tx: &Tx, act: Act<WriteUsers>, id: AccountId, expected: i64) -> Result<User, Error> {
    let user = expect(tx, act.site(), id, expected).await?;
    if user.state == State::Suspended {
        return Err(Error::Suspended);
    }
    check_other_owner(tx, act.site(), &user).await?;
    session::delete_all(tx, id, None).await?;
    link::discard(tx, id).await?;
    set_state(tx, id, State::Suspended, act.now()).await?;
    act.record(tx, "user.suspend", Object::new("user", &id.to_string()));
    list::find(tx, act.site(), id).await
}

/// Lets an account in again. One that never had a password is invited again, and needs a new link ([`reset`]).
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::NotSuspended`], or the database's.
pub async fn reactivate(tx: &Tx, act: Act<WriteUsers>, id: AccountId, expected: i64) -> Result<User, Error> {
    let user = expect(tx, act.site(), id, expected).await?;
    if user.state != State::Suspended {
        return Err(Error::NotSuspended);
    }
    let select = "SELECT 1 FROM account WHERE id = $1 AND password_hash IS NOT NULL";
    let has_password = tx.query_one_raw(sql(tx, select, [id.uuid().into()])).await?.is_some();
    let state = if has_password { State::Active } else { State::Invited };
    set_state(tx, id, state, act.now()).await?;
    act.record(tx, "user.reactivate", Object::new("user", &id.to_string()));
    list::find(tx, act.site(), id).await
}

/// Makes a new link for somebody who lost the password or the invitation; older links are worth nothing any more.
/// The present password stays good until the link is used.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Suspended`], or the database's.
pub async fn reset(tx: &Tx, act: Act<WriteUsers>, id: AccountId) -> Result<Link, Error> {
    let kind = match list::find(tx, act.site(), id).await?.state {
        State::Invited => "invitation",
        State::Active => "reset",
        State::Suspended => return Err(Error::Suspended),
    };
    let link = link::make(tx, id, kind, act.now(), act.entropy()).await?;
    act.record(tx, "user.reset", Object::new("user", &id.to_string()));
    Ok(link)
}

/// Adds an account: active with a password, else invited.
pub(crate) async fn insert(
    tx: &Tx,
    act: &Act<WriteUsers>,
    draft: Draft,
    password_hash: Option<String>,
) -> Result<AccountId, Error> {
    const INSERT: &str = "INSERT INTO account
        (id, email, display_name, password_hash, state, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $6)";
    let id: AccountId = act.id();
    let state = if password_hash.is_some() { State::Active } else { State::Invited };
    let values = [
        id.uuid().into(),
        draft.email.as_str().into(),
        draft.display_name.into_string().into(),
        password_hash.into(),
        state.name().into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, INSERT, values)).await.map_err(|error| match violation(&error) {
        Some(Violation::Unique(name)) if name == "account_email_key" => Error::EmailTaken,
        _ => error.into(),
    })?;
    set_roles(tx, act.site(), id, &draft.roles).await?;
    Ok(id)
}

async fn expect(tx: &Tx, site: SiteId, id: AccountId, expected: i64) -> Result<User, Error> {
    let user = list::find(tx, site, id).await?;
    if user.version == expected { Ok(user) } else { Err(Error::Stale { current: user.version }) }
}

/// Refuses to take the last owner who can log in.
async fn check_other_owner(tx: &Tx, site: SiteId, user: &User) -> Result<(), Error> {
    if user.state != State::Active || !user.roles.contains(&Role::Owner) {
        return Ok(());
    }
    let select = "SELECT 1 FROM account_role r JOIN account a ON a.id = r.account_id
        WHERE r.site_id = $1 AND r.role = 'owner' AND a.state = 'active' AND a.id <> $2 LIMIT 1";
    let other = tx.query_one_raw(sql(tx, select, [site.uuid().into(), user.id.uuid().into()])).await?;
    if other.is_some() { Ok(()) } else { Err(Error::LastOwner) }
}

async fn set_roles(tx: &Tx, site: SiteId, id: AccountId, roles: &Roles) -> Result<(), Error> {
    let delete = "DELETE FROM account_role WHERE account_id = $1 AND site_id = $2";
    tx.execute_raw(sql(tx, delete, [id.uuid().into(), site.uuid().into()])).await?;
    let insert = "INSERT INTO account_role (account_id, site_id, role) VALUES ($1, $2, $3)";
    for role in roles.iter() {
        tx.execute_raw(sql(tx, insert, [id.uuid().into(), site.uuid().into(), role.name().into()])).await?;
    }
    Ok(())
}

async fn set_state(tx: &Tx, id: AccountId, state: State, now: Instant) -> Result<(), Error> {
    let update = "UPDATE account SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    tx.execute_raw(sql(tx, update, [id.uuid().into(), state.name().into(), now.micros().into()])).await?;
    Ok(())
}
