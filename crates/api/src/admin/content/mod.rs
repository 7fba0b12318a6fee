//! Pages and entries of other types, through one code path: [`handlers`] makes both sets of routes, this module does the work.

mod compared;
mod handlers;
mod links;
mod views;

pub(crate) use handlers::{entries, pages};
pub(crate) use views::*;

use crate::answer::{Created, Done, Versioned};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Caller, IdempotencyKey};
use crate::paging::{Listed, Page, PageQuery};
use crate::problem::{Fault, Problem};
use bonafide_content::Error;
use bonafide_content::entry::{self, At, Entry};
use bonafide_model::Locale;
use bonafide_model::access::{PublishContent, ReadContent, WriteContent};
use bonafide_model::content::builtin;
use bonafide_model::id::{BlockId, EntryId};
use bonafide_model::name::TypeKey;
use bonafide_model::text::Note;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

impl Address {
    /// The entry in the language meant.
    fn at(self, query: LocaleQuery) -> At {
        At { kind: self.kind, id: self.id, locale: query.locale }
    }
}

/// Where the entries of a type are.
fn base(kind: &TypeKey) -> String {
    if kind.as_str() == builtin::PAGE { "/admin/v1/pages".to_owned() } else { format!("/admin/v1/entries/{kind}") }
}

/// Pages have routes of their own, under which alone they are found.
fn no_page(kind: TypeKey) -> Result<TypeKey, Problem> {
    if kind.as_str() == builtin::PAGE { Err(Problem::not_found()) } else { Ok(kind) }
}

fn shown<V: View>(entry: Entry) -> Versioned<V> {
    Versioned(entry.side().version, V::new(entry))
}

/// A language that the site is written in.
async fn language(app: &App, wanted: Option<Locale>) -> Result<Locale, ApiError> {
    let site = app.site().await?;
    let Some(wanted) = wanted else { return Ok(site.default_locale().clone()) };
    if site.locales.contains(&wanted) {
        return Ok(wanted);
    }
    let list = site.locales.iter().map(Locale::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("Must be a language of the site: {list}.");
    Err(Problem::fault(Fault::at("/locale", "invalid_value", message)).into())
}

/// A document to be saved, taken out of a body.
struct Sent {
    locale: Option<Locale>,
    note: Option<Note>,
    fields: Map<String, Value>,
}

impl Sent {
    /// The body of a page: its fields beside `locale` and `note`.
    fn page(mut body: Map<String, Value>, with_locale: bool) -> Result<Self, ApiError> {
        let locale = if with_locale { take(&mut body, "locale").map_err(Error::Invalid)? } else { None };
        let note = take(&mut body, "note").map_err(Error::Invalid)?;
        Ok(Self { locale, note, fields: body })
    }

    fn new_entry(body: NewEntry) -> Self {
        Self { locale: body.locale, note: body.note, fields: body.fields }
    }

    fn patch(body: EntryPatch) -> Self {
        Self { locale: None, note: body.note, fields: body.fields }
    }
}

async fn list(app: App, caller: Caller, kind: TypeKey, query: PageQuery) -> Result<Listed<EntrySummary>, ApiError> {
    let by = caller.reads::<ReadContent>()?;
    let page = Page::<EntryId>::new(&app, &query, format!("{}/{}", base(&kind), caller.account()))?
        .counted(entry::count(app.db().read(), &by, &kind))
        .await?;
    let found = entry::list(app.db().read(), &by, &kind, page.start, page.fetch()).await?;
    Ok(page.finish(found, |entry| entry.id, EntrySummary::from))
}

/// The answer to a request that made an entry, or a language of one.
fn made<V: View>(entry: Entry, location: String) -> (Created, String) {
    let (version, object) = (entry.side().version, bonafide_content::entry_key(entry.id));
    (Created::new(&V::new(entry), location, Some(version)), object)
}

async fn make<V: View>(
    app: App,
    caller: Caller,
    kind: TypeKey,
    key: IdempotencyKey,
    sent: Sent,
    bytes: &[u8],
) -> Result<Created, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let locale = language(&app, sent.locale).await?;
    let new = entry::NewEntry { locale, fields: sent.fields, note: sent.note };
    let route = format!("create_entry/{kind}");
    create::once(&app, &caller, &route, key, bytes, move |tx| {
        let (act, kind, new) = (act.clone(), kind.clone(), new.clone());
        async move {
            let location = base(&kind);
            let entry = entry::create(tx, act, kind, new).await?;
            let location = format!("{location}/{}", entry.id);
            Ok(made::<V>(entry, location))
        }
        .boxed()
    })
    .await
}

async fn read<V: View>(app: App, caller: Caller, at: At) -> Result<Versioned<V>, ApiError> {
    Ok(shown(entry::get(app.db().read(), &caller.reads::<ReadContent>()?, &at).await?))
}

async fn change<V: View>(app: App, caller: Caller, at: At, version: i64, sent: Sent) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let Sent { locale: _, note, fields } = sent;
    let work = app
        .db()
        .write(move |tx| entry::patch(tx, act.clone(), at.clone(), version, fields.clone(), note.clone()).boxed());
    Ok(shown(work.await?))
}

async fn change_block<V: View>(
    app: App,
    caller: Caller,
    at: At,
    block: BlockId,
    version: i64,
    patch: Map<String, Value>,
) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let work = app
        .db()
        .write(move |tx| entry::patch_block(tx, act.clone(), at.clone(), block, version, patch.clone(), None).boxed());
    Ok(shown(work.await?))
}

async fn remove(app: App, caller: Caller, at: At, version: i64) -> Result<Done, ApiError> {
    let act = caller.may::<WriteContent>()?;
    app.db().write(move |tx| entry::delete(tx, act.clone(), at.clone(), version).boxed()).await?;
    Ok(Done)
}

async fn publish<V: View>(app: App, caller: Caller, at: At, version: i64) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<PublishContent>()?;
    let prepared = entry::prepare(app.db(), act.granted(), at, version).await?;
    let work = app.db().write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed());
    Ok(shown(work.await?))
}

async fn unpublish<V: View>(app: App, caller: Caller, at: At, version: i64) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<PublishContent>()?;
    let work = app.db().write(move |tx| entry::unpublish(tx, act.clone(), at.clone(), version).boxed());
    Ok(shown(work.await?))
}

async fn archive<V: View>(app: App, caller: Caller, at: At, version: i64) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let may_hide = caller.reads::<PublishContent>().ok();
    let work = app.db().write(move |tx| entry::archive(tx, act.clone(), at.clone(), version, may_hide).boxed());
    Ok(shown(work.await?))
}

async fn restore<V: View>(
    app: App,
    caller: Caller,
    at: At,
    version: i64,
    body: Restoration,
) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let work = app.db().write(move |tx| entry::restore(tx, act.clone(), at.clone(), version, body.revision).boxed());
    Ok(shown(work.await?))
}

async fn set<V: View>(
    app: App,
    caller: Caller,
    at: At,
    version: i64,
    body: Schedule,
) -> Result<Versioned<V>, ApiError> {
    let act = caller.may::<PublishContent>()?;
    let Schedule { publish_at, unpublish_at } = body;
    let work = app.db().write(move |tx| {
        let (begins, ends) = (publish_at.clone(), unpublish_at.clone());
        entry::schedule(tx, act.clone(), at.clone(), version, begins, ends).boxed()
    });
    Ok(shown(work.await?))
}

async fn copy<V: View>(app: App, caller: Caller, at: At, key: IdempotencyKey) -> Result<Created, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let route = format!("copy_entry/{}", at.id);
    create::once(&app, &caller, &route, key, b"", move |tx| {
        let (act, at) = (act.clone(), at.clone());
        async move {
            let location = base(&at.kind);
            let entry = entry::copy(tx, act, at).await?;
            let location = format!("{location}/{}", entry.id);
            Ok(made::<V>(entry, location))
        }
        .boxed()
    })
    .await
}

async fn add_language<V: View>(
    app: App,
    caller: Caller,
    at: At,
    key: IdempotencyKey,
    body: NewLocale,
    bytes: &[u8],
) -> Result<Created, ApiError> {
    let act = caller.may::<WriteContent>()?;
    let (locale, from) = (language(&app, Some(body.locale)).await?, body.from);
    let route = format!("add_locale/{}", at.id);
    create::once(&app, &caller, &route, key, bytes, move |tx| {
        let (act, at, locale, from) = (act.clone(), at.clone(), locale.clone(), from.clone());
        async move {
            let location = format!("{}/{}?locale={locale}", base(&at.kind), at.id);
            let entry = entry::add_locale(tx, act, at, locale, from).await?;
            Ok(made::<V>(entry, location))
        }
        .boxed()
    })
    .await
}

async fn list_saves(app: App, caller: Caller, at: At, query: PageQuery) -> Result<Listed<SavedView>, ApiError> {
    let by = caller.reads::<ReadContent>()?;
    let locale = at.locale.as_ref().map_or("", Locale::as_str);
    let context = format!("{}/{}/revisions/{locale}/{}", base(&at.kind), at.id, caller.account());
    let page =
        Page::<i64>::new(&app, &query, context)?.counted(entry::count_revisions(app.db().read(), &by, &at)).await?;
    let found = entry::revisions(app.db().read(), &by, &at, page.start, page.fetch()).await?;
    Ok(page.finish(found, |revision| revision.number, SavedView::from))
}

async fn read_save(app: App, caller: Caller, at: At, number: i64) -> Result<crate::answer::Json<SavedView>, ApiError> {
    let by = caller.reads::<ReadContent>()?;
    let (_, revision) = entry::revision(app.db().read(), &by, &at, number).await?;
    Ok(crate::answer::Json(revision.into()))
}
