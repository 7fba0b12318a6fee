//! Reading tokens: one's own, and an owner everybody's.

use super::{ApiFamily, ApiToken, scopes};
use crate::list;
use crate::{Error, session};
use bonafide_model::access::{Actor, ManageTokens};
use bonafide_model::id::{AccountId, ApiTokenId, SiteId};
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

/// The columns of [`token`], and whose tokens are seen.
macro_rules! select {
    ($what:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM api_token t WHERE t.site_id = $1 AND (t.account_id = $2 OR EXISTS (SELECT 1 FROM account_role r ",
            "WHERE r.account_id = $2 AND r.site_id = $1 AND r.role = 'owner')) ",
            $rest
        )
    };
    ($rest:literal) => {
        select!("t.id, t.account_id, t.family, t.name, t.scopes, t.created_at, t.expires_at, t.last_used_day", $rest)
    };
}

/// Up to `limit` tokens that the caller may manage, in the order that [`Start`] tells; expired ones too.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ManageTokens>,
    start: Start<ApiTokenId>,
    limit: u64,
) -> Result<Vec<ApiToken>, Error> {
    const NEWER: &str = select!("AND t.id > $3 ORDER BY t.id LIMIT $4");
    const OLDER: &str = select!("AND t.id < $3 ORDER BY t.id DESC LIMIT $4");
    let select = if start.is_backwards() { OLDER } else { NEWER };
    let account = session::own(by.by())?;
    let values =
        [by.site().uuid().into(), account.uuid().into(), list::bound(start, ApiTokenId::uuid), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(token).collect()
}

/// How many tokens [`list()`] has in all.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ManageTokens>) -> Result<u64, Error> {
    let account = session::own(by.by())?;
    Ok(statement::count(on, sql(on, select!("COUNT(*)", ""), [by.site().uuid().into(), account.uuid().into()])).await?)
}

/// One token that the caller may manage.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ManageTokens>, id: ApiTokenId) -> Result<ApiToken, Error> {
    find(on, by.by(), by.site(), id).await
}

pub(crate) async fn find(
    on: &impl ConnectionTrait,
    by: Actor,
    site: SiteId,
    id: ApiTokenId,
) -> Result<ApiToken, Error> {
    let account = session::own(by)?;
    let values = [site.uuid().into(), account.uuid().into(), id.uuid().into()];
    let row = on.query_one_raw(sql(on, select!("AND t.id = $3"), values)).await?;
    token(&row.ok_or(Error::NotFound)?)
}

fn token(row: &QueryResult) -> Result<ApiToken, Error> {
    let family: String = row.try_get_by_index(2)?;
    let day: Option<String> = row.try_get_by_index(7)?;
    Ok(ApiToken {
        id: ApiTokenId::from_uuid(row.try_get_by_index(0)?),
        account: AccountId::from_uuid(row.try_get_by_index(1)?),
        family: family.parse::<ApiFamily>().map_err(|_| DbErr::Type("api_token.family holds no family".into()))?,
        name: row.try_get_by_index(3)?,
        scopes: scopes::read(&row.try_get_by_index::<String>(4)?),
        created_at: Instant::from_micros(row.try_get_by_index(5)?),
        expires_at: row.try_get_by_index::<Option<i64>>(6)?.map(Instant::from_micros),
        last_used_day: day.and_then(|day| day.parse().ok()),
    })
}
