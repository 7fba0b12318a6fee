//! Guards of a sweep: against a rule that would erase nearly everything, against a clock that jumped, against a sweep
//! that no longer comes.

use bonafide_model::Instant;
use std::time::Duration;

/// Whether a sweep that found `due` of `live` submissions wants a person's word first: more than 50, and more than a
/// fifth.
pub const fn wants_confirmation(due: u64, live: u64) -> bool {
    due > 50 && due.saturating_mul(5) > live
}

/// The wall clock moved otherwise than the monotonic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the wall clock jumped by {} s against the monotonic clock", .by_micros / 1_000_000)]
pub struct ClockJumped {
    /// By how much: positive if it is ahead.
    pub by_micros: i64,
}

/// Two readings of the clocks, taken together.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The wall clock.
    pub wall: Instant,
    /// The monotonic clock, since any fixed moment.
    pub monotonic: Duration,
}

/// Adjustments of time servers stay below this.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Watches the wall clock. Once it has jumped destruction stays suspended until a person says that the clock is right,
/// that is: makes a new guard.
#[derive(Clone, Copy, Debug)]
pub struct ClockGuard {
    first: Reading,
    jumped: Option<ClockJumped>,
}

impl ClockGuard {
    /// Trusts this reading.
    pub const fn trusting(first: Reading) -> Self {
        Self { first, jumped: None }
    }

    /// Compares with the reading that is trusted, not with the last one: a jump in small steps is one too.
    pub fn check(&mut self, now: Reading) -> Result<(), ClockJumped> {
        if let Some(jumped) = self.jumped {
            return Err(jumped);
        }
        let wall = now.wall.micros().saturating_sub(self.first.wall.micros());
        let monotonic = now.monotonic.saturating_sub(self.first.monotonic).as_micros();
        let by_micros = wall.saturating_sub(i64::try_from(monotonic).unwrap_or(i64::MAX));
        if u128::from(by_micros.unsigned_abs()) > TOLERANCE.as_micros() {
            let jumped = ClockJumped { by_micros };
            self.jumped = Some(jumped);
            return Err(jumped);
        }
        Ok(())
    }
}

/// Longer than that no sweep is missing without somebody who knows why.
const ABSENCE: Duration = Duration::from_hours(30 * 24);

/// Compares the first reading of a process with the last success of a sweep: a clock that is behind it, or a month
/// ahead of it, is not trusted without a person's word.
///
/// # Errors
/// By how much it differs.
pub fn first_reading(last_success: Option<Instant>, now: Instant) -> Result<(), ClockJumped> {
    let by = last_success.map_or(0, |last| now.micros().saturating_sub(last.micros()));
    let most = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    if (-most(TOLERANCE)..=most(ABSENCE)).contains(&by) { Ok(()) } else { Err(ClockJumped { by_micros: by }) }
}

/// Whether what is overdue makes the status red: two periods were missed.
pub fn is_late(oldest_overdue: Option<Instant>, every: Duration, now: Instant) -> bool {
    oldest_overdue.is_some_and(|due_at| now.since(due_at) > every * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_sites_are_not_asked_about_a_handful() {
        assert!(!wants_confirmation(50, 50));
        assert!(wants_confirmation(51, 51));
        assert!(!wants_confirmation(51, 255));
        assert!(wants_confirmation(51, 254));
        assert!(wants_confirmation(200_001, 1_000_000));
        assert!(!wants_confirmation(200_000, 1_000_000));
    }

    #[test]
    fn two_missed_periods_are_late() {
        let now = Instant::from_micros(10_000_000);
        let every = Duration::from_secs(2);
        assert!(!is_late(None, every, now));
        assert!(!is_late(Some(Instant::from_micros(6_000_000)), every, now));
        assert!(is_late(Some(Instant::from_micros(5_999_999)), every, now));
    }

    fn reading(wall: i64, monotonic: u64) -> Reading {
        Reading { wall: Instant::from_micros(wall * 1_000_000), monotonic: Duration::from_secs(monotonic) }
    }

    #[test]
    fn a_clock_that_jumped_is_not_trusted_again_when_it_jumps_back() {
        let mut guard = ClockGuard::trusting(reading(1_000_000, 5));
        assert_eq!(guard.check(reading(1_000_060, 65)), Ok(()));
        let year = 31_536_000;
        let jumped = ClockJumped { by_micros: year * 1_000_000 };
        assert_eq!(guard.check(reading(1_000_060 + year, 65)), Err(jumped));
        assert_eq!(guard.check(reading(1_000_061, 66)), Err(jumped));
    }

    proptest! {
        #[test]
        fn a_jump_is_found_however_small_its_steps(steps in prop::collection::vec(-290i64..290, 1..40)) {
            let mut guard = ClockGuard::trusting(reading(1_000_000, 0));
            let (mut ahead, mut seen, mut monotonic) = (0i64, false, 0u64);
            for step in steps {
                ahead += step;
                monotonic += 60;
                let wall = 1_000_000 + ahead + i64::try_from(monotonic).expect("small");
                seen |= ahead.abs() > 300;
                prop_assert_eq!(guard.check(reading(wall, monotonic)).is_err(), seen);
            }
        }

        #[test]
        fn the_blast_guard_is_the_larger_of_two_bounds(due in 0u64..10_000, live in 0u64..10_000) {
            let more_than_a_fifth = due * 100 > live * 20;
            prop_assert_eq!(wants_confirmation(due, live), due > 50 && more_than_a_fifth);
        }
    }
}
