//! Writing forms: drafts, and versions that never change once they are published.

use super::read::find;
use super::{Definition, Form, object_key};
use crate::Error;
use bonafide_ledger::audit::Object;
use bonafide_ledger::{Act, Leaf, leaf};
use bonafide_model::Locale;
use bonafide_model::access::{PublishForms, WriteForms};
use bonafide_model::id::{FormId, FormVersionId};
use bonafide_model::name::FormKey;
use bonafide_storage::{Tx, Violation, feed, replay, sql, violation};
use sea_orm::ConnectionTrait as _;

/// Makes a form, as a draft.
///
/// # Errors
/// [`Error::FormExists`] or [`Error::Invalid`].
pub async fn create(tx: &Tx, act: Act<WriteForms>, key: FormKey, definition: Definition) -> Result<Form, Error> {
    check(&definition)?;
    let id: FormId = act.id();
    let insert = "INSERT INTO form (id, site_id, key, online, version, created_at, updated_at)
        VALUES ($1, $2, $3, FALSE, 1, $4, $4)";
    let values = [id.uuid().into(), act.site().uuid().into(), key.as_str().into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, insert, values)).await.map_err(|error| match violation(&error) {
        Some(Violation::Unique(name)) if name == "form_site_id_key_key" => Error::FormExists,
        _ => error.into(),
    })?;
    insert_draft(tx, act.id(), id, 1, &definition).await?;
    act.record(tx, "form.create", Object::new("form", key.as_str()));
    find(tx, act.site(), &key).await
}

/// Puts another definition in the place of the draft of the form that has the version `expected`; the first change
/// after a publication begins the next version.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Invalid`].
pub async fn patch(
    tx: &Tx,
    act: Act<WriteForms>,
    key: FormKey,
    expected: i64,
    definition: Definition,
) -> Result<Form, Error> {
    let form = fresh(find(tx, act.site(), &key).await?, expected)?;
    check(&definition)?;
    if form.draft.is_some() {
        let update = "UPDATE form_version SET definition = $2 WHERE form_id = $1 AND state = 'draft'";
        tx.execute_raw(sql(tx, update, [form.id.uuid().into(), json(&definition).into()])).await?;
    } else {
        insert_draft(tx, act.id(), form.id, form.published.unwrap_or(0) + 1, &definition).await?;
    }
    touch(tx, &act, &form, form.online).await?;
    act.record(tx, "form.update", Object::new("form", key.as_str()));
    find(tx, act.site(), &key).await
}

/// Publishes the draft: visitors fill it in from now on. Shorter periods bind what is there already.
/// Without a draft, a form that was taken offline comes back as it was.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::NoDraft`] if it is online as it stands, or [`Error::Invalid`] if it lacks something.
pub async fn publish(
    tx: &Tx,
    act: Act<PublishForms>,
    key: FormKey,
    expected: i64,
    default: Locale,
) -> Result<Form, Error> {
    let form = fresh(find(tx, act.site(), &key).await?, expected)?;
    if form.draft.is_none() && form.online {
        return Err(Error::NoDraft);
    }
    let missing = form.definition.missing(&default);
    if !missing.is_empty() {
        return Err(Error::Invalid(missing));
    }
    let update =
        "UPDATE form_version SET state = 'published', published_at = $2 WHERE form_id = $1 AND state = 'draft'";
    tx.execute_raw(sql(tx, update, [form.id.uuid().into(), act.now().micros().into()])).await?;
    touch(tx, &act, &form, true).await?;
    record(tx, &act, &key, form.draft.or(form.published).unwrap_or(0), form.state(), "published");
    feed::append(tx, act.site(), object_key(&key), act.now()).await?;
    find(tx, act.site(), &key).await
}

/// Takes a form offline: nobody can fill it in, and what was submitted lives on by its rules.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::NoDraft`] if it is not online.
pub async fn unpublish(tx: &Tx, act: Act<PublishForms>, key: FormKey, expected: i64) -> Result<Form, Error> {
    let form = fresh(find(tx, act.site(), &key).await?, expected)?;
    if !form.online {
        return Err(Error::NoDraft);
    }
    touch(tx, &act, &form, false).await?;
    record(tx, &act, &key, form.published.unwrap_or(0), "published", "offline");
    feed::append(tx, act.site(), object_key(&key), act.now()).await?;
    find(tx, act.site(), &key).await
}

/// Deletes a form that was never answered.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Answered`].
pub async fn delete(tx: &Tx, act: Act<WriteForms>, key: FormKey, expected: i64) -> Result<(), Error> {
    let form = fresh(find(tx, act.site(), &key).await?, expected)?;
    if form.published.is_some() {
        // a version that was published is what a receipt points at
        return Err(Error::Answered);
    }
    let id = form.id.uuid();
    tx.execute_raw(sql(tx, "DELETE FROM form_version WHERE form_id = $1", [id.into()])).await?;
    tx.execute_raw(sql(tx, "DELETE FROM form WHERE id = $1", [id.into()])).await?;
    replay::forget(tx, &object_key(&key)).await?;
    act.record(tx, "form.delete", Object::new("form", key.as_str()));
    Ok(())
}

fn check(definition: &Definition) -> Result<(), Error> {
    let faults = definition.faults();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn json(definition: &Definition) -> String {
    serde_json::to_string(definition).expect("a definition is JSON")
}

fn fresh(form: Form, expected: i64) -> Result<Form, Error> {
    if form.version == expected { Ok(form) } else { Err(Error::Stale { current: form.version }) }
}

async fn insert_draft(
    tx: &Tx,
    id: FormVersionId,
    form: FormId,
    number: u32,
    definition: &Definition,
) -> Result<(), Error> {
    let insert = "INSERT INTO form_version (id, form_id, number, state, definition) VALUES ($1, $2, $3, 'draft', $4)";
    let values = [id.uuid().into(), form.uuid().into(), i64::from(number).into(), json(definition).into()];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(())
}

async fn touch<A: bonafide_model::access::Action>(
    tx: &Tx,
    act: &Act<A>,
    form: &Form,
    online: bool,
) -> Result<(), Error> {
    let update = "UPDATE form SET version = version + 1, online = $2, updated_at = $3 WHERE id = $1";
    let values = [form.id.uuid().into(), online.into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

/// A form says what is collected and for how long: its publication is a line of the log.
fn record(tx: &Tx, act: &Act<PublishForms>, key: &FormKey, number: u32, old: &'static str, new: &'static str) {
    let object = format!("{}/{number}", object_key(key));
    let line = Leaf {
        kind: leaf::Kind::ConfigChanged,
        at: act.now(),
        object: Some(leaf::object(b"", &object)),
        revision: None,
        actor: act.by(),
        rule: None,
        role: None,
        counts: Vec::new(),
        old: Some(old),
        new: Some(new),
    };
    leaf::append(tx, act.site(), &line);
    let action = if new == "published" { "form.publish" } else { "form.unpublish" };
    act.record(tx, action, Object::new("form", key.as_str()));
}
