//! Reading forms and their versions.

use super::{Definition, Form, FormVersion};
use crate::{Error, row};
use bonafide_model::access::{ReadForms, WriteForms};
use bonafide_model::id::{FormId, FormVersionId, SiteId};
use bonafide_model::name::FormKey;
use bonafide_model::{Granted, Instant, Start};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, QueryResult};

/// Selects forms with what they say now: `$1` is the site.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.key, f.online, f.version, f.created_at, f.updated_at,
                p.number AS published, d.number AS draft, COALESCE(d.definition, p.definition) AS definition
             FROM form f
             LEFT JOIN form_version d ON d.form_id = f.id AND d.state = 'draft'
             LEFT JOIN form_version p ON p.form_id = f.id AND p.state = 'published' AND p.number =
                (SELECT MAX(m.number) FROM form_version m WHERE m.form_id = f.id AND m.state = 'published')
             WHERE f.site_id = $1 ",
            $rest
        )
    };
}

/// Selects versions.
macro_rules! select_version {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.form_id, f.key, v.number, v.definition, v.published_at
             FROM form_version v JOIN form f ON f.id = v.form_id ",
            $rest
        )
    };
}

/// Up to `limit` forms in the order of their keys.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadForms>,
    start: Start<FormKey>,
    limit: u64,
) -> Result<Vec<Form>, Error> {
    const FORWARDS: &str = select!("AND f.key > $2 ORDER BY f.key LIMIT $3");
    const BACKWARDS: &str = select!("AND f.key < $2 ORDER BY f.key DESC LIMIT $3");
    let (select, bound) = match start {
        Start::First => (FORWARDS, String::new()),
        Start::After(key) => (FORWARDS, key.to_string()),
        Start::Before(key) => (BACKWARDS, key.to_string()),
    };
    let values = [by.site().uuid().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(form).collect()
}

/// How many forms there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadForms>) -> Result<u64, Error> {
    Ok(statement::count(on, sql(on, "SELECT COUNT(*) FROM form WHERE site_id = $1", [by.site().uuid().into()])).await?)
}

/// One form.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ReadForms>, key: &FormKey) -> Result<Form, Error> {
    find(on, by.site(), key).await
}

/// One form, to be changed.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn for_change(on: &impl ConnectionTrait, by: &Granted<WriteForms>, key: &FormKey) -> Result<Form, Error> {
    find(on, by.site(), key).await
}

pub(super) async fn find(on: &impl ConnectionTrait, site: SiteId, key: &FormKey) -> Result<Form, Error> {
    let select = sql(on, select!("AND f.key = $2"), [site.uuid().into(), key.as_str().into()]);
    on.query_one_raw(select).await?.as_ref().map(form).transpose()?.ok_or(Error::NotFound)
}

/// All versions of a form, the newest first.
///
/// # Errors
/// [`Error::NotFound`] if there is no such form.
pub async fn versions(
    on: &impl ConnectionTrait,
    by: &Granted<ReadForms>,
    key: &FormKey,
    start: Start<u32>,
    limit: u64,
) -> Result<Vec<FormVersion>, Error> {
    const DOWN: &str =
        select_version!("WHERE f.site_id = $1 AND f.key = $2 AND v.number < $3 ORDER BY v.number DESC LIMIT $4");
    const UP: &str =
        select_version!("WHERE f.site_id = $1 AND f.key = $2 AND v.number > $3 ORDER BY v.number LIMIT $4");
    let (select, bound) = match start {
        Start::First => (DOWN, i64::MAX),
        Start::After(number) => (DOWN, i64::from(number)),
        Start::Before(number) => (UP, i64::from(number)),
    };
    let values = [by.site().uuid().into(), key.as_str().into(), bound.into(), statement::limit(limit)];
    let rows = on.query_all_raw(sql(on, select, values)).await?;
    if rows.is_empty() {
        find(on, by.site(), key).await?;
    }
    rows.iter().map(version_of).collect()
}

/// How many versions a form has, a draft included.
///
/// # Errors
/// If the statement fails.
pub async fn count_versions(on: &impl ConnectionTrait, by: &Granted<ReadForms>, key: &FormKey) -> Result<u64, Error> {
    let select =
        "SELECT COUNT(*) FROM form_version v JOIN form f ON f.id = v.form_id WHERE f.site_id = $1 AND f.key = $2";
    Ok(statement::count(on, sql(on, select, [by.site().uuid().into(), key.as_str().into()])).await?)
}

/// One version of a form.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn version(
    on: &impl ConnectionTrait,
    by: &Granted<ReadForms>,
    key: &FormKey,
    number: u32,
) -> Result<FormVersion, Error> {
    let select = select_version!("WHERE f.site_id = $1 AND f.key = $2 AND v.number = $3");
    let values = [by.site().uuid().into(), key.as_str().into(), i64::from(number).into()];
    one(on, select, values.to_vec()).await
}

/// The version of a form that visitors fill in now.
///
/// # Errors
/// [`Error::NotFound`] if there is none, or it is offline.
pub async fn published(on: &impl ConnectionTrait, site: SiteId, key: &FormKey) -> Result<FormVersion, Error> {
    let select = select_version!(
        "WHERE f.site_id = $1 AND f.key = $2 AND f.online AND v.state = 'published' ORDER BY v.number DESC LIMIT 1"
    );
    one(on, select, vec![site.uuid().into(), key.as_str().into()]).await
}

pub(crate) async fn version_by_id(on: &impl ConnectionTrait, id: FormVersionId) -> Result<FormVersion, Error> {
    one(on, select_version!("WHERE v.id = $1"), vec![id.uuid().into()]).await
}

/// The definitions published after a version of the same form, oldest first.
pub(crate) async fn rules_since(
    on: &impl ConnectionTrait,
    form: FormId,
    number: u32,
) -> Result<Vec<FormVersion>, Error> {
    let select = select_version!("WHERE v.form_id = $1 AND v.number > $2 AND v.state = 'published' ORDER BY v.number");
    let rows = on.query_all_raw(sql(on, select, [form.uuid().into(), i64::from(number).into()])).await?;
    rows.iter().map(version_of).collect()
}

async fn one(
    on: &impl ConnectionTrait,
    select: &'static str,
    values: Vec<sea_orm::Value>,
) -> Result<FormVersion, Error> {
    let row = on.query_one_raw(sql(on, select, values)).await?.ok_or(Error::NotFound)?;
    version_of(&row)
}

fn definition(row: &QueryResult) -> Result<Definition, Error> {
    let text: String = row.try_get("", "definition")?;
    serde_json::from_str(&text).map_err(|_| Error::Damaged("form_version.definition"))
}

fn form(row: &QueryResult) -> Result<Form, Error> {
    Ok(Form {
        id: FormId::from_uuid(row.try_get("", "id")?),
        key: row::parsed(row, "key", "form.key")?,
        online: row.try_get("", "online")?,
        published: row::number_null(row, "published")?,
        draft: row::number_null(row, "draft")?,
        definition: definition(row)?,
        version: row.try_get("", "version")?,
        created_at: Instant::from_micros(row.try_get("", "created_at")?),
        updated_at: Instant::from_micros(row.try_get("", "updated_at")?),
    })
}

fn version_of(row: &QueryResult) -> Result<FormVersion, Error> {
    Ok(FormVersion {
        id: FormVersionId::from_uuid(row.try_get("", "id")?),
        form: FormId::from_uuid(row.try_get("", "form_id")?),
        key: row::parsed(row, "key", "form.key")?,
        number: row::number_null(row, "number")?.ok_or(Error::Damaged("form_version.number"))?,
        definition: definition(row)?,
        published_at: row.try_get::<Option<i64>>("", "published_at")?.map(Instant::from_micros),
    })
}
