//! Opening: with the right root key only, and with the file that belongs to the database.

use super::*;

#[tokio::test]
async fn what_was_deposited_is_there_after_a_restart() {
    let plane = Plane::new().await;
    let sealed = plane.deposit(1, "ada@example.org").await;
    assert_eq!(read(&plane.other().await, 1, &sealed).await.expect("opens"), "ada@example.org");
}

#[tokio::test]
async fn another_root_key_is_refused_by_name_and_changes_nothing() {
    let plane = Plane::new().await;
    let sealed = plane.deposit(1, "ada@example.org").await;
    let before = std::fs::read(plane.dir.path().join("epochs.key")).expect("readable");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let other = Keyring::create(elsewhere.path(), &Entropy::system()).expect("writable");
    let refused = Vault::open(plane.dir.path(), &other, Entropy::system(), now(), &Options::default()).await;
    let Err(Error::WrongRoot { given, .. }) = refused else { panic!("refused by name") };
    assert_eq!(given, other.id().as_str());
    assert_eq!(std::fs::read(plane.dir.path().join("epochs.key")).expect("readable"), before);
    assert!(read(&plane.other().await, 1, &sealed).await.is_ok());
}

#[tokio::test]
async fn a_lost_or_damaged_file_of_epochs_is_refused_by_name() {
    let plane = Plane::new().await;
    plane.deposit(1, "ada@example.org").await;
    let path = plane.dir.path().join("epochs.key");
    let good = std::fs::read(&path).expect("readable");
    for bad in [Vec::new(), vec![0; good.len()], good.iter().map(|byte| byte ^ 1).collect()] {
        std::fs::write(&path, &bad).expect("writable");
        assert!(matches!(open(plane.dir.path()).await, Err(Error::Lost { epoch: 1, .. })));
        assert_eq!(std::fs::read(&path).expect("readable"), bad, "nothing was changed");
    }
    std::fs::remove_file(&path).expect("there");
    assert!(matches!(open(plane.dir.path()).await, Err(Error::Lost { epoch: 1, .. })));
    // one slot alone is enough
    for slot in [0, 1] {
        let mut half = good.clone();
        half[slot * 4096..(slot + 1) * 4096].fill(0);
        std::fs::write(&path, &half).expect("writable");
        assert!(open(plane.dir.path()).await.is_ok());
    }
}

/// Keys of epochs whose database is missing, or empty, stay as they are: it may be a disk that is not mounted yet.
#[tokio::test]
async fn keys_of_epochs_without_their_database_are_refused_and_kept() {
    let plane = Plane::new().await;
    let sealed = plane.deposit(1, "ada@example.org").await;
    let (database, file) = (plane.dir.path().join("keys.db"), plane.dir.path().join("epochs.key"));
    let (keys, epochs) = (std::fs::read(&database).expect("readable"), std::fs::read(&file).expect("readable"));
    let names = || std::fs::read_dir(plane.dir.path()).expect("readable").count();
    std::fs::remove_file(&database).expect("there");
    let _ = std::fs::remove_file(plane.dir.path().join("keys.db-journal"));
    let before = names();
    let keyring = Keyring::load(plane.dir.path()).expect("readable").expect("there");
    assert!(matches!(open(plane.dir.path()).await, Err(Error::Orphaned { .. })));
    let looked = Vault::look(plane.dir.path(), &keyring, Entropy::system(), &Options::default()).await;
    assert!(matches!(looked, Err(Error::Orphaned { .. })));
    assert!(matches!(bonafide_vault::root_of(plane.dir.path()).await, Err(Error::Orphaned { .. })));
    assert_eq!(names(), before, "no empty database is left behind");
    std::fs::write(&database, []).expect("writable");
    assert!(matches!(open(plane.dir.path()).await, Err(Error::Orphaned { .. })));
    assert_eq!(std::fs::read(&file).expect("readable"), epochs);
    std::fs::write(&database, &keys).expect("writable");
    let again = plane.other().await;
    assert!(read(&again, 1, &sealed).await.is_ok(), "brought back, all is well");
    // older than its first day: a database without any epoch is no first start that was cut short
    again.rotate(later(90_000), |_| ()).await.expect("rotated");
    let epochs = std::fs::read(&file).expect("readable");
    std::fs::remove_file(&database).expect("there");
    bonafide_storage::Db::open_keys(plane.dir.path(), &Options::default()).await.expect("an empty one");
    assert!(matches!(open(plane.dir.path()).await, Err(Error::Orphaned { .. })));
    assert_eq!(std::fs::read(&file).expect("readable"), epochs);
}

/// Killed in its first start, wherever: with the database and nothing else, and with the file before the commit.
#[tokio::test]
async fn a_first_start_that_was_cut_short_is_started_again() {
    for with_file in [false, true] {
        let other = Plane::new().await;
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::copy(other.dir.path().join("root.key"), dir.path().join("root.key")).expect("copied");
        bonafide_storage::Db::open_keys(dir.path(), &Options::default()).await.expect("made");
        if with_file {
            std::fs::copy(other.dir.path().join("epochs.key"), dir.path().join("epochs.key")).expect("copied");
        }
        let vault = open(dir.path()).await.expect("it starts");
        let sealed = deposit(&vault, 1, "ada@example.org").await;
        assert!(read(&open(dir.path()).await.expect("opens"), 1, &sealed).await.is_ok());
    }
}

#[tokio::test]
async fn keys_that_were_swapped_between_rows_do_not_open() {
    let plane = Plane::new().await;
    plane.deposit(1, "ada@example.org").await;
    plane.deposit(2, "bob@example.org").await;
    let swap = "CREATE TEMP TABLE old AS SELECT * FROM record_key;
        UPDATE record_key SET wrapped = (SELECT wrapped FROM old WHERE old.record <> record_key.record)";
    let db = bonafide_storage::Db::open_keys(plane.dir.path(), &Options::default()).await.expect("opens");
    sea_orm::ConnectionTrait::execute_unprepared(db.read(), swap).await.expect("swapped");
    assert!(matches!(plane.vault.keys(record(1)).await, Err(Error::Altered)));
    assert_eq!(plane.vault.rehearse(|_| ()).await.expect("readable").broken, 2);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_of_epochs_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let plane = Plane::new().await;
    let mode = std::fs::metadata(plane.dir.path().join("epochs.key")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
