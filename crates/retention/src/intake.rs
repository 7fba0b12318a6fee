//! What keeps robots from the door, without asking anybody who they are.
//!
//! A form is handed out with a signed token ([`token`]) and, if its owner wants it, a proof of work ([`proof`]). Both are
//! good once ([`spent`]), for [`LIFETIME`], and for one version of one form. Nothing here knows an address, a cookie or a
//! browser, and nothing is stored: what was used is remembered in memory until it would have expired anyway.
//!
//! In the order of their price, cheapest first:
//!
//! 1. a filled-in [`HONEYPOT`] is a robot;
//! 2. [`token::Issuer::check`]: is the token ours, old enough, not too old?
//! 3. [`proof::Issuer::authenticate`]: is the challenge ours, for this form, not too old?
//! 4. [`spent::Spent::claim`] for each, so that a repetition costs nothing more;
//! 5. [`proof::Solution::verify`]: was the work done? (about 2 ms of computing: not on an executor's thread)
//! 6. take the answers in; once they are durable, [`spent::Claim::keep`]. A claim that is dropped instead gives token and
//!    proof back, so that a visitor can send again what the server could not take.

pub mod proof;
pub mod spent;
pub mod token;

use std::time::Duration;

/// For how long a form that was handed out can be sent.
pub const LIFETIME: Duration = Duration::from_hours(24);

/// The field of a page without scripts that people do not see and robots fill in.
///
/// It stands beside the fields of the form, not among them, so that it cannot clash with one.
pub const HONEYPOT: &str = "homepage";
