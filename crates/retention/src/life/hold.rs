//! Who may place a legal hold: two people, or one who waits a day in sight of everybody.

use bonafide_model::Instant;
use bonafide_model::id::AccountId;
use std::time::Duration;

/// Somebody who takes part, and since when they have had their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// When it was made.
    pub since: Instant,
}

/// How a site decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A second person confirms.
    TwoPeople,
    /// A declared site of one person: waiting takes the place of the second, and the status is red meanwhile.
    SingleOperator,
}

/// Why a hold is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The same person cannot be the second.
    #[error("somebody else has to confirm it")]
    SamePerson,
    /// The second account was made for the purpose, or could have been.
    #[error("the account that confirms it has to be at least 24 hours old")]
    AccountTooYoung,
    /// Not a day has passed.
    #[error("it can be confirmed 24 hours after it was placed")]
    TooEarly,
}

const A_DAY: Duration = Duration::from_hours(24);

/// Whether `by` may put into force now what `first` placed at `placed_at`.
pub fn confirm(mode: Mode, first: Person, placed_at: Instant, by: Person, now: Instant) -> Result<(), Refused> {
    match mode {
        Mode::TwoPeople if first.account == by.account => Err(Refused::SamePerson),
        Mode::TwoPeople if now < by.since.plus(A_DAY) => Err(Refused::AccountTooYoung),
        Mode::SingleOperator if now < placed_at.plus(A_DAY) => Err(Refused::TooEarly),
        Mode::TwoPeople | Mode::SingleOperator => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nobody_confirms_alone_and_at_once(since in 0i64..300, placed in 0i64..300, now in 0i64..300, same: bool) {
            let hour = |hours: i64| Instant::from_micros(hours * 3_600_000_000);
            let person = |number| Person { account: AccountId::new(hour(0), [number; 10]), since: hour(since) };
            let (first, second) = (person(1), person(if same { 1 } else { 2 }));
            let two = confirm(Mode::TwoPeople, first, hour(placed), second, hour(now));
            prop_assert_eq!(two.is_ok(), !same && now - since >= 24);
            let one = confirm(Mode::SingleOperator, first, hour(placed), second, hour(now));
            prop_assert_eq!(one.is_ok(), now - placed >= 24);
        }
    }
}
