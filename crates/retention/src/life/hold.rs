//! Who may place a legal hold: two people, or one who waits a day in sight of everybody; for which reasons, and for how long
//! until somebody looks again.

use bonafide_model::id::AccountId;
use bonafide_model::{Instant, Invalid};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why something must not be destroyed. There is no free text: it could name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is needed to establish, exercise or defend a claim (GDPR, article 17(3)(e)).
    LegalClaim,
    /// A law demands that it is kept (article 17(3)(b)).
    LegalObligation,
    /// An authority has demanded it.
    AuthorityRequest,
    /// The person it is about wants it kept (article 18(1)(b) and (c)).
    SubjectWish,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::LegalClaim, Self::LegalObligation, Self::AuthorityRequest, Self::SubjectWish];

    /// Its name on the wire, in columns and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LegalClaim => "legal_claim",
            Self::LegalObligation => "legal_obligation",
            Self::AuthorityRequest => "authority_request",
            Self::SubjectWish => "subject_wish",
        }
    }
}

impl FromStr for Reason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be legal_claim, legal_obligation, authority_request or subject_wish");
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(WANTED)
    }
}

/// A file number: up to 64 of letters, digits, spaces and `./_-` in ASCII, at least one of them a digit, so that it is no sentence about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid =
            Invalid("must be a file number: up to 64 letters, digits, spaces and './_-', with at least one digit");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" ./_-".contains(&byte);
        let right = (1..=64).contains(&text.len())
            && text.trim() == text
            && text.bytes().all(allowed)
            && text.bytes().any(|byte| byte.is_ascii_digit());
        if right { Ok(Self(text.to_owned())) } else { Err(WANTED) }
    }
}

/// How long a request for a hold can be confirmed.
pub const REQUEST_LIFE: Duration = Duration::from_hours(7 * 24);

/// How far away a review may be at most.
pub const LONGEST_REVIEW: Duration = Duration::from_hours(366 * 24);

/// Why a step towards a hold is not possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misstep {
    /// Somebody has asked already.
    #[error("a hold was asked for already: somebody else can confirm it, or it can be released")]
    AlreadyAsked,
    /// Nobody has asked, or it is a week ago, or it was changed meanwhile.
    #[error("no hold was asked for within the last seven days")]
    NotAsked,
    /// There is nothing to release.
    #[error("there is no hold, and none was asked for")]
    NotHeld,
    /// No account stands behind the caller.
    #[error("a person has to decide it, with an account")]
    NobodyInPerson,
}

/// Somebody who takes part, and since when they have had their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// When it was made.
    pub since: Instant,
}

impl Person {
    /// Somebody by their account, whose id says when it was made.
    pub fn behind(account: AccountId) -> Self {
        Self { account, since: account.made_at() }
    }
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

    #[test]
    fn a_reference_is_a_number_and_no_sentence() {
        for text in ["2026-117", "12 O 45/26", "AZ_7"] {
            assert_eq!(text.parse::<Reference>().expect("taken").to_string(), text);
        }
        for text in ["", "Ada", " 1", "1 ", "1\n", "caf\u{e9} 1", &"1".repeat(65), "ada@example.org 1"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
        }
    }

    #[test]
    fn an_account_is_as_old_as_its_id() {
        let made: Instant = "2026-11-24T09:30:00Z".parse().expect("an instant");
        assert_eq!(Person::behind(AccountId::new(made, [1; 10])).since, made);
    }

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
