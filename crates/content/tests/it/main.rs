//! Content on both databases: what is published is what a fresh rendering would be, any revision comes back byte for
//! byte, and lists give each item once, whatever happened before.

mod altered;
mod histories;
mod languages;
mod listed;
mod places;
mod preview;
mod random;
mod slow;

use bonafide_content::Error;
use bonafide_content::entry::{self, At, Entry, NewEntry};
use bonafide_content::types::{self, Type};
use bonafide_keyring::Entropy;
use bonafide_ledger::Act;
use bonafide_model::access::{Action, Actor};
use bonafide_model::id::SiteId;
use bonafide_model::{Granted, Instant, Locale};
use bonafide_storage::{Db, Options, Source, sql};
use bonafide_test_support::{Installation, Template, TestDatabase};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What a new database begins with.
static TABLES: Template = Template::new();

/// A database with one site.
struct World {
    db: Db,
    site: SiteId,
    entropy: Entropy,
    clock: AtomicI64,
}

async fn world(home: &Installation) -> World {
    world_with(home, &Options::default()).await
}

async fn world_with(home: &Installation, options: &Options) -> World {
    let open = async |home: &Installation| {
        let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source");
        Db::open(source, options).await.expect("the database opens")
    };
    let db = TABLES.open(home, open).await;
    let entropy = Entropy::seeded(7);
    let noon: Instant = "2026-11-24T12:00:00Z".parse().expect("an instant");
    let site: SiteId = entropy.id(noon);
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'Example', 'UTC', '[\"en\"]', 1, 0, 0)";
    let written = db.write(move |tx| {
        async move { Ok::<_, bonafide_storage::Error>(tx.execute_raw(sql(tx, insert, [site.uuid().into()])).await?) }
            .boxed()
    });
    written.await.expect("a site");
    World { db, site, entropy, clock: AtomicI64::new(noon.micros()) }
}

fn locale(text: &str) -> Locale {
    text.parse().expect("a locale")
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("an object: {other}"),
    }
}

impl World {
    /// The present instant; a second later each time.
    fn now(&self) -> Instant {
        let second = i64::try_from(Duration::from_secs(1).as_micros()).expect("a second");
        Instant::from_micros(self.clock.fetch_add(second, Ordering::SeqCst))
    }

    fn granted<A: Action>(&self) -> Granted<A> {
        Granted::issue(Actor::Operator, self.site)
    }

    fn act<A: Action>(&self) -> Act<A> {
        Act::new(self.granted(), self.now(), self.entropy.clone())
    }

    async fn define(&self, key: &str, definition: Value) -> Type {
        let (act, key) = (self.act(), key.parse::<bonafide_model::name::TypeKey>().expect("a key"));
        let definition: bonafide_model::content::Definition = serde_json::from_value(definition).expect("a definition");
        let made = self.db.write(move |tx| types::create(tx, act.clone(), key.clone(), definition.clone()).boxed());
        made.await.expect("a type")
    }

    async fn write(&self, kind: &str, document: Value) -> Result<Entry, Error> {
        let (act, kind) = (self.act(), kind.parse::<bonafide_model::name::TypeKey>().expect("a key"));
        let new = NewEntry { locale: locale("en"), fields: fields(document), note: None };
        self.db.write(move |tx| entry::create(tx, act.clone(), kind.clone(), new.clone()).boxed()).await
    }

    async fn patch(&self, at: &At, expected: i64, document: Value) -> Result<Entry, Error> {
        let (act, at, patch) = (self.act(), at.clone(), fields(document));
        self.db.write(move |tx| entry::patch(tx, act.clone(), at.clone(), expected, patch.clone(), None).boxed()).await
    }

    async fn publish(&self, at: &At, expected: i64) -> Result<Entry, Error> {
        let act = self.act();
        let prepared = entry::prepare(&self.db, act.granted(), at.clone(), expected).await?;
        self.db.write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed()).await
    }

    async fn unpublish(&self, at: &At, expected: i64) -> Result<Entry, Error> {
        let (act, at) = (self.act(), at.clone());
        self.db.write(move |tx| entry::unpublish(tx, act.clone(), at.clone(), expected).boxed()).await
    }

    async fn restore(&self, at: &At, expected: i64, number: Option<i64>) -> Result<Entry, Error> {
        let (act, at) = (self.act(), at.clone());
        self.db.write(move |tx| entry::restore(tx, act.clone(), at.clone(), expected, number).boxed()).await
    }

    async fn archive(&self, at: &At, expected: i64) -> Result<Entry, Error> {
        let (act, at) = (self.act(), at.clone());
        let may_hide = Some(self.granted());
        self.db.write(move |tx| entry::archive(tx, act.clone(), at.clone(), expected, may_hide).boxed()).await
    }

    /// Another language, as the first one is.
    async fn add_locale(&self, at: &At, language: &str) -> Result<Entry, Error> {
        let (act, at, to, from) = (self.act(), at.clone(), locale(language), at.locale.clone());
        self.db.write(move |tx| entry::add_locale(tx, act.clone(), at.clone(), to.clone(), from.clone()).boxed()).await
    }

    async fn get(&self, at: &At) -> Entry {
        entry::get(self.db.read(), &self.granted(), at).await.expect("an entry")
    }
}

/// Where an entry is.
fn at(entry: &Entry) -> At {
    At { kind: entry.kind.clone(), id: entry.id, locale: None }
}
