//! Reading revisions in any state, for those who may.

use super::{Manuscript, Publication, Revision};
use crate::texts::Texts;
use crate::{Digest, Error, Start, row};
use bonafide_model::access::ReadPolicies;
use bonafide_model::id::{RevisionId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_model::{Granted, Instant};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, QueryResult};

/// Selects revisions of one policy: `$1` is the site, `$2` the key.
macro_rules! select {
    ($rest:literal) => {
        $crate::revision::select!("", "", $rest)
    };
    ($columns:literal, $joins:literal, $rest:literal) => {
        concat!(
            "SELECT r.id, p.key, p.title, p.default_locale, r.number, r.state, r.effective_on, r.published_at,
                r.summary_of_changes, r.material, r.digest, r.previous_digest, r.commitments, r.commitments_format,
                r.source, r.version, r.created_at, r.updated_at,
                (SELECT string_agg(t.locale, ' ') FROM policy_text t WHERE t.revision_id = r.id) AS locales",
            $columns,
            " FROM policy_revision r JOIN policy p ON p.id = r.policy_id ",
            $joins,
            " WHERE p.site_id = $1 AND p.key = $2 ",
            $rest
        )
    };
}
pub(crate) use select;

/// Up to `limit` revisions of a policy, the highest number first.
///
/// # Errors
/// [`Error::NotFound`] if there is no such policy.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadPolicies>,
    key: &PolicyKey,
    start: Start<u32>,
    limit: u64,
) -> Result<Vec<Revision>, Error> {
    const DOWN: &str = select!("AND r.number < $3 ORDER BY r.number DESC LIMIT $4");
    const UP: &str = select!("AND r.number > $3 ORDER BY r.number LIMIT $4");
    let (select, bound) = match start {
        Start::First => (DOWN, i64::MAX),
        Start::After(number) => (DOWN, i64::from(number)),
        Start::Before(number) => (UP, i64::from(number)),
    };
    let values = [by.site().uuid().into(), key.as_str().into(), bound.into(), statement::limit(limit)];
    let rows = on.query_all_raw(sql(on, select, values)).await?;
    if rows.is_empty() {
        crate::policy::find(on, by.site(), key).await?;
    }
    rows.iter().map(revision).collect()
}

/// How many revisions a policy has, a draft included.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadPolicies>, key: &PolicyKey) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM policy_revision r JOIN policy p ON p.id = r.policy_id
        WHERE p.site_id = $1 AND p.key = $2";
    Ok(statement::count(on, sql(on, select, [by.site().uuid().into(), key.as_str().into()])).await?)
}

/// One revision with its texts.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(
    on: &impl ConnectionTrait,
    by: &Granted<ReadPolicies>,
    key: &PolicyKey,
    number: u32,
) -> Result<Manuscript, Error> {
    load(on, by.site(), key, number).await
}

pub(crate) async fn load(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    number: u32,
) -> Result<Manuscript, Error> {
    const SELECT: &str = select!(
        ", x.locale AS text_locale, x.markdown",
        "LEFT JOIN policy_text x ON x.revision_id = r.id",
        "AND r.number = $3"
    );
    let values = [site.uuid().into(), key.as_str().into(), i64::from(number).into()];
    let rows = on.query_all_raw(sql(on, SELECT, values)).await?;
    let revision = revision(rows.first().ok_or(Error::NotFound)?)?;
    let with_text = rows.iter().filter(|_| !revision.locales.is_empty());
    let texts = with_text.map(|row| Ok((row::parsed(row, "text_locale")?, row.try_get("", "markdown")?)));
    let texts = texts.collect::<Result<Texts, Error>>()?;
    Ok(Manuscript { revision, texts })
}

pub(crate) fn revision(row: &QueryResult) -> Result<Revision, Error> {
    let source: Option<String> = row.try_get("", "source")?;
    let source = source.map(|json| serde_json::from_str(&json).map_err(|_| row::damaged("source"))).transpose()?;
    Ok(Revision {
        id: RevisionId::from_uuid(row.try_get("", "id")?),
        policy: row::parsed(row, "key")?,
        title: row.try_get("", "title")?,
        default_locale: row::parsed(row, "default_locale")?,
        number: row::number(row, "number")?,
        effective_on: row::parsed_null(row, "effective_on")?,
        summary_of_changes: row.try_get("", "summary_of_changes")?,
        material: row.try_get("", "material")?,
        commitments: row::json(row, "commitments")?,
        commitments_format: row::number(row, "commitments_format")?,
        source,
        locales: row::locales(row, "locales")?,
        publication: publication(row)?,
        version: row.try_get("", "version")?,
        created_at: Instant::from_micros(row.try_get("", "created_at")?),
        updated_at: Instant::from_micros(row.try_get("", "updated_at")?),
    })
}

fn publication(row: &QueryResult) -> Result<Option<Publication>, Error> {
    let digest = |column| -> Result<Option<Digest>, Error> {
        let bytes: Option<Vec<u8>> = row.try_get("", column)?;
        bytes.map(|bytes| Digest::from_slice(&bytes).ok_or_else(|| row::damaged(column))).transpose()
    };
    let state: String = row.try_get("", "state")?;
    let at: Option<i64> = row.try_get("", "published_at")?;
    match (state.as_str(), at, digest("digest")?) {
        ("draft", ..) => Ok(None),
        (_, Some(at), Some(found)) => Ok(Some(Publication {
            published_at: Instant::from_micros(at),
            digest: found,
            previous_digest: digest("previous_digest")?,
        })),
        _ => Err(row::damaged("digest")),
    }
}
