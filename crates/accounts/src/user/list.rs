//! Reading accounts.

use super::User;
use crate::accounts::known_address;
use crate::list;
use crate::{Error, Identity};
use bonafide_model::access::{ReadUsers, Role};
use bonafide_model::id::{AccountId, SiteId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

/// Up to `limit` accounts with a role on the site, in the order that [`Start`] tells.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadUsers>,
    start: Start<AccountId>,
    limit: u64,
) -> Result<Vec<User>, Error> {
    const NEWER: &str = "SELECT page.id, page.email, page.display_name, page.state, page.version, page.created_at, page.updated_at, r.role
        FROM (SELECT * FROM account WHERE id > $2
            AND EXISTS (SELECT 1 FROM account_role m WHERE m.account_id = account.id AND m.site_id = $1)
            ORDER BY id LIMIT $3) page
        JOIN account_role r ON r.account_id = page.id AND r.site_id = $1 ORDER BY page.id";
    const OLDER: &str = "SELECT page.id, page.email, page.display_name, page.state, page.version, page.created_at, page.updated_at, r.role
        FROM (SELECT * FROM account WHERE id < $2
            AND EXISTS (SELECT 1 FROM account_role m WHERE m.account_id = account.id AND m.site_id = $1)
            ORDER BY id DESC LIMIT $3) page
        JOIN account_role r ON r.account_id = page.id AND r.site_id = $1 ORDER BY page.id DESC";
    let select = if start.is_backwards() { OLDER } else { NEWER };
    let values = [by.site().uuid().into(), list::bound(start, AccountId::uuid), statement::limit(limit)];
    users(&on.query_all_raw(sql(on, select, values)).await?)
}

/// How many accounts [`list()`] has in all.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadUsers>) -> Result<u64, Error> {
    let select = "SELECT COUNT(DISTINCT account_id) FROM account_role WHERE site_id = $1";
    Ok(statement::count(on, sql(on, select, [by.site().uuid().into()])).await?)
}

/// One account with a role on the site.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ReadUsers>, id: AccountId) -> Result<User, Error> {
    find(on, by.site(), id).await
}

/// The caller's own account (with an API token: its maker's), with the roles on a site.
///
/// # Errors
/// [`Error::NotFound`] if it has no role there, or the database's.
pub async fn me(on: &impl ConnectionTrait, caller: &Identity, site: SiteId) -> Result<User, Error> {
    find(on, site, caller.account()).await
}

pub(crate) async fn find(on: &impl ConnectionTrait, site: SiteId, id: AccountId) -> Result<User, Error> {
    const SELECT: &str = "SELECT a.id, a.email, a.display_name, a.state, a.version, a.created_at, a.updated_at, r.role
        FROM account a JOIN account_role r ON r.account_id = a.id AND r.site_id = $1 WHERE a.id = $2";
    let rows = on.query_all_raw(sql(on, SELECT, [site.uuid().into(), id.uuid().into()])).await?;
    users(&rows)?.pop().ok_or(Error::NotFound)
}

/// There is one row for each role; those of one account follow each other.
fn users(rows: &[QueryResult]) -> Result<Vec<User>, Error> {
    let mut users: Vec<User> = Vec::new();
    for row in rows {
        let id = AccountId::from_uuid(row.try_get_by_index(0)?);
        let role: Result<Role, _> = row.try_get_by_index::<String>(7)?.parse();
        if users.last().is_none_or(|last| last.id != id) {
            users.push(user(row, id)?);
        }
        // a role that this version does not know gives nothing and is not shown
        if let (Some(user), Ok(role)) = (users.last_mut(), role) {
            user.roles.push(role);
            user.roles.sort_unstable();
        }
    }
    Ok(users)
}

fn user(row: &QueryResult, id: AccountId) -> Result<User, Error> {
    let state: String = row.try_get_by_index(3)?;
    Ok(User {
        id,
        email: known_address(&row.try_get_by_index::<String>(1)?)?,
        display_name: row.try_get_by_index(2)?,
        state: state.parse().map_err(|_| DbErr::Type("account.state holds no state".into()))?,
        roles: Vec::new(),
        version: row.try_get_by_index(4)?,
        created_at: Instant::from_micros(row.try_get_by_index(5)?),
        updated_at: Instant::from_micros(row.try_get_by_index(6)?),
    })
}
