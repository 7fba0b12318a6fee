//! Submissions: what a visitor sent, sealed, and the dates and flags that its life hangs on.
//!
//! - [`receive`]: how it comes in: keys first, then the data, each durable before the next.
//! - [`list`] and [`get`]: what those who handle requests see without opening one: no personal data.
//! - [`reveal`](crate::Retention::open): reading one for a purpose; the reading is recorded before it happens.
//! - [`handle`](crate::Retention::fulfil): fulfilled and reopened. [`mine`]: what the holder of a receipt can do.
//!
//! How it ends is in [`crate::erase`].

mod handle;
mod list;
pub mod mine;
pub mod receive;
mod reveal;

pub(crate) use handle::live;
pub use list::{Filter, by_state, count, for_erasure, get, list, total};
pub(crate) use list::{find, read, select};
pub use receive::{Intake, Receipt, Sealed};
pub use reveal::Opened;
pub(crate) use reveal::{open, sealed};

use crate::form::FormVersion;
use crate::life::{Restrictions, Rules, State, Timeline};
use crate::{Error, form};
use bonafide_model::id::{FormId, FormVersionId, SiteId, SubmissionId};
use bonafide_model::name::{FormKey, PolicyKey};
use bonafide_model::{Instant, TimeZone};
use bonafide_vault::{Context, Group};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How sealed values are written now.
const SCHEMA_VERSION: u16 = 1;

/// A submission without anything of what was written.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// The site.
    pub site: SiteId,
    /// The form.
    pub form_id: FormId,
    /// The form's name in URLs.
    pub form: FormKey,
    /// The version of the form that was answered.
    pub form_version: FormVersionId,
    /// Where it stands.
    pub state: State,
    /// Whether it was judged to be spam.
    pub spam: bool,
    /// Who has said that it may not be used; see [`Submission::is_restricted`].
    pub restrictions: Restrictions,
    /// Whether a legal hold stops its erasure.
    pub held: bool,
    /// When it came.
    pub received_at: Instant,
    /// When the request was fulfilled.
    pub fulfilled_at: Option<Instant>,
    /// When it is erased.
    pub due_at: Instant,
    /// When something of it ends next.
    pub ends_at: Instant,
    /// When it is erased because the visitor wants it.
    pub erase_at: Option<Instant>,
    /// Until when an open request of the person holds back scheduled erasure.
    pub locked_until: Option<Instant>,
    /// The policy revision in force when it came.
    pub policy: Option<PolicyRef>,
    /// When it was erased.
    pub erased_at: Option<Instant>,
    /// Why.
    pub erase_cause: Option<String>,
    /// When its traces in files were overwritten.
    pub scrubbed_at: Option<Instant>,
    /// When the last key that could have opened it was gone.
    pub final_at: Option<Instant>,
}

/// A policy revision, by name and by digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef {
    /// The policy.
    pub policy: PolicyKey,
    /// The number of the revision.
    pub number: u32,
    /// Its digest.
    pub digest: [u8; 32],
}

/// The sealed columns, each with the group of keys it is sealed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Contact,
    Message,
    Address,
}

impl Column {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Message => "message",
            Self::Address => "address",
        }
    }

    pub(crate) const fn group(self) -> Group {
        match self {
            Self::Contact | Self::Address => Group::Contact,
            Self::Message => Group::Message,
        }
    }
}

/// The place of a sealed column.
pub(crate) fn context(
    site: SiteId,
    id: SubmissionId,
    version: FormVersionId,
    policy: Option<&PolicyRef>,
    column: Column,
) -> Context<'_> {
    Context {
        site: site.uuid(),
        table: "submission_sealed",
        record: id.uuid(),
        field: column.name(),
        schema_version: SCHEMA_VERSION,
        policy_digest: policy.map_or(&[][..], |policy| &policy.digest),
        form: version.uuid(),
    }
}

impl Submission {
    pub(crate) fn context(&self, column: Column) -> Context<'_> {
        context(self.site, self.id, self.form_version, self.policy.as_ref(), column)
    }

    /// Whether it may not be used: because that was said, or because it is to be erased.
    pub const fn is_restricted(&self) -> bool {
        self.restrictions.any() || self.erase_at.is_some()
    }

    /// What the clocks see of it.
    pub(crate) const fn timeline<'a>(&self, rules: &'a Rules, zone: &'a TimeZone) -> Timeline<'a> {
        Timeline { received_at: self.received_at, fulfilled_at: self.fulfilled_at, spam: self.spam, rules, zone }
    }
}

/// The version a submission answered, and the one published last: itself, if there was none since.
pub(crate) struct Versions {
    pub(crate) collected: FormVersion,
    pub(crate) today: FormVersion,
    pub(crate) rules: Rules,
}

/// The versions of several submissions, each read once.
#[derive(Default)]
pub(crate) struct KnownVersions(HashMap<FormVersionId, Versions>);

impl KnownVersions {
    pub(crate) async fn of(&mut self, on: &impl ConnectionTrait, id: FormVersionId) -> Result<&Versions, Error> {
        Ok(match self.0.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Versions::of(on, id).await?),
        })
    }
}

impl Versions {
    pub(crate) async fn of(on: &impl ConnectionTrait, id: FormVersionId) -> Result<Self, Error> {
        let collected = form::version_by_id(on, id).await?;
        let since = form::rules_since(on, collected.form, collected.number).await?;
        let start = Rules::collected_under(collected.definition.rule());
        let rules = since.iter().fold(start, |rules, version| rules.and_published(version.definition.rule()));
        let today = since.into_iter().next_back().unwrap_or_else(|| collected.clone());
        Ok(Self { collected, today, rules })
    }
}
