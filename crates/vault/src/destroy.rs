//! The point of no return: the one place where keys of records are destroyed.

use crate::index::delete_tags;
use crate::keys::{CHUNK, by_record};
use crate::{Error, Group, Groups, Inner, Record, Vault};
use bonafide_model::Instant;
use bonafide_storage::statement::naming;
use bonafide_storage::{Sql, Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, QueryResult};
use std::collections::HashMap;
use std::sync::Arc;

/// What is to be destroyed, and what was known when that was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destruction {
    /// The record.
    pub record: Record,
    /// The version of its rules on which the decision stands; `None` if it stands on none of them.
    pub version: Option<i64>,
    /// Whether the person wants it: then their own open request does not hold it back.
    pub by_the_person: bool,
    /// Why, in the caller's words; it is noted until the data are gone too.
    pub cause: &'static str,
    /// The record's name in the log, noted likewise.
    pub object: Option<[u8; 32]>,
}

/// Groups of a record that are to be destroyed while others stay, and what was known when that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// The record.
    pub record: Record,
    /// The version of its rules on which the decision stands; `None` if it stands on none of them.
    pub version: Option<i64>,
    /// The groups that stay.
    pub keep: Groups,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The keys are gone, durably.
    Destroyed,
    /// A legal hold stops it.
    Held,
    /// An open request of the person stops it.
    Locked,
    /// The rules have changed since it was decided on.
    Changed,
    /// There are no keys.
    Gone,
}

/// A record whose keys are gone, but whose sealed bytes may still be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The record.
    pub record: Record,
    /// Why, in the words of [`Destruction::cause`].
    pub cause: String,
    /// Its name in the log.
    pub object: Option<[u8; 32]>,
    /// When its keys were destroyed.
    pub destroyed_at: Instant,
}

impl Vault {
    /// Destroys the keys, tags and permissions of records in one transaction, except of those that a rule holds back, and
    /// notes each as pending, those that had no keys too. No key needs to open for that. When this returns, the destroyed can
    /// never be read again. Outcomes are in the order asked.
    ///
    /// # Errors
    /// If it cannot be written; then nothing was destroyed.
    pub async fn destroy(&self, asked: Vec<Destruction>, now: Instant) -> Result<Vec<Outcome>, Error> {
        let asked = Arc::new(asked);
        self.0
            .write(move |_, tx| {
                let asked = Arc::clone(&asked);
                async move {
                    let mut outcomes = Vec::with_capacity(asked.len());
                    for chunk in asked.chunks(CHUNK) {
                        outcomes.extend(destroy(tx, chunk, now).await?);
                    }
                    Ok(outcomes)
                }
                .boxed()
            })
            .await
    }

    /// Destroys the keys of all groups of records but those that stay, in one transaction, except where a rule holds it
    /// back. Where nobody is to be reached any more the record leaves the index. Outcomes are in the order asked.
    ///
    /// # Errors
    /// If it cannot be written; then nothing was destroyed.
    pub async fn destroy_groups(&self, asked: Vec<Reduction>, now: Instant) -> Result<Vec<Outcome>, Error> {
        let asked = Arc::new(asked);
        self.0
            .write(move |inner, tx| {
                let asked = Arc::clone(&asked);
                async move {
                    let mut outcomes = Vec::with_capacity(asked.len());
                    for chunk in asked.chunks(CHUNK) {
                        outcomes.extend(reduce(&inner, tx, chunk, now).await?);
                    }
                    Ok(outcomes)
                }
                .boxed()
            })
            .await
    }

    /// Records whose keys are gone and whose erasure was not yet said to be finished, those destroyed first, first.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn pending(&self, limit: u32) -> Result<Vec<Pending>, Error> {
        let db = self.0.db.read();
        let select = "SELECT record, cause, object, destroyed_at FROM pending WHERE settled_at IS NULL
            ORDER BY destroyed_at, record LIMIT $1";
        let rows = db.query_all_raw(sql(db, select, [i64::from(limit).into()])).await?;
        rows.iter().map(pending).collect()
    }

    /// Says that nothing of these records is left in the data.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn settled(&self, records: Vec<Record>, now: Instant) -> Result<(), Error> {
        let head = format!("UPDATE pending SET settled_at = {} WHERE record IN", now.micros());
        self.name_all(records, head).await
    }

    /// Settled records whose keys stood under epochs that are all destroyed, at most `limit`: no copy of the key plane
    /// can open anything of them.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn ripe(&self, limit: u32) -> Result<Vec<Pending>, Error> {
        let db = self.0.db.read();
        let select = "SELECT record, cause, object, destroyed_at FROM pending WHERE settled_at IS NOT NULL
            AND epoch < (SELECT MIN(number) FROM epoch) LIMIT $1";
        let rows = db.query_all_raw(sql(db, select, [i64::from(limit).into()])).await?;
        rows.iter().map(pending).collect()
    }

    /// Forgets that these records ever were.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn forget(&self, records: Vec<Record>) -> Result<(), Error> {
        self.name_all(records, "DELETE FROM pending WHERE record IN".to_owned()).await
    }

    async fn name_all(&self, records: Vec<Record>, head: String) -> Result<(), Error> {
        let named = Arc::new((records, head));
        self.0
            .write(move |_, tx| {
                let named = Arc::clone(&named);
                async move {
                    for chunk in named.0.chunks(CHUNK) {
                        tx.execute_raw(naming(tx, &named.1, chunk.iter().copied())).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// What bears on one destruction.
struct Standing {
    record: Record,
    version: i64,
    tag: Option<(i64, i64)>,
    held: bool,
    locked: bool,
}

impl Standing {
    fn read(row: &QueryResult, now: Instant) -> Result<Self, Error> {
        let (generation, tag): (Option<i64>, Option<i64>) = (row.try_get("", "generation")?, row.try_get("", "tag")?);
        Ok(Self {
            record: row.try_get("", "record")?,
            version: row.try_get("", "version")?,
            tag: generation.zip(tag),
            held: row.try_get::<Option<i64>>("", "placed_at")?.is_some(),
            locked: row.try_get::<Option<i64>>("", "until")?.is_some_and(|until| until > now.micros()),
        })
    }

    fn outcome(&self, version: Option<i64>, by_the_person: bool) -> Outcome {
        if self.held {
            Outcome::Held
        } else if self.locked && !by_the_person {
            Outcome::Locked
        } else if version.is_some_and(|version| version != self.version) {
            Outcome::Changed
        } else {
            Outcome::Destroyed
        }
    }
}

/// What bears on the destruction of records; of those only that have keys.
async fn standing(tx: &Tx, records: Vec<Record>, now: Instant) -> Result<HashMap<Record, Standing>, Error> {
    let select = "SELECT k.record, k.version, k.generation, k.tag, h.placed_at, l.until FROM record_key k
        LEFT JOIN hold h ON h.record = k.record LEFT JOIN rights_lock l ON l.record = k.record WHERE k.record IN";
    let rows = tx.query_all_raw(naming(tx, select, records)).await?;
    let standing = rows.iter().map(|row| Standing::read(row, now)).collect::<Result<Vec<_>, _>>()?;
    Ok(by_record(standing, |standing| standing.record))
}

async fn destroy(tx: &Tx, asked: &[Destruction], now: Instant) -> Result<Vec<Outcome>, Error> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let standing = standing(tx, asked.iter().map(|asked| asked.record).collect(), now).await?;
    let of = |asked: &Destruction| {
        let found = standing.get(&asked.record);
        found.map_or(Outcome::Gone, |found| found.outcome(asked.version, asked.by_the_person))
    };
    let outcomes: Vec<_> = asked.iter().map(of).collect();
    let doomed = asked.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Destroyed);
    let doomed: Vec<_> = doomed.map(|(asked, _)| asked).collect();
    if !doomed.is_empty() {
        delete(tx, &doomed, &standing).await?;
    }
    // what has no keys has nothing left to destroy here, and its data must go all the same
    let gone = asked.iter().zip(&outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Destroyed | Outcome::Gone));
    let gone: Vec<_> = gone.map(|(asked, _)| asked).collect();
    if !gone.is_empty() {
        note(tx, &gone, now).await?;
    }
    Ok(outcomes)
}

async fn delete(tx: &Tx, doomed: &[&Destruction], standing: &HashMap<Record, Standing>) -> Result<(), Error> {
    let records: Vec<_> = doomed.iter().map(|asked| asked.record).collect();
    let mut tags: HashMap<i64, Vec<(i64, Record)>> = HashMap::new();
    for found in records.iter().filter_map(|record| standing.get(record)) {
        if let Some((generation, tag)) = found.tag {
            tags.entry(generation).or_default().push((tag, found.record));
        }
    }
    for (generation, tags) in tags {
        tx.execute_raw(delete_tags(tx, generation, &tags)).await?;
    }
    for head in [
        "DELETE FROM permission WHERE record IN",
        "DELETE FROM rights_lock WHERE record IN",
        "DELETE FROM hold_request WHERE record IN",
        "DELETE FROM disclosure WHERE record IN",
        "DELETE FROM record_key WHERE record IN",
    ] {
        tx.execute_raw(naming(tx, head, records.iter().copied())).await?;
    }
    Ok(())
}

async fn note(tx: &Tx, doomed: &[&Destruction], now: Instant) -> Result<(), Error> {
    let select = "SELECT MAX(number) AS newest FROM epoch";
    let epoch: i64 = tx.query_one_raw(sql(tx, select, [])).await?.map_or(Ok(0), |row| row.try_get("", "newest"))?;
    let mut insert = Sql::new("INSERT INTO pending (record, object, cause, destroyed_at, epoch) ");
    insert.rows(doomed.iter().map(|asked| {
        let object = asked.object.map(|object| object.to_vec());
        [asked.record.into(), object.into(), asked.cause.into(), now.micros().into(), epoch.into()]
    }));
    insert.push(" ON CONFLICT DO NOTHING");
    tx.execute_raw(insert.on(tx)).await?;
    Ok(())
}

async fn reduce(inner: &Inner, tx: &Tx, asked: &[Reduction], now: Instant) -> Result<Vec<Outcome>, Error> {
    let standing = standing(tx, asked.iter().map(|asked| asked.record).collect(), now).await?;
    let mut outcomes = Vec::with_capacity(asked.len());
    for asked in asked {
        let Some(found) = standing.get(&asked.record) else {
            outcomes.push(Outcome::Gone);
            continue;
        };
        let outcome = found.outcome(asked.version, false);
        if outcome == Outcome::Destroyed {
            keep_only(inner, tx, asked.record, asked.keep).await?;
            if !asked.keep.has(Group::Contact) {
                leave_index(tx, found).await?;
            }
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

async fn keep_only(inner: &Inner, tx: &Tx, record: Record, keep: Groups) -> Result<(), Error> {
    let found = crate::keys::wrapped_of(tx, &[record]).await?.pop().ok_or(Error::Gone)?;
    if inner.epochs.ring().current().is_none_or(|current| current.0 < found.epoch) {
        inner.epochs.reload(tx).await?;
    }
    let keys = inner.epochs.unwrap_record(record, found.version, found.epoch, &found.bytes);
    let (epoch, wrapped) = if let Ok(keys) = keys.ok_or(Error::Damaged("an epoch without a key"))? {
        inner.epochs.wrap_record(&inner.entropy, &keys.only(keep))?
    } else {
        // what does not open opens no group either
        tracing::error!("Keys of a submission do not open; they stay as they are");
        (found.epoch, found.bytes)
    };
    let update = "UPDATE record_key SET epoch = $2, wrapped = $3, version = version + 1 WHERE record = $1";
    tx.execute_raw(sql(tx, update, [record.into(), epoch.into(), wrapped.into()])).await?;
    Ok(())
}

async fn leave_index(tx: &Tx, found: &Standing) -> Result<(), Error> {
    let Some((generation, tag)) = found.tag else { return Ok(()) };
    tx.execute_raw(delete_tags(tx, generation, &[(tag, found.record)])).await?;
    let update = "UPDATE record_key SET generation = NULL, tag = NULL WHERE record = $1";
    tx.execute_raw(sql(tx, update, [found.record.into()])).await?;
    Ok(())
}

fn pending(row: &QueryResult) -> Result<Pending, Error> {
    let object: Option<Vec<u8>> = row.try_get("", "object")?;
    Ok(Pending {
        record: row.try_get("", "record")?,
        cause: row.try_get("", "cause")?,
        object: object.and_then(|object| object.try_into().ok()),
        destroyed_at: Instant::from_micros(row.try_get("", "destroyed_at")?),
    })
}
