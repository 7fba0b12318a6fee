//! What visitors see and send: forms, their pages for browsers without scripts, and the bodies that those post.
//!
//! Nothing here needs a cookie, a script or a request to anybody else, and nothing is kept of who asks. [`forms`] hands a
//! form out, [`page`] renders it as a pure function of values, [`words`] says the product's own phrases in the visitor's
//! language, [`posted`] reads what a browser sends back, [`origins`] knows whose pages may.
//! [`submissions`] takes in what was sent, [`receipt`] is what its sender gets, [`my`] what can be done with that.

mod forms;
mod letter;
mod my;
mod my_page;
pub(crate) mod origins;
pub(crate) mod page;
pub(crate) mod posted;
mod receipt;
mod submissions;
pub(crate) mod words;

use crate::app::App;
use crate::limit::Limiter;
use bonafide_keyring::Keyring;
use bonafide_model::Instant;
use bonafide_retention::intake::spent::Spent;
use bonafide_retention::intake::{proof, token};
use std::net::IpAddr;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many forms that a script sends a page without scripts counts for.
const SCRIPTLESS: u32 = 3;

/// What forms are handed out with, and what comes back is judged by.
pub(crate) struct Visitors {
    pub(crate) tokens: token::Issuer,
    pub(crate) proofs: proof::Issuer,
    pub(crate) spent: Spent,
    limiter: Limiter,
}

impl Visitors {
    /// Under the installation's root key. A client may send so many forms a minute.
    pub(crate) fn new(keyring: &Keyring, submissions_per_minute: u32) -> Self {
        Self {
            tokens: token::Issuer::new(keyring),
            proofs: proof::Issuer::new(keyring),
            spent: Spent::default(),
            limiter: Limiter::new(submissions_per_minute),
        }
    }

    /// Counts a form that a client sends; an error says in how many seconds it may come again.
    pub(crate) fn count(&self, client: IpAddr, scriptless: bool, now: Instant) -> Result<(), u64> {
        self.limiter.count_as(client, if scriptless { SCRIPTLESS } else { 1 }, now)
    }
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(forms::get_published_form))
        .routes(routes!(forms::get_form_page))
        .routes(routes!(submissions::create_submission))
        .routes(routes!(my::get_my_submission, my::erase_my_submission))
        .routes(routes!(my_page::get_my_page, my_page::press_my_page))
        .routes(routes!(my::cancel_my_erasure))
        .routes(routes!(my::restrict_my_submission))
        .routes(routes!(my::object_my_submission))
        .routes(routes!(my::unrestrict_my_submission))
        .routes(routes!(my::permit_my_use, my::withdraw_my_use))
}
