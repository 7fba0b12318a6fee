//! Publishing: rendering and comparing first, sealing after, so that no transaction is open while texts are rendered.

use super::{Manuscript, Publication, Revision, State, draft, load};
use crate::difference::{self, Stored};
use crate::digest::Sealed;
use crate::policy::{announce, fresh};
use crate::texts::Texts;
use crate::{Digest, Error, Fault, Rule};
use bonafide_ledger::audit::Object;
use bonafide_ledger::{Act, Leaf, leaf};
use bonafide_model::access::{Actor, PublishPolicies};
use bonafide_model::id::RevisionId;
use bonafide_model::name::PolicyKey;
use bonafide_model::{Date, Granted, Instant, Locale, TimeZone};
use bonafide_storage::{Db, Tx, sql};
use sea_orm::ConnectionTrait as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A draft that was rendered and compared with the revision before it, ready to be published. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Prepared {
    key: PolicyKey,
    number: u32,
    id: RevisionId,
    version: i64,
    before: Option<RevisionId>,
    rendered: Arc<Rendered>,
}

/// What is computed of a revision's texts before it is published.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    html: BTreeMap<Locale, String>,
    diffs: Vec<Stored>,
}

impl Rendered {
    /// Renders texts and compares them with those of the revision before. Takes its time.
    pub(crate) fn new(before: &Texts, texts: &Texts) -> Self {
        let html = texts.iter().map(|(locale, text)| (locale.clone(), bonafide_markup::to_html(text))).collect();
        Self { html, diffs: Stored::compute(before, texts) }
    }
}

/// Renders the draft that has the version `expected`, and compares it with the revision before, off the async threads.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Published`].
pub async fn prepare(
    db: &Db,
    by: &Granted<PublishPolicies>,
    key: &PolicyKey,
    number: u32,
    expected: i64,
) -> Result<Prepared, Error> {
    let manuscript = load(db.read(), by.site(), key, number).await?;
    draft_of(&manuscript.revision, expected)?;
    let before = match number {
        0 | 1 => None,
        _ => Some(load(db.read(), by.site(), key, number - 1).await?),
    };
    let (before, old) = before.map(|before| (before.revision.id, before.texts)).unzip();
    let id = manuscript.revision.id;
    let rendered =
        difference::heavy(&difference::AUTHORS, move || Rendered::new(&old.unwrap_or_default(), &manuscript.texts))
            .await?;
    Ok(Prepared { key: key.clone(), number, id, version: expected, before, rendered: Arc::new(rendered) })
}

/// Publishes a draft, if it is still what was prepared. From then on it never changes.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Published`], or [`Error::Invalid`] if it has no text in the default
/// locale, or no day from today on (in `zone`) to come into force.
pub async fn publish(
    tx: &Tx,
    act: Act<PublishPolicies>,
    prepared: Prepared,
    zone: TimeZone,
) -> Result<Manuscript, Error> {
    let Prepared { key, number, id, version, before, rendered } = prepared;
    let manuscript = load(tx, act.site(), &key, number).await?;
    draft_of(&manuscript.revision, version)?;
    if manuscript.revision.id != id {
        // deleted and made anew meanwhile
        return Err(Error::Stale { current: manuscript.revision.version });
    }
    let effective_on = publishable(&manuscript, zone.date(act.now()))?;
    let previous_digest = previous(tx, before).await?;
    let published = Publication {
        published_at: act.now(),
        digest: seal(&manuscript, effective_on, act.now(), previous_digest),
        previous_digest,
    };
    store(tx, manuscript.revision.id, before, &published, &rendered).await?;
    leaf::append(tx, act.site(), &line(act.by(), act.now(), &key, number, published.digest));
    act.record(tx, "revision.publish", Object::new("revision", &draft::name(&key, number)));
    announce(tx, act.site(), &key, act.now()).await?;
    load(tx, act.site(), &key, number).await
}

fn draft_of(revision: &Revision, expected: i64) -> Result<(), Error> {
    fresh(revision.version, expected)?;
    if revision.state() == State::Published { Err(Error::Published) } else { Ok(()) }
}

/// The day a draft comes into force, if it keeps the rules of publication.
fn publishable(manuscript: &Manuscript, today: Date) -> Result<Date, Error> {
    let mut faults = text_missing(&manuscript.revision.default_locale, &manuscript.texts);
    match manuscript.revision.effective_on {
        Some(day) if day >= today && faults.is_empty() => return Ok(day),
        Some(day) if day >= today => {}
        Some(_) => faults.push(Fault::at("/effective_on", Rule::EffectiveOnPast)),
        None => faults.push(Fault::at("/effective_on", Rule::EffectiveOnMissing)),
    }
    Err(Error::Invalid(faults))
}

/// The fault of texts that lack the default locale, or have nothing in it.
pub(crate) fn text_missing(default_locale: &Locale, texts: &Texts) -> Vec<Fault> {
    if texts.get(default_locale).is_some_and(|text| !text.is_empty()) {
        Vec::new()
    } else {
        vec![Fault::at(format!("/texts/{default_locale}"), Rule::TextMissing)]
    }
}

/// The digest that a manuscript has when it is published at this instant.
pub(crate) fn seal(
    manuscript: &Manuscript,
    effective_on: Date,
    published_at: Instant,
    previous: Option<Digest>,
) -> Digest {
    let Manuscript { revision, texts } = manuscript;
    let texts = texts.iter().map(|(locale, text)| (locale.clone(), Digest::of(text))).collect();
    Sealed {
        policy: &revision.policy,
        number: revision.number,
        effective_on,
        published_at,
        texts: &texts,
        summary_of_changes: revision.summary_of_changes.as_deref(),
        material: revision.material,
        commitments: &revision.commitments,
        source: revision.source.as_ref(),
        previous,
    }
    .digest()
}

async fn previous(tx: &Tx, before: Option<RevisionId>) -> Result<Option<Digest>, Error> {
    let Some(before) = before else { return Ok(None) };
    let select = sql(tx, "SELECT digest FROM policy_revision WHERE id = $1", [before.uuid().into()]);
    let row = tx.query_one_raw(select).await?.ok_or(Error::NotFound)?;
    let bytes: Vec<u8> = row.try_get("", "digest")?;
    Digest::from_slice(&bytes).map(Some).ok_or_else(|| crate::row::damaged("digest"))
}

/// Writes HTML, differences and digest, and turns the draft into a published revision; nothing after can change it.
pub(crate) async fn store(
    tx: &Tx,
    id: RevisionId,
    before: Option<RevisionId>,
    published: &Publication,
    rendered: &Rendered,
) -> Result<(), Error> {
    for (locale, html) in &rendered.html {
        let update = "UPDATE policy_text SET html = $3 WHERE revision_id = $1 AND locale = $2";
        let values = [id.uuid().into(), locale.as_str().into(), html.as_str().into()];
        tx.execute_raw(sql(tx, update, values)).await?;
    }
    if let Some(before) = before {
        for diff in &rendered.diffs {
            diff.insert(tx, before, id).await?;
        }
    }
    let update = "UPDATE policy_revision SET state = 'published', published_at = $2, digest = $3, previous_digest = $4,
        version = version + 1, updated_at = $2 WHERE id = $1";
    let values = [
        id.uuid().into(),
        published.published_at.micros().into(),
        published.digest.bytes().to_vec().into(),
        published.previous_digest.map(|digest| digest.bytes().to_vec()).into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

/// The line of the log. Policies are public, so that their names are hashed without a salt.
pub(crate) fn line(by: Actor, at: Instant, key: &PolicyKey, number: u32, digest: Digest) -> Leaf {
    Leaf {
        kind: leaf::Kind::PolicyPublished,
        at,
        object: Some(leaf::object(b"", &draft::name(key, number))),
        revision: Some(*digest.bytes()),
        actor: by,
        rule: None,
        role: None,
        counts: Vec::new(),
        old: Some(State::Draft.name()),
        new: Some(State::Published.name()),
    }
}
