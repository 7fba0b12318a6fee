//! The blind index.

use super::*;
use bonafide_model::EmailAddress;
use bonafide_vault::SealedAddress;
use bonafide_vault::index::WEEK;

fn address(text: &str) -> EmailAddress {
    text.parse().expect("valid")
}

#[tokio::test]
async fn candidates_hold_all_of_one_address_and_matching_tells_them_apart() {
    let plane = Plane::new().await;
    let mut sealed = Vec::new();
    for number in 0..300 {
        sealed.push(plane.deposit(number, &format!("Person{}@Example.org", number % 100)).await);
    }
    let wanted = address("person7@example.org");
    let candidates = plane.vault.find(&wanted).await.expect("readable");
    assert!((3..120).contains(&candidates.len()), "{} candidates", candidates.len());
    let mut found = Vec::new();
    for keys in plane.vault.keys_many(&candidates).await.expect("readable") {
        let number = keys.record().as_u128();
        let envelope = &sealed[usize::try_from(number).expect("small")];
        if keys.matches(&context(keys.record()), envelope, &wanted).expect("opens") {
            found.push(number);
        }
    }
    found.sort_unstable();
    assert_eq!(found, [7, 107, 207]);
}

#[tokio::test]
async fn a_week_later_survivors_move_and_the_old_key_ends() {
    let plane = Plane::new().await;
    let other = plane.other().await;
    let sealed = [plane.deposit(1, "ada@example.org").await, plane.deposit(2, "bob@example.org").await];
    assert!(!plane.vault.renew_index(later(60)).await.expect("written"), "it is young");
    assert!(plane.vault.renew_index(now().plus(WEEK)).await.expect("written"));
    assert!(!plane.vault.renew_index(now().plus(WEEK)).await.expect("written"), "one is being left already");
    // found while they move, also by a process that has not heard of it
    assert!(other.find(&address("ada@example.org")).await.expect("readable").contains(&record(1)));
    let outdated = plane.vault.outdated_tags(10).await.expect("readable");
    assert_eq!(outdated.len(), 2);
    assert_eq!(plane.vault.end_index().await.expect("written"), 0, "it is still needed");
    let place = |number: usize| {
        let record = record(number as u128 + 1);
        SealedAddress { record, place: Some((context(record), sealed[number].clone())) }
    };
    plane.vault.retag(&[place(0), place(1)]).await.expect("written");
    assert_eq!(plane.vault.end_index().await.expect("written"), 1);
    for (number, text) in [(1, "ada@example.org"), (2, "bob@example.org")] {
        let found = other.find(&address(text)).await.expect("readable");
        assert!(found.contains(&record(number)), "{text}");
    }
    // a process that knows the destroyed key only
    let sealed = deposit(&other, 3, "eve@example.org").await;
    assert!(read(&plane.vault, 3, &sealed).await.is_ok());
    assert!(plane.vault.find(&address("eve@example.org")).await.expect("readable").contains(&record(3)));
}

#[tokio::test]
async fn a_crowded_index_gets_longer_tags() {
    let plane = Plane::new().await;
    for number in 0..280 {
        plane.deposit(number, &format!("person{number}@example.org")).await;
    }
    assert_eq!(plane.vault.index().expect("a key").bits, 4);
    assert!(plane.vault.renew_index(now()).await.expect("written"));
    let state = plane.vault.index().expect("a key");
    assert_eq!((state.bits, state.moving), (6, true));
}
