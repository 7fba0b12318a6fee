//! A new epoch: nothing is lost, and the old key is nowhere.

use super::*;
use bonafide_storage::{Db, sql};
use proptest::prelude::*;
use sea_orm::ConnectionTrait as _;

/// Every epoch key that can be read from the file, in clear, with nothing but the root key.
fn sealed_keys(dir: &Path) -> Vec<Vec<u8>> {
    let file = std::fs::read(dir.join("epochs.key")).expect("readable");
    let count = usize::from(u16::from_be_bytes([file[16], file[17]]));
    (0..count).map(|entry| file[18 + entry * 88 + 16..18 + (entry + 1) * 88].to_vec()).collect()
}

#[tokio::test]
async fn survivors_open_and_the_old_epoch_is_destroyed() {
    let plane = Plane::new().await;
    let deposits = (1..=2500).map(|number| plane.deposit(number, "ada@example.org"));
    let sealed = futures_util::future::join_all(deposits).await;
    let old = sealed_keys(plane.dir.path());
    let mut told = Vec::new();
    let rotated = plane.vault.rotate(later(90_000), |moved| told.push(moved)).await.expect("rotated");
    assert_eq!((rotated.epoch, rotated.moved, rotated.ended), (2, 2500, 1));
    assert_eq!(told, [1000, 2000, 2500]);
    for key in old {
        assert_eq!(found_in_files(plane.dir.path(), &key[24..]), None);
    }
    for (number, sealed) in (1..).zip(&sealed).step_by(100) {
        assert!(read(&plane.vault, number, sealed).await.is_ok());
    }
    assert_eq!(plane.vault.find(&"ada@example.org".parse().expect("valid")).await.expect("readable").len(), 2500);
    let status = plane.vault.status().await.expect("readable");
    assert_eq!((status.epoch, status.epochs, status.records, status.outdated), (2, 1, 2500, 0));
    let again = plane.other().await;
    assert_eq!(again.rehearse(|_| ()).await.expect("readable").sound, 2500);
}

/// What only looks sees what is wrong, and changes nothing.
#[tokio::test]
async fn a_key_that_does_not_open_is_found_and_named() {
    let plane = Plane::new().await;
    for number in 1..=3 {
        plane.deposit(number, "ada@example.org").await;
    }
    let swapped = Db::open_keys(plane.dir.path(), &Options::default()).await.expect("the database opens");
    let update =
        "UPDATE record_key SET wrapped = (SELECT o.wrapped FROM record_key o WHERE o.record = $2) WHERE record = $1";
    swapped
        .read()
        .execute_raw(sql(swapped.read(), update, [record(2).into(), record(3).into()]))
        .await
        .expect("swapped");
    let before = files(plane.dir.path());
    let keyring = Keyring::load(plane.dir.path()).expect("readable").expect("there");
    let looked = Vault::look(plane.dir.path(), &keyring, Entropy::system(), &Options::default()).await;
    let looked = looked.expect("it opens").expect("it is there");
    let found = looked.rehearse(|_| ()).await.expect("readable");
    assert_eq!((found.sound, found.broken, found.first_broken), (2, 1, Some(record(2))));
    assert!(looked.rotate(later(1), |_| ()).await.is_err(), "it does not write");
    assert_eq!(files(plane.dir.path()), before);
}

/// One key that does not open keeps nobody else's from being renewed, nor the key of an old epoch alive.
#[tokio::test]
async fn a_key_that_does_not_open_is_set_aside() {
    let plane = Plane::new().await;
    let mut sealed = Vec::new();
    for number in 1..=5 {
        sealed.push(plane.deposit(number, "ada@example.org").await);
    }
    damage(plane.dir.path(), record(3)).await;
    let all: Vec<_> = (1..=5).map(record).collect();
    assert_eq!(plane.vault.keys_many(&all).await.expect("readable").len(), 4);
    assert!(matches!(plane.vault.keys(record(3)).await, Err(Error::Altered)));
    for turn in 1..3 {
        let rotated = plane.vault.rotate(later(turn * 90_000), |_| ()).await.expect("rotated");
        assert_eq!((rotated.moved, rotated.damaged, rotated.ended), (4, 1, 1));
    }
    assert!(read(&plane.vault, 5, &sealed[4]).await.is_ok());
    let examined = plane.vault.examine(&[record(1), record(3), record(9)]).await.expect("readable");
    assert_eq!((examined.missing, examined.damaged), (vec![record(9)], 1));
    // and it can be destroyed
    let gone = plane.vault.destroy(vec![destruction(3)], later(1)).await.expect("destroyed");
    assert_eq!(gone, [bonafide_vault::Outcome::Destroyed]);
}

/// Very many that do not open are no damaged keys: something else is wrong.
#[tokio::test]
async fn many_keys_that_do_not_open_are_not_set_aside() {
    let plane = Plane::new().await;
    for number in 1..=60 {
        plane.deposit(number, "ada@example.org").await;
        damage(plane.dir.path(), record(number)).await;
    }
    assert!(matches!(plane.vault.rotate(later(90_000), |_| ()).await, Err(Error::Altered)));
    let status = plane.vault.status().await.expect("readable");
    assert_eq!((status.epochs, status.outdated), (2, 60));
}

async fn damage(dir: &Path, record: Record) {
    let db = Db::open_keys(dir, &Options::default()).await.expect("the database opens");
    let update = "UPDATE record_key SET wrapped = zeroblob(length(wrapped)) WHERE record = $1";
    db.read().execute_raw(sql(db.read(), update, [record.into()])).await.expect("damaged");
}

/// Who tries all keys while they are moved finds none broken.
#[tokio::test]
async fn a_rehearsal_beside_a_rotation_finds_nothing_wrong() {
    let plane = Plane::new().await;
    let deposits = (1..=3000).map(|number| plane.deposit(number, "ada@example.org"));
    futures_util::future::join_all(deposits).await;
    let other = plane.other().await;
    let turning = async {
        for turn in 1..4 {
            plane.vault.rotate(later(turn), |_| ()).await.expect("rotated");
        }
    };
    let trying = async {
        for _ in 0..6 {
            let found = other.rehearse(|_| ()).await.expect("readable");
            assert_eq!((found.sound, found.broken), (3000, 0));
        }
    };
    tokio::join!(turning, trying);
}

fn files(dir: &Path) -> std::collections::BTreeMap<std::ffi::OsString, Vec<u8>> {
    let entries = std::fs::read_dir(dir).expect("readable").map(|entry| entry.expect("readable"));
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).expect("readable"))).collect()
}

#[tokio::test]
async fn deposits_and_destructions_go_on_while_it_turns() {
    let plane = Plane::new().await;
    let other = plane.other().await;
    let mut sealed = Vec::new();
    for number in 0..300 {
        sealed.push(plane.deposit(number, "ada@example.org").await);
    }
    let turning = async {
        for turn in 1..6 {
            plane.vault.rotate(later(turn * 90_000), |_| ()).await.expect("rotated");
        }
    };
    let depositing = async {
        let mut sealed = Vec::new();
        for number in 1000..1200 {
            // a process that hears of no epoch by itself
            sealed.push((number, deposit(&other, number, "bob@example.org").await));
        }
        sealed
    };
    let destroying = async {
        for number in 0..100 {
            other.destroy(vec![destruction(number)], now()).await.expect("destroyed");
        }
    };
    let ((), deposited, ()) = tokio::join!(turning, depositing, destroying);
    plane.vault.rotate(later(900_000), |_| ()).await.expect("rotated");
    for (number, sealed) in deposited {
        assert!(read(&plane.vault, number, &sealed).await.is_ok(), "{number}");
        assert!(read(&other, number, &sealed).await.is_ok(), "{number}");
    }
    for (number, sealed) in sealed.iter().enumerate() {
        assert_eq!(read(&other, number as u128, sealed).await.is_ok(), number >= 100, "{number}");
    }
    assert_eq!(plane.vault.status().await.expect("readable").epochs, 1);
}

#[tokio::test]
async fn a_process_that_slept_through_two_epochs_wakes_up() {
    let plane = Plane::new().await;
    let sleeper = plane.other().await;
    plane.vault.rotate(later(1), |_| ()).await.expect("rotated");
    plane.vault.rotate(later(2), |_| ()).await.expect("rotated");
    let sealed = deposit(&sleeper, 1, "ada@example.org").await;
    assert!(read(&plane.vault, 1, &sealed).await.is_ok());
    assert_eq!(plane.vault.status().await.expect("readable").outdated, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Files as a crash can leave them: the file of epochs of one moment, the database of another one near it.
    #[test]
    fn a_rotation_cut_anywhere_loses_nothing(count in 0u128..40, early in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let plane = Plane::new().await;
            let mut sealed = Vec::new();
            for number in 0..count {
                sealed.push(plane.deposit(number, "ada@example.org").await);
            }
            let (database, file) = (plane.dir.path().join("keys.db"), plane.dir.path().join("epochs.key"));
            let before = std::fs::read(&database).expect("readable");
            plane.vault.rotate(later(90_000), |_| ()).await.expect("rotated");
            if early {
                // begun in the file, and the transaction was never committed: the old epoch's key is still there then
                let dir = tempfile::tempdir().expect("a directory");
                std::fs::copy(plane.dir.path().join("root.key"), dir.path().join("root.key")).expect("copied");
                std::fs::write(dir.path().join("keys.db"), &before).expect("written");
                std::fs::copy(&file, dir.path().join("epochs.key")).expect("copied");
                let opened = open(dir.path()).await;
                // the key was destroyed after the move was durable; a database from before it is a restored one, refused by name
                let lost = matches!(opened, Err(Error::Lost { epoch: 1, .. }));
                prop_assert!(lost, "refused by name");
            } else {
                let again = plane.other().await;
                for (number, sealed) in sealed.iter().enumerate() {
                    prop_assert!(read(&again, number as u128, sealed).await.is_ok());
                }
            }
            Ok(())
        })?;
    }
}
