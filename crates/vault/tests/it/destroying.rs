//! The point of no return.

use super::*;
use bonafide_model::Start;
use bonafide_vault::{Groups, Hold, HoldRequest, Outcome, Permission, Reduction};
use std::collections::HashSet;

#[tokio::test]
async fn what_was_destroyed_is_gone_and_pending_until_settled() {
    let plane = Plane::new().await;
    let (first, second) = (plane.deposit(1, "ada@example.org").await, plane.deposit(2, "bob@example.org").await);
    let asked = vec![destruction(1), destruction(3), destruction(1)];
    let outcomes = plane.vault.destroy(asked, later(5)).await.expect("written");
    assert_eq!(outcomes, [Outcome::Destroyed, Outcome::Gone, Outcome::Destroyed]);
    assert!(matches!(read(&plane.vault, 1, &first).await, Err(Error::Gone)));
    assert!(read(&plane.vault, 2, &second).await.is_ok());
    // the other one may share her tag: it has few bits
    let candidates = plane.vault.find(&"ada@example.org".parse().expect("valid")).await.expect("readable");
    assert!(!candidates.contains(&record(1)));
    let after_a_crash = plane.other().await;
    let pending = after_a_crash.pending(10).await.expect("readable");
    // also of what has no keys any more the data have to go
    assert_eq!(pending.iter().map(|pending| pending.record).collect::<Vec<_>>(), [record(1), record(3)]);
    assert_eq!(
        (pending[0].cause.as_str(), pending[0].object, pending[0].destroyed_at),
        ("due", Some([5; 32]), later(5))
    );
    // the second time nothing is left to destroy, and the note stays
    assert_eq!(plane.vault.destroy(vec![destruction(1)], later(9)).await.expect("written"), [Outcome::Gone]);
    assert_eq!(plane.vault.pending(10).await.expect("readable")[0].destroyed_at, later(5));
    plane.vault.settled(vec![record(1), record(3)], later(10)).await.expect("written");
    assert!(plane.vault.pending(10).await.expect("readable").is_empty());
    // its epoch is alive: a copy of the key plane made before could still be opened
    assert!(plane.vault.ripe(10).await.expect("readable").is_empty());
    plane.vault.rotate(later(90_000), |_| ()).await.expect("rotated");
    assert_eq!(plane.vault.ripe(10).await.expect("readable").len(), 2);
    plane.vault.forget(vec![record(1), record(3)]).await.expect("written");
    assert!(plane.vault.ripe(10).await.expect("readable").is_empty());
}

#[tokio::test]
async fn the_wrapped_key_leaves_no_byte_in_the_files() {
    let plane = Plane::new().await;
    for number in 1..200 {
        plane.deposit(number, &format!("person{number}@example.org")).await;
    }
    let db = bonafide_storage::Db::open_keys(plane.dir.path(), &Options::default()).await.expect("opens");
    let rows = sea_orm::ConnectionTrait::query_all_raw(
        db.read(),
        bonafide_storage::sql(db.read(), "SELECT record, wrapped FROM record_key", []),
    );
    let rows = rows.await.expect("readable");
    let wrapped: Vec<(Record, Vec<u8>)> = rows
        .iter()
        .map(|row| (row.try_get("", "record").expect("an id"), row.try_get("", "wrapped").expect("bytes")))
        .collect();
    assert!(found_in_files(plane.dir.path(), &wrapped[7].1).is_some(), "the control is found");
    let doomed: Vec<_> = (1..200).step_by(3).map(destruction).collect();
    let gone: HashSet<_> = doomed.iter().map(|asked| asked.record).collect();
    plane.vault.destroy(doomed, now()).await.expect("written");
    for (record, bytes) in wrapped {
        assert_eq!(found_in_files(plane.dir.path(), &bytes).is_none(), gone.contains(&record), "{record}");
        assert_eq!(found_in_files(plane.dir.path(), &bytes[30..50]).is_none(), gone.contains(&record), "{record}");
    }
}

#[tokio::test]
async fn holds_stop_everyone_and_locks_stop_the_clock_only() {
    let plane = Plane::new().await;
    plane.deposit(1, "ada@example.org").await;
    let vault = &plane.vault;
    let destroy = |asked: Destruction, at| async move { vault.destroy(vec![asked], at).await.expect("written")[0] };
    let by_the_person = Destruction { by_the_person: true, ..destruction(1) };
    assert!(vault.ask_for_hold(asked(1), now()).await.expect("asked"));
    assert_eq!(vault.hold(record(1)).await.expect("readable"), (None, Some(asked(1))));
    let hold = Hold { request: asked(1), placed_by: record(8), placed_at: later(1) };
    assert!(vault.place_hold(hold.clone()).await.expect("placed"));
    assert!(!vault.place_hold(hold.clone()).await.expect("asked"), "it is not asked for any more");
    assert_eq!(vault.hold(record(1)).await.expect("readable"), (Some(hold.clone()), None));
    assert_eq!(vault.on_hold(Start::First, 10).await.expect("readable"), [record(1)]);
    assert_eq!(reduce(vault, None, Groups::NONE).await, Outcome::Held);
    assert_eq!(destroy(destruction(1), now()).await, Outcome::Held);
    assert_eq!(destroy(by_the_person.clone(), now()).await, Outcome::Held);
    assert!(vault.release(record(1)).await.expect("released"));
    vault.lock(record(1), later(60)).await.expect("locked");
    assert_eq!(destroy(destruction(1), later(59)).await, Outcome::Locked);
    let seen = vault.rules(record(1)).await.expect("readable").expect("there").version;
    vault.unlock(record(1)).await.expect("unlocked");
    assert_eq!(destroy(Destruction { version: Some(seen), ..destruction(1) }, now()).await, Outcome::Changed);
    vault.lock(record(1), later(60)).await.expect("locked");
    assert_eq!(destroy(by_the_person, later(1)).await, Outcome::Destroyed);
    assert!(matches!(vault.ask_for_hold(asked(1), now()).await, Err(Error::Gone)));
}

/// What one person asks for stops nothing, goes with the record, and is void after its time.
#[tokio::test]
async fn a_hold_that_was_only_asked_for_stops_nothing() {
    let plane = Plane::new().await;
    plane.deposit(1, "ada@example.org").await;
    let vault = &plane.vault;
    assert!(vault.ask_for_hold(asked(1), now()).await.expect("asked"));
    let other = HoldRequest { asked_by: record(6), asked_at: later(10), ..asked(1) };
    assert!(!vault.ask_for_hold(other.clone(), now()).await.expect("asked"), "there is one");
    assert!(vault.ask_for_hold(other.clone(), later(1)).await.expect("asked"), "the first is void");
    let changed = Hold { request: asked(1), placed_by: record(8), placed_at: later(11) };
    assert!(!vault.place_hold(changed).await.expect("asked"), "another one is asked for");
    assert_eq!(vault.destroy(vec![destruction(1)], later(12)).await.expect("written"), [Outcome::Destroyed]);
    assert_eq!(vault.count_on_hold().await.expect("readable"), 0);
}

fn asked(number: u128) -> HoldRequest {
    HoldRequest {
        record: record(number),
        reason: "legal_claim".to_owned(),
        reference: None,
        review_at: later(1000),
        asked_by: record(7),
        asked_at: now(),
    }
}

async fn reduce(vault: &Vault, version: Option<i64>, keep: Groups) -> Outcome {
    let asked = vec![Reduction { record: record(1), version, keep }];
    vault.destroy_groups(asked, now()).await.expect("asked")[0]
}

#[tokio::test]
async fn groups_go_one_by_one() {
    let plane = Plane::new().await;
    let sealed = plane.deposit(1, "ada@example.org").await;
    let contact = Groups::NONE.with(Group::Contact);
    assert_eq!(reduce(&plane.vault, Some(1), contact).await, Outcome::Destroyed);
    assert_eq!(plane.vault.keys(record(1)).await.expect("there").groups(), contact);
    assert!(read(&plane.vault, 1, &sealed).await.is_ok());
    let ada = "ada@example.org".parse().expect("valid");
    assert_eq!(plane.vault.find(&ada).await.expect("readable"), [record(1)]);
    // what holds back an erasure holds back a part of one
    assert_eq!(reduce(&plane.vault, Some(1), Groups::NONE).await, Outcome::Changed);
    plane.vault.lock(record(1), later(60)).await.expect("locked");
    assert_eq!(reduce(&plane.vault, None, Groups::NONE).await, Outcome::Locked);
    plane.vault.unlock(record(1)).await.expect("unlocked");
    assert_eq!(reduce(&plane.vault, None, Groups::NONE.with(Group::Message)).await, Outcome::Destroyed);
    assert!(matches!(read(&plane.vault, 1, &sealed).await, Err(Error::Gone)));
    assert!(plane.vault.find(&ada).await.expect("readable").is_empty(), "it leaves the index");
    assert!(plane.vault.outdated_tags(10).await.expect("readable").is_empty());
    let gone = Reduction { record: record(9), version: None, keep: Groups::NONE };
    assert_eq!(plane.vault.destroy_groups(vec![gone], now()).await.expect("asked"), [Outcome::Gone]);
}

#[tokio::test]
async fn permissions_are_given_withdrawn_and_end() {
    let plane = Plane::new().await;
    let permission = |r#use: &str, end| Permission {
        r#use: r#use.to_owned(),
        groups: Groups::ALL,
        given_at: now(),
        expires_at: later(end),
    };
    let keys = plane.vault.new_record(record(1));
    let given = vec![permission("news", 50), permission("survey", 100)];
    plane.vault.deposit(keys, None, given.clone(), now()).await.expect("deposited");
    let rules = plane.vault.rules(record(1)).await.expect("readable").expect("there");
    assert_eq!(rules.permissions, given);
    let ended = plane.vault.expired_permissions(later(50), 10).await.expect("readable");
    assert_eq!(ended, [(record(1), "news".to_owned())]);
    assert!(plane.vault.withdraw(record(1), "news").await.expect("written"));
    assert!(!plane.vault.withdraw(record(1), "news").await.expect("written"));
    plane.vault.permit(record(1), permission("survey", 200)).await.expect("written");
    let rules = plane.vault.rules(record(1)).await.expect("readable").expect("there");
    assert_eq!((rules.permissions, rules.version), (vec![permission("survey", 200)], 4));
}

#[tokio::test]
async fn keys_without_a_record_are_cleared_away() {
    let plane = Plane::new().await;
    for number in [1, 2, 3] {
        plane.deposit(number, "ada@example.org").await;
    }
    assert!(
        plane.vault.fresh(later(3600), None, 10).await.expect("readable").is_empty(),
        "not old enough to be asked about"
    );
    let fresh = plane.vault.fresh(later(3601), None, 10).await.expect("readable");
    assert_eq!(plane.vault.fresh(later(3601), Some(fresh[0]), 10).await.expect("readable"), fresh[1..]);
    let fresh: Vec<_> = fresh.iter().map(|fresh| fresh.record).collect();
    assert_eq!(fresh, [record(1), record(2), record(3)]);
    let there = HashSet::from([record(1), record(3)]);
    assert_eq!(plane.vault.confirm_fresh(&fresh, &there).await.expect("written"), 1);
    assert!(plane.vault.fresh(later(9999), None, 10).await.expect("readable").is_empty());
    assert!(matches!(plane.vault.keys(record(2)).await, Err(Error::Gone)));
    assert_eq!(plane.vault.find(&"ada@example.org".parse().expect("valid")).await.expect("readable").len(), 2);
}
