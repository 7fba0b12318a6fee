//! The site that all content belongs to: its name, its zone, its languages and where its frontend lives.
//!
//! An installation has exactly one site today, made at its first start by [`ensure`]; every table carries its id,
//! so that more can come. Settings are changed by [`patch`] alone.

mod patch;
mod row;
mod rules;

pub use bonafide_model::Fault;
pub use patch::{SitePatch, patch};
pub use row::{ensure, get, the_only};

use bonafide_model::id::SiteId;
use bonafide_model::{Instant, Locale, TimeZone};
use bonafide_storage::Error as StorageError;

/// The settings of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// The zone in which its days begin: legal dates are dates of this zone.
    pub time_zone: TimeZone,
    /// The languages it is written in; the first is the default. Never empty.
    pub locales: Vec<Locale>,
    /// Where its frontend lives, such as `https://www.example.org`.
    pub base_url: Option<String>,
    /// How the address of a page is made, such as `https://www.example.org/{locale}/{path}`.
    pub page_url_template: Option<String>,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Site {
    /// The language that is meant where none is named.
    ///
    /// # Panics
    /// Never: a site has a language.
    pub fn default_locale(&self) -> &Locale {
        self.locales.first().expect("a site has a language")
    }
}

/// Why a site was not read or not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such site.
    #[error("there is no such site")]
    Absent,
    /// Somebody else has changed it since it was read.
    #[error("the site has been changed since; its version is now {current}")]
    Stale {
        /// Its present version.
        current: i64,
    },
    /// These fields break a rule.
    #[error("{} of the settings cannot be taken", .0.len())]
    Invalid(Vec<Fault>),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}
