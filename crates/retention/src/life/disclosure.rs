//! When the law demands that what a visitor sent is shown to somebody else: on which grounds, and for how long a decision is good.
//!
//! Who decides is as with a hold: [`confirm`](super::hold::confirm).

use bonafide_model::{Instant, Invalid};
use std::str::FromStr;
use std::time::Duration;

/// On which ground. There is no free text: it could name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A court has ordered it.
    CourtOrder,
    /// An authority has demanded it, and may.
    AuthorityRequest,
    /// A law demands it of its own (GDPR, article 6(1)(c)).
    LegalObligation,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CourtOrder, Self::AuthorityRequest, Self::LegalObligation];

    /// Its name on the wire, in columns and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CourtOrder => "court_order",
            Self::AuthorityRequest => "authority_request",
            Self::LegalObligation => "legal_obligation",
        }
    }
}

impl FromStr for Ground {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be court_order, authority_request or legal_obligation");
        Self::ALL.into_iter().find(|ground| ground.name() == text).ok_or(WANTED)
    }
}

/// How long a disclosure can be decided after it was asked for, and how long a decision is good.
pub const LIFE: Duration = Duration::from_hours(7 * 24);

/// Whether something of then is still good.
pub fn is_good(since: Instant, now: Instant) -> bool {
    now < since.plus(LIFE)
}

/// Why a step towards a disclosure is not possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misstep {
    /// Somebody has asked already, or it is decided.
    #[error("a disclosure was asked for or decided already: use it, or take it back")]
    AlreadyAsked,
    /// Nobody has asked, or it is a week ago, or it is decided, or it was changed meanwhile.
    #[error("no disclosure waits for a decision: it has to be asked for within the last seven days")]
    NotAsked,
    /// There is nothing to take back.
    #[error("no disclosure was asked for")]
    NothingThere,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grounds_read_back_and_a_decision_ends() {
        for ground in Ground::ALL {
            assert_eq!(ground.name().parse(), Ok(ground));
        }
        assert!("curiosity".parse::<Ground>().is_err());
        let since = Instant::from_micros(0);
        assert!(is_good(since, since) && !is_good(since, since.plus(LIFE)));
    }
}
