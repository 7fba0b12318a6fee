//! Publishing: checking and rendering first, showing after, so that no transaction is open while texts are rendered.

use super::read::{document, find, load};
use super::write::{fresh, incomplete, names};
use super::{At, Entry, placed};
use crate::render::{Rendered, apart, render};
use crate::row::{self, insert_all};
use crate::{Error, entry_key, keys, list_key, path_key, types};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::PublishContent;
use bonafide_model::content::check::{Reference, complete, references};
use bonafide_model::content::{Definition, Fault, tidy};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Granted, Instant, Locale};
use bonafide_storage::{Db, Sql, Tx, Violation, feed, sql, violation};
use sea_orm::{ConnectionTrait, DbErr, prelude::Uuid};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A draft that keeps all rules and was rendered, ready to be published. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Prepared {
    at: At,
    expected: i64,
    locale: Locale,
    revision: i64,
    /// Of all types, as they were.
    mark: String,
    work: Arc<Work>,
}

#[derive(Debug)]
struct Work {
    definition: Arc<Definition>,
    fields: Map<String, Value>,
    references: Vec<Reference>,
    rendered: Rendered,
}

/// Checks and renders the draft that has the version `expected`, off the async threads.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], or [`Error::Incomplete`].
pub async fn prepare(db: &Db, by: &Granted<PublishContent>, at: At, expected: i64) -> Result<Prepared, Error> {
    let loaded = types::load(db.read(), by.site()).await?;
    let definition = Arc::clone(loaded.definition(&at.kind)?);
    let entry = load(db.read(), by.site(), &loaded, &at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    let (locale, revision, fields) = (entry.locale.clone(), entry.side().revision, entry.fields);
    let (catalogue, kind) = (loaded.catalogue, at.kind.clone());
    let work = apart(move || {
        let faults = complete(&catalogue, &definition, &fields);
        if !faults.is_empty() {
            return Err(incomplete(&kind, faults));
        }
        let references = references(&catalogue, &definition, &fields);
        let rendered = render(&catalogue, &definition, &fields);
        Ok(Work { definition, fields, references, rendered })
    })
    .await??;
    Ok(Prepared { at, expected, locale, revision, mark: loaded.mark, work: Arc::new(work) })
}

/// Publishes a draft, if it is still what was prepared.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], [`Error::TypeChanged`], [`Error::Incomplete`] for references
/// that lead nowhere, [`Error::NotUnique`], or [`Error::PathTaken`].
pub async fn publish(tx: &Tx, act: Act<PublishContent>, prepared: Prepared) -> Result<Entry, Error> {
    let Prepared { at, expected, locale, revision, mark, work } = prepared;
    let at = At { locale: Some(locale.clone()), ..at };
    let entry = find(tx, act.site(), &at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    let loaded = types::load(tx, act.site()).await?;
    if loaded.mark != mark {
        return Err(Error::TypeChanged);
    }
    let mut warnings = work.rendered.warnings.clone();
    let (missing, unpublished) = look_up(tx, act.site(), &locale, &work.references).await?;
    if !missing.is_empty() {
        return Err(incomplete(&at.kind, missing));
    }
    warnings.extend(unpublished);
    let place = Place { site: act.site(), kind: &at.kind, id: at.id, locale: &locale };
    let clashes = clashes(tx, &place, &work.definition, &work.fields).await?;
    if !clashes.is_empty() {
        return Err(Error::NotUnique(placed(&at.kind, clashes)));
    }
    let before = previous(tx, &place).await?;
    let path = names(&work.definition, &work.fields).1;
    let published_at = before.as_ref().map_or(act.now(), |before| before.1);
    show(tx, &place, &work, revision, path.as_deref(), published_at, act.now()).await?;
    let old_path = before.and_then(|before| before.0);
    moved(tx, &place, old_path.as_deref(), path.as_deref()).await?;
    let update = "UPDATE entry_locale SET published_revision = $3, published_at = $4, publish_at = NULL,
        version = version + 1, updated_at = $5 WHERE entry_id = $1 AND locale = $2";
    let values = [
        at.id.uuid().into(),
        locale.as_str().into(),
        revision.into(),
        published_at.micros().into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    act.record(tx, "entry.publish", Object::new("entry", &at.id.to_string()));
    let mut published = load(tx, act.site(), &loaded, &at).await?;
    published.warnings = placed(&at.kind, warnings);
    announce(tx, &place, [old_path, path], act.now()).await?;
    Ok(published)
}

/// What is published, and where.
pub(crate) struct Place<'p> {
    pub(crate) site: SiteId,
    pub(crate) kind: &'p TypeKey,
    pub(crate) id: EntryId,
    pub(crate) locale: &'p Locale,
}

/// Tells every process that keeps copies; the last statements of a transaction.
pub(crate) async fn announce(
    tx: &Tx,
    place: &Place<'_>,
    paths: [Option<String>; 2],
    now: Instant,
) -> Result<(), Error> {
    let [old, new] = paths;
    let old = old.filter(|old| new.as_ref() != Some(old));
    for path in old.into_iter().chain(new) {
        feed::append(tx, place.site, path_key(place.kind, &path), now).await?;
    }
    feed::append(tx, place.site, list_key(place.kind), now).await?;
    feed::append(tx, place.site, entry_key(place.id), now).await?;
    Ok(())
}

/// Looks whether references lead somewhere: gives those that cannot be published, and what the author should know of others.
pub(super) async fn look_up(
    on: &impl ConnectionTrait,
    site: SiteId,
    locale: &Locale,
    references: &[Reference],
) -> Result<(Vec<Fault>, Vec<Fault>), Error> {
    let mut known: BTreeMap<Uuid, (String, bool)> = BTreeMap::new();
    let mut targets: Vec<Uuid> = references.iter().map(|reference| reference.target.uuid()).collect();
    targets.sort_unstable();
    targets.dedup();
    for chunk in targets.chunks(200) {
        // by their ids alone: with the site SQLite would look through all of its entries
        let mut select = Sql::new(
            "SELECT e.id, e.site_id, e.type, EXISTS (SELECT 1 FROM published p WHERE p.entry_id = e.id AND
                (p.locale = ",
        );
        select.bind(locale.as_str()).push(" OR NOT p.localized)) AS shown FROM entry e WHERE e.id IN ");
        select.list(chunk.iter().copied());
        for row in on.query_all_raw(select.on(on)).await? {
            if row.try_get::<Uuid>("", "site_id")? != site.uuid() {
                continue;
            }
            let shown = row.try_get::<bool>("", "shown")?;
            known.insert(row.try_get("", "id")?, (row.try_get("", "type")?, shown));
        }
    }
    let (mut faults, mut warnings) = (Vec::new(), Vec::new());
    for reference in references {
        let index = reference.index.map_or_else(String::new, |index| format!("/{index}"));
        let pointer = format!("{}{index}", reference.pointer);
        match known.get(&reference.target.uuid()) {
            None => faults.push(Fault::at(pointer, "reference_missing", "must lead to an entry that is there")),
            Some((found, _)) if !reference.types.iter().any(|allowed| allowed.as_str() == found) => {
                faults.push(Fault::at(
                    pointer,
                    "reference_type",
                    "must lead to an entry of a type that is allowed here",
                ));
            }
            Some((_, true)) => {}
            Some((_, false)) => {
                let message = "leads to an entry that is not published in this language; it is shown once that is";
                warnings.push(Fault::at(pointer, "reference_unpublished", message));
            }
        }
    }
    Ok((faults, warnings))
}

/// The values that must be unique and that another published entry has.
pub(super) async fn clashes(
    on: &impl ConnectionTrait,
    place: &Place<'_>,
    definition: &Definition,
    fields: &Map<String, Value>,
) -> Result<Vec<Fault>, Error> {
    let select = "SELECT 1 AS one FROM published_key WHERE site_id = $1 AND type = $2 AND locale = $3 AND field = $4
        AND value = $5 AND entry_id <> $6 LIMIT 1";
    let mut faults = Vec::new();
    for field in definition.fields.iter().filter(|field| field.unique) {
        let value = fields.get(field.key.as_str()).and_then(|value| keys::of_value(field.kind, value));
        let Some(value) = value else { continue };
        let values = [
            place.site.uuid().into(),
            place.kind.as_str().into(),
            place.locale.as_str().into(),
            field.key.as_str().into(),
            value.into(),
            place.id.uuid().into(),
        ];
        if on.query_one_raw(sql(on, select, values)).await?.is_some() {
            let message = "must be another value than that of any other published entry";
            faults.push(Fault::at(format!("/{}", field.key), "already_exists", message));
        }
    }
    Ok(faults)
}

/// What is wrong with a path that another published entry of the type has.
pub(super) fn path_taken(definition: &Definition) -> Fault {
    let pointer = definition.slug_field().map_or_else(String::new, |field| format!("/{}", field.key));
    Fault::at(pointer, "already_exists", "must be another path than that of any other published entry of the type")
}

/// The path and the first publication of what is published now.
pub(super) async fn previous(
    on: &impl ConnectionTrait,
    place: &Place<'_>,
) -> Result<Option<(Option<String>, Instant)>, Error> {
    let select = "SELECT path, published_at FROM published WHERE entry_id = $1 AND locale = $2";
    let row = on.query_one_raw(sql(on, select, [place.id.uuid().into(), place.locale.as_str().into()])).await?;
    row.map(|row| Ok((row.try_get("", "path")?, row::instant(&row, "published_at")?))).transpose()
}

/// Takes what is published away.
pub(super) async fn hide(tx: &Tx, place: &Place<'_>) -> Result<(), Error> {
    for delete in [
        "DELETE FROM published_key WHERE entry_id = $1 AND locale = $2",
        "DELETE FROM published_reference WHERE entry_id = $1 AND locale = $2",
        "DELETE FROM published WHERE entry_id = $1 AND locale = $2",
    ] {
        tx.execute_raw(sql(tx, delete, [place.id.uuid().into(), place.locale.as_str().into()])).await?;
    }
    Ok(())
}

/// Puts a rendered document in the place of what is published.
async fn show(
    tx: &Tx,
    place: &Place<'_>,
    work: &Work,
    revision: i64,
    path: Option<&str>,
    published_at: Instant,
    now: Instant,
) -> Result<(), Error> {
    hide(tx, place).await?;
    let insert = "INSERT INTO published (entry_id, locale, site_id, type, path, title, content, revision,
        has_references, localized, published_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = [
        place.id.uuid().into(),
        place.locale.as_str().into(),
        place.site.uuid().into(),
        place.kind.as_str().into(),
        path.map(ToOwned::to_owned).into(),
        names(&work.definition, &work.fields).0.into(),
        work.rendered.content.clone().into(),
        revision.into(),
        (!work.references.is_empty()).into(),
        work.definition.localized.into(),
        published_at.micros().into(),
        now.micros().into(),
    ];
    let inserted = tx.execute_raw(sql(tx, insert, values)).await;
    inserted.map_err(|error| path_clash(error, place.kind, &work.definition))?;
    let mut found = keys::of_document(&work.definition, &work.fields);
    found.push(("published_at".to_owned(), keys::instant(published_at)));
    found.push(("updated_at".to_owned(), keys::instant(now)));
    insert_keys(tx, place.site, place.kind, place.id, place.locale, found).await?;
    insert_references(tx, place.id, place.locale, &work.references).await
}

/// What it means that something cannot be shown: another entry has its path.
pub(crate) fn path_clash(error: DbErr, kind: &TypeKey, definition: &Definition) -> Error {
    match violation(&error) {
        Some(Violation::Unique(name)) if name == "published_site_id_type_locale_path_key" => {
            let fault = placed(kind, vec![path_taken(definition)]).pop();
            fault.map_or_else(|| error.into(), Error::PathTaken)
        }
        _ => error.into(),
    }
}

/// Writes what a published entry refers to.
pub(crate) async fn insert_references(
    tx: &Tx,
    id: EntryId,
    locale: &Locale,
    references: &[Reference],
) -> Result<(), Error> {
    let rows = references.iter().map(|reference| {
        vec![
            id.uuid().into(),
            locale.as_str().into(),
            reference.pointer.clone().into(),
            i64::try_from(reference.index.unwrap_or(0)).unwrap_or(0).into(),
            reference.target.uuid().into(),
        ]
    });
    let insert = "INSERT INTO published_reference (entry_id, locale, pointer, position, target_id)";
    insert_all(tx, insert, rows.collect()).await
}

/// Writes what lists filter and sort by.
pub(crate) async fn insert_keys(
    tx: &Tx,
    site: SiteId,
    kind: &TypeKey,
    id: EntryId,
    locale: &Locale,
    keys: Vec<(String, String)>,
) -> Result<(), Error> {
    let rows = keys.into_iter().map(|(field, value)| {
        vec![
            id.uuid().into(),
            locale.as_str().into(),
            site.uuid().into(),
            kind.as_str().into(),
            field.into(),
            value.into(),
        ]
    });
    let insert = "INSERT INTO published_key (entry_id, locale, site_id, type, field, value)";
    insert_all(tx, insert, rows.collect()).await
}

/// Remembers the path that an entry had, and forgets that its new one was another's. A remembered path leads to an entry,
/// not to a path: so there are no chains and no loops.
pub(crate) async fn moved(tx: &Tx, place: &Place<'_>, old: Option<&str>, new: Option<&str>) -> Result<(), Error> {
    let values =
        |path: &str| [place.site.uuid().into(), place.kind.as_str().into(), place.locale.as_str().into(), path.into()];
    if let Some(old) = old.filter(|old| Some(*old) != new) {
        let upsert = "INSERT INTO moved (site_id, type, locale, path, entry_id) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (site_id, type, locale, path) DO UPDATE SET entry_id = excluded.entry_id";
        let values = values(old).into_iter().chain([place.id.uuid().into()]);
        tx.execute_raw(sql(tx, upsert, values)).await?;
    }
    if let Some(new) = new {
        let delete = "DELETE FROM moved WHERE site_id = $1 AND type = $2 AND locale = $3 AND path = $4";
        tx.execute_raw(sql(tx, delete, values(new))).await?;
    }
    Ok(())
}

/// What the snapshot says of an entry in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its finished JSON.
    pub content: String,
    /// Its title.
    pub title: Option<String>,
    /// Its path.
    pub path: Option<String>,
    /// Whether it is shown in its language only.
    pub localized: bool,
}

/// What the snapshot says of a published revision, and what a fresh rendering would: for whoever doubts it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn rendered_anew(
    on: &impl ConnectionTrait,
    by: &Granted<PublishContent>,
    at: &At,
) -> Result<[Shown; 2], Error> {
    let loaded = types::load(on, by.site()).await?;
    let entry = find(on, by.site(), at).await?;
    let number = entry.side().published_revision.ok_or(Error::NotPublished)?;
    let mut fields = document(on, at.id, &entry.locale, number).await?;
    let definition = loaded.definition(&at.kind)?;
    tidy::prune(&loaded.catalogue, definition, &mut fields);
    let select = "SELECT content, title, path, localized FROM published WHERE entry_id = $1 AND locale = $2";
    let row = on.query_one_raw(sql(on, select, [at.id.uuid().into(), entry.locale.as_str().into()])).await?;
    let row = row.ok_or(Error::NotFound)?;
    let stored = Shown {
        content: row.try_get("", "content")?,
        title: row.try_get("", "title")?,
        path: row.try_get("", "path")?,
        localized: row.try_get("", "localized")?,
    };
    let (title, path) = names(definition, &fields);
    let content = render(&loaded.catalogue, definition, &fields).content;
    Ok([stored, Shown { content, title, path, localized: definition.localized }])
}
