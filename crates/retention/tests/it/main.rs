//! Forms, submissions and their end on real databases: one body of tests, on SQLite and on PostgreSQL.

mod disclosing;
mod erasing;
mod exporting;
mod forms;
mod holding;
mod keys;
mod people;
mod plans;
mod sealing;
mod slow;
mod sweeping;
mod working;

use bonafide_keyring::{Entropy, Keyring};
use bonafide_ledger::Act;
use bonafide_model::access::{Action, Actor, PublishForms, WriteForms};
use bonafide_model::id::{AccountId, SiteId, SubmissionId};
use bonafide_model::name::FormKey;
use bonafide_model::{Granted, Instant, TimeZone};
use bonafide_retention::form::{self, Answers, Definition, FormVersion};
use bonafide_retention::purpose::Asked;
use bonafide_retention::submission::{self, Filter, Intake, Submission};
use bonafide_retention::sweep::Report;
use bonafide_retention::sweep::guard::Reading;
use bonafide_retention::sweep::run::Sweeper;
use bonafide_retention::{Error, Retention};
use bonafide_storage::{Db, Options, Source, sql};
use bonafide_test_support::{Backend, Installation, Template, TestDatabase};
use bonafide_vault::Vault;
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::time::Duration;

/// What a new database begins with.
static TABLES: Template = Template::new();

/// Both planes, with one site.
struct World {
    retention: Retention,
    site: SiteId,
    entropy: Entropy,
    keys_dir: tempfile::TempDir,
}

async fn world(home: &Installation) -> World {
    world_with(home, &Options::default(), &Options::default()).await
}

/// With options for each plane.
async fn world_with(home: &Installation, data: &Options, keys: &Options) -> World {
    let open = async |home: &Installation| {
        let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source");
        Db::open(source, data).await.expect("the database opens")
    };
    let db = TABLES.open(home, open).await;
    let entropy = Entropy::system();
    let site: SiteId = entropy.id(now());
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'Example', 'UTC', '[\"en\"]', 1, 0, 0)";
    let written = db.write(move |tx| {
        async move { Ok::<_, bonafide_storage::Error>(tx.execute_raw(sql(tx, insert, [site.uuid().into()])).await?) }
            .boxed()
    });
    written.await.expect("a site");
    let keys_dir = tempfile::tempdir_in(home.root()).expect("a directory");
    let keyring = Keyring::create(keys_dir.path(), &entropy).expect("writable");
    let vault = Vault::open(keys_dir.path(), &keyring, entropy.clone(), now(), keys).await.expect("a key plane");
    let retention = Retention::new(db, vault, entropy.clone());
    World { retention, site, entropy, keys_dir }
}

const CONTACT: &str = r#"{"title":{"en":"Contact"},
    "purpose":{"term":"fulfil_request","text":{"en":"To answer your question"}},
    "fields":[{"key":"name","kind":"name","required":true,"label":{"en":"Name"}},
        {"key":"email","kind":"email","required":true,"label":{"en":"E-mail"}},
        {"key":"message","kind":"free_text","label":{"en":"Message"}}],
    "retention":{"after_fulfilment":"P30D","unanswered":"P180D"},
    "permissions":[{"use":"newsletter","text":{"en":"Send me news"},"period":"P24M"}]}"#;

fn contact() -> Definition {
    serde_json::from_str(CONTACT).expect("a form")
}

fn key() -> FormKey {
    "contact".parse().expect("a key")
}

impl World {
    fn db(&self) -> &Db {
        self.retention.db()
    }

    fn act<A: Action>(&self, at: Instant) -> Act<A> {
        Act::new(self.may(), at, self.entropy.clone())
    }

    fn may<A: Action>(&self) -> Granted<A> {
        Granted::issue(Actor::Account(AccountId::new(now(), [1; 10])), self.site)
    }

    /// A form that visitors can fill in.
    async fn publish(&self, definition: Definition) -> FormVersion {
        let found = form::get(self.db().read(), &self.may(), &key()).await;
        let act: Act<WriteForms> = self.act(now());
        let written = match found {
            Ok(found) => {
                self.db()
                    .write(move |tx| form::patch(tx, act.clone(), key(), found.version, definition.clone()).boxed())
                    .await
            }
            Err(_) => self.db().write(move |tx| form::create(tx, act.clone(), key(), definition.clone()).boxed()).await,
        };
        let version = written.expect("written").version;
        let act: Act<PublishForms> = self.act(now());
        let en = "en".parse::<bonafide_model::Locale>().expect("a locale");
        let published =
            self.db().write(move |tx| form::publish(tx, act.clone(), key(), version, en.clone()).boxed()).await;
        published.expect("published");
        form::published(self.db().read(), self.site, &key()).await.expect("published")
    }

    /// Somebody sends something; gives its id and the token of the receipt.
    async fn submit(
        &self,
        form: &FormVersion,
        email: &str,
        uses: &[&str],
        spam: bool,
        at: Instant,
    ) -> (SubmissionId, String) {
        let fields = serde_json::json!({"name": "Ada", "email": email, "message": format!("From {email}")});
        let uses: Vec<_> = uses.iter().map(|name| (*name).to_owned()).collect();
        let answers = Answers::parse(&form.definition, fields.as_object().expect("fields"), &uses);
        let answers = answers.unwrap_or_else(|_| panic!("taken"));
        let intake = Intake { site: self.site, form, policy: None, spam, zone: &TimeZone::UTC, now: at };
        let mut sealed = self.retention.seal(intake, &answers).expect("sealed");
        self.retention.deposit(&mut sealed).await.expect("deposited");
        let write = sealed.writer();
        let written = self.db().write(move |tx| {
            let write = write.clone();
            async move {
                write(tx);
                Ok::<_, Error>(())
            }
            .boxed()
        });
        written.await.expect("written");
        (sealed.receipt.id, sealed.receipt.token.to_string())
    }

    async fn get(&self, id: SubmissionId) -> Submission {
        submission::get(self.db().read(), &self.may(), id).await.expect("there")
    }

    async fn open(&self, id: SubmissionId, asked: &str, at: Instant) -> Result<String, Error> {
        let asked: Asked = asked.parse().expect("a purpose");
        let opened = self.retention.open(self.act(at), id, asked).await?;
        Ok(opened.fields.to_string())
    }

    fn sweeper(&self, at: Instant) -> Sweeper {
        Sweeper::new(self.site, "test".to_owned(), reading(at))
    }

    /// A sweep of a process that has been there all the time: how long ago the last one was does not matter.
    async fn sweep(&self, at: Instant) -> Report {
        let forget = "UPDATE retention_watch SET last_success_at = NULL";
        self.db()
            .write::<_, Error, _>(move |tx| async move { Ok(tx.execute_unprepared(forget).await.map(drop)?) }.boxed())
            .await
            .expect("forgotten");
        let swept = self.retention.sweep(&mut self.sweeper(at), &TimeZone::UTC, reading(at)).await;
        swept.expect("swept").expect("our turn")
    }

    async fn count(&self, statement: &'static str) -> i64 {
        let db = self.db().read();
        let row = db.query_one_raw(sql(db, statement, [])).await.expect("readable").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    async fn listed(&self) -> usize {
        let (by, all) = (self.may(), Filter::default());
        let listed = submission::list(self.db().read(), &by, &all, bonafide_model::Start::First, 100);
        listed.await.expect("readable").len()
    }
}

fn reading(at: Instant) -> Reading {
    Reading { wall: at, monotonic: Duration::from_micros(u64::try_from(at.micros()).expect("after 1970")) }
}

fn now() -> Instant {
    "2026-11-24T09:30:00Z".parse().expect("an instant")
}

fn days(days: u64) -> Instant {
    now().plus(Duration::from_hours(24 * days))
}

/// Whether any stretch of some bytes stands in a file, not only the whole.
fn stand_in(bytes: &[u8], files: &[Vec<u8>]) -> bool {
    bytes.chunks_exact(16).any(|part| files.iter().any(|file| memchr::memmem::find(file, part).is_some()))
}
