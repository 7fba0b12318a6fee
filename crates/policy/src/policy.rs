//! The policies themselves: a key, a title and a default locale. Their texts are in [`crate::revision`].

use crate::{Error, Fault, Rule, Start, object_key, row};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::{ReadPolicies, WritePolicies};
use bonafide_model::id::{PolicyId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Title;
use bonafide_model::{Granted, Instant, Locale, Patch};
use bonafide_storage::{Tx, Violation, feed, replay, sql, statement, violation};
use sea_orm::{ConnectionTrait, QueryResult};

/// A policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// Its name in URLs, unique on its site. It never changes, because the digests cover it.
    pub key: PolicyKey,
    /// Its title.
    pub title: String,
    /// The locale that every published revision has a text in.
    pub default_locale: Locale,
    /// The greatest number of a published revision.
    pub published: Option<u32>,
    /// The number of the draft, if there is one.
    pub draft: Option<u32>,
    /// Raised by every change of title or default locale.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// A policy to be made.
#[derive(Clone, Debug)]
pub struct PolicyDraft {
    /// Its name in URLs.
    pub key: PolicyKey,
    /// Its title.
    pub title: Title,
    /// The locale that every published revision must have a text in.
    pub default_locale: Locale,
}

/// A change of a policy.
#[derive(Clone, Debug, Default)]
pub struct PolicyPatch {
    /// The new title.
    pub title: Patch<Title>,
    /// The new default locale.
    pub default_locale: Patch<Locale>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.key, p.title, p.default_locale, p.version, p.created_at, p.updated_at,
                (SELECT MAX(r.number) FROM policy_revision r WHERE r.policy_id = p.id AND r.state = 'published') AS published,
                (SELECT r.number FROM policy_revision r WHERE r.policy_id = p.id AND r.state = 'draft') AS draft
             FROM policy p WHERE p.site_id = $1 ",
            $rest
        )
    };
}

/// Makes a policy.
///
/// # Errors
/// [`Error::PolicyExists`].
pub async fn create(tx: &Tx, act: Act<WritePolicies>, draft: PolicyDraft) -> Result<Policy, Error> {
    let key = draft.key.clone();
    insert(tx, act.site(), act.id(), draft, act.now()).await?;
    act.record(tx, "policy.create", Object::new("policy", key.as_str()));
    find(tx, act.site(), &key).await
}

/// Writes the row of a new policy; also used by the import.
pub(crate) async fn insert(tx: &Tx, site: SiteId, id: PolicyId, draft: PolicyDraft, now: Instant) -> Result<(), Error> {
    // whoever has read an earlier policy of this key must not change this one by mistake
    let insert =
        "INSERT INTO policy (id, site_id, key, title, default_locale, draft_version, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, (SELECT policy_version FROM site WHERE id = $2),
            1 + (SELECT policy_version FROM site WHERE id = $2), $6, $6)";
    let values = [
        id.uuid().into(),
        site.uuid().into(),
        draft.key.as_str().into(),
        draft.title.into_string().into(),
        draft.default_locale.as_str().into(),
        now.micros().into(),
    ];
    match tx.execute_raw(sql(tx, insert, values)).await {
        Ok(_) => Ok(()),
        Err(error) => match violation(&error) {
            Some(Violation::Unique(name)) if name == "policy_site_id_key_key" => Err(Error::PolicyExists),
            _ => Err(error.into()),
        },
    }
}

/// Up to `limit` policies in the order of their keys.
///
/// # Errors
/// If the statement fails.
pub async fn list(
    on: &impl ConnectionTrait,
    by: &Granted<ReadPolicies>,
    start: Start<PolicyKey>,
    limit: u64,
) -> Result<Vec<Policy>, Error> {
    const FORWARDS: &str = select!("AND p.key > $2 ORDER BY p.key LIMIT $3");
    const BACKWARDS: &str = select!("AND p.key < $2 ORDER BY p.key DESC LIMIT $3");
    let (select, bound) = match start {
        Start::First => (FORWARDS, String::new()),
        Start::After(key) => (FORWARDS, key.to_string()),
        Start::Before(key) => (BACKWARDS, key.to_string()),
    };
    let values = [by.site().uuid().into(), bound.into(), statement::limit(limit)];
    on.query_all_raw(sql(on, select, values)).await?.iter().map(policy).collect()
}

/// How many policies there are.
///
/// # Errors
/// If the statement fails.
pub async fn count(on: &impl ConnectionTrait, by: &Granted<ReadPolicies>) -> Result<u64, Error> {
    Ok(statement::count(on, sql(on, "SELECT COUNT(*) FROM policy WHERE site_id = $1", [by.site().uuid().into()]))
        .await?)
}

/// One policy.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(on: &impl ConnectionTrait, by: &Granted<ReadPolicies>, key: &PolicyKey) -> Result<Policy, Error> {
    find(on, by.site(), key).await
}

/// Changes title or default locale of the policy that has the version `expected`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`] if a field would be cleared.
pub async fn patch(
    tx: &Tx,
    act: Act<WritePolicies>,
    key: PolicyKey,
    expected: i64,
    patch: PolicyPatch,
) -> Result<Policy, Error> {
    let mut policy = find(tx, act.site(), &key).await?;
    fresh(policy.version, expected)?;
    let mut faults = Vec::new();
    let title = match patch.title {
        Patch::Value(title) => Some(title.into_string()),
        Patch::Absent => None,
        Patch::Null => {
            faults.push(Fault::at("/title", Rule::Required));
            None
        }
    };
    if !patch.default_locale.apply_required(&mut policy.default_locale) {
        faults.push(Fault::at("/default_locale", Rule::Required));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let update =
        "UPDATE policy SET title = $2, default_locale = $3, version = version + 1, updated_at = $4 WHERE id = $1";
    let values = [
        policy.id.uuid().into(),
        title.unwrap_or(policy.title).into(),
        policy.default_locale.as_str().into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    act.record(tx, "policy.update", Object::new("policy", key.as_str()));
    if policy.published.is_some() {
        announce(tx, act.site(), &key, act.now()).await?;
    }
    find(tx, act.site(), &key).await
}

/// Deletes the policy that has the version `expected`, and its draft. The versions of policies made later go on from
/// theirs: an `ETag` of what was deleted never fits what has its key afterwards.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::HasPublished`].
pub async fn delete(tx: &Tx, act: Act<WritePolicies>, key: PolicyKey, expected: i64) -> Result<(), Error> {
    let policy = find(tx, act.site(), &key).await?;
    fresh(policy.version, expected)?;
    if policy.published.is_some() {
        return Err(Error::HasPublished);
    }
    if let Some(number) = policy.draft {
        crate::revision::remove_draft(tx, policy.id, &key, number).await?;
    }
    let version = "UPDATE site SET policy_version = (SELECT MAX(v) FROM (
            SELECT policy_version AS v FROM site WHERE id = $2
            UNION ALL SELECT version FROM policy WHERE id = $1
            UNION ALL SELECT draft_version FROM policy WHERE id = $1) versions) WHERE id = $2";
    tx.execute_raw(sql(tx, version, [policy.id.uuid().into(), act.site().uuid().into()])).await?;
    tx.execute_raw(sql(tx, "DELETE FROM policy WHERE id = $1", [policy.id.uuid().into()])).await?;
    replay::forget(tx, &object_key(&key)).await?;
    act.record(tx, "policy.delete", Object::new("policy", key.as_str()));
    Ok(())
}

pub(crate) async fn find(on: &impl ConnectionTrait, site: SiteId, key: &PolicyKey) -> Result<Policy, Error> {
    let select = sql(on, select!("AND p.key = $2"), [site.uuid().into(), key.as_str().into()]);
    on.query_one_raw(select).await?.as_ref().map(policy).transpose()?.ok_or(Error::NotFound)
}

pub(crate) const fn fresh(current: i64, expected: i64) -> Result<(), Error> {
    if current == expected { Ok(()) } else { Err(Error::Stale { current }) }
}

/// Tells every process that keeps copies; the last statements of a transaction.
pub(crate) async fn announce(tx: &Tx, site: SiteId, key: &PolicyKey, now: Instant) -> Result<(), Error> {
    feed::append(tx, site, LIST_KEY, now).await?;
    feed::append(tx, site, object_key(key), now).await?;
    Ok(())
}

/// The name under which a change of any published policy stands in the change feed, for lists of policies.
pub const LIST_KEY: &str = "policies";

fn policy(row: &QueryResult) -> Result<Policy, Error> {
    let number = |column| -> Result<Option<u32>, Error> {
        let number: Option<i64> = row.try_get("", column)?;
        number.map(|number| u32::try_from(number).map_err(|_| row::damaged(column))).transpose()
    };
    Ok(Policy {
        id: PolicyId::from_uuid(row.try_get("", "id")?),
        key: row::parsed(row, "key")?,
        title: row.try_get("", "title")?,
        default_locale: row::parsed(row, "default_locale")?,
        published: number("published")?,
        draft: number("draft")?,
        version: row.try_get("", "version")?,
        created_at: Instant::from_micros(row.try_get("", "created_at")?),
        updated_at: Instant::from_micros(row.try_get("", "updated_at")?),
    })
}
