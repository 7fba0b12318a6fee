//! Policies on real databases: one body of tests, on SQLite and on PostgreSQL.

mod broken_imports;
mod delivery;
mod drafts;
mod histories;
mod immutable;
mod imports;
mod publish;

use bonafide_keyring::Entropy;
use bonafide_ledger::Act;
use bonafide_model::access::{Action, Actor, PublishPolicies, WritePolicies};
use bonafide_model::id::SiteId;
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Granted, Instant, Locale, TimeZone};
use bonafide_policy::Error;
use bonafide_policy::import::{self, ImportError, Plan, Report, Request};
use bonafide_policy::policy::{self, Policy, PolicyDraft};
use bonafide_policy::revision::{self, Draft, DraftPatch, Manuscript};
use bonafide_policy::texts::Texts;
use bonafide_storage::{Db, Options, Source, sql};
use bonafide_test_support::{Installation, Template, TestDatabase};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

/// What a new database begins with.
static TABLES: Template = Template::new();

/// The morning on which all tests take place.
const NOW: &str = "2026-11-24T09:30:00.25Z";

/// A database with one site.
struct World {
    db: Db,
    site: SiteId,
    entropy: Entropy,
}

async fn world(home: &Installation) -> World {
    let open = async |home: &Installation| {
        let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source");
        Db::open(source, &Options::default()).await.expect("the database opens")
    };
    let db = TABLES.open(home, open).await;
    let entropy = Entropy::seeded(7);
    let site: SiteId = entropy.id(now());
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'Example', 'UTC', '[\"en\"]', 1, 0, 0)";
    let written = db.write(move |tx| {
        async move { Ok::<_, bonafide_storage::Error>(tx.execute_raw(sql(tx, insert, [site.uuid().into()])).await?) }
            .boxed()
    });
    written.await.expect("a site");
    World { db, site, entropy }
}

fn now() -> Instant {
    NOW.parse().expect("an instant")
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn key(text: &str) -> PolicyKey {
    text.parse().expect("a key")
}

fn locale(text: &str) -> Locale {
    text.parse().expect("a locale")
}

fn texts(members: &[(&str, &str)]) -> Texts {
    members.iter().map(|(tag, text)| (locale(tag), (*text).to_owned())).collect()
}

/// A draft in English that comes into force on a day.
fn draft(text: &str, effective_on: &str) -> Draft {
    Draft { texts: texts(&[("en", text)]), effective_on: Some(day(effective_on)), ..Draft::default() }
}

impl World {
    fn granted<A: Action>(&self) -> Granted<A> {
        Granted::issue(Actor::Operator, self.site)
    }

    fn act<A: Action>(&self) -> Act<A> {
        Act::new(self.granted(), now(), self.entropy.clone())
    }

    async fn create_policy(&self, text: &str) -> Result<Policy, Error> {
        let draft = PolicyDraft {
            key: key(text),
            title: "Privacy policy".parse().expect("a title"),
            default_locale: locale("en"),
        };
        let act = self.act();
        self.db.write(move |tx| policy::create(tx, act.clone(), draft.clone()).boxed()).await
    }

    async fn create(&self, policy: &str, draft: Draft) -> Result<Manuscript, Error> {
        let (act, key) = (self.act(), key(policy));
        self.db.write(move |tx| revision::create(tx, act.clone(), key.clone(), draft.clone()).boxed()).await
    }

    async fn patch(&self, policy: &str, number: u32, expected: i64, patch: DraftPatch) -> Result<Manuscript, Error> {
        let granted = self.granted::<WritePolicies>();
        let revised = revision::revise(self.db.read(), &granted, &key(policy), number, expected, patch).await?;
        self.save(revised).await
    }

    async fn save(&self, revised: revision::Revised) -> Result<Manuscript, Error> {
        let act = self.act();
        self.db.write(move |tx| revision::save(tx, act.clone(), revised.clone()).boxed()).await
    }

    async fn delete(&self, policy: &str, number: u32, expected: i64) -> Result<(), Error> {
        let (act, key) = (self.act(), key(policy));
        self.db.write(move |tx| revision::delete(tx, act.clone(), key.clone(), number, expected).boxed()).await
    }

    async fn publish(&self, policy: &str, number: u32, expected: i64) -> Result<Manuscript, Error> {
        let granted = self.granted::<PublishPolicies>();
        let prepared = revision::prepare(&self.db, &granted, &key(policy), number, expected).await?;
        self.publish_prepared(prepared, TimeZone::UTC).await
    }

    async fn publish_prepared(&self, prepared: revision::Prepared, zone: TimeZone) -> Result<Manuscript, Error> {
        let act = self.act();
        self.db.write(move |tx| revision::publish(tx, act.clone(), prepared.clone(), zone.clone()).boxed()).await
    }

    /// A policy `privacy` with one published revision that is in force.
    async fn published(&self, text: &str) -> Manuscript {
        self.create_policy("privacy").await.expect("a policy");
        self.create("privacy", draft(text, "2026-11-24")).await.expect("a draft");
        self.publish("privacy", 1, 1).await.expect("published")
    }

    async fn import(&self, policy: &str, plan: Plan) -> Result<Report, ImportError> {
        let request = Request { key: key(policy), title: None, locale: None };
        import::import(&self.db, self.act(), request, plan, |_| ()).await
    }

    /// How many rows a table has.
    async fn count(&self, select: &'static str) -> i64 {
        let db = self.db.read();
        let row = db.query_one_raw(sql(db, select, [])).await.expect("a count").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }
}
