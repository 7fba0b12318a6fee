//! What undoes publishing: taking it back, putting an entry away, deleting it.

use super::preview::links::discard;
use super::publish::{Place, announce, hide, moved, previous};
use super::read::{find, load};
use super::write::{fresh, touch};
use super::{At, Entry};
use crate::{Error, entry_key, types};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::Granted;
use bonafide_model::access::{PublishContent, WriteContent};
use bonafide_storage::{Tx, replay, sql};
use sea_orm::ConnectionTrait as _;

/// Takes what is published in one language away from readers. The draft stays as it is.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::NotPublished`].
pub async fn unpublish(tx: &Tx, act: Act<PublishContent>, at: At, expected: i64) -> Result<Entry, Error> {
    let entry = find(tx, act.site(), &at).await?;
    fresh(&entry, expected)?;
    if entry.side().published_revision.is_none() {
        return Err(Error::NotPublished);
    }
    let update = "UPDATE entry_locale SET version = version + 1, updated_at = $3 WHERE entry_id = $1 AND locale = $2";
    let values = [at.id.uuid().into(), entry.locale.as_str().into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    act.record(tx, "entry.unpublish", Object::new("entry", &at.id.to_string()));
    let place = Place { site: act.site(), kind: &at.kind, id: at.id, locale: &entry.locale };
    let path = take_back(tx, &place).await?;
    let loaded = types::load(tx, act.site()).await?;
    let after = load(tx, act.site(), &loaded, &At { locale: Some(entry.locale.clone()), ..at.clone() }).await?;
    announce(tx, &place, [path, None], act.now()).await?;
    Ok(after)
}

/// Takes what is published away, and gives the path it had. Should it be published under another one day, the old one leads
/// there.
async fn take_back(tx: &Tx, place: &Place<'_>) -> Result<Option<String>, Error> {
    let path = previous(tx, place).await?.and_then(|before| before.0);
    hide(tx, place).await?;
    moved(tx, place, path.as_deref(), None).await?;
    let update = "UPDATE entry_locale SET published_revision = NULL, published_at = NULL, publish_at = NULL,
        unpublish_at = NULL WHERE entry_id = $1 AND locale = $2";
    tx.execute_raw(sql(tx, update, [place.id.uuid().into(), place.locale.as_str().into()])).await?;
    Ok(path)
}

/// Puts an entry away, in all its languages: nobody reads it and nothing of it can be changed until it is restored.
/// Of what is published that takes the permission to take it back. Instants that were set are forgotten.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], or [`Error::Published`] without that permission.
pub async fn archive(
    tx: &Tx,
    act: Act<WriteContent>,
    at: At,
    expected: i64,
    may_hide: Option<Granted<PublishContent>>,
) -> Result<Entry, Error> {
    let entry = find(tx, act.site(), &at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    if may_hide.is_none() && entry.locales.iter().any(|side| side.published_revision.is_some()) {
        return Err(Error::Published);
    }
    let update = "UPDATE entry SET archived_at = $2 WHERE id = $1";
    tx.execute_raw(sql(tx, update, [at.id.uuid().into(), act.now().micros().into()])).await?;
    // nor is a draft published once it is back, because its instant has passed meanwhile
    let forget = "UPDATE entry_locale SET publish_at = NULL, unpublish_at = NULL WHERE entry_id = $1";
    tx.execute_raw(sql(tx, forget, [at.id.uuid().into()])).await?;
    touch(tx, at.id, act.now()).await?;
    act.record(tx, "entry.archive", Object::new("entry", &at.id.to_string()));
    let published = entry.locales.iter().filter(|side| side.published_revision.is_some());
    let mut gone = Vec::new();
    for side in published {
        let place = Place { site: act.site(), kind: &at.kind, id: at.id, locale: &side.locale };
        gone.push((&side.locale, take_back(tx, &place).await?));
    }
    let loaded = types::load(tx, act.site()).await?;
    let after = load(tx, act.site(), &loaded, &At { locale: Some(entry.locale.clone()), ..at.clone() }).await?;
    for (locale, path) in gone {
        let place = Place { site: act.site(), kind: &at.kind, id: at.id, locale };
        announce(tx, &place, [path, None], act.now()).await?;
    }
    Ok(after)
}

/// Deletes an entry with all its languages and revisions. What is published has to be taken back before.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Published`].
pub async fn delete(tx: &Tx, act: Act<WriteContent>, at: At, expected: i64) -> Result<(), Error> {
    let entry = find(tx, act.site(), &at).await?;
    fresh(&entry, expected)?;
    if entry.locales.iter().any(|side| side.published_revision.is_some()) {
        return Err(Error::Published);
    }
    discard(tx, at.id).await?;
    for delete in [
        "DELETE FROM moved WHERE entry_id = $1",
        "DELETE FROM entry_revision WHERE entry_id = $1",
        "DELETE FROM entry_locale WHERE entry_id = $1",
        "DELETE FROM entry WHERE id = $1",
    ] {
        tx.execute_raw(sql(tx, delete, [at.id.uuid().into()])).await?;
    }
    replay::forget(tx, &entry_key(at.id)).await?;
    act.record(tx, "entry.delete", Object::new("entry", &at.id.to_string()));
    Ok(())
}
