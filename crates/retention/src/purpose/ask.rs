//! The rules: what may be done with a record = what its form version said ∩ what is said today, widened by permissions.

use crate::life::{Flags, Permission, State};
use bonafide_model::{Instant, Invalid};
use std::fmt;
use std::str::FromStr;

/// The key of a use beyond the request, such as `newsletter`: a lower-case letter, then up to 63 of `a-z 0-9 - _`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use(String);

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Use {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a lower-case letter, then up to 63 of a-z, 0-9, '-' and '_'");
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let right = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && text.len() <= 64
            && text.bytes().all(allowed);
        if right { Ok(Self(text.to_owned())) } else { Err(WANTED) }
    }
}

impl serde::Serialize for Use {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Use {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A purpose as it is asked for: `fulfil_request`, or `permitted:newsletter`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// To do what the visitor asked for.
    FulfilRequest,
    /// To answer the person it is about.
    SubjectRights,
    /// By order of the law.
    LegalDisclosure,
    /// To trace a fraud.
    FraudTrace,
    /// A use that the visitor allowed.
    Permitted(Use),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FulfilRequest => f.write_str("fulfil_request"),
            Self::SubjectRights => f.write_str("subject_rights"),
            Self::LegalDisclosure => f.write_str("legal_disclosure"),
            Self::FraudTrace => f.write_str("fraud_trace"),
            Self::Permitted(to) => write!(f, "permitted:{to}"),
        }
    }
}

impl FromStr for Asked {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid =
            Invalid("must be fulfil_request, subject_rights, legal_disclosure, fraud_trace or permitted:USE");
        match text {
            "fulfil_request" => Ok(Self::FulfilRequest),
            "subject_rights" => Ok(Self::SubjectRights),
            "legal_disclosure" => Ok(Self::LegalDisclosure),
            "fraud_trace" => Ok(Self::FraudTrace),
            _ => text.strip_prefix("permitted:").ok_or(WANTED)?.parse().map(Self::Permitted),
        }
    }
}

/// What one version of a form says may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The request is answered. A form could collect for something else.
    pub fulfils: bool,
    /// Frauds are traced.
    pub traces_fraud: bool,
}

/// What the rules have to know of a record, read in the transaction that writes the leaf.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its state.
    pub state: State,
    /// Its flags.
    pub flags: Flags,
    /// The form version that it answered.
    pub collected: Terms,
    /// The form version that is published now; the last one if the form was taken offline.
    pub today: Terms,
    /// Permissions that were given and not withdrawn.
    pub permissions: Vec<(Use, Permission)>,
    /// Two people decided that the law demands it.
    pub disclosure_decided: bool,
}

/// Why a purpose is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The keys are gone.
    #[error("it is erased")]
    Gone,
    /// Its time is over.
    #[error("its time is over")]
    Due,
    /// The visitor restricted its use.
    #[error("its use is restricted")]
    Restricted,
    /// The form version that it answered does not allow this.
    #[error("the visitor was not told of this purpose")]
    NotCollectedFor,
    /// The form version that is published now does not allow this any more.
    #[error("the form does not allow this purpose any more")]
    NoLonger,
    /// There is no permission, or it was withdrawn or has expired.
    #[error("there is no permission for this use")]
    NotPermitted,
    /// Nobody, or one person alone, has decided this.
    #[error("two people have to decide a disclosure first")]
    NotDecided,
}

/// Whether a record may be read for a purpose now.
pub fn allow(asked: &Asked, facts: &Facts, now: Instant) -> Result<(), Refused> {
    if !facts.state.is_live() {
        return Err(Refused::Gone);
    }
    match asked {
        Asked::SubjectRights => Ok(()),
        Asked::LegalDisclosure if facts.disclosure_decided => Ok(()),
        Asked::LegalDisclosure => Err(Refused::NotDecided),
        Asked::FulfilRequest | Asked::FraudTrace | Asked::Permitted(_) if facts.flags.restricted => {
            Err(Refused::Restricted)
        }
        // what is due lies there for a hold, a lock or the next sweep; what a permission keeps is not due for that use
        Asked::FulfilRequest | Asked::FraudTrace if facts.state == State::Due => Err(Refused::Due),
        Asked::FulfilRequest => both(facts, |terms| terms.fulfils),
        Asked::FraudTrace => both(facts, |terms| terms.traces_fraud),
        Asked::Permitted(to) => {
            let holds = facts.permissions.iter().any(|(given, permission)| given == to && permission.holds(now));
            if holds && !facts.flags.spam { Ok(()) } else { Err(Refused::NotPermitted) }
        }
    }
}

fn both(facts: &Facts, allows: fn(&Terms) -> bool) -> Result<(), Refused> {
    match (allows(&facts.collected), allows(&facts.today)) {
        (true, true) => Ok(()),
        (false, _) => Err(Refused::NotCollectedFor),
        (true, false) => Err(Refused::NoLonger),
    }
}

#[cfg(test)]
mod tests;
