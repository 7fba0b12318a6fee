//! `received → open → fulfilled → due → erasing → erased → final`, and which steps there are between them.

use bonafide_model::Invalid;
use std::fmt;
use std::str::FromStr;

/// Where a submission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It came in; nobody has opened it to answer it.
    Received,
    /// Somebody works on it.
    Open,
    /// What the visitor asked for is done.
    Fulfilled,
    /// Its time is over; only a hold or a rights lock can still keep it.
    Due,
    /// Its keys are destroyed. There is no way back.
    Erasing,
    /// Nothing that could be read is left in the live stores.
    Erased,
    /// The last kept generation of the keys that could have opened it is gone too.
    Final,
}

/// What happens to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was opened to be answered. Other purposes do not move it on.
    Opened,
    /// The request was answered.
    Fulfilled,
    /// The answer turned out not to be the end of it.
    Reopened,
    /// Its due date passed.
    FellDue,
    /// The key plane has destroyed its keys: the point of no return. A mere intent changes no state, because the key
    /// plane may still refuse it.
    KeysDestroyed,
    /// Every store has dropped it and was scrubbed.
    Scrubbed,
    /// The last generation of the key plane that held its keys is gone.
    GenerationsGone,
}

/// A step that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a submission that is {state} cannot be changed like this")]
pub struct Clash {
    /// The state that it is in.
    pub state: State,
}

impl State {
    /// All states, in the order in which they are gone through.
    pub const ALL: [Self; 7] =
        [Self::Received, Self::Open, Self::Fulfilled, Self::Due, Self::Erasing, Self::Erased, Self::Final];

    /// The state after an event.
    ///
    /// The events of an erasure may come again, as they do when it is resumed after a crash: what was reached stays.
    pub const fn after(self, event: Event) -> Result<Self, Clash> {
        use State::{Due, Erased, Erasing, Final, Fulfilled, Open, Received};
        match (self, event) {
            (Received | Open, Event::Opened) | (Fulfilled, Event::Reopened) => Ok(Open),
            (Fulfilled, Event::Opened) | (Received | Open, Event::Fulfilled) => Ok(Fulfilled),
            (Received | Open | Fulfilled | Due, Event::FellDue) => Ok(Due),
            (Received | Open | Fulfilled | Due | Erasing, Event::KeysDestroyed) => Ok(Erasing),
            (Erasing | Erased, Event::Scrubbed) => Ok(Erased),
            (Erased | Final, Event::GenerationsGone) => Ok(Final),
            (Erased | Final, Event::KeysDestroyed) | (Final, Event::Scrubbed) => Ok(self),
            _ => Err(Clash { state: self }),
        }
    }

    /// Whether its keys are still there.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Received | Self::Open | Self::Fulfilled | Self::Due)
    }

    /// Its name in the API, in the database and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Open => "open",
            Self::Fulfilled => "fulfilled",
            Self::Due => "due",
            Self::Erasing => "erasing",
            Self::Erased => "erased",
            Self::Final => "final",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be received, open, fulfilled, due, erasing, erased or final");
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(WANTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENTS: [Event; 7] = [
        Event::Opened,
        Event::Fulfilled,
        Event::Reopened,
        Event::FellDue,
        Event::KeysDestroyed,
        Event::Scrubbed,
        Event::GenerationsGone,
    ];

    #[test]
    fn names_read_back() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert!("Open".parse::<State>().is_err());
    }

    #[test]
    fn a_due_submission_is_not_taken_up_again() {
        for event in [Event::Opened, Event::Fulfilled, Event::Reopened] {
            assert_eq!(State::Due.after(event), Err(Clash { state: State::Due }));
        }
    }

    #[test]
    fn only_reopening_leads_back() {
        for state in State::ALL {
            for event in EVENTS {
                if let Ok(next) = state.after(event) {
                    assert!(next >= state || event == Event::Reopened, "{state} {event:?} {next}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_lost_its_keys_never_lives_again(steps in prop::collection::vec(prop::sample::select(EVENTS.to_vec()), 0..40)) {
            let mut state = State::Received;
            let mut destroyed = false;
            for event in steps {
                if let Ok(next) = state.after(event) {
                    destroyed |= event == Event::KeysDestroyed;
                    state = next;
                }
                prop_assert_eq!(state.is_live(), !destroyed);
            }
        }

        #[test]
        fn an_erasure_that_is_resumed_at_any_step_ends_the_same(
            start in prop::sample::select(State::ALL[..4].to_vec()), killed in prop::collection::vec(0usize..3, 0..6),
        ) {
            let steps = [Event::KeysDestroyed, Event::Scrubbed, Event::GenerationsGone];
            let mut state = start;
            for last in killed {
                for event in &steps[..=last] {
                    state = state.after(*event).expect("every step can come again");
                }
            }
            for event in steps {
                state = state.after(event).expect("every step can come again");
            }
            prop_assert_eq!(state, State::Final);
        }
    }
}
