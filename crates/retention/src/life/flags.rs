//! What holds back the end of a submission, and whose.

use bonafide_model::{Instant, Period, TimeZone};

/// Flags beside the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags {
    /// A legal hold is in force: nothing is destroyed, whoever asks. The due date goes on.
    pub held: bool,
    /// The visitor objected: it is kept and not used, save for the visitor's own rights and by order of the law. It does
    /// not keep anything longer.
    pub restricted: bool,
    /// A request of the person it is about is open until then at the latest; see [`Flags::rights_lock`].
    pub rights_locked_until: Option<Instant>,
    /// Judged to be spam.
    pub spam: bool,
}

/// Why a submission is to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its due date has passed.
    Schedule,
    /// The person it is about asked for it, with the receipt, by mail or through the officer.
    Subject,
    /// Whoever works on it decided so.
    Staff,
}

/// Why it cannot be destroyed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// There is a legal hold.
    #[error("a legal hold is in force")]
    Held,
    /// The person it is about has asked for something that needs it.
    #[error("a request of the person it is about is open")]
    RightsLocked,
}

/// No rights lock lasts longer.
const LONGEST_LOCK: Period = Period::days(30);

impl Flags {
    /// The end of the lock that a subject request opens.
    pub fn rights_lock(opened_at: Instant, zone: &TimeZone) -> Instant {
        LONGEST_LOCK.after(opened_at, zone)
    }

    /// Whether keys may be destroyed now. Asked again inside the transaction that destroys them.
    ///
    /// A rights lock stops the schedule and the staff, so that nobody answers "show me what you have" by erasing it; it
    /// does not stop the person's own wish.
    pub fn may_destroy(&self, cause: Cause, now: Instant) -> Result<(), Blocked> {
        if self.held {
            return Err(Blocked::Held);
        }
        match self.rights_locked_until {
            Some(until) if now < until && cause != Cause::Subject => Err(Blocked::RightsLocked),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rights_lock_ends_by_itself_and_never_stops_the_person() {
        let now: Instant = "2026-11-25T10:00:00Z".parse().expect("an instant");
        let until = Flags::rights_lock(now, &TimeZone::UTC);
        assert_eq!(until.to_string(), "2026-12-25T10:00:00Z");
        let flags = Flags { rights_locked_until: Some(until), ..Flags::default() };
        assert_eq!(flags.may_destroy(Cause::Schedule, now), Err(Blocked::RightsLocked));
        assert_eq!(flags.may_destroy(Cause::Staff, now), Err(Blocked::RightsLocked));
        assert_eq!(flags.may_destroy(Cause::Subject, now), Ok(()));
        assert_eq!(flags.may_destroy(Cause::Schedule, until), Ok(()));
    }

    proptest! {
        #[test]
        fn a_hold_stops_everybody_and_nothing_else_stops_the_person(
            held: bool, restricted: bool, spam: bool, lock in prop::option::of(0i64..100), now in 0i64..100,
        ) {
            let rights_locked_until = lock.map(Instant::from_micros);
            let flags = Flags { held, restricted, rights_locked_until, spam };
            let now = Instant::from_micros(now);
            for cause in [Cause::Schedule, Cause::Subject, Cause::Staff] {
                if held {
                    prop_assert_eq!(flags.may_destroy(cause, now), Err(Blocked::Held));
                }
            }
            prop_assert_eq!(flags.may_destroy(Cause::Subject, now).is_ok(), !held);
        }
    }
}
