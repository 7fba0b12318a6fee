//! Who may read what for which purpose: every combination that the rules tell apart.

use super::*;
use crate::life::{Group, Groups};
use bonafide_model::{Period, TimeZone};
use proptest::prelude::*;

fn day(days: u32) -> Instant {
    Period::days(days).after(Instant::from_micros(0), &TimeZone::UTC)
}

fn newsletter() -> Use {
    "newsletter".parse().expect("a use")
}

fn terms() -> impl Strategy<Value = Terms> {
    (any::<bool>(), any::<bool>()).prop_map(|(fulfils, traces_fraud)| Terms { fulfils, traces_fraud })
}

fn facts() -> impl Strategy<Value = Facts> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(held, restricted, spam)| Flags {
        held,
        restricted,
        spam,
        rights_locked_until: None,
    });
    let permission = prop::option::of((0u32..100, 0u32..100)).prop_map(|given| {
        let needs: Groups = [Group::Contact].into_iter().collect();
        let one = |(at, days)| Permission::given(needs, day(at), Period::days(days), &TimeZone::UTC);
        given.map(one).map(|permission| (newsletter(), permission)).into_iter().collect()
    });
    (prop::sample::select(State::ALL.to_vec()), flags, terms(), terms(), permission, any::<bool>()).prop_map(
        |(state, flags, collected, today, permissions, disclosure_decided)| Facts {
            state,
            flags,
            collected,
            today,
            permissions,
            disclosure_decided,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    prop::sample::select(vec![
        Asked::FulfilRequest,
        Asked::SubjectRights,
        Asked::LegalDisclosure,
        Asked::FraudTrace,
        Asked::Permitted(newsletter()),
        Asked::Permitted("research".parse().expect("a use")),
    ])
}

#[test]
fn purposes_read_back_and_others_are_refused() {
    for text in ["fulfil_request", "subject_rights", "legal_disclosure", "fraud_trace", "permitted:newsletter"] {
        assert_eq!(text.parse::<Asked>().expect(text).to_string(), text);
    }
    for text in ["", "fulfil", "permitted", "permitted:", "permitted:A", "permitted:a b", "Permitted:a", "curiosity"] {
        assert!(text.parse::<Asked>().is_err(), "{text}");
    }
}

/// A record that is in order, read for its request.
fn in_order() -> Facts {
    let terms = Terms { fulfils: true, traces_fraud: true };
    let needs: Groups = [Group::Contact].into_iter().collect();
    Facts {
        state: State::Open,
        flags: Flags::default(),
        collected: terms,
        today: terms,
        permissions: vec![(newsletter(), Permission::given(needs, day(0), Period::days(10), &TimeZone::UTC))],
        disclosure_decided: true,
    }
}

#[test]
fn every_refusal_has_its_reason() {
    type Change = fn(&mut Facts);
    let (request, fraud, permitted) = (Asked::FulfilRequest, Asked::FraudTrace, Asked::Permitted(newsletter()));
    let cases: [(&Asked, Change, Refused); 12] = [
        (&request, |facts| facts.state = State::Erasing, Refused::Gone),
        (&request, |facts| facts.state = State::Due, Refused::Due),
        (&fraud, |facts| facts.state = State::Due, Refused::Due),
        (&request, |facts| facts.flags.restricted = true, Refused::Restricted),
        (&permitted, |facts| facts.flags.restricted = true, Refused::Restricted),
        (&request, |facts| facts.collected.fulfils = false, Refused::NotCollectedFor),
        (&request, |facts| facts.today.fulfils = false, Refused::NoLonger),
        (&fraud, |facts| facts.collected.traces_fraud = false, Refused::NotCollectedFor),
        (&fraud, |facts| facts.today.traces_fraud = false, Refused::NoLonger),
        (&permitted, |facts| facts.permissions.clear(), Refused::NotPermitted),
        (&permitted, |facts| facts.flags.spam = true, Refused::NotPermitted),
        (&Asked::LegalDisclosure, |facts| facts.disclosure_decided = false, Refused::NotDecided),
    ];
    for (number, (asked, change, refused)) in cases.into_iter().enumerate() {
        assert_eq!(allow(asked, &in_order(), day(5)), Ok(()), "case {number}, before");
        let mut facts = in_order();
        change(&mut facts);
        assert_eq!(allow(asked, &facts, day(5)), Err(refused), "case {number}");
    }
    assert_eq!(allow(&permitted, &in_order(), day(10)), Err(Refused::NotPermitted), "expired");
}

#[test]
fn what_a_permission_keeps_beyond_the_due_date_serves_that_use() {
    let facts = Facts { state: State::Due, ..in_order() };
    assert_eq!(allow(&Asked::Permitted(newsletter()), &facts, day(5)), Ok(()));
}

proptest! {
    #[test]
    fn a_later_version_only_takes_away(asked in asked(), facts in facts(), weaker in terms(), now in 0u32..250) {
        // whatever is published later, it allows nothing that the version at collection did not
        let later = Facts { today: weaker, ..facts.clone() };
        let as_collected = Facts { today: facts.collected, ..facts };
        // and it takes effect: what it forbids is not done any more, whatever was promised before
        if matches!(asked, Asked::FulfilRequest) && !weaker.fulfils || matches!(asked, Asked::FraudTrace) && !weaker.traces_fraud {
            prop_assert!(allow(&asked, &later, day(now)).is_err());
        }
        if allow(&asked, &later, day(now)).is_ok() {
            prop_assert_eq!(allow(&asked, &as_collected, day(now)), Ok(()));
        }
    }

    #[test]
    fn what_is_erased_is_read_for_nothing(asked in asked(), facts in facts(), now in 0u32..250) {
        if !facts.state.is_live() {
            prop_assert_eq!(allow(&asked, &facts, day(now)), Err(Refused::Gone));
        }
    }

    #[test]
    fn what_is_restricted_serves_only_the_person_and_the_law(asked in asked(), facts in facts(), now in 0u32..250) {
        let facts = Facts { flags: Flags { restricted: true, ..facts.flags }, ..facts };
        if allow(&asked, &facts, day(now)).is_ok() {
            prop_assert!(matches!(asked, Asked::SubjectRights | Asked::LegalDisclosure));
        }
    }

    #[test]
    fn a_use_wants_a_permission_for_it_that_is_in_force(facts in facts(), now in 0u32..250) {
        let now = day(now);
        let allowed = allow(&Asked::Permitted(newsletter()), &facts, now).is_ok();
        let holds = facts.permissions.iter().any(|(_, permission)| permission.holds(now));
        prop_assert!(!allowed || holds);
        let other: Use = "research".parse().expect("a use");
        prop_assert!(allow(&Asked::Permitted(other), &facts, now).is_err());
        let withdrawn = Facts { permissions: Vec::new(), ..facts };
        prop_assert!(allow(&Asked::Permitted(newsletter()), &withdrawn, now).is_err());
    }

    #[test]
    fn permissions_widen_no_other_purpose(asked in asked(), facts in facts(), now in 0u32..250) {
        if !matches!(asked, Asked::Permitted(_)) {
            let without = Facts { permissions: Vec::new(), ..facts.clone() };
            prop_assert_eq!(allow(&asked, &facts, day(now)), allow(&asked, &without, day(now)));
        }
    }
}
