//! What changed between two published revisions: kept for neighbours, computed for other pairs.

use crate::compare::{self, Budget, Comparison, Granularity};
use crate::texts::Texts;
use crate::{Error, delivery, row};
use bonafide_model::Locale;
use bonafide_model::id::{RevisionId, SiteId};
use bonafide_model::name::PolicyKey;
use bonafide_storage::{Db, Tx, sql};
use sea_orm::ConnectionTrait;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How many computations of one kind may run at once.
pub(crate) const AT_ONCE: usize = 2;
/// How long a reader's comparison may take.
const READER: Duration = Duration::from_secs(2);
/// How long all comparisons of one publication may take together. What is not ready then is not kept.
const NEIGHBOURS: Duration = Duration::from_secs(10);

/// What readers ask for.
static READERS: Semaphore = Semaphore::const_new(AT_ONCE);
/// What is done for a publication, which no crowd of readers may hold up.
pub(crate) static AUTHORS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs something that takes processor time, off the async threads.
pub(crate) async fn heavy<T: Send + 'static>(
    permits: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let lost = |_| Error::Internal("a computation was lost".into());
    let permit = permits.acquire().await.map_err(|_| Error::Internal("the process is ending".into()))?;
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    done.await.map_err(lost)
}

/// The difference between two published revisions in one locale; the first may be the later one.
///
/// # Errors
/// [`Error::NotFound`] if either is not published or has no text in this locale; [`Error::DiffTooLarge`].
pub async fn between(
    db: &Db,
    site: SiteId,
    key: &PolicyKey,
    from: u32,
    to: u32,
    locale: &Locale,
    granularity: Granularity,
) -> Result<Comparison, Error> {
    let (old, new) = (side(db, site, key, from, locale).await?, side(db, site, key, to, locale).await?);
    if let Some(kept) = kept(db.read(), old.0, new.0, locale, granularity).await? {
        return Ok(kept);
    }
    let computed = heavy(&READERS, move || compute(&old.1, &new.1, granularity, Instant::now() + READER));
    computed.await?.ok_or(Error::DiffTooLarge)
}

async fn side(
    db: &Db,
    site: SiteId,
    key: &PolicyKey,
    number: u32,
    locale: &Locale,
) -> Result<(RevisionId, String), Error> {
    let revision = delivery::revision(db.read(), site, key, number).await?;
    let text = delivery::text(db.read(), revision.id, locale).await?.ok_or(Error::NotFound)?;
    Ok((revision.id, text.markdown))
}

async fn kept(
    on: &impl ConnectionTrait,
    from: RevisionId,
    to: RevisionId,
    locale: &Locale,
    granularity: Granularity,
) -> Result<Option<Comparison>, Error> {
    let select = "SELECT content FROM policy_diff
        WHERE from_id = $1 AND to_id = $2 AND locale = $3 AND granularity = $4";
    let values = [from.uuid().into(), to.uuid().into(), locale.as_str().into(), name(granularity).into()];
    on.query_one_raw(sql(on, select, values)).await?.as_ref().map(|row| row::json(row, "content")).transpose()
}

/// `None` if it is not done by then.
fn compute(old: &str, new: &str, granularity: Granularity, until: Instant) -> Option<Comparison> {
    let spent = || Instant::now() > until;
    compare::compare(old, new, granularity, Budget::steps(usize::MAX).until(&spent)).ok()
}

const fn name(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Line => "line",
        Granularity::Word => "word",
    }
}

/// A difference of neighbours, ready to be kept.
#[derive(Debug)]
pub(crate) struct Stored {
    locale: Locale,
    granularity: Granularity,
    content: String,
}

impl Stored {
    /// Compares all texts of two neighbours that are in the same locale, by line and by word, as far as time allows.
    pub(crate) fn compute(before: &Texts, texts: &Texts) -> Vec<Self> {
        let until = Instant::now() + NEIGHBOURS;
        let pairs = texts.iter().filter_map(|(locale, new)| before.get(locale).map(|old| (locale, old, new)));
        let both = pairs.flat_map(|pair| [(pair, Granularity::Line), (pair, Granularity::Word)]);
        both.filter_map(|((locale, old, new), granularity)| {
            let content = serde_json::to_string(&compute(old, new, granularity, until)?).ok()?;
            Some(Self { locale: locale.clone(), granularity, content })
        })
        .collect()
    }

    /// Keeps it.
    pub(crate) async fn insert(&self, tx: &Tx, from: RevisionId, to: RevisionId) -> Result<(), Error> {
        let insert =
            "INSERT INTO policy_diff (from_id, to_id, locale, granularity, content) VALUES ($1, $2, $3, $4, $5)";
        let values = [
            from.uuid().into(),
            to.uuid().into(),
            self.locale.as_str().into(),
            name(self.granularity).into(),
            self.content.as_str().into(),
        ];
        tx.execute_raw(sql(tx, insert, values)).await?;
        Ok(())
    }
}
