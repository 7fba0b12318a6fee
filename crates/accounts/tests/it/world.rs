//! An installation with a site, a clock that is set by hand, and shorthands for people who come and go.

use bonafide_accounts::user::{self, Draft, Roles, User};
use bonafide_accounts::{Accounts, Arrival, Cost, Error, Identity, Link, OwnAccount, Secret, Settings, Tokens};
use bonafide_keyring::{Entropy, Keyring};
use bonafide_ledger::Act;
use bonafide_model::access::{Action, Actor, ReadAudit, Role, WriteUsers};
use bonafide_model::id::SiteId;
use bonafide_model::{EmailAddress, Granted, Instant};
use bonafide_storage::{Db, Options, Source, Tx, Work, sql};
use bonafide_test_support::{Installation, Template, TestDatabase};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const BOB: &str = "bob@example.org";
pub(crate) const PASSWORD: &str = "a long summer by the sea";
/// What a new database begins with.
static TABLES: Template = Template::new();

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) accounts: Accounts,
    pub(crate) site: SiteId,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) entropy: Entropy,
    clock: AtomicI64,
}

impl World {
    /// A new site without anybody.
    pub(crate) async fn empty(home: &Installation) -> Self {
        let connect = async |home: &Installation| {
            let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir());
            Db::open(source.expect("a source"), &Options::default()).await.expect("a database")
        };
        let db = TABLES.open(home, connect).await;
        let (now, entropy) = (Instant::from_micros(1_780_000_000_000_000), Entropy::system());
        let site: SiteId = entropy.id(now);
        db.write(move |tx| add_site(tx, site).boxed()).await.expect("a site");
        let keyring = Arc::new(Keyring::create(&home.keys_dir(), &entropy).expect("a root key"));
        let accounts = open(&db, &keyring, now).await;
        Self { db, accounts, site, keyring, entropy, clock: AtomicI64::new(now.micros()) }
    }

    /// A site with its owner, Ada.
    pub(crate) async fn with_owner(home: &Installation) -> Self {
        let world = Self::empty(home).await;
        world.add_active(ADA, &[Role::Owner]).await.expect("the owner is added");
        world
    }

    /// A second node on the same database.
    pub(crate) async fn other_node(&self) -> Accounts {
        open(&self.db, &self.keyring, self.now()).await
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn wait(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("a short while");
        self.clock.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<bonafide_storage::Error> + Send + 'static,
        F: for<'t> Fn(&'t Tx) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        self.db.write(work).await
    }

    pub(crate) fn arrival(&self) -> Arrival {
        self.arrival_from(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    pub(crate) fn arrival_from(&self, client: IpAddr) -> Arrival {
        Arrival { site: self.site, client, now: self.now(), entropy: self.entropy.clone() }
    }

    /// What somebody does who has a permission.
    pub(crate) fn act<A: Action>(&self, who: &Identity) -> Act<A> {
        self.granted(who.may(self.site).expect("the permission is there"))
    }

    pub(crate) fn own(&self, who: &Identity) -> Act<OwnAccount> {
        self.granted(who.own(self.site).expect("a session, not a token"))
    }

    pub(crate) fn operator(&self) -> Act<WriteUsers> {
        self.granted(Granted::issue(Actor::Operator, self.site))
    }

    fn granted<A: Action>(&self, granted: Granted<A>) -> Act<A> {
        Act::new(granted, self.now(), self.entropy.clone())
    }

    pub(crate) async fn add_active(&self, email: &str, roles: &[Role]) -> Result<(), Error> {
        let password = PASSWORD.parse().expect("a fine password");
        self.accounts.create_active(self.operator(), draft(email, roles), password).await.map(drop)
    }

    pub(crate) async fn login_with(&self, email: &str, password: &str) -> Result<Tokens, Error> {
        self.accounts.login(self.arrival(), address(email), secret(password)).await
    }

    pub(crate) async fn login(&self, email: &str) -> Tokens {
        self.login_with(email, PASSWORD).await.expect("the login is good")
    }

    pub(crate) async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Error> {
        self.accounts.refresh(self.arrival(), &tokens.refresh_token).await
    }

    pub(crate) async fn who(&self, tokens: &Tokens) -> Result<Identity, Error> {
        self.accounts.authenticate(tokens.access_token.expose(), self.now()).await
    }

    pub(crate) async fn is_alive(&self, tokens: &Tokens) -> bool {
        match self.who(tokens).await {
            Ok(_) => true,
            Err(Error::InvalidToken) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Logs in and says who that is.
    pub(crate) async fn enter(&self, email: &str) -> Identity {
        self.who(&self.login(email).await).await.expect("just logged in")
    }

    pub(crate) async fn invite(&self, email: &str, roles: &[Role]) -> Result<(User, Link), Error> {
        let (act, draft) = (self.operator(), draft(email, roles));
        self.write(move |tx| user::invite(tx, act.clone(), draft.clone()).boxed()).await
    }

    pub(crate) async fn accept(&self, link: &Link, password: &str) -> Result<(), Error> {
        self.accounts.accept(self.arrival(), &link.token, password.parse().expect("a fine password")).await
    }

    pub(crate) async fn user(&self, email: &str) -> User {
        let by = Granted::issue(Actor::Operator, self.site);
        let users = user::list(self.db.read(), &by, bonafide_accounts::Start::First, 100).await.expect("a list");
        users.into_iter().find(|user| user.email.as_str() == email).expect("an account with this address")
    }

    /// What was recorded, in alphabetical order: the clock stands still, so that lines have no order of their own.
    pub(crate) async fn audit(&self) -> Vec<String> {
        use bonafide_ledger::audit::list;
        use bonafide_model::Start;
        let by: Granted<ReadAudit> = Granted::issue(Actor::Operator, self.site);
        let lines = list(self.db.read(), &by, Start::First, 100).await.expect("a list");
        let mut lines: Vec<_> = lines.iter().map(|line| format!("{} {}", line.actor_kind, line.action)).collect();
        lines.sort();
        lines
    }

    pub(crate) async fn rows(&self, count: &'static str) -> i64 {
        let on = self.db.read();
        let row = on.query_one_raw(sql(on, count, [])).await.expect("the statement runs").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }
}

async fn open(db: &Db, keyring: &Arc<Keyring>, now: Instant) -> Accounts {
    // as cheap as argon2 allows: what is tested here are the rules around it
    let settings = Settings { cost: Cost { memory: 8, passes: 1, lanes: 1 }, ..Settings::default() };
    Accounts::open(db.clone(), Arc::clone(keyring), settings, now, Entropy::system()).await.expect("opened")
}

async fn add_site(tx: &Tx, site: SiteId) -> Result<(), Error> {
    let insert = "INSERT INTO site (id, name, time_zone, locales, version, created_at, updated_at)
        VALUES ($1, 'Example', 'UTC', '[\"en\"]', 1, 0, 0)";
    tx.execute_raw(sql(tx, insert, [site.uuid().into()])).await?;
    Ok(())
}

pub(crate) fn address(email: &str) -> EmailAddress {
    email.parse().expect("an address")
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

pub(crate) fn roles(roles: &[Role]) -> Roles {
    roles.to_vec().try_into().expect("each once")
}

pub(crate) fn draft(email: &str, of: &[Role]) -> Draft {
    Draft { email: address(email), display_name: "Somebody".parse().expect("a name"), roles: roles(of) }
}
