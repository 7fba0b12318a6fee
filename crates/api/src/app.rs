//! What every handler can reach.

use crate::cache::Store;
use crate::memory::Memory;
use bonafide_accounts::Accounts;
use bonafide_content::delivery::Together;
use bonafide_keyring::{Entropy, Keyring};
use bonafide_model::content::Catalogue;
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::{Clock, Instant};
use bonafide_retention::Retention;
use bonafide_site::Site;
use bonafide_storage::Db;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// What the server hands over.
pub struct Parts {
    /// The data plane.
    pub db: Db,
    /// The root key.
    pub keyring: Arc<Keyring>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// People and their tokens.
    pub accounts: Accounts,
    /// What visitors submitted, and its keys.
    pub retention: Retention,
    /// The site this process serves.
    pub site: SiteId,
    /// What the operator can set.
    pub settings: Settings,
}

/// Who may read published content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryAccess {
    /// Everybody.
    Public,
    /// Whoever has a read token `bf_read_…`.
    Token,
}

/// How many people decide a legal hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldDecision {
    /// One asks, another confirms.
    TwoPeople,
    /// One asks and confirms a day later; the status is red while such a hold is in force.
    SingleOperator,
}

/// What the operator can set of the HTTP surface.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many bytes of finished answers are kept in memory.
    pub cache_bytes: usize,
    /// Who may read published content.
    pub delivery_access: DeliveryAccess,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Origins whose pages may use the admin API from a browser.
    pub admin_origins: Vec<String>,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How many requests beyond the cache one client may make in a minute.
    pub requests_per_minute: u32,
    /// How many forms one client may send in a minute.
    pub submissions_per_minute: u32,
    /// How many people decide a legal hold.
    pub hold_decision: HoldDecision,
    /// The version of the product, for the documents and the status.
    pub version: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            delivery_access: DeliveryAccess::Public,
            trusted_proxies: Vec::new(),
            admin_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            requests_per_minute: 6000,
            submissions_per_minute: 30,
            hold_decision: HoldDecision::TwoPeople,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The state of every handler. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) store: Arc<Store>,
    pub(crate) limiter: crate::limit::Limiter,
    pub(crate) visitors: crate::visitor::Visitors,
    pub(crate) started: Instant,
    /// Content types, as delivery needs them.
    pub(crate) types: Arc<Memory<Catalogue>>,
    /// The public document with the types of the site.
    pub(crate) document: Arc<Memory<String>>,
    /// The settings of the site, as delivery of pages needs them.
    site_settings: Arc<Memory<Site>>,
    /// Who reads what is asked for at the same time.
    pub(crate) together: Together,
    /// The pages at which parts of the sitemap begin.
    pub(crate) sitemap: Arc<Memory<Vec<EntryId>>>,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        let store = Arc::new(Store::new(parts.settings.cache_bytes));
        let (types, site_settings) = (Arc::new(Memory::new("type/")), Arc::new(Memory::new("site")));
        let document = Arc::new(Memory::new("type/"));
        let sitemap = Arc::new(Memory::new("entries/page"));
        let forgetful = (Arc::clone(&document), Arc::clone(&sitemap));
        let listeners = (Arc::clone(&types), Arc::clone(&site_settings), Arc::clone(&store));
        parts.db.on_change(move |changes| {
            // what answers are made with goes first: no fill that begins after them finds it
            forgetful.0.invalidate(changes);
            forgetful.1.invalidate(changes);
            listeners.0.invalidate(changes);
            listeners.1.invalidate(changes);
            listeners.2.invalidate(changes);
        });
        let limiter = crate::limit::Limiter::new(parts.settings.requests_per_minute);
        let visitors = crate::visitor::Visitors::new(&parts.keyring, parts.settings.submissions_per_minute);
        let (started, together) = (parts.clock.now(), Together::start(parts.db.clone(), parts.site));
        let inner =
            Inner { parts, store, limiter, visitors, started, types, document, site_settings, together, sitemap };
        Self(Arc::new(inner))
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    /// What visitors submitted.
    pub(crate) fn retention(&self) -> &Retention {
        &self.parts.retention
    }

    /// The site, as it stands.
    pub(crate) async fn site(&self) -> Result<Site, bonafide_site::Error> {
        bonafide_site::get(self.db().read(), self.parts.site).await
    }

    /// The site, from memory: for answers that depend on it.
    pub(crate) async fn remembered_site(&self) -> Result<Arc<Site>, bonafide_site::Error> {
        self.site_settings.get(self.site()).await
    }

    /// The database.
    pub(crate) fn db(&self) -> &Db {
        &self.parts.db
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
