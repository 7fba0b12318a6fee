//! Writing drafts: every save is a revision.

use super::read::{document, find, load};
use super::{At, Entry, placed, sound};
use crate::Error;
use crate::types::{self, Loaded};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_model::access::{Action, WriteContent};
use bonafide_model::content::{Catalogue, Definition, Fault, check, push, tidy};
use bonafide_model::id::{BlockId, EntryId};
use bonafide_model::name::TypeKey;
use bonafide_model::text::Note;
use bonafide_model::{Instant, Locale, patch};
use bonafide_storage::{Tx, sql};
use sea_orm::ConnectionTrait as _;
use serde_json::{Map, Value};
use std::sync::Arc;

/// An entry to be made.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Its first language.
    pub locale: Locale,
    /// Its document, which may be incomplete.
    pub fields: Map<String, Value>,
    /// Why, in its author's words.
    pub note: Option<Note>,
}

/// What a type is, as the functions of this module need it.
struct Subject {
    loaded: Loaded,
    definition: Arc<Definition>,
}

impl Subject {
    async fn load(tx: &Tx, site: bonafide_model::id::SiteId, kind: &TypeKey) -> Result<Self, Error> {
        let loaded = types::load(tx, site).await?;
        let definition = Arc::clone(loaded.definition(kind)?);
        Ok(Self { loaded, definition })
    }

    fn catalogue(&self) -> &Catalogue {
        &self.loaded.catalogue
    }

    /// Checks the shape of a document and brings it to the form in which it is stored.
    fn formed<A: Action>(
        &self,
        act: &Act<A>,
        kind: &TypeKey,
        mut fields: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        sound(kind, check::shape(self.catalogue(), &self.definition, &fields))?;
        tidy::tidy(self.catalogue(), &self.definition, &mut fields, &mut || act.id::<BlockId>());
        Ok(fields)
    }
}

/// What is saved, and what is said of it.
struct Save<'s> {
    id: EntryId,
    locale: &'s Locale,
    number: i64,
    fields: &'s Map<String, Value>,
    note: Option<String>,
    restored_from: Option<i64>,
}

/// Makes an entry, as a draft in one language.
///
/// # Errors
/// [`Error::NotFound`] if there is no such type, [`Error::SingletonExists`], or [`Error::Invalid`].
pub async fn create(tx: &Tx, act: Act<WriteContent>, kind: TypeKey, new: NewEntry) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &kind).await?;
    let mut fields = new.fields;
    tidy::fill(&subject.definition, &mut fields);
    let fields = subject.formed(&act, &kind, fields)?;
    if subject.definition.singleton && (types::Scope { site: act.site(), kind: &kind }).has_entries(tx).await? {
        return Err(Error::SingletonExists);
    }
    let id: EntryId = act.id();
    insert_entry(tx, &act, &kind, id).await?;
    let save = Save {
        id,
        locale: &new.locale,
        number: 1,
        fields: &fields,
        note: new.note.map(Note::into_string),
        restored_from: None,
    };
    begin(tx, &act, &kind, &subject, &save, 0).await?;
    act.record(tx, "entry.create", Object::new("entry", &id.to_string()));
    load(tx, act.site(), &subject.loaded, &At { kind, id, locale: Some(new.locale) }).await
}

async fn insert_entry(tx: &Tx, act: &Act<WriteContent>, kind: &TypeKey, id: EntryId) -> Result<(), Error> {
    let insert = "INSERT INTO entry (id, site_id, type, created_at) VALUES ($1, $2, $3, $4)";
    let values = [id.uuid().into(), act.site().uuid().into(), kind.as_str().into(), act.now().micros().into()];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(())
}

/// Begins an entry in a language, with its first revision.
async fn begin(
    tx: &Tx,
    act: &Act<WriteContent>,
    kind: &TypeKey,
    subject: &Subject,
    save: &Save<'_>,
    position: i64,
) -> Result<(), Error> {
    let insert = "INSERT INTO entry_locale (entry_id, locale, site_id, type, position, version, revision, title, slug,
        updated_at) VALUES ($1, $2, $3, $4, $5, 1, 1, $6, $7, $8)";
    let (title, slug) = names(&subject.definition, save.fields);
    let values = [
        save.id.uuid().into(),
        save.locale.as_str().into(),
        act.site().uuid().into(),
        kind.as_str().into(),
        position.into(),
        title.into(),
        slug.into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, insert, values)).await?;
    insert_revision(tx, act, save).await
}

/// Title and slug of a document.
pub(crate) fn names(definition: &Definition, fields: &Map<String, Value>) -> (Option<String>, Option<String>) {
    let of = |field: Option<&bonafide_model::content::Field>| {
        field.and_then(|field| fields.get(field.key.as_str())).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    (of(definition.title_field()), of(definition.slug_field()))
}

async fn insert_revision<A: Action>(tx: &Tx, act: &Act<A>, save: &Save<'_>) -> Result<(), Error> {
    let insert = "INSERT INTO entry_revision (entry_id, locale, number, fields, note, restored_from, actor_kind,
        account_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let json = serde_json::to_string(save.fields).map_err(|error| Error::Internal(error.to_string()))?;
    let values = [
        save.id.uuid().into(),
        save.locale.as_str().into(),
        save.number.into(),
        json.into(),
        save.note.clone().into(),
        save.restored_from.into(),
        act.by().kind().into(),
        act.by().account().map(bonafide_model::id::AccountId::uuid).into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(())
}

/// An entry that has the version `expected` and is not archived, with its draft.
async fn editable(tx: &Tx, act: &Act<WriteContent>, subject: &Subject, at: &At, expected: i64) -> Result<Entry, Error> {
    let entry = load(tx, act.site(), &subject.loaded, at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() { Err(Error::Archived) } else { Ok(entry) }
}

pub(super) fn fresh(entry: &Entry, expected: i64) -> Result<(), Error> {
    let current = entry.side().version;
    if current == expected { Ok(()) } else { Err(Error::Stale { current }) }
}

/// Applies a merge patch to the draft that has the version `expected`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], or [`Error::Invalid`].
pub async fn patch(
    tx: &Tx,
    act: Act<WriteContent>,
    at: At,
    expected: i64,
    patch: Map<String, Value>,
    note: Option<Note>,
) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &at.kind).await?;
    unknown(&subject.definition, &at.kind, &patch)?;
    let entry = editable(tx, &act, &subject, &at, expected).await?;
    let mut fields = entry.fields.clone();
    patch::merge(&mut fields, patch);
    let fields = subject.formed(&act, &at.kind, fields)?;
    act.record(tx, "entry.update", Object::new("entry", &at.id.to_string()));
    save(tx, &act, &subject, &entry, &fields, note.map(Note::into_string), None).await
}

/// Refuses members that are no fields of the type, whatever the entry holds.
fn unknown(definition: &Definition, kind: &TypeKey, patch: &Map<String, Value>) -> Result<(), Error> {
    let unknown = patch.keys().filter(|key| definition.field(key).is_none());
    sound(kind, unknown.map(|key| Fault::at(push("", key), "unknown_field", "is not known here")).collect())
}

/// Applies a merge patch to one block of the draft that has the version `expected`. Its type stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`], or [`Error::Invalid`] with pointers into the block.
pub async fn patch_block(
    tx: &Tx,
    act: Act<WriteContent>,
    at: At,
    block: BlockId,
    expected: i64,
    patch: Map<String, Value>,
    note: Option<Note>,
) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &at.kind).await?;
    let mut entry = load(tx, act.site(), &subject.loaded, &at).await?;
    let mut whole = Value::Object(std::mem::take(&mut entry.fields));
    entry.fields = whole.as_object().cloned().unwrap_or_default();
    let found = tidy::find_block(&mut whole, &block.to_string()).ok_or(Error::NotFound)?;
    let identity = ["id", "type"].map(|key| (key, found.get(key).cloned().unwrap_or_default()));
    let mut merged = found.clone();
    patch::merge(&mut merged, patch);
    let moved = identity.iter().filter(|(key, value)| merged.get(*key) != Some(value));
    let mut faults: Vec<Fault> =
        moved.map(|(key, _)| Fault::at(push("", key), "invalid_value", "must stay what it is")).collect();
    if faults.is_empty() {
        faults = check::block_shape(subject.catalogue(), &Value::Object(merged.clone()));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    fresh(&entry, expected)?;
    if entry.archived_at.is_some() {
        return Err(Error::Archived);
    }
    *found = merged;
    let fields = subject.formed(&act, &at.kind, whole.as_object().cloned().unwrap_or_default())?;
    act.record(tx, "entry.update", Object::new("entry", &at.id.to_string()));
    save(tx, &act, &subject, &entry, &fields, note.map(Note::into_string), None).await
}

/// Saves a document as the next revision, and what all languages share in the others too.
async fn save(
    tx: &Tx,
    act: &Act<WriteContent>,
    subject: &Subject,
    entry: &Entry,
    fields: &Map<String, Value>,
    note: Option<String>,
    restored_from: Option<i64>,
) -> Result<Entry, Error> {
    let save =
        Save { id: entry.id, locale: &entry.locale, number: entry.side().revision + 1, fields, note, restored_from };
    store(tx, act, &subject.definition, &save).await?;
    let shared: Vec<&str> =
        subject.definition.fields.iter().filter(|field| field.is_shared()).map(|field| field.key.as_str()).collect();
    for other in entry.locales.iter().filter(|side| side.locale != entry.locale && !shared.is_empty()) {
        let before = document(tx, entry.id, &other.locale, other.revision).await?;
        let mut after = before.clone();
        share(&shared, fields, &mut after);
        if before != after {
            let note = Some(format!("What all languages share was changed in {}.", entry.locale));
            let save = Save {
                id: entry.id,
                locale: &other.locale,
                number: other.revision + 1,
                fields: &after,
                note,
                restored_from: None,
            };
            store(tx, act, &subject.definition, &save).await?;
        }
    }
    let at = At { kind: entry.kind.clone(), id: entry.id, locale: Some(entry.locale.clone()) };
    load(tx, act.site(), &subject.loaded, &at).await
}

/// Copies the values that all languages share.
fn share(shared: &[&str], from: &Map<String, Value>, to: &mut Map<String, Value>) {
    for key in shared {
        match from.get(*key) {
            Some(value) => drop(to.insert((*key).to_owned(), value.clone())),
            None => drop(to.remove(*key)),
        }
    }
}

/// Writes a revision, and that it is the newest.
async fn store(tx: &Tx, act: &Act<WriteContent>, definition: &Definition, save: &Save<'_>) -> Result<(), Error> {
    insert_revision(tx, act, save).await?;
    let (title, slug) = names(definition, save.fields);
    let update = "UPDATE entry_locale SET revision = $3, version = version + 1, title = $4, slug = $5, updated_at = $6
        WHERE entry_id = $1 AND locale = $2";
    let values = [
        save.id.uuid().into(),
        save.locale.as_str().into(),
        save.number.into(),
        title.into(),
        slug.into(),
        act.now().micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

/// Begins an entry in another language: as a copy of its draft in `from`, or with what all languages share only.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Archived`], [`Error::LocaleExists`], or [`Error::NotLocalized`].
pub async fn add_locale(
    tx: &Tx,
    act: Act<WriteContent>,
    at: At,
    locale: Locale,
    from: Option<Locale>,
) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &at.kind).await?;
    let source = load(tx, act.site(), &subject.loaded, &At { locale: from.clone(), ..at.clone() }).await?;
    if source.archived_at.is_some() {
        return Err(Error::Archived);
    }
    if !subject.definition.localized {
        return Err(Error::NotLocalized);
    }
    if source.locales.iter().any(|side| side.locale == locale) {
        return Err(Error::LocaleExists);
    }
    let mut fields = source.fields.clone();
    if from.is_none() {
        fields.retain(|key, _| subject.definition.field(key).is_some_and(bonafide_model::content::Field::is_shared));
    }
    let save = Save { id: at.id, locale: &locale, number: 1, fields: &fields, note: None, restored_from: None };
    let position = i64::try_from(source.locales.len()).unwrap_or(i64::MAX);
    begin(tx, &act, &at.kind, &subject, &save, position).await?;
    act.record(tx, "entry.add_locale", Object::new("entry", &at.id.to_string()));
    load(tx, act.site(), &subject.loaded, &At { locale: Some(locale), ..at }).await
}

/// Makes another entry of the drafts of one, in all its languages. Its slugs end in `-copy`.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::SingletonExists`].
pub async fn copy(tx: &Tx, act: Act<WriteContent>, at: At) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &at.kind).await?;
    if subject.definition.singleton {
        return Err(Error::SingletonExists);
    }
    let source = find(tx, act.site(), &at).await?;
    let id: EntryId = act.id();
    insert_entry(tx, &act, &at.kind, id).await?;
    for (position, side) in source.locales.iter().enumerate() {
        let place = At { locale: Some(side.locale.clone()), ..at.clone() };
        let mut fields = load(tx, act.site(), &subject.loaded, &place).await?.fields;
        if let Some(slug) = subject.definition.slug_field().and_then(|field| fields.get_mut(field.key.as_str())) {
            let copied = format!("{}-copy", slug.as_str().unwrap_or_default());
            *slug = copied.into();
        }
        let note = Some(format!("A copy of {}.", at.id));
        let save = Save { id, locale: &side.locale, number: 1, fields: &fields, note, restored_from: None };
        begin(tx, &act, &at.kind, &subject, &save, i64::try_from(position).unwrap_or(i64::MAX)).await?;
    }
    act.record(tx, "entry.copy", Object::new("entry", &id.to_string()));
    load(tx, act.site(), &subject.loaded, &At { id, ..at }).await
}

/// Brings an entry back: from the archive, and to what it was in a revision, which becomes a new one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::NotArchived`] if there is nothing to bring back.
pub async fn restore(
    tx: &Tx,
    act: Act<WriteContent>,
    at: At,
    expected: i64,
    revision: Option<i64>,
) -> Result<Entry, Error> {
    let subject = Subject::load(tx, act.site(), &at.kind).await?;
    let entry = load(tx, act.site(), &subject.loaded, &at).await?;
    fresh(&entry, expected)?;
    if entry.archived_at.is_none() && revision.is_none() {
        return Err(Error::NotArchived);
    }
    let mut restored = None;
    if let Some(number) = revision {
        let mut fields = document(tx, at.id, &entry.locale, number).await?;
        tidy::prune(subject.catalogue(), &subject.definition, &mut fields);
        restored = Some(fields);
    }
    if entry.archived_at.is_some() {
        let back = "UPDATE entry SET archived_at = NULL WHERE id = $1";
        tx.execute_raw(sql(tx, back, [at.id.uuid().into()])).await?;
        touch(tx, at.id, act.now()).await?;
    }
    act.record(tx, "entry.restore", Object::new("entry", &at.id.to_string()));
    match restored {
        Some(fields) => save(tx, &act, &subject, &entry, &fields, None, revision).await,
        None => load(tx, act.site(), &subject.loaded, &At { locale: Some(entry.locale), ..at }).await,
    }
}

/// Raises the version of an entry in all its languages.
pub(super) async fn touch(tx: &Tx, id: EntryId, now: Instant) -> Result<(), Error> {
    let update = "UPDATE entry_locale SET version = version + 1, updated_at = $2 WHERE entry_id = $1";
    tx.execute_raw(sql(tx, update, [id.uuid().into(), now.micros().into()])).await?;
    Ok(())
}

/// Faults of publishing, where they lie in the body of a request.
pub(super) fn incomplete(kind: &TypeKey, faults: Vec<Fault>) -> Error {
    Error::Incomplete(placed(kind, faults))
}
