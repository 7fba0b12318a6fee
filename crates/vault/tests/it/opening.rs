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
