//! The clocks of a submission: property tests and the days that calendars trip over.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn rule(after_fulfilment: &str, unanswered: &str, spam: &str) -> Rule {
    let period = |text: &str| text.parse().expect("a period");
    Rule { after_fulfilment: period(after_fulfilment), unanswered: period(unanswered), spam: period(spam) }
}

#[test]
fn months_are_those_of_the_sites_calendar() {
    let zone: TimeZone = "Europe/Amsterdam".parse().expect("a zone");
    let rules = Rules::collected_under(rule("P1M", "P6M", "P7D"));
    let received_at = at("2026-08-31T22:30:00Z"); // already 1 September in Amsterdam
    let mut life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &rules, zone: &zone };
    assert_eq!(life.due_at(), at("2027-02-28T23:30:00Z"), "1 March 00:30, and winter time by then");
    life.fulfilled_at = Some(at("2028-01-31T12:00:00Z"));
    assert_eq!(life.due_at(), at("2028-02-29T12:00:00Z"));
    life.spam = true;
    assert_eq!(life.due_at(), at("2026-09-07T22:30:00Z"));
}

#[test]
fn a_period_of_nothing_means_at_fulfilment() {
    let rules = Rules::collected_under(rule("P0D", "P180D", "P7D"));
    let now = at("2026-11-25T10:00:00Z");
    let life = Timeline { received_at: now, fulfilled_at: Some(now), spam: false, rules: &rules, zone: &TimeZone::UTC };
    assert_eq!(life.due_at(), now);
    assert!(life.due(life.due_at(), &[], now).is_all());
}

#[test]
fn a_version_between_that_was_shorter_still_binds() {
    let rules = Rules::collected_under(rule("P30D", "P180D", "P7D"))
        .and_published(rule("P10D", "P180D", "P7D"))
        .and_published(rule("P90D", "P180D", "P7D"));
    let now = at("2026-11-25T10:00:00Z");
    let life = Timeline { received_at: now, fulfilled_at: Some(now), spam: false, rules: &rules, zone: &TimeZone::UTC };
    assert_eq!(life.due_at(), at("2026-12-05T10:00:00Z"));
}

#[test]
fn a_permission_keeps_what_its_use_needs_and_the_rest_goes() {
    let rules = Rules::collected_under(rule("P30D", "P180D", "P7D"));
    let start = at("2026-01-01T00:00:00Z");
    let mut life =
        Timeline { received_at: start, fulfilled_at: Some(start), spam: false, rules: &rules, zone: &TimeZone::UTC };
    let newsletter =
        Permission::given([Group::Contact].into_iter().collect(), start, Period::months(36), &TimeZone::UTC);
    assert_eq!(newsletter.expires_at(), at("2028-01-01T00:00:00Z"), "24 months, whatever a form says");
    let (due_at, later) = (life.due_at(), at("2026-06-01T00:00:00Z"));
    let due = life.due(due_at, &[newsletter], later);
    assert!(!due.has(Group::Contact) && due.has(Group::Message) && due.has(Group::Attachment));
    assert!(life.due(due_at, &[], later).is_all(), "withdrawn");
    assert!(life.due(due_at, &[newsletter], newsletter.expires_at()).is_all(), "expired");
    life.spam = true;
    assert!(life.due(due_at, &[newsletter], later).is_all(), "spam");
}

#[test]
fn what_was_unanswered_too_long_is_not_reopened() {
    let rules = Rules::collected_under(rule("P30D", "P180D", "P7D"));
    let received_at = at("2026-01-01T00:00:00Z");
    let fulfilled_at = Some(at("2026-06-29T00:00:00Z"));
    let life = Timeline { received_at, fulfilled_at, spam: false, rules: &rules, zone: &TimeZone::UTC };
    assert_eq!(life.reopened(at("2026-06-29T12:00:00Z")), Ok(at("2026-06-30T00:00:00Z")));
    assert_eq!(life.reopened(at("2026-06-30T00:00:00Z")), Err(TooLate));
}

#[test]
fn owners_are_warned_at_half_time_and_at_four_fifths() {
    let rules = Rules::collected_under(rule("P30D", "P100D", "P7D"));
    let received_at = at("2026-01-01T00:00:00Z");
    let life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &rules, zone: &TimeZone::UTC };
    assert_eq!(life.warnings(), [at("2026-02-20T00:00:00Z"), at("2026-03-22T00:00:00Z")]);
}

fn periods() -> impl Strategy<Value = Period> {
    prop_oneof![
        (0u32..800).prop_map(Period::days),
        (0u32..30).prop_map(Period::months),
        (0u32..90).prop_map(Period::hours)
    ]
}

fn rules() -> impl Strategy<Value = Rule> {
    (periods(), periods(), periods()).prop_map(|(after_fulfilment, unanswered, spam)| Rule {
        after_fulfilment,
        unanswered,
        spam,
    })
}

fn zones() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(vec!["UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
        .prop_map(|name| name.parse().expect("a zone"))
}

/// From 2001 to 2064, to the second.
fn instants() -> impl Strategy<Value = Instant> {
    (1_000_000_000i64..3_000_000_000).prop_map(|seconds| Instant::from_micros(seconds * 1_000_000))
}

fn permissions() -> impl Strategy<Value = Vec<(u8, i64, Period)>> {
    prop::collection::vec((0u8..8, -900i64..900, periods()), 0..4)
}

fn given(permissions: &[(u8, i64, Period)], start: Instant, zone: &TimeZone) -> Vec<Permission> {
    let one = |(needs, days, period): &(u8, i64, Period)| {
        let given_at = Instant::from_micros(start.micros() + days * 86_400_000_000);
        Permission::given(Groups::from_bits(*needs).expect("a set"), given_at, *period, zone)
    };
    permissions.iter().map(one).collect()
}

proptest! {
    #[test]
    fn no_later_version_ever_moves_a_due_date_back(
        received_at in instants(), fulfilled in prop::option::of(0u32..400), spam: bool, zone in zones(),
        collected in rules(), later in prop::collection::vec(rules(), 0..5),
    ) {
        let fulfilled_at = fulfilled.map(|days| Period::days(days).after(received_at, &zone));
        let mut all = Rules::collected_under(collected);
        let mut stored = Timeline { received_at, fulfilled_at, spam, rules: &all, zone: &zone }.due_at();
        let promised = stored;
        for rule in later {
            all = all.and_published(rule);
            let life = Timeline { received_at, fulfilled_at, spam, rules: &all, zone: &zone };
            let next = life.due_at_most(stored);
            prop_assert!(next <= stored && next <= promised);
            prop_assert_eq!(next, life.due_at(), "what is stored is what the rules say");
            stored = next;
        }
    }

    #[test]
    fn another_zone_of_the_site_never_keeps_anything_longer(
        received_at in instants(), collected in rules(), before in zones(), after in zones(),
    ) {
        let all = Rules::collected_under(collected);
        let life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &all, zone: &before };
        let stored = life.due_at();
        let elsewhere = Timeline { zone: &after, ..life };
        prop_assert!(elsewhere.due_at_most(stored) <= stored);
    }

    #[test]
    fn spam_never_lives_longer_than_the_same_without_the_flag(
        received_at in instants(), now in instants(), collected in rules(), zone in zones(), permits in permissions(),
    ) {
        let all = Rules::collected_under(collected);
        let life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &all, zone: &zone };
        let spam = Timeline { spam: true, ..life.clone() };
        prop_assert!(spam.due_at() <= life.due_at());
        let permits = given(&permits, received_at, &zone);
        for group in Group::ALL {
            prop_assert_eq!(spam.kept_until(group, spam.due_at(), &permits, now), spam.due_at());
        }
    }

    #[test]
    fn permissions_only_extend_and_only_what_they_need(
        received_at in instants(), days in 0u32..1600, collected in rules(), zone in zones(), permits in permissions(),
    ) {
        let all = Rules::collected_under(collected);
        let life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &all, zone: &zone };
        let (due_at, now) = (life.due_at(), Period::days(days).after(received_at, &zone));
        let permits = given(&permits, received_at, &zone);
        for group in Group::ALL {
            let kept = life.kept_until(group, due_at, &permits, now);
            prop_assert!(kept >= due_at);
            let needed = permits.iter().any(|permission| permission.holds(now) && permission.needs.has(group));
            prop_assert!(needed || kept == due_at);
            for permission in &permits {
                let most = LONGEST_PERMISSION.after(permission.given_at, &zone);
                prop_assert!(permission.expires_at() <= most);
            }
        }
        if now < due_at {
            prop_assert!(life.due(due_at, &permits, now).is_empty(), "nothing goes early");
        }
    }

    #[test]
    fn what_is_due_stays_due(
        received_at in instants(), first in 0u32..1600, more in 0u32..1600, collected in rules(), zone in zones(),
        permits in permissions(),
    ) {
        let all = Rules::collected_under(collected);
        let life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &all, zone: &zone };
        // permissions that are given at reception; one that comes later is refused for what is due
        let permits = given(&permits, received_at, &zone).into_iter()
            .filter(|permission| permission.given_at <= received_at).collect::<Vec<_>>();
        let now = Period::days(first).after(received_at, &zone);
        let later = Period::days(more).after(now, &zone);
        let (now, later) = (life.due(life.due_at(), &permits, now), life.due(life.due_at(), &permits, later));
        for group in Group::ALL {
            prop_assert!(!now.has(group) || later.has(group));
        }
    }

    #[test]
    fn reopening_again_and_again_keeps_nothing_for_ever(
        received_at in instants(), days in prop::collection::vec(0u32..200, 0..12), collected in rules(), zone in zones(),
    ) {
        let all = Rules::collected_under(collected);
        let mut life = Timeline { received_at, fulfilled_at: None, spam: false, rules: &all, zone: &zone };
        let most = collected.after_fulfilment.after(life.due_at(), &zone);
        // a month that begins on the 31st ends no later than one that begins after it, give or take the clocks' change
        let slack = std::time::Duration::from_hours(3);
        let mut now = received_at;
        for days in days {
            now = Period::days(days).after(now, &zone);
            if now >= life.due_at() {
                break;
            }
            life.fulfilled_at = match life.fulfilled_at {
                None => Some(now),
                Some(_) => if life.reopened(now).is_ok() { None } else { break },
            };
            prop_assert!(life.due_at() <= most.plus(slack));
        }
    }
}
