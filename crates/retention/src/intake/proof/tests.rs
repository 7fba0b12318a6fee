//! The proof of work against solutions of the real widget, and against those who did not do it.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

fn issuer(seed: u64) -> Issuer {
    let dir = tempfile::tempdir().expect("a directory");
    Issuer::new(&Keyring::create(dir.path(), &Entropy::seeded(seed)).expect("writable"))
}

fn start() -> Instant {
    "2026-12-01T09:30:00Z".parse().expect("an instant")
}

fn form() -> FormVersionId {
    FormVersionId::new(start(), [7; 10])
}

/// The work, as the widget does it.
fn solve(challenge: &Challenge) -> (u32, [u8; KEY]) {
    let (nonce, salt) = (unhex::<16>(&challenge.parameters.nonce), unhex::<16>(&challenge.parameters.salt));
    let (nonce, salt) = (nonce.expect("hexadecimal"), salt.expect("hexadecimal"));
    let derive = |counter: u32| {
        let mut key = [0; KEY];
        let password = [&nonce[..], &counter.to_be_bytes()].concat();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, COST, &salt, &password, &mut key);
        (counter, key)
    };
    (0..10_000).map(derive).find(|(_, key)| hex(key).starts_with(PREFIX)).expect("one of 256")
}

fn payload(challenge: &Challenge, counter: u32, key: &[u8]) -> Value {
    json!({ "challenge": challenge, "solution": { "counter": counter, "derivedKey": hex(key), "time": 812.4 } })
}

fn encode(payload: &Value) -> String {
    BASE64.encode(payload.to_string())
}

#[test]
fn the_work_is_taken_once_it_is_done() {
    let issuer = issuer(1);
    let challenge = issuer.issue(form(), start(), &Entropy::seeded(2));
    let (counter, key) = solve(&challenge);
    let sent = encode(&payload(&challenge, counter, &key));
    let solution = issuer.authenticate(&sent, form(), start()).expect("ours");
    assert_eq!(solution.verify(), Ok(()));
    let other = FormVersionId::new(start(), [8; 10]);
    assert_eq!(issuer.authenticate(&sent, other, start()).err(), Some(Refused::Unknown));
    assert_eq!(issuer.authenticate(&sent, form(), start().plus(LIFETIME)).err(), Some(Refused::Expired));
    let elsewhere = self::issuer(3);
    assert_eq!(elsewhere.authenticate(&sent, form(), start()).err(), Some(Refused::Unknown));
}

#[test]
fn what_the_widget_found_is_what_is_computed_here() {
    // solveChallenge of npm altcha 3.2.2, of these parameters
    let solution = Solution {
        nonce: Nonce::new(start(), [0; 16]),
        salt: unhex("f0e0d0c0b0a090807060504030201000").expect("hexadecimal"),
        password: unhex("000102030405060708090a0b0c0d0e0f0000015b").expect("hexadecimal"),
        key: unhex("0030526f9c81cd4a47f44f33594bda8fa90a599f6eaf9e780fe61c4582c6ca79").expect("hexadecimal"),
    };
    assert_eq!(solution.verify(), Ok(()));
}

#[test]
fn a_key_that_belongs_to_its_counter_but_took_no_work_is_wrong() {
    let issuer = issuer(1);
    let challenge = issuer.issue(form(), start(), &Entropy::seeded(2));
    let (counter, key) = solve(&challenge);
    let mut first = [0; KEY];
    let salt = unhex::<16>(&challenge.parameters.salt).expect("hexadecimal");
    let password = [&unhex::<16>(&challenge.parameters.nonce).expect("hexadecimal")[..], &[0; 4]].concat();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, COST, &salt, &password, &mut first);
    let mut altered = key;
    altered[31] ^= 1;
    for (counter, key) in [(0, first), (counter + 1, key), (counter, altered), (0, [0; KEY])] {
        let sent = encode(&payload(&challenge, counter, &key));
        let solution = issuer.authenticate(&sent, form(), start()).expect("ours");
        assert_eq!(solution.verify(), Err(Refused::Wrong), "{counter}");
    }
}

#[test]
fn a_challenge_cannot_be_made_easier_or_last_longer() {
    let issuer = issuer(1);
    let challenge = issuer.issue(form(), start(), &Entropy::seeded(2));
    let sent = payload(&challenge, 0, &[0; KEY]);
    let changes = [
        ("algorithm", json!("SHA-256")),
        ("cost", json!(1)),
        ("data", json!({ "form_version": FormVersionId::new(start(), [9; 10]) })),
        ("expiresAt", json!(challenge.parameters.expires_at + 1)),
        ("keyLength", json!(1)),
        ("keyPrefix", json!("")),
        ("nonce", json!("00000000000000000000000000000000")),
        ("salt", json!("00000000000000000000000000000000")),
    ];
    for (name, value) in changes {
        let mut easier = sent.clone();
        easier["challenge"]["parameters"][name] = value;
        assert_eq!(issuer.authenticate(&encode(&easier), form(), start()).err(), Some(Refused::Unknown), "{name}");
    }
    let mut more = sent.clone();
    more["challenge"]["parameters"]["memoryCost"] = json!(1);
    assert_eq!(issuer.authenticate(&encode(&more), form(), start()).err(), Some(Refused::Malformed));
    let mut unsigned = sent;
    unsigned["challenge"].as_object_mut().expect("an object").remove("signature");
    assert_eq!(issuer.authenticate(&encode(&unsigned), form(), start()).err(), Some(Refused::Malformed));
}

#[test]
fn the_widget_s_mock_of_a_proof_is_none() {
    let mock = encode(&json!({ "challenge": null, "solution": null, "test": true }));
    assert_eq!(issuer(1).authenticate(&mock, form(), start()).err(), Some(Refused::Malformed));
}

#[test]
fn a_challenge_reads_as_the_widget_expects_it() {
    let challenge = issuer(1).issue(form(), start(), &Entropy::seeded(2));
    let json = serde_json::to_string(&challenge.parameters).expect("JSON");
    let names: Vec<&str> = json.split('"').filter(|text| challenge_names().contains(text)).collect();
    assert_eq!(names, challenge_names(), "in the order of their names, or the signature is over another text: {json}");
    let lasts = challenge.parameters.expires_at - start().unix_seconds();
    assert_eq!(Duration::from_secs(u64::try_from(lasts).expect("later")), LIFETIME);
}

const fn challenge_names() -> [&'static str; 8] {
    ["algorithm", "cost", "data", "expiresAt", "keyLength", "keyPrefix", "nonce", "salt"]
}

proptest! {
    #[test]
    fn any_text_is_a_proof_or_refused(text in "\\PC{0,300}", json in "[\\[\\]{}\":,a-z0-9]{0,200}") {
        let issuer = issuer(1);
        prop_assert_eq!(issuer.authenticate(&text, form(), start()).err(), Some(Refused::Malformed));
        let wrapped = BASE64.encode(json);
        prop_assert_eq!(issuer.authenticate(&wrapped, form(), start()).err(), Some(Refused::Malformed));
        prop_assert!(issuer.authenticate(&"A".repeat(LONGEST + 4), form(), start()).is_err());
    }

    #[test]
    fn hexadecimal_reads_back(bytes: [u8; 16]) {
        prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        prop_assert_eq!(unhex::<16>(&hex(&bytes).to_uppercase()).is_some(), !hex(&bytes).contains(|c: char| c.is_ascii_lowercase()));
    }
}
