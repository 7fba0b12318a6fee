//! Keys and data that do not fit together, keys that do not open, clocks that are wrong: nobody else pays for it.

use super::*;
use bonafide_retention::bond::Losses;
use bonafide_retention::erase::Wanted;
use bonafide_retention::life::Cause;
use bonafide_retention::sweep::health;
use bonafide_test_support::on_both;
use bonafide_vault::Outcome;
use std::path::Path;

/// A key plane in a directory of its own.
async fn vault(dir: &Path) -> Vault {
    let entropy = Entropy::system();
    let keyring = match Keyring::load(dir).expect("readable") {
        Some(keyring) => keyring,
        None => Keyring::create(dir, &entropy).expect("writable"),
    };
    Vault::open(dir, &keyring, entropy, now(), &Options::default()).await.expect("a key plane")
}

/// Overwrites the wrapped key of a submission.
async fn damage(world: &World, id: SubmissionId) {
    let db = Db::open_keys(world.keys_dir.path(), &Options::default()).await.expect("the database opens");
    let update = "UPDATE record_key SET wrapped = zeroblob(length(wrapped)) WHERE record = $1";
    db.read().execute_raw(sql(db.read(), update, [id.uuid().into()])).await.expect("damaged");
}

/// Takes the keys of a submission away, as if those of an older moment had been restored.
async fn lose(world: &World, id: SubmissionId) {
    let db = Db::open_keys(world.keys_dir.path(), &Options::default()).await.expect("the database opens");
    let delete = "DELETE FROM record_key WHERE record = $1";
    db.read().execute_raw(sql(db.read(), delete, [id.uuid().into()])).await.expect("lost");
}

/// Runs a statement on the key plane, past the product.
async fn alter(world: &World, statement: &'static str) {
    let db = Db::open_keys(world.keys_dir.path(), &Options::default()).await.expect("the database opens");
    db.read().execute_raw(sql(db.read(), statement, [])).await.expect("altered");
}

impl World {
    async fn causes(&self, at: Instant) -> Vec<health::Cause> {
        self.retention.health(self.site, at).await.expect("readable").causes().collect()
    }

    fn beside(&self, vault: Vault) -> Retention {
        Retention::new(self.db().clone(), vault, self.entropy.clone())
    }

    async fn erase(&self, id: SubmissionId, at: Instant) -> Outcome {
        let wanted = [Wanted { submission: self.get(id).await, cause: Cause::Staff, rules: None }];
        self.retention.erase(Actor::System, &wanted, at).await.expect("erased")[0]
    }

    /// Keys whose data never came, as of a process that was killed in between.
    async fn stray(&self, count: u128) {
        for number in 1..=count {
            let keys = self.retention.vault().new_record(uuid::Uuid::from_u128(number));
            self.retention.vault().deposit(keys, None, Vec::new(), now()).await.expect("deposited");
        }
    }
}

on_both! {
    /// The first time binds them; from then on other data are refused, and nothing is deleted.
    async fn keys_belong_to_the_data_of_one_site(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        world.retention.bind(world.site).await.expect("bound");
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.retention.bind(world.site).await.expect("bound to it");
        let other: SiteId = world.entropy.id(now());
        let refused = world.retention.bind(other).await;
        let Err(Error::OtherData { recorded, given }) = refused else { panic!("refused") };
        assert_eq!((recorded, given), (world.site.uuid(), other.uuid()));
        assert!(matches!(world.retention.accept_loss(other, days(1)).await, Err(Error::OtherData { .. })));
        assert!(matches!(world.retention.losses(other, days(1)).await, Err(Error::OtherData { .. })));
        assert!(world.open(id, "fulfil_request", days(1)).await.is_ok());
    }

    /// What is known of the data is told all the same.
    async fn keys_that_cannot_be_read_are_named(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let health = world.retention.health(world.site, days(1)).await.expect("readable");
        assert_eq!(health.keys.map(|keys| keys.records), Some(1));
        assert!(!world.causes(days(1)).await.contains(&health::Cause::KeysUnreadable));
        alter(&world, "ALTER TABLE record_key RENAME TO elsewhere").await;
        let health = world.retention.health(world.site, days(1)).await.expect("the data are readable");
        assert!(health.keys.is_none() && health.causes().any(|cause| cause == health::Cause::KeysUnreadable));
        alter(&world, "ALTER TABLE elsewhere RENAME TO record_key").await;
        assert!(!world.causes(days(1)).await.contains(&health::Cause::KeysUnreadable));
        assert!(world.open(id, "fulfil_request", days(1)).await.is_ok());
    }

    /// Data that were restored have no keys: that is said, and only somebody's word goes on without them.
    async fn new_keys_beside_old_data_want_a_word(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let dir = tempfile::tempdir().expect("a directory");
        let retention = world.beside(vault(dir.path()).await);
        assert!(matches!(retention.bind(world.site).await, Err(Error::Apart { submissions: 1, keys: 0 })));
        assert!(matches!(retention.belong_together(world.site).await, Err(Error::Apart { .. })));
        assert_eq!(retention.vault().bound_to().await.expect("readable"), None);
        let lost = Losses { submissions: 1, held: 0, keys: 0 };
        assert_eq!(retention.losses(world.site, days(1)).await.expect("readable"), lost);
        assert!(world.get(id).await.state.is_live(), "a look changes nothing");
        assert_eq!(retention.accept_loss(world.site, days(1)).await.expect("accepted"), lost);
        let seen = retention.mine(world.site, &token, days(1)).await.expect("told").submission;
        assert_eq!((seen.state.name(), seen.scrubbed_at), ("erased", Some(days(1))));
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed").await, 0);
        retention.bind(world.site).await.expect("bound");
        assert_eq!(retention.accept_loss(world.site, days(1)).await.expect("accepted"), Losses::default());
        // and keys that were never bound, of other data
        let unbound = Error::Apart { submissions: 0, keys: 1 };
        assert_eq!(world.retention.bind(world.site).await.expect_err("refused").to_string(), unbound.to_string());
    }

    /// Few strays are what a killed process leaves; many are kept, and somebody has to look.
    async fn many_strays_are_kept(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.retention.bind(world.site).await.expect("bound");
        world.stray(60).await;
        let soon = now().plus(Duration::from_hours(2));
        assert_eq!(world.retention.look_after_keys(soon).await.expect("done").strays, 0);
        assert_eq!(world.causes(soon).await, [health::Cause::KeysWithoutSubmissions]);
        assert_eq!(world.retention.vault().status().await.expect("readable").records, 61);
        let lost = Losses { keys: 60, ..Losses::default() };
        assert_eq!(world.retention.losses(world.site, soon).await.expect("readable"), lost);
        assert_eq!(world.retention.accept_loss(world.site, soon).await.expect("accepted"), lost);
        world.retention.look_after_keys(soon).await.expect("done");
        assert_eq!(world.causes(soon).await, []);
        assert!(world.open(id, "fulfil_request", soon).await.is_ok());
    }

    /// Gone keys are seen, and an erasure of what they belonged to comes to its end.
    async fn a_submission_without_keys_is_seen_and_can_be_erased(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let (well, _) = world.submit(&form, "bob@example.org", &[], false, now()).await;
        lose(&world, id).await;
        world.retention.look_after_keys(now()).await.expect("done");
        assert_eq!(world.causes(now()).await, [health::Cause::SubmissionsWithoutKeys]);
        assert_eq!(world.erase(id, now()).await, Outcome::Gone);
        assert_eq!(world.retention.settle(now()).await.expect("settled"), 1);
        let seen = world.get(id).await;
        assert_eq!((seen.state.name(), seen.scrubbed_at), ("erased", Some(now())));
        world.retention.look_after_keys(now()).await.expect("done");
        assert_eq!(world.causes(now()).await, []);
        world.retention.look_after_keys(days(1)).await.expect("a new epoch");
        assert_eq!(world.get(id).await.state.name(), "final");
        assert!(world.open(well, "fulfil_request", days(1)).await.is_ok());
    }

    /// One key that does not open: it can be erased, and so can everybody else's.
    async fn a_damaged_key_stops_nobody(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let mut ids = Vec::new();
        for name in ["ada", "bob", "eve", "kim"] {
            ids.push(world.submit(&form, &format!("{name}@example.org"), &["newsletter"], false, now()).await.0);
        }
        damage(&world, ids[0]).await;
        assert_eq!(world.retention.look_after_keys(days(1)).await.expect("a new epoch").rotated, Some(3));
        assert_eq!(world.causes(days(1)).await, [health::Cause::KeysDamaged]);
        let wanted: Vec<_> = [world.get(ids[0]).await, world.get(ids[1]).await]
            .map(|submission| Wanted { submission, cause: Cause::Staff, rules: None }).into();
        let outcomes = world.retention.erase(Actor::System, &wanted, days(1)).await.expect("erased");
        assert_eq!(outcomes, [Outcome::Destroyed, Outcome::Destroyed]);
        assert_eq!(world.retention.settle(days(1)).await.expect("settled"), 2);
        assert!(world.get(ids[0]).await.scrubbed_at.is_some());
        // what the schedule takes, in part
        damage(&world, ids[2]).await;
        let report = world.sweep(days(181)).await;
        assert_eq!((report.due, report.reduced, report.stopped), (2, 2, None));
        assert_eq!(world.sweep(days(182)).await.due, 0);
        assert!(world.open(ids[3], "permitted:newsletter", days(182)).await.is_ok());
        let people = world.retention.of(&world.act(days(182)), &"kim@example.org".parse().expect("valid")).await;
        assert_eq!(people.expect("readable").len(), 1);
    }

    /// A clock that jumped ends no permission, clears nothing and dates no epoch.
    async fn a_clock_that_is_not_trusted_destroys_nothing(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        world.stray(1).await;
        let mut sweeper = world.sweeper(now());
        let jumped = Reading { wall: days(3650), monotonic: reading(now()).monotonic + Duration::from_mins(1) };
        world.retention.sweep(&mut sweeper, &TimeZone::UTC, jumped).await.expect("swept").expect("our turn");
        let done = world.retention.look_after_keys(days(3650)).await.expect("done");
        assert_eq!((done.strays, done.permissions, done.rotated), (0, 0, None));
        let status = world.retention.vault().status().await.expect("readable");
        assert_eq!((status.records, status.epoch_began_at), (2, now()));
        world.retention.trust_clock(world.act(now())).await.expect("trusted");
        let rules = world.retention.vault().rules(id.uuid()).await.expect("readable").expect("there");
        assert_eq!(rules.permissions.len(), 1);
    }

    /// An epoch from the future is replaced by one of today; until then nothing is taken to have ended.
    async fn an_epoch_from_the_future_is_replaced(home: &Installation) {
        let world = world(home).await;
        world.stray(1).await;
        let behind = now().plus(Duration::from_hours(2));
        world.retention.vault().rotate(days(3650), |_| ()).await.expect("rotated");
        assert_eq!(world.causes(behind).await, [health::Cause::KeysOutdated]);
        let done = world.retention.look_after_keys(behind).await.expect("done");
        assert_eq!((done.rotated, done.strays), (Some(1), 0));
        assert_eq!(world.retention.vault().status().await.expect("readable").epoch_began_at, behind);
        assert_eq!(world.causes(behind).await, []);
        assert_eq!(world.retention.look_after_keys(behind).await.expect("done").strays, 1);
    }

    /// A part ends as a whole does: said before and after, and not while something holds it back.
    async fn a_part_ends_on_record(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        world.retention.vault().lock(id.uuid(), days(190)).await.expect("locked");
        let report = world.sweep(days(181)).await;
        assert_eq!((report.reduced, report.held_back), (0, 1));
        assert!(world.open(id, "subject_rights", days(182)).await.expect("allowed").contains("From ada"));
        let before = world.count("SELECT COUNT(*) FROM leaf").await;
        assert_eq!(world.sweep(days(191)).await.reduced, 1);
        // intent, done, and the report
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, before + 3);
        assert_eq!(world.get(id).await.state.name(), "due");
    }
}

/// The bytes of a part that ended stand in no file.
#[tokio::test]
async fn no_byte_of_an_ended_part_stays_in_a_file() {
    let home = Installation::new(Backend::Sqlite).expect("SQLite is there");
    let world = world(&home).await;
    let form = world.publish(contact()).await;
    world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
    let db = world.db().read();
    let row = db.query_one_raw(sql(db, "SELECT contact, message FROM submission_sealed", [])).await;
    let row = row.expect("readable").expect("there");
    let [kept, ended] = ["contact", "message"].map(|column| row.try_get::<Vec<u8>>("", column).expect("bytes"));
    assert_eq!(world.sweep(days(181)).await.reduced, 1);
    let files: Vec<Vec<u8>> = std::fs::read_dir(home.data_dir())
        .expect("readable")
        .map(|entry| std::fs::read(entry.expect("readable").path()).expect("readable"))
        .collect();
    for (bytes, there) in [(kept, true), (ended, false)] {
        let found = stand_in(&bytes, &files);
        assert_eq!(found, there);
    }
}
