//! Making, changing and deleting drafts.

use super::{COMMITMENTS_FORMAT, Draft, DraftPatch, Manuscript, State, load};
use crate::policy::fresh;
use crate::texts::{self, Texts};
use crate::{Digest, Error, object_key, policy};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::WritePolicies;
use bonafide_model::id::{PolicyId, RevisionId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_model::text::Note;
use bonafide_model::{Granted, Instant, Patch};
use bonafide_storage::{Tx, Violation, replay, sql, violation};
use sea_orm::{ConnectionTrait, DbErr};
use std::sync::Arc;

/// Makes the draft of a policy; its number is the next one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::DraftExists`], or [`Error::Invalid`].
pub async fn create(tx: &Tx, act: Act<WritePolicies>, key: PolicyKey, draft: Draft) -> Result<Manuscript, Error> {
    let policy = policy::find(tx, act.site(), &key).await?;
    texts::check(&draft.texts, &draft.commitments)?;
    if policy.draft.is_some() {
        return Err(Error::DraftExists);
    }
    let (id, number) = (act.id(), policy.published.unwrap_or(0) + 1);
    insert(tx, policy.id, id, number, &draft, None, act.now()).await?;
    act.record(tx, "revision.create", Object::new("revision", &name(&key, number)));
    load(tx, act.site(), &key, number).await
}

/// Writes the rows of a new draft; also used by the import, which says from which file it is.
pub(crate) async fn insert(
    tx: &Tx,
    policy: PolicyId,
    id: RevisionId,
    number: u32,
    draft: &Draft,
    origin: Option<(&str, Digest, &super::Source)>,
    now: Instant,
) -> Result<(), Error> {
    let insert =
        "INSERT INTO policy_revision (id, policy_id, number, state, effective_on, summary_of_changes, material,
            commitments, commitments_format, source, source_file, source_sha256, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            1 + (SELECT draft_version FROM policy WHERE id = $2), $13, $13)";
    let values = [
        id.uuid().into(),
        policy.uuid().into(),
        i64::from(number).into(),
        State::Draft.name().into(),
        draft.effective_on.map(|day| day.to_string()).into(),
        draft.summary_of_changes.clone().map(Note::into_string).into(),
        draft.material.into(),
        to_json(&draft.commitments)?.into(),
        i64::from(COMMITMENTS_FORMAT).into(),
        origin.map(|(.., source)| to_json(source)).transpose()?.into(),
        origin.map(|(file, ..)| file.to_owned()).into(),
        origin.map(|(_, digest, _)| digest.bytes().to_vec()).into(),
        now.micros().into(),
    ];
    tx.execute_raw(sql(tx, insert, values)).await.map_err(|error| clash(tx, error))?;
    insert_texts(tx, id, &draft.texts).await
}

async fn insert_texts(tx: &Tx, id: RevisionId, texts: &Texts) -> Result<(), Error> {
    let insert = "INSERT INTO policy_text (revision_id, locale, state, markdown, sha256) VALUES ($1, $2, $3, $4, $5)";
    for (locale, text) in texts {
        let values = [
            id.uuid().into(),
            locale.as_str().into(),
            State::Draft.name().into(),
            text.as_str().into(),
            Digest::of(text).bytes().to_vec().into(),
        ];
        tx.execute_raw(sql(tx, insert, values)).await?;
    }
    Ok(())
}

/// Another draft, or the same number, was there first.
fn clash(tx: &Tx, error: DbErr) -> Error {
    match violation(&error) {
        Some(Violation::Unique(name)) if name == "policy_revision_policy_id_key" => Error::DraftExists,
        Some(Violation::Unique(name)) if name == "policy_revision_policy_id_number_key" => {
            tx.ask_again();
            Error::DraftExists
        }
        _ => error.into(),
    }
}

/// A draft as it is to be, held against the version that was read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Revised(Arc<Changed>);

#[derive(Debug)]
struct Changed {
    /// The draft with the change in it, its version still the old one.
    draft: Manuscript,
    /// Whether texts are others than before.
    texts_changed: bool,
}

/// Changes the draft that has the version `expected`, in memory: no transaction is open while it is read and checked.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Published`], or [`Error::Invalid`].
pub async fn revise(
    on: &impl ConnectionTrait,
    by: &Granted<WritePolicies>,
    key: &PolicyKey,
    number: u32,
    expected: i64,
    patch: DraftPatch,
) -> Result<Revised, Error> {
    let Manuscript { mut revision, texts: before } = draft_at(on, by.site(), key, number, expected).await?;
    match patch.summary_of_changes {
        Patch::Absent => {}
        Patch::Null => revision.summary_of_changes = None,
        Patch::Value(note) => revision.summary_of_changes = Some(note.into_string()),
    }
    patch.effective_on.apply(&mut revision.effective_on);
    revision.material = or_default(patch.material, revision.material);
    revision.commitments = or_default(patch.commitments, revision.commitments);
    let texts = patched(before.clone(), patch.texts);
    texts::check(&texts, &revision.commitments)?;
    revision.locales = texts.keys().cloned().collect();
    Ok(Revised(Arc::new(Changed { texts_changed: before != texts, draft: Manuscript { revision, texts } })))
}

/// Saves a changed draft, if it is still the one that was read.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Published`].
pub async fn save(tx: &Tx, act: Act<WritePolicies>, revised: Revised) -> Result<Manuscript, Error> {
    let Changed { draft, texts_changed } = &*revised.0;
    let Manuscript { mut revision, texts } = draft.clone();
    let update =
        "UPDATE policy_revision SET effective_on = $3, summary_of_changes = $4, material = $5, commitments = $6,
        version = version + 1, updated_at = $7 WHERE id = $1 AND version = $2 AND state = 'draft'";
    let values = [
        revision.id.uuid().into(),
        revision.version.into(),
        revision.effective_on.map(|day| day.to_string()).into(),
        revision.summary_of_changes.clone().into(),
        revision.material.into(),
        to_json(&revision.commitments)?.into(),
        act.now().micros().into(),
    ];
    if tx.execute_raw(sql(tx, update, values)).await?.rows_affected() == 0 {
        draft_at(tx, act.site(), &revision.policy, revision.number, revision.version).await?;
        return Err(Error::NotFound);
    }
    if *texts_changed {
        delete_texts(tx, revision.id).await?;
        insert_texts(tx, revision.id, &texts).await?;
    }
    act.record(tx, "revision.update", Object::new("revision", &name(&revision.policy, revision.number)));
    (revision.version, revision.updated_at) = (revision.version + 1, act.now());
    Ok(Manuscript { revision, texts })
}

fn or_default<T: Default>(patch: Patch<T>, before: T) -> T {
    match patch {
        Patch::Absent => before,
        Patch::Null => T::default(),
        Patch::Value(value) => value,
    }
}

/// The texts after a merge patch.
fn patched(mut texts: Texts, patch: Patch<std::collections::BTreeMap<bonafide_model::Locale, Patch<String>>>) -> Texts {
    match patch {
        Patch::Absent => {}
        Patch::Null => texts.clear(),
        Patch::Value(members) => {
            for (locale, member) in members {
                match member {
                    Patch::Absent => {}
                    Patch::Null => drop(texts.remove(&locale)),
                    Patch::Value(text) => drop(texts.insert(locale, text)),
                }
            }
        }
    }
    texts
}

/// Deletes the draft that has the version `expected`. Its number is free again.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Published`].
pub async fn delete(tx: &Tx, act: Act<WritePolicies>, key: PolicyKey, number: u32, expected: i64) -> Result<(), Error> {
    draft_at(tx, act.site(), &key, number, expected).await?;
    let policy = policy::find(tx, act.site(), &key).await?;
    remove_draft(tx, policy.id, &key, number).await?;
    act.record(tx, "revision.delete", Object::new("revision", &name(&key, number)));
    Ok(())
}

/// Removes the rows of a draft, and what was remembered of the request that made it.
pub(crate) async fn remove_draft(tx: &Tx, policy: PolicyId, key: &PolicyKey, number: u32) -> Result<(), Error> {
    // whoever has read this draft must not change the next one by mistake
    let version = "UPDATE policy SET draft_version = (SELECT version FROM policy_revision
        WHERE policy_id = $1 AND state = 'draft') WHERE id = $1";
    tx.execute_raw(sql(tx, version, [policy.uuid().into()])).await?;
    let texts = "DELETE FROM policy_text WHERE revision_id IN
        (SELECT id FROM policy_revision WHERE policy_id = $1 AND state = 'draft')";
    tx.execute_raw(sql(tx, texts, [policy.uuid().into()])).await?;
    let row = "DELETE FROM policy_revision WHERE policy_id = $1 AND state = 'draft'";
    tx.execute_raw(sql(tx, row, [policy.uuid().into()])).await?;
    replay::forget(tx, &format!("{}/{number}", object_key(key))).await?;
    Ok(())
}

async fn delete_texts(tx: &Tx, id: RevisionId) -> Result<(), Error> {
    tx.execute_raw(sql(tx, "DELETE FROM policy_text WHERE revision_id = $1", [id.uuid().into()])).await?;
    Ok(())
}

async fn draft_at(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    number: u32,
    expected: i64,
) -> Result<Manuscript, Error> {
    let draft = load(on, site, key, number).await?;
    fresh(draft.revision.version, expected)?;
    if draft.revision.state() == State::Published { Err(Error::Published) } else { Ok(draft) }
}

/// How a revision is named on the audit list and in the log.
pub(super) fn name(key: &PolicyKey, number: u32) -> String {
    format!("{key}/{number}")
}

pub(super) fn to_json(value: &(impl serde::Serialize + ?Sized)) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_patch_of_texts_is_a_merge_patch() {
        let locale = |tag: &str| tag.parse::<bonafide_model::Locale>().expect("a locale");
        let texts = Texts::from([(locale("de"), "d".to_owned()), (locale("en"), "e".to_owned())]);
        let members = [(locale("de"), Patch::Null), (locale("fr"), Patch::Value("f".to_owned()))];
        let after = patched(texts.clone(), Patch::Value(members.into()));
        assert_eq!(after, Texts::from([(locale("en"), "e".to_owned()), (locale("fr"), "f".to_owned())]));
        assert_eq!(patched(texts.clone(), Patch::Absent), texts);
        assert_eq!(patched(texts, Patch::Null), Texts::new());
    }

    proptest! {
        #[test]
        fn an_empty_patch_changes_nothing(text in "\\PC{0,20}") {
            let texts = Texts::from([("en".parse().expect("a locale"), text)]);
            prop_assert_eq!(patched(texts.clone(), Patch::Value([].into())), texts);
        }
    }
}
