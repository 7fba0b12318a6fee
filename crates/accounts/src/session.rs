//! Logins, from their password to their logout. A revoked session is deleted, with all its refresh tokens.

use crate::list;
use crate::{Error, OwnAccount};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::Actor;
use bonafide_model::id::{AccountId, SessionId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{Tx, sql, statement};
use sea_orm::ConnectionTrait;
use sea_orm::prelude::Uuid;
use std::time::Duration;

/// How long a session lives without being renewed.
pub const IDLE: Duration = Duration::from_hours(30 * 24);

/// A login that has not ended. Where it came from is not recorded.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When the password was given.
    pub created_at: Instant,
    /// When it was last renewed.
    pub used_at: Instant,
    /// When it ends if it is not renewed.
    pub expires_at: Instant,
}

/// Up to `limit` sessions of the caller's own account, in the order that [`Start`] tells.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<OwnAccount>,
    start: Start<SessionId>,
    limit: u64,
    now: Instant,
) -> Result<Vec<Session>, Error> {
    const NEWER: &str = "SELECT id, created_at, used_at, expires_at FROM session
        WHERE account_id = $1 AND expires_at > $2 AND id > $3 ORDER BY id LIMIT $4";
    const OLDER: &str = "SELECT id, created_at, used_at, expires_at FROM session
        WHERE account_id = $1 AND expires_at > $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    let select = if start.is_backwards() { OLDER } else { NEWER };
    let values = [
        own(by.by())?.uuid().into(),
        now.micros().into(),
        list::bound(start, SessionId::uuid),
        statement::limit(limit),
    ];
    let mut sessions = Vec::new();
    for row in on.query_all_raw(sql(on, select, values)).await? {
        sessions.push(Session {
            id: SessionId::from_uuid(row.try_get_by_index(0)?),
            created_at: Instant::from_micros(row.try_get_by_index(1)?),
            used_at: Instant::from_micros(row.try_get_by_index(2)?),
            expires_at: Instant::from_micros(row.try_get_by_index(3)?),
        });
    }
    Ok(sessions)
}

/// How many sessions [`list`] has in all.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<OwnAccount>, now: Instant) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM session WHERE account_id = $1 AND expires_at > $2";
    Ok(statement::count(on, sql(on, select, [own(by.by())?.uuid().into(), now.micros().into()])).await?)
}

/// Ends one session of the caller's own account: a logout, if it is the present one.
///
/// # Errors
/// [`Error::NotFound`] if there is none, or it is somebody else's.
pub async fn revoke(tx: &Tx, act: Act<OwnAccount>, id: SessionId) -> Result<(), Error> {
    let select = "SELECT 1 FROM session WHERE id = $1 AND account_id = $2";
    let values = [id.uuid().into(), own(act.by())?.uuid().into()];
    if tx.query_one_raw(sql(tx, select, values)).await?.is_none() {
        return Err(Error::NotFound);
    }
    delete(tx, id).await?;
    act.record(tx, "session.end", Object::new("session", &id.to_string()));
    Ok(())
}

/// Ends all sessions of the caller's own account, but for one that may be named: a logout everywhere.
///
/// # Errors
/// If a statement fails.
pub async fn revoke_all(tx: &Tx, act: Act<OwnAccount>, except: Option<SessionId>) -> Result<u64, Error> {
    let account = own(act.by())?;
    let ended = delete_all(tx, account, except).await?;
    act.record(tx, "session.end_all", Object::new("user", &account.to_string()));
    Ok(ended)
}

/// The account whose own things these are.
pub(crate) fn own(by: Actor) -> Result<AccountId, Error> {
    by.account().ok_or(Error::NotFound)
}

pub(crate) async fn insert(tx: &Tx, act: &Act<OwnAccount>, account: AccountId) -> Result<SessionId, Error> {
    let (id, now): (SessionId, _) = (act.id(), act.now());
    let insert = "INSERT INTO session (id, account_id, created_at, used_at, expires_at) VALUES ($1, $2, $3, $3, $4)";
    let expires_at = now.plus(IDLE).micros();
    let values = [id.uuid().into(), account.uuid().into(), now.micros().into(), expires_at.into()];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(id)
}

pub(crate) async fn touch(tx: &Tx, id: SessionId, now: Instant) -> Result<(), Error> {
    let update = "UPDATE session SET used_at = $2, expires_at = $3 WHERE id = $1";
    let values = [id.uuid().into(), now.micros().into(), now.plus(IDLE).micros().into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &Tx, id: SessionId) -> Result<(), Error> {
    tx.execute_raw(sql(tx, "DELETE FROM refresh_token WHERE session_id = $1", [id.uuid().into()])).await?;
    tx.execute_raw(sql(tx, "DELETE FROM session WHERE id = $1", [id.uuid().into()])).await?;
    Ok(())
}

pub(crate) async fn delete_all(tx: &Tx, account: AccountId, except: Option<SessionId>) -> Result<u64, Error> {
    let tokens = "DELETE FROM refresh_token
        WHERE session_id IN (SELECT id FROM session WHERE account_id = $1 AND id <> $2)";
    let sessions = "DELETE FROM session WHERE account_id = $1 AND id <> $2";
    let values = || [account.uuid().into(), except.map_or(Uuid::nil(), SessionId::uuid).into()];
    tx.execute_raw(sql(tx, tokens, values())).await?;
    Ok(tx.execute_raw(sql(tx, sessions, values())).await?.rows_affected())
}
