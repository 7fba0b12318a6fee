//! For what a submission may be read, in types and in data.
//!
//! [`Sealed`] opens only with a [`Grant`] for one purpose. A grant is made in one place, which asks the rules ([`allow`]).
//! What comes out is [`Exposed`] for that purpose, and can only go to a [`Sink`] for it. Programs that do anything else
//! with it do not compile: `tests/forbidden` is the list of those that were tried.

mod ask;
mod exposed;
mod grant;
mod sink;

pub use ask::{Asked, Facts, Refused, Terms, Use, allow};
pub use exposed::{Exposed, Fields, Sealed, Words};
pub use grant::Grant;
pub(crate) use sink::joined;
pub use sink::{Archive, Reply, Shape, Sink};

/// Keeps the traits of this module from being implemented elsewhere.
mod private {
    pub trait Closed {}
}

/// What a submission is read for. There are these and no others.
pub trait Purpose: private::Closed {
    /// The purpose as a question to the rules.
    fn asked(&self) -> Asked;
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl private::Closed for $name {}

        impl Purpose for $name {
            fn asked(&self) -> Asked {
                Asked::$name
            }
        }
    )*};
}

purposes! {
    /// To do what the visitor asked for.
    FulfilRequest;
    /// To answer the person it is about: copy, correction, proof.
    SubjectRights;
    /// By order of the law, decided by two people.
    LegalDisclosure;
    /// To trace a fraud.
    FraudTrace;
}

/// A use beyond the request that the visitor allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted(pub Use);

impl private::Closed for Permitted {}

impl Purpose for Permitted {
    fn asked(&self) -> Asked {
        Asked::Permitted(self.0.clone())
    }
}
