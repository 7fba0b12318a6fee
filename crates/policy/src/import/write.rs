//! Writing a plan: what is new is rendered and sealed first, then written in one transaction.

use super::{ImportError, Line, Plan, Planned, Progress, Report, Request};
use crate::policy::{self, Policy, PolicyDraft};
use crate::revision::{self, Draft, Manuscript, Publication, Rendered, Revision};
use crate::texts::Texts;
use crate::{Digest, Error, difference};
use bonafide_ledger::audit::Object;
use bonafide_ledger::{Act, leaf};
use bonafide_model::access::PublishPolicies;
use bonafide_model::id::{PolicyId, RevisionId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_model::{Instant, Locale};
use bonafide_storage::{Db, Tx, sql};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use sea_orm::ConnectionTrait;
use std::collections::HashSet;
use std::sync::Arc;

/// How often the policy may change while the import prepares itself.
const ATTEMPTS: usize = 3;

/// Imports what is new of a plan: everything in one transaction, or nothing. Whoever may publish may also let the
/// import make the policy.
///
/// # Errors
/// [`ImportError::Draft`], or that of the database.
pub async fn import(
    db: &Db,
    act: Act<PublishPolicies>,
    request: Request,
    plan: Plan,
    mut on_progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Report, ImportError> {
    let plan = Arc::new(plan);
    for _ in 0..ATTEMPTS {
        let present = Present::look(db.read(), act.site(), &request.key).await?;
        let report = present.report(&plan);
        if report.imported.is_empty() && !report.created {
            return Ok(report);
        }
        let batch = Arc::new(prepare(&act, &request, &plan, present, &mut on_progress).await?);
        let (act, written) = (act.clone(), batch.clone());
        let write = db.write(move |tx| written.clone().write(tx, act.clone()).boxed());
        match write.await {
            Ok(()) => return Ok(report),
            // the policy was changed since we looked
            Err(Error::Stale { .. } | Error::PolicyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Internal("the policy kept changing while it was imported".into()).into())
}

/// What an import of this plan would do now.
///
/// # Errors
/// As [`import`].
pub async fn preview(
    on: &impl ConnectionTrait,
    site: SiteId,
    key: &PolicyKey,
    plan: &Plan,
) -> Result<Report, ImportError> {
    Ok(Present::look(on, site, key).await?.report(plan))
}

/// What is there of a policy.
struct Present {
    policy: Option<Policy>,
    last: Option<Manuscript>,
    files: HashSet<(String, Vec<u8>)>,
}

impl Present {
    async fn look(on: &impl ConnectionTrait, site: SiteId, key: &PolicyKey) -> Result<Self, ImportError> {
        let policy = match policy::find(on, site, key).await {
            Ok(policy) => policy,
            Err(Error::NotFound) => return Ok(Self { policy: None, last: None, files: HashSet::new() }),
            Err(error) => return Err(error.into()),
        };
        if let Some(number) = policy.draft {
            return Err(ImportError::Draft(number));
        }
        let last = match policy.published {
            Some(number) => Some(revision::load(on, site, key, number).await?),
            None => None,
        };
        let select = "SELECT source_file, source_sha256 FROM policy_revision
            WHERE policy_id = $1 AND source_file IS NOT NULL";
        let rows = on.query_all_raw(sql(on, select, [policy.id.uuid().into()])).await.map_err(Error::from)?;
        let files = rows.iter().map(|row| Ok((row.try_get("", "source_file")?, row.try_get("", "source_sha256")?)));
        let files = files.collect::<Result<_, sea_orm::DbErr>>().map_err(Error::from)?;
        Ok(Self { policy: Some(policy), last, files })
    }

    fn has(&self, planned: &Planned) -> bool {
        self.files.contains(&(planned.file.clone(), planned.sha256.bytes().to_vec()))
    }

    fn last_number(&self) -> u32 {
        self.last.as_ref().map_or(0, |last| last.revision.number)
    }

    fn report(&self, plan: &Plan) -> Report {
        let new = plan.revisions.iter().filter(|planned| !self.has(planned));
        let imported: Vec<Line> = (self.last_number() + 1..)
            .zip(new)
            .map(|(number, planned)| Line {
                number,
                file: planned.file.clone(),
                date: planned.date,
                sha256: planned.sha256,
            })
            .collect();
        let present = plan.revisions.len() - imported.len();
        Report { created: self.policy.is_none(), imported, present }
    }
}

/// All that one transaction will write.
struct Batch {
    policy: PolicyId,
    /// The policy to be made, if it is not there.
    new: Option<PolicyDraft>,
    key: PolicyKey,
    /// The number that has to be the last one still.
    last: Option<(u32, RevisionId)>,
    revisions: Vec<Ready>,
}

/// One revision, sealed.
struct Ready {
    manuscript: Manuscript,
    file: String,
    sha256: Digest,
    publication: Publication,
    rendered: Rendered,
}

async fn prepare(
    act: &Act<PublishPolicies>,
    request: &Request,
    plan: &Arc<Plan>,
    present: Present,
    on_progress: &mut (impl FnMut(Progress<'_>) + Send),
) -> Result<Batch, ImportError> {
    let default_locale = present.policy.as_ref().map(|policy| policy.default_locale.clone());
    let english = || "en".parse().map_err(|_| Error::Internal("English is no locale".into()));
    let locale = match request.locale.clone().or_else(|| default_locale.clone()) {
        Some(locale) => locale,
        None => english()?,
    };
    let (title, id) =
        present.policy.as_ref().map_or_else(|| (String::new(), act.id()), |policy| (policy.title.clone(), policy.id));
    let head =
        Head { key: request.key.clone(), title, default_locale: default_locale.unwrap_or(locale.clone()), locale };
    head.check()?;
    let new = new_policy(request, plan, &present, &head.locale)?;
    let rendered = render(plan, &present, &head.locale, on_progress).await?;
    let last = present.last.as_ref().map(|last| (last.revision.number, last.revision.id));
    let previous = present.last.and_then(|last| last.revision.publication).map(|publication| publication.digest);
    let revisions = seal(act, &head, plan, rendered, last.map_or(0, |(number, _)| number), previous);
    Ok(Batch { policy: id, new, key: request.key.clone(), last, revisions })
}

/// What all imported revisions have in common.
struct Head {
    key: PolicyKey,
    title: String,
    default_locale: Locale,
    locale: Locale,
}

impl Head {
    /// Every published revision has a text in the default locale.
    fn check(&self) -> Result<(), Error> {
        let texts = Texts::from([(self.locale.clone(), "any".to_owned())]);
        let faults = revision::text_missing(&self.default_locale, &texts);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    /// The revision as it will stand in the database.
    fn manuscript(&self, id: RevisionId, number: u32, planned: &Planned, now: Instant) -> Manuscript {
        let texts = Texts::from([(self.locale.clone(), planned.text.clone())]);
        let revision = Revision {
            id,
            policy: self.key.clone(),
            title: self.title.clone(),
            default_locale: self.default_locale.clone(),
            number,
            effective_on: Some(planned.date),
            summary_of_changes: None,
            material: false,
            commitments: Vec::new(),
            commitments_format: revision::COMMITMENTS_FORMAT,
            source: Some(planned.source.clone()),
            locales: vec![self.locale.clone()],
            publication: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Manuscript { revision, texts }
    }
}

fn new_policy(
    request: &Request,
    plan: &Plan,
    present: &Present,
    locale: &Locale,
) -> Result<Option<PolicyDraft>, Error> {
    if present.policy.is_some() {
        return Ok(None);
    }
    let key = request.key.clone();
    let title = match request.title.clone().or_else(|| plan.title.clone()) {
        Some(title) => title,
        None => key.as_str().parse().map_err(|_| Error::Internal("a key is no title".into()))?,
    };
    Ok(Some(PolicyDraft { key, title, default_locale: locale.clone() }))
}

/// Renders each new text and compares it with the one before, on as many threads as are allowed to do such things.
async fn render(
    plan: &Arc<Plan>,
    present: &Present,
    locale: &Locale,
    on_progress: &mut (impl FnMut(Progress<'_>) + Send),
) -> Result<Vec<(usize, Rendered)>, Error> {
    let new: Vec<usize> = (0..plan.revisions.len()).filter(|index| !present.has(&plan.revisions[*index])).collect();
    let first = Arc::new(present.last.as_ref().map(|last| last.texts.clone()).unwrap_or_default());
    let befores = std::iter::once(None).chain(new.iter().copied().map(Some));
    let jobs: Vec<_> = befores.zip(new.iter().copied()).collect();
    let total = jobs.len();
    let mut running = stream::iter(jobs)
        .map(|(before, index)| {
            let (plan, first, locale) = (plan.clone(), first.clone(), locale.clone());
            difference::heavy(&difference::AUTHORS, move || {
                let only = |index: usize| Texts::from([(locale.clone(), plan.revisions[index].text.clone())]);
                let before = before.map(only);
                (index, Rendered::new(before.as_ref().unwrap_or(&first), &only(index)))
            })
        })
        .buffered(difference::AT_ONCE);
    let mut rendered = Vec::with_capacity(total);
    while let Some(next) = running.next().await {
        let next = next?;
        let file = &plan.revisions[next.0].file;
        rendered.push(next);
        on_progress(Progress { done: rendered.len(), total, file });
    }
    Ok(rendered)
}

/// Gives each new revision its number, its digest and its place in the chain.
fn seal(
    act: &Act<PublishPolicies>,
    head: &Head,
    plan: &Plan,
    rendered: Vec<(usize, Rendered)>,
    last: u32,
    mut previous_digest: Option<Digest>,
) -> Vec<Ready> {
    let now = act.now();
    let mut revisions = Vec::with_capacity(rendered.len());
    for (number, (index, rendered)) in (last + 1..).zip(rendered) {
        let planned = &plan.revisions[index];
        let manuscript = head.manuscript(act.id(), number, planned, now);
        let digest = revision::seal(&manuscript, planned.date, now, previous_digest);
        let publication = Publication { published_at: now, digest, previous_digest };
        previous_digest = Some(digest);
        let (file, sha256) = (planned.file.clone(), planned.sha256);
        revisions.push(Ready { manuscript, file, sha256, publication, rendered });
    }
    revisions
}

impl Batch {
    async fn write(self: Arc<Self>, tx: &Tx, act: Act<PublishPolicies>) -> Result<(), Error> {
        match &self.new {
            Some(draft) => policy::insert(tx, act.site(), self.policy, draft.clone(), act.now()).await?,
            None => self.unchanged(tx, act.site()).await?,
        }
        let mut before = self.last.map(|(_, id)| id);
        for ready in &self.revisions {
            self.insert(tx, &act, before, ready).await?;
            before = Some(ready.manuscript.revision.id);
        }
        act.record(tx, "policy.import", Object::new("policy", self.key.as_str()));
        policy::announce(tx, act.site(), &self.key, act.now()).await
    }

    async fn unchanged(&self, tx: &Tx, site: SiteId) -> Result<(), Error> {
        let policy = policy::find(tx, site, &self.key).await?;
        let same = policy.draft.is_none() && policy.published == self.last.map(|(number, _)| number);
        if same && policy.id == self.policy { Ok(()) } else { Err(Error::Stale { current: policy.version }) }
    }

    async fn insert(
        &self,
        tx: &Tx,
        act: &Act<PublishPolicies>,
        before: Option<RevisionId>,
        ready: &Ready,
    ) -> Result<(), Error> {
        let Manuscript { revision, texts } = &ready.manuscript;
        let draft = Draft { texts: texts.clone(), effective_on: revision.effective_on, ..Draft::default() };
        let origin = revision.source.as_ref().map(|source| (ready.file.as_str(), ready.sha256, source));
        revision::insert(tx, self.policy, revision.id, revision.number, &draft, origin, act.now()).await?;
        revision::store(tx, revision.id, before, &ready.publication, &ready.rendered).await?;
        let line = revision::line(act.by(), act.now(), &self.key, revision.number, ready.publication.digest);
        leaf::append(tx, act.site(), &line);
        Ok(())
    }
}
