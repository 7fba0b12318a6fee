//! What is due goes, in time, and only that.

use super::*;
use bonafide_retention::sweep::due;
use bonafide_test_support::on_both;

on_both! {
    /// The list for people, and the sweep, see the same.
    async fn what_is_due_goes_and_nothing_else(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (answered, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let (waiting, _) = world.submit(&form, "bob@example.org", &[], false, now()).await;
        let (spam, _) = world.submit(&form, "eve@example.org", &[], true, now()).await;
        world.retention.fulfil(world.act(days(1)), answered, TimeZone::UTC).await.expect("fulfilled");
        assert_eq!(world.sweep(days(6)).await.due, 0);
        let at = |at| { let world = &world; async move { due::list(world.db().read(), &world.may(), at, bonafide_model::Start::First, 10).await.expect("readable") } };
        let rules: Vec<_> = at(days(200)).await.iter().map(|found| (found.id, due::Rule::of(found).name())).collect();
        assert_eq!(rules, [(spam, "spam"), (answered, "after_fulfilment"), (waiting, "unanswered")]);
        for (day, gone) in [(7, spam), (31, answered), (180, waiting)] {
            assert!(world.get(gone).await.state.is_live());
            let report = world.sweep(days(day)).await;
            assert_eq!((report.due, report.erased, report.stopped), (1, 1, None), "day {day}");
            assert_eq!(world.get(gone).await.state.name(), "erased");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM sweep").await, 3);
        let (watch, overdue) = world.retention.watch(world.site, days(181)).await.expect("readable");
        let seconds = watch.last_success_at.map(|at| at.since(days(180)).as_secs());
        assert_eq!((seconds.is_some_and(|seconds| seconds < 600), overdue), (true, None), "{seconds:?}");
    }

    /// A permission keeps what its use needs, and nothing else; withdrawn, nothing.
    async fn a_permission_keeps_only_what_it_needs(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        let report = world.sweep(days(181)).await;
        assert_eq!((report.erased, report.reduced), (0, 1));
        assert_eq!(world.get(id).await.state.name(), "due");
        assert!(matches!(world.open(id, "fulfil_request", days(182)).await, Err(Error::Refused(_))));
        let read = world.open(id, "permitted:newsletter", days(182)).await.expect("allowed");
        assert_eq!(read, r#"{"name":"Ada","email":"ada@example.org"}"#);
        assert_eq!(world.count("SELECT COUNT(*) FROM submission_sealed WHERE message IS NULL").await, 1);
        assert_eq!(world.sweep(days(183)).await.due, 0, "it does not come back every time");
        world.retention.withdraw(world.site, &token, &"newsletter".parse().expect("a use"), days(184)).await.expect("withdrawn");
        assert_eq!(world.sweep(days(184)).await.erased, 1);
        assert_eq!(world.get(id).await.state.name(), "erased");
    }

    /// A permission that ends ends by itself.
    async fn an_ended_permission_keeps_nothing(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        world.sweep(days(181)).await;
        // 24 months
        assert_eq!(world.sweep(days(729)).await.due, 0);
        assert_eq!(world.sweep(days(731)).await.erased, 1);
        assert_eq!(world.get(id).await.state.name(), "erased");
    }

    /// A process that starts under a clock that is far from the last sweep waits for a person.
    async fn a_start_under_another_clock_erases_nothing(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.sweep(days(1)).await;
        for day in [0, 365] {
            let mut sweeper = world.sweeper(days(day));
            let swept = world.retention.sweep(&mut sweeper, &TimeZone::UTC, reading(days(day))).await;
            assert_eq!(swept.expect("swept").expect("our turn").stopped.as_deref(), Some("clock"), "day {day}");
            assert_eq!(world.get(id).await.state.name(), "received");
            world.retention.trust_clock(world.act(days(day))).await.expect("trusted");
        }
        let mut sweeper = world.sweeper(days(29));
        let swept = world.retention.sweep(&mut sweeper, &TimeZone::UTC, reading(days(29))).await;
        assert_eq!(swept.expect("swept").expect("our turn").stopped, None, "four weeks without a server");
    }

    /// The visitor's own wish: a day later, and not if it was taken back.
    async fn a_wish_comes_true_after_a_day(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.retention.wish_erasure(world.site, &token, now()).await.expect("wished");
        assert!(matches!(world.open(id, "fulfil_request", now()).await, Err(Error::Refused(_))), "restricted at once");
        world.retention.cancel_erasure(world.site, &token, now()).await.expect("taken back");
        assert_eq!(world.sweep(days(2)).await.due, 0);
        assert!(world.open(id, "fulfil_request", days(2)).await.is_ok());
        world.retention.wish_erasure(world.site, &token, days(3)).await.expect("wished");
        assert_eq!(world.sweep(days(3).plus(Duration::from_hours(23))).await.due, 0);
        assert_eq!(world.sweep(days(4)).await.erased, 1);
        let seen = world.get(id).await;
        assert_eq!(seen.erase_cause.as_deref(), Some("subject_request"));
    }

    /// A hold stops the sweep, and lifted lets it go on at once; a lock stops the schedule, and not the person.
    async fn holds_and_locks_hold_back(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        world.retention.vault().lock(id.uuid(), days(190)).await.expect("locked");
        assert_eq!(world.sweep(days(181)).await.held_back, 1);
        assert_eq!(world.sweep(days(182)).await.due, 0, "it is not looked at every time");
        world.retention.wish_erasure(world.site, &token, days(182)).await.expect("wished");
        assert_eq!(world.sweep(days(183)).await.erased, 1);
        assert_eq!(world.get(id).await.state.name(), "erased");
    }

    /// A rule that would erase nearly everything waits for a person; the visitors' own wishes do not.
    async fn many_at_once_want_a_word(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let mut tokens = Vec::new();
        for number in 0..60 {
            tokens.push(world.submit(&form, &format!("person{number}@example.org"), &[], false, now()).await.1);
        }
        world.retention.wish_erasure(world.site, &tokens[0], days(100)).await.expect("wished");
        let report = world.sweep(days(181)).await;
        assert_eq!((report.erased, report.stopped.as_deref()), (1, Some("confirmation")));
        let (watch, overdue) = world.retention.watch(world.site, days(181)).await.expect("readable");
        assert_eq!((watch.asked, watch.last_success_at), (Some(59), None));
        assert_eq!(overdue, Some(days(180)));
        assert!(matches!(world.retention.confirm(world.act(days(181)), 58).await, Err(Error::NotAsked)));
        world.retention.confirm(world.act(days(181)), 59).await.expect("confirmed");
        let report = world.sweep(days(181)).await;
        assert_eq!((report.erased, report.stopped), (59, None));
        assert_eq!(world.retention.watch(world.site, days(181)).await.expect("readable").1, None);
    }

    /// A clock that jumps erases nothing until a person says that it is right.
    async fn a_jumping_clock_suspends(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let mut sweeper = world.sweeper(now());
        let jumped = Reading { wall: days(3650), monotonic: reading(now()).monotonic + Duration::from_mins(1) };
        let report = world.retention.sweep(&mut sweeper, &TimeZone::UTC, jumped).await.expect("swept").expect("our turn");
        assert_eq!(report.stopped.as_deref(), Some("clock"));
        // back again, and still not trusted; nor by another process
        assert_eq!(world.sweep(now()).await.stopped.as_deref(), Some("clock"));
        assert!(world.get(id).await.state.is_live());
        world.retention.trust_clock(world.act(now())).await.expect("trusted");
        assert_eq!(world.sweep(now()).await.stopped, None);
        assert!(matches!(world.retention.trust_clock(world.act(now())).await, Err(Error::NotAsked)));
    }

    /// A shorter period binds what is there; a longer one does not.
    async fn shorter_periods_bind_what_is_there(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let with = |unanswered: &str| {
            let mut definition = contact();
            definition.retention.as_mut().expect("a rule").unanswered = unanswered.parse().expect("a period");
            definition
        };
        world.publish(with("P365D")).await;
        world.sweep(days(1)).await;
        assert_eq!(world.get(id).await.due_at, days(180));
        world.publish(with("P60D")).await;
        assert_eq!(world.sweep(days(1)).await.due, 0);
        assert_eq!(world.get(id).await.due_at, days(60));
        world.publish(with("P365D")).await;
        assert_eq!(world.sweep(days(60)).await.erased, 1);
    }

    /// Two sweepers: one has the turn.
    async fn one_sweeps_at_a_time(home: &Installation) {
        let world = world(home).await;
        let mut other = world.sweeper(now());
        "other".clone_into(&mut other.holder);
        world.sweep(now()).await;
        let soon = now().plus(Duration::from_secs(5));
        assert_eq!(world.retention.sweep(&mut other, &TimeZone::UTC, reading(soon)).await.expect("asked"), None);
        let later = now().plus(Duration::from_mins(3));
        assert!(world.retention.sweep(&mut other, &TimeZone::UTC, reading(later)).await.expect("asked").is_some());
    }

    /// Owners hear of requests that nobody answers before these go: at half of their time, and at four fifths.
    async fn requests_that_wait_long_are_counted(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (first, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let (second, _) = world.submit(&form, "bob@example.org", &[], false, now()).await;
        world.submit(&form, "eve@example.org", &[], true, days(89)).await;
        world.submit(&form, "late@example.org", &[], false, days(80)).await;
        let counted = async |at| {
            world.sweep(at).await;
            let watch = world.retention.watch(world.site, at).await.expect("readable").0;
            (watch.half_over, watch.nearly_over)
        };
        let hour = Duration::from_hours(1);
        assert_eq!(counted(days(90).minus(hour)).await, (0, 0));
        assert_eq!(counted(days(90)).await, (2, 0));
        world.open(first, "fulfil_request", days(90)).await.expect("allowed");
        assert_eq!(counted(days(144)).await, (2, 2), "to open one is no answer");
        world.retention.fulfil(world.act(days(144)), second, TimeZone::UTC).await.expect("fulfilled");
        assert_eq!(counted(days(144).plus(hour / 2)).await, (2, 2), "counted once an hour");
        assert_eq!(counted(days(144).plus(hour)).await, (1, 1));
    }
}
