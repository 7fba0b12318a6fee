//! Preview links: whoever has the token of one sees one draft, rendered as publishing would render it, and nothing else.
//!
//! A link is for one entry in one language, for its newest draft or for one revision of it, and for a while. Of its token a
//! hash is stored. [`links`] makes, lists and revokes; [`open`] turns the hash of a token into an [`Opened`], without
//! which [`show()`] cannot be called.

pub mod links;
mod show;

pub use show::{Draft, show};

use super::At;
use crate::{Error, row};
use bonafide_model::id::{AccountId, EntryId, SiteId};
use bonafide_model::{Instant, Locale};
use bonafide_storage::sql;
use sea_orm::ConnectionTrait;

/// The SHA-256 of a token.
pub type Hash = [u8; 32];

/// What a token opens. Comes from [`open`] only.
#[derive(Clone, Debug)]
pub struct Opened {
    site: SiteId,
    at: At,
    locale: Locale,
    revision: Option<i64>,
    account: Option<AccountId>,
    expires_at: Instant,
}

impl Opened {
    /// The entry.
    pub const fn at(&self) -> &At {
        &self.at
    }

    /// Its language.
    pub const fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Whether one revision is shown, whatever is saved after it.
    pub const fn is_pinned(&self) -> bool {
        self.revision.is_some()
    }

    /// The account that answers for the link.
    pub const fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

/// What the token with this hash opens now.
///
/// # Errors
/// [`Error::NotFound`] if it is unknown, revoked or out of date, or its entry is archived.
pub async fn open(on: &impl ConnectionTrait, site: SiteId, hash: &Hash, now: Instant) -> Result<Opened, Error> {
    let select = "SELECT e.type, l.entry_id, l.locale, l.revision, l.account_id, l.expires_at
        FROM preview_link l JOIN entry e ON e.id = l.entry_id
        WHERE l.hash = $1 AND l.site_id = $2 AND l.expires_at > $3 AND e.archived_at IS NULL";
    let values = [hash.to_vec().into(), site.uuid().into(), now.micros().into()];
    let row = on.query_one_raw(sql(on, select, values)).await?.ok_or(Error::NotFound)?;
    let locale: Locale = row::parsed(&row, "locale")?;
    let id = EntryId::from_uuid(row.try_get("", "entry_id")?);
    Ok(Opened {
        site,
        at: At { kind: row::parsed(&row, "type")?, id, locale: Some(locale.clone()) },
        locale,
        revision: row.try_get("", "revision")?,
        account: row.try_get::<Option<_>>("", "account_id")?.map(AccountId::from_uuid),
        expires_at: row::instant(&row, "expires_at")?,
    })
}
