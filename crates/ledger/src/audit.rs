//! The list of admin actions: who, what, which object, when. No contents.

use bonafide_model::access::{Actor, ReadAudit};
use bonafide_model::id::{AccountId, ApiTokenId, AuditId, SiteId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{Error, Tx, sql, statement};
use sea_orm::{ConnectionTrait, QueryResult};

/// What an action was done to: its kind, and its id or key. Never a title or a text.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The kind of object, such as `policy`.
    pub kind: &'static str,
    /// Its id or key, if it has one.
    pub key: Option<&'a str>,
}

impl<'a> Object<'a> {
    /// An object of a kind by its id or key.
    pub const fn new(kind: &'static str, key: &'a str) -> Self {
        Self { kind, key: Some(key) }
    }
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line's id; later lines have greater ones.
    pub id: AuditId,
    /// When it was done.
    pub at: Instant,
    /// `account`, `token`, `operator` or `system`.
    pub actor_kind: String,
    /// The account that answers for it.
    pub account: Option<AccountId>,
    /// The API token it was done with.
    pub token: Option<ApiTokenId>,
    /// What was done, as `OBJECT.VERB`.
    pub action: String,
    /// The kind of object.
    pub object_kind: String,
    /// The object's id or key.
    pub object: Option<String>,
}

pub(crate) fn record(
    tx: &Tx,
    id: AuditId,
    by: Actor,
    site: SiteId,
    action: &'static str,
    object: Object<'_>,
    now: Instant,
) {
    let token = match by {
        Actor::Token(token, _) => Some(token.uuid()),
        _ => None,
    };
    let insert = "INSERT INTO audit (id, site_id, actor_kind, account_id, token_id, action, object_kind, object, at)";
    let values = [
        id.uuid().into(),
        site.uuid().into(),
        by.kind().into(),
        by.account().map(AccountId::uuid).into(),
        token.into(),
        action.into(),
        object.kind.into(),
        object.key.map(ToOwned::to_owned).into(),
        now.micros().into(),
    ];
    tx.append(insert, values);
}

/// Up to `limit` lines, newest first.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadAudit>,
    start: Start<AuditId>,
    limit: u64,
) -> Result<Vec<Entry>, Error> {
    const NEWEST: &str = "SELECT id, at, actor_kind, account_id, token_id, action, object_kind, object FROM audit
        WHERE site_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    const OLDEST: &str = "SELECT id, at, actor_kind, account_id, token_id, action, object_kind, object FROM audit
        WHERE site_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let (select, bound) = match start {
        Start::First => (NEWEST, sea_orm::prelude::Uuid::max()),
        Start::After(id) => (NEWEST, id.uuid()),
        Start::Before(id) => (OLDEST, id.uuid()),
    };
    let values = [by.site().uuid().into(), bound.into(), statement::limit(limit)];
    let rows = on.query_all_raw(sql(on, select, values)).await?;
    Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
}

/// How many lines the list has.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadAudit>) -> Result<u64, Error> {
    let select = sql(on, "SELECT COUNT(*) FROM audit WHERE site_id = $1", [by.site().uuid().into()]);
    Ok(statement::count(on, select).await?)
}

fn entry(row: &QueryResult) -> Result<Entry, sea_orm::DbErr> {
    Ok(Entry {
        id: AuditId::from_uuid(row.try_get_by_index(0)?),
        at: Instant::from_micros(row.try_get_by_index(1)?),
        actor_kind: row.try_get_by_index(2)?,
        account: row.try_get_by_index::<Option<_>>(3)?.map(AccountId::from_uuid),
        token: row.try_get_by_index::<Option<_>>(4)?.map(ApiTokenId::from_uuid),
        action: row.try_get_by_index(5)?,
        object_kind: row.try_get_by_index(6)?,
        object: row.try_get_by_index(7)?,
    })
}
