//! What visitors see and send: forms, their pages for browsers without scripts, and the bodies that those post.
//!
//! Nothing here needs a cookie, a script or a request to anybody else, and nothing is kept of who asks. [`forms`] hands a
//! form out, [`page`] renders it as a pure function of values, [`words`] says the product's own phrases in the visitor's
//! language, [`posted`] reads what a browser sends back, [`origins`] knows whose pages may.

mod forms;
pub(crate) mod origins;
#[cfg_attr(not(test), expect(dead_code, reason = "receipts and faults are shown by the intake"))]
pub(crate) mod page;
#[cfg_attr(not(test), expect(dead_code, reason = "read by the intake"))]
pub(crate) mod posted;
pub(crate) mod words;

use crate::app::App;
use bonafide_keyring::Keyring;
use bonafide_retention::intake::{proof, token};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What forms are handed out with.
pub(crate) struct Visitors {
    pub(crate) tokens: token::Issuer,
    pub(crate) proofs: proof::Issuer,
}

impl Visitors {
    /// Under the installation's root key.
    pub(crate) fn new(keyring: &Keyring) -> Self {
        Self { tokens: token::Issuer::new(keyring), proofs: proof::Issuer::new(keyring) }
    }
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(forms::get_published_form)).routes(routes!(forms::get_form_page))
}
