//! The site on both databases: made once, changed by those who have read it last.

use bonafide_keyring::Entropy;
use bonafide_ledger::Act;
use bonafide_model::access::{Actor, WriteSite};
use bonafide_model::id::SiteId;
use bonafide_model::{Granted, Instant, Patch};
use bonafide_site::{Error, Site, SitePatch};
use bonafide_storage::{Db, Options, Source, sql};
use bonafide_test_support::{Installation, Template, TestDatabase, on_both};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

/// What a new database begins with.
static TABLES: Template = Template::new();

fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

async fn open(home: &Installation) -> Db {
    let open = async |home: &Installation| {
        let source = Source::new(home.database().map(TestDatabase::url), &home.data_dir()).expect("a source");
        Db::open(source, &Options::default()).await.expect("the database opens")
    };
    TABLES.open(home, open).await
}

async fn ensure(db: &Db, random: u8) -> Site {
    let id = SiteId::new(at(1), [random; 10]);
    db.write(move |tx| bonafide_site::ensure(tx, id, at(1)).boxed()).await.expect("a site")
}

async fn change(db: &Db, site: SiteId, version: i64, patch: SitePatch) -> Result<Site, Error> {
    let act = Act::<WriteSite>::new(Granted::issue(Actor::Operator, site), at(9), Entropy::seeded(1));
    db.write(move |tx| bonafide_site::patch(tx, act.clone(), version, patch.clone()).boxed()).await
}

async fn count(db: &Db, select: &'static str) -> i64 {
    let row = db.read().query_one_raw(sql(db.read(), select, [])).await.expect("a row").expect("one row");
    row.try_get_by_index(0).expect("a number")
}

on_both! {
    async fn two_first_starts_make_one_site(home: &Installation) {
        let (one, other) = (open(home).await, open(home).await);
        assert_eq!(bonafide_site::the_only(one.read()).await.expect("readable"), None);
        let (first, second) = tokio::join!(ensure(&one, 1), ensure(&other, 2));
        assert_eq!(first, second);
        assert_eq!(count(&one, "SELECT COUNT(*) FROM site").await, 1);
        assert_eq!(first.default_locale().as_str(), "en");
        assert_eq!(first.time_zone.to_string(), "UTC");
        assert_eq!(bonafide_site::the_only(other.read()).await.expect("readable"), Some(first));
    }

    async fn a_change_is_kept_recorded_and_told(home: &Installation) {
        let db = open(home).await;
        let site = ensure(&db, 1).await;
        let patch = SitePatch {
            name: Patch::Value("Ada's".parse().expect("a title")),
            time_zone: Patch::Value("Europe/Amsterdam".parse().expect("a zone")),
            locales: Patch::Value(vec!["nl".parse().expect("a tag"), "en".parse().expect("a tag")]),
            base_url: Patch::Value("https://www.example.org".into()),
            page_url_template: Patch::Value("https://www.example.org/{path}".into()),
        };
        let changed = change(&db, site.id, 1, patch).await.expect("a change");
        assert_eq!((changed.version, changed.updated_at, changed.created_at), (2, at(9), at(1)));
        assert_eq!(bonafide_site::get(db.read(), site.id).await.expect("readable"), changed);
        assert_eq!(changed.default_locale().as_str(), "nl");
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit WHERE action = 'site.update'").await, 1);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM leaf").await, 1);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM change_feed WHERE object = 'site'").await, 1);

        let again = SitePatch { name: Patch::Value("Ada's".parse().expect("a title")), ..SitePatch::default() };
        assert_eq!(change(&db, site.id, 2, again).await.expect("no change"), changed);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit").await, 1);
    }

    async fn a_stale_or_wrong_change_changes_nothing(home: &Installation) {
        let db = open(home).await;
        let site = ensure(&db, 1).await;
        let stale = change(&db, site.id, 7, SitePatch::default()).await;
        assert!(matches!(stale, Err(Error::Stale { current: 1 })), "{stale:?}");
        let wrong = SitePatch {
            name: Patch::Null,
            time_zone: Patch::Null,
            locales: Patch::Value(Vec::new()),
            base_url: Patch::Value("example.org".into()),
            page_url_template: Patch::Value("https://www.example.org/".into()),
        };
        let Err(Error::Invalid(faults)) = change(&db, site.id, 1, wrong).await else { panic!("taken") };
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/time_zone", "/locales", "/base_url", "/page_url_template"]);
        assert_eq!(bonafide_site::get(db.read(), site.id).await.expect("readable"), site);
        let absent = SiteId::new(at(2), [9; 10]);
        assert!(matches!(change(&db, absent, 1, SitePatch::default()).await, Err(Error::Absent)));
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit").await, 0);
    }
}
