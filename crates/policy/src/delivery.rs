//! What everyone may read: published revisions, and which of them is in force on a day.
//!
//! Every statement here selects published rows only. Nothing asks for a permission, and nothing could read a draft.

use crate::revision::{Revision, Source, revision as read_revision};
use crate::{Digest, Error, Start, row};
use bonafide_model::id::{RevisionId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Instant, Locale};
use bonafide_storage::{sql, statement};
use sea_orm::{ConnectionTrait, QueryResult};
use std::collections::BTreeMap;

/// A published revision without its texts.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its id, for [`text`].
    pub id: RevisionId,
    /// The policy.
    pub policy: PolicyKey,
    /// The present title of the policy.
    pub title: String,
    /// The present default locale of the policy.
    pub default_locale: Locale,
    /// Its number.
    pub number: u32,
    /// The day it comes into force.
    pub effective_on: Date,
    /// When it was published.
    pub published_at: Instant,
    /// What changed, in words.
    pub summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    pub material: bool,
    /// What is promised, in data.
    pub commitments: Vec<serde_json::Value>,
    /// How the commitments are to be read.
    pub commitments_format: u32,
    /// Where the text was recorded, if it was imported.
    pub source: Option<Source>,
    /// Its digest.
    pub digest: Digest,
    /// The digest of the revision before.
    pub previous_digest: Option<Digest>,
    /// The locales it has texts in, sorted.
    pub locales: Vec<Locale>,
}

/// A published text.
#[derive(Clone, Debug)]
pub struct Text {
    /// Exactly as it was published.
    pub markdown: String,
    /// The same as sanitised HTML.
    pub html: String,
    /// The SHA-256 of the bytes of the Markdown.
    pub sha256: Digest,
}

/// A line of the list of revisions.
#[derive(Clone, Debug)]
pub struct RevisionSummary {
    /// Its number.
    pub number: u32,
    /// The day it comes into force.
    pub effective_on: Date,
    /// When it was published.
    pub published_at: Instant,
    /// What changed, in words.
    pub summary_of_changes: Option<String>,
    /// Whether the change matters to the people concerned.
    pub material: bool,
    /// Its digest.
    pub digest: Digest,
    /// Where it stands on the day that was asked for.
    pub standing: Standing,
}

/// Where a published revision stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the text that counts.
    InForce,
    /// Its day is still to come.
    Announced,
    /// Another one took its place.
    Superseded,
}

impl Standing {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Announced => "announced",
            Self::Superseded => "superseded",
        }
    }
}

/// A line of the list of policies.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The policy.
    pub policy: PolicyKey,
    /// Its title.
    pub title: String,
    /// Its default locale.
    pub default_locale: Locale,
    /// The number of the revision in force on the day that was asked for.
    pub in_force: Option<u32>,
    /// The next day on which that changes.
    pub next_change: Option<Date>,
}

/// The published revisions on either side of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// The number before.
    pub previous: Option<u32>,
    /// The number after.
    pub next: Option<u32>,
}

/// The published revision that is in force on a day: that with the greatest `effective_on` not after the day;
/// of several, the one with the highest number.
///
/// # Errors
/// If the statement fails.
pub async fn in_force(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    day: Date,
) -> Result<Option<Published>, Error> {
    let select = crate::revision::select!(
        "AND r.state = 'published' AND r.effective_on <= $3 ORDER BY r.effective_on DESC, r.number DESC LIMIT 1"
    );
    let values = [site.uuid().into(), key.as_str().into(), day.to_string().into()];
    on.query_one_raw(sql(on, select, values)).await?.as_ref().map(published).transpose()
}

/// The first day after this one on which [`in_force`] answers otherwise, as far as is known now.
///
/// # Errors
/// If the statement fails.
pub async fn next_change(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    day: Date,
) -> Result<Option<Date>, Error> {
    let select = "SELECT MIN(r.effective_on) AS day FROM policy_revision r JOIN policy p ON p.id = r.policy_id
        WHERE p.site_id = $1 AND p.key = $2 AND r.state = 'published' AND r.effective_on > $3";
    let values = [site.uuid().into(), key.as_str().into(), day.to_string().into()];
    let row = on.query_one_raw(sql(on, select, values)).await?;
    row.as_ref().map_or(Ok(None), |row| row::parsed_null(row, "day"))
}

/// One published revision.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revision(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    number: u32,
) -> Result<Published, Error> {
    let select = crate::revision::select!("AND r.state = 'published' AND r.number = $3");
    let values = [site.uuid().into(), key.as_str().into(), i64::from(number).into()];
    on.query_one_raw(sql(on, select, values)).await?.as_ref().map(published).transpose()?.ok_or(Error::NotFound)
}

/// The text of a published revision in one locale, if it has one.
///
/// # Errors
/// If the statement fails.
pub async fn text(on: &impl ConnectionTrait, id: RevisionId, locale: &Locale) -> Result<Option<Text>, Error> {
    let select = "SELECT markdown, html, sha256 FROM policy_text
        WHERE revision_id = $1 AND locale = $2 AND state = 'published'";
    let row = on.query_one_raw(sql(on, select, [id.uuid().into(), locale.as_str().into()])).await?;
    row.map(|row| {
        Ok(Text {
            markdown: row.try_get("", "markdown")?,
            html: row.try_get("", "html")?,
            sha256: digest(&row, "sha256")?,
        })
    })
    .transpose()
}

/// The SHA-256 of the text of a published revision in each of its locales.
///
/// # Errors
/// If the statement fails.
pub async fn text_digests(on: &impl ConnectionTrait, id: RevisionId) -> Result<BTreeMap<Locale, Digest>, Error> {
    let select = "SELECT locale, sha256 FROM policy_text WHERE revision_id = $1 AND state = 'published'";
    let rows = on.query_all_raw(sql(on, select, [id.uuid().into()])).await?;
    rows.iter().map(|row| Ok((row::parsed(row, "locale")?, digest(row, "sha256")?))).collect()
}

/// Up to `limit` published revisions, the highest number first, each with its standing on a day.
///
/// # Errors
/// [`Error::NotFound`] if nothing of such a policy is published.
pub async fn revisions(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    day: Date,
    start: Start<u32>,
    limit: u64,
) -> Result<Vec<RevisionSummary>, Error> {
    const DOWN: &str =
        crate::revision::select!("AND r.state = 'published' AND r.number < $3 ORDER BY r.number DESC LIMIT $4");
    const UP: &str = crate::revision::select!("AND r.state = 'published' AND r.number > $3 ORDER BY r.number LIMIT $4");
    let in_force = in_force(on, site, key, day).await?.map(|found| found.number);
    let (select, bound) = match start {
        Start::First => (DOWN, i64::MAX),
        Start::After(number) => (DOWN, i64::from(number)),
        Start::Before(number) => (UP, i64::from(number)),
    };
    let values = [site.uuid().into(), key.as_str().into(), bound.into(), statement::limit(limit)];
    let rows = on.query_all_raw(sql(on, select, values)).await?;
    if rows.is_empty() && in_force.is_none() && next_change(on, site, key, day).await?.is_none() {
        return Err(Error::NotFound);
    }
    rows.iter().map(|row| published(row).map(|revision| summary(revision, in_force, day))).collect()
}

/// How many revisions of a policy are published.
///
/// # Errors
/// If the statement fails.
pub async fn count_revisions(on: &impl ConnectionTrait, site: SiteId, key: &PolicyKey) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM policy_revision r JOIN policy p ON p.id = r.policy_id
        WHERE p.site_id = $1 AND p.key = $2 AND r.state = 'published'";
    Ok(statement::count(on, sql(on, select, [site.uuid().into(), key.as_str().into()])).await?)
}

/// How many policies have something published.
///
/// # Errors
/// If the statement fails.
pub async fn count_policies(on: &impl ConnectionTrait, site: SiteId) -> Result<u64, Error> {
    let select = "SELECT COUNT(*) FROM policy p WHERE p.site_id = $1 AND EXISTS
        (SELECT 1 FROM policy_revision r WHERE r.policy_id = p.id AND r.state = 'published')";
    Ok(statement::count(on, sql(on, select, [site.uuid().into()])).await?)
}

fn summary(revision: Published, in_force: Option<u32>, day: Date) -> RevisionSummary {
    RevisionSummary {
        standing: standing(revision.number, revision.effective_on, in_force, day),
        number: revision.number,
        effective_on: revision.effective_on,
        published_at: revision.published_at,
        summary_of_changes: revision.summary_of_changes,
        material: revision.material,
        digest: revision.digest,
    }
}

/// Where a revision stands on a day on which the revision `in_force` is in force.
fn standing(number: u32, effective_on: Date, in_force: Option<u32>, day: Date) -> Standing {
    if in_force == Some(number) {
        Standing::InForce
    } else if effective_on > day {
        Standing::Announced
    } else {
        Standing::Superseded
    }
}

/// The published revisions before and after one, by number.
///
/// # Errors
/// If the statement fails.
pub async fn neighbours(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    number: u32,
) -> Result<Neighbours, Error> {
    let select = "SELECT r.number FROM policy_revision r JOIN policy p ON p.id = r.policy_id
        WHERE p.site_id = $1 AND p.key = $2 AND r.state = 'published' AND r.number IN ($3 - 1, $3 + 1)";
    let values = [site.uuid().into(), key.as_str().into(), i64::from(number).into()];
    let mut found = Neighbours { previous: None, next: None };
    for row in on.query_all_raw(sql(on, select, values)).await? {
        let neighbour = row::number(&row, "number")?;
        *(if neighbour < number { &mut found.previous } else { &mut found.next }) = Some(neighbour);
    }
    Ok(found)
}

/// Up to `limit` policies of which something is published, in the order of their keys.
///
/// # Errors
/// If the statement fails.
pub async fn policies(
    on: &impl ConnectionTrait,
    site: SiteId,
    day: Date,
    start: Start<PolicyKey>,
    limit: u64,
) -> Result<Vec<Listed>, Error> {
    macro_rules! select {
        ($rest:literal) => {
            concat!(
                "SELECT p.key, p.title, p.default_locale,
                    (SELECT r.number FROM policy_revision r
                     WHERE r.policy_id = p.id AND r.state = 'published' AND r.effective_on <= $2
                     ORDER BY r.effective_on DESC, r.number DESC LIMIT 1) AS in_force,
                    (SELECT MIN(r.effective_on) FROM policy_revision r
                     WHERE r.policy_id = p.id AND r.state = 'published' AND r.effective_on > $2) AS next_change
                 FROM policy p WHERE p.site_id = $1 AND EXISTS
                    (SELECT 1 FROM policy_revision r WHERE r.policy_id = p.id AND r.state = 'published') ",
                $rest
            )
        };
    }
    let (select, bound) = match start {
        Start::First => (select!("AND p.key > $3 ORDER BY p.key LIMIT $4"), String::new()),
        Start::After(key) => (select!("AND p.key > $3 ORDER BY p.key LIMIT $4"), key.to_string()),
        Start::Before(key) => (select!("AND p.key < $3 ORDER BY p.key DESC LIMIT $4"), key.to_string()),
    };
    let values = [site.uuid().into(), day.to_string().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(listed).collect()
}

fn listed(row: &QueryResult) -> Result<Listed, Error> {
    let in_force: Option<i64> = row.try_get("", "in_force")?;
    Ok(Listed {
        policy: row::parsed(row, "key")?,
        title: row.try_get("", "title")?,
        default_locale: row::parsed(row, "default_locale")?,
        in_force: in_force.map(|number| u32::try_from(number).map_err(|_| row::damaged("number"))).transpose()?,
        next_change: row::parsed_null(row, "next_change")?,
    })
}

fn published(row: &QueryResult) -> Result<Published, Error> {
    let Revision {
        id,
        policy,
        title,
        default_locale,
        number,
        effective_on,
        summary_of_changes,
        material,
        commitments,
        commitments_format,
        source,
        locales,
        publication,
        version: _,
        created_at: _,
        updated_at: _,
    } = read_revision(row)?;
    let publication = publication.ok_or(Error::NotFound)?;
    Ok(Published {
        id,
        policy,
        title,
        default_locale,
        number,
        effective_on: effective_on.ok_or_else(|| row::damaged("effective_on"))?,
        published_at: publication.published_at,
        summary_of_changes,
        material,
        commitments,
        commitments_format,
        source,
        digest: publication.digest,
        previous_digest: publication.previous_digest,
        locales,
    })
}

fn digest(row: &QueryResult, column: &str) -> Result<Digest, Error> {
    let bytes: Vec<u8> = row.try_get("", column)?;
    Digest::from_slice(&bytes).ok_or_else(|| row::damaged(column))
}

/// A policy with a published revision whose day lies after `after` and not after `until`.
///
/// # Errors
/// If the statement fails.
pub async fn effective_between(
    on: &impl ConnectionTrait,
    site: SiteId,
    after: Date,
    until: Date,
) -> Result<Option<PolicyKey>, Error> {
    if after >= until {
        return Ok(None);
    }
    let select = "SELECT p.key FROM policy p JOIN policy_revision r ON r.policy_id = p.id
        WHERE p.site_id = $1 AND r.state = 'published' AND r.effective_on > $2 AND r.effective_on <= $3 LIMIT 1";
    let values = [site.uuid().into(), after.to_string().into(), until.to_string().into()];
    let row = on.query_one_raw(sql(on, select, values)).await?;
    row.as_ref().map(|row| row::parsed(row, "key")).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_stands_where_its_day_puts_it() {
        let day = |text: &str| text.parse::<Date>().expect("a date");
        let today = day("2026-11-24");
        for (number, effective_on, expected) in [
            (1, "2026-01-01", Standing::Superseded),
            (2, "2026-11-24", Standing::InForce),
            (3, "2026-11-25", Standing::Announced),
        ] {
            assert_eq!(standing(number, day(effective_on), Some(2), today), expected);
        }
        assert_eq!(standing(1, day("2026-11-25"), None, today), Standing::Announced);
    }
}
