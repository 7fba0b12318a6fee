//! The row of a site: made once, read by whoever needs the zone or the languages.

use crate::{Error, Site};
use bonafide_model::id::SiteId;
use bonafide_model::{Instant, Locale};
use bonafide_storage::{Tx, sql};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

/// Makes the site of a new installation (`My site`, UTC, English) unless there is one, and gives the one there is.
///
/// # Errors
/// If a statement fails.
pub async fn ensure(tx: &Tx, id: SiteId, now: Instant) -> Result<Site, Error> {
    if let Some(site) = the_only(tx).await? {
        return Ok(site);
    }
    // Two processes that find no site at once: the table is locked by SQLite's one writer, and PostgreSQL's
    // serializable transactions let only one of them commit; the other is run again and finds it.
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'My site', 'UTC', '[\"en\"]', 1, $2, $2)";
    tx.execute_raw(sql(tx, insert, [id.uuid().into(), now.micros().into()])).await?;
    get(tx, id).await
}

/// The site of an installation that has one; `None` before the first start.
///
/// # Errors
/// If the statement fails.
pub async fn the_only(on: &impl ConnectionTrait) -> Result<Option<Site>, Error> {
    const SELECT: &str = "SELECT id, name, time_zone, locales, base_url, page_url_template, version, created_at,
        updated_at FROM site ORDER BY id LIMIT 1";
    let row = on.query_one_raw(sql(on, SELECT, [])).await?;
    Ok(row.map(|row| site(&row)).transpose()?)
}

/// The site with this id.
///
/// # Errors
/// [`Error::Absent`], or if the statement fails.
pub async fn get(on: &impl ConnectionTrait, id: SiteId) -> Result<Site, Error> {
    const SELECT: &str = "SELECT id, name, time_zone, locales, base_url, page_url_template, version, created_at,
        updated_at FROM site WHERE id = $1";
    let row = on.query_one_raw(sql(on, SELECT, [id.uuid().into()])).await?;
    Ok(site(&row.ok_or(Error::Absent)?)?)
}

fn site(row: &QueryResult) -> Result<Site, DbErr> {
    let locales: Vec<Locale> = serde_json::from_str(&row.try_get_by_index::<String>(3)?).map_err(unreadable)?;
    if locales.is_empty() {
        return Err(DbErr::Type("a site without a language".into()));
    }
    Ok(Site {
        id: SiteId::from_uuid(row.try_get_by_index(0)?),
        name: row.try_get_by_index(1)?,
        time_zone: row.try_get_by_index::<String>(2)?.parse().map_err(unreadable)?,
        locales,
        base_url: row.try_get_by_index(4)?,
        page_url_template: row.try_get_by_index(5)?,
        version: row.try_get_by_index(6)?,
        created_at: Instant::from_micros(row.try_get_by_index(7)?),
        updated_at: Instant::from_micros(row.try_get_by_index(8)?),
    })
}

fn unreadable(error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("a column of the site cannot be read: {error}"))
}
