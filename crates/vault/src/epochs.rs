//! The keys of the epochs: in memory, in the file beside the database, and as rows that wrapped keys refer to.
//!
//! A row of `epoch` says that the epoch lives. Wrapped keys refer to it, so that a process which has not heard of a new
//! epoch cannot write under a key that another one has destroyed: the database refuses, it reads the file, and tries again.

use crate::record::wrapped_context;
use crate::slots::{EpochKey, Slots};
use crate::{Error, Record, RecordKeys};
use bonafide_keyring::{Entropy, Keyring, Sealer, Use};
use bonafide_model::Instant;
use bonafide_storage::{Tx, sql};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// The epochs a process knows.
pub(crate) struct Epochs {
    slots: Slots,
    ring: RwLock<Arc<Ring>>,
}

/// The keys that are alive; the one with the highest number wraps.
#[derive(Default)]
pub(crate) struct Ring(BTreeMap<i64, Sealer>);

impl Ring {
    pub(crate) fn current(&self) -> Option<(i64, &Sealer)> {
        self.0.last_key_value().map(|(number, sealer)| (*number, sealer))
    }
}

impl Epochs {
    pub(crate) fn new(dir: &Path, keyring: &Keyring) -> Self {
        Self { slots: Slots::new(dir, keyring.sealer(Use::EpochKeys)), ring: RwLock::default() }
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the first epoch, or sees to it that file and rows agree.
    pub(crate) async fn establish(&self, tx: &Tx, entropy: &Entropy, now: Instant) -> Result<(), Error> {
        let rows = numbers(tx).await?;
        let state = self.slots.read()?;
        let mut keys = state.map(|state| state.keys).unwrap_or_default();
        if rows.is_empty() {
            return self.begin_first(tx, entropy, keys.pop(), now).await;
        }
        for number in rows.iter().filter(|number| keys.iter().all(|key| key.number != **number)) {
            // its last user was moved and its key destroyed, but the process ended before its row was deleted
            if used(tx, *number).await? {
                return Err(Error::Lost { path: self.slots.path().into(), epoch: *number });
            }
            tx.execute_raw(sql(tx, "DELETE FROM epoch WHERE number = $1", [(*number).into()])).await?;
        }
        let known = keys.len();
        keys.retain(|key| rows.contains(&key.number));
        if keys.is_empty() {
            keys.push(self.begin_in(tx, entropy, rows.last().copied().unwrap_or(0) + 1, now).await?);
            return self.slots.write(entropy, &keys);
        }
        // what was cut short is finished: no slot keeps a key that is to be gone
        if known == keys.len() && self.slots.is_settled()? { Ok(()) } else { self.slots.write(entropy, &keys) }
    }

    /// Makes the first epoch. A start that was cut short has left its key, and nothing stands under that: it is taken, so
    /// that no key in the file is ever overwritten here.
    async fn begin_first(&self, tx: &Tx, entropy: &Entropy, left: Option<EpochKey>, now: Instant) -> Result<(), Error> {
        let left_by_another = left.as_ref().is_some_and(|key| key.number != 1);
        if left_by_another || (left.is_none() && self.slots.is_whole()?) {
            return Err(Error::Orphaned { path: self.slots.path().into() });
        }
        let begun = self.begin_in(tx, entropy, 1, now).await?;
        self.slots.write(entropy, &[left.unwrap_or(begun)])
    }

    /// Refuses a file that lacks the key of an epoch under which something stands.
    pub(crate) async fn refuse_lost(&self, on: &impl ConnectionTrait) -> Result<(), Error> {
        let keys = self.slots.read()?.map(|state| state.keys).unwrap_or_default();
        for number in numbers(on).await? {
            if keys.iter().all(|key| key.number != number) && used(on, number).await? {
                return Err(Error::Lost { path: self.slots.path().into(), epoch: number });
            }
        }
        Ok(())
    }

    async fn begin_in(&self, tx: &Tx, entropy: &Entropy, number: i64, now: Instant) -> Result<EpochKey, Error> {
        let insert = "INSERT INTO epoch (number, created_at) VALUES ($1, $2)";
        tx.execute_raw(sql(tx, insert, [number.into(), now.micros().into()])).await?;
        Ok(EpochKey { number, created_at: now, key: Zeroizing::new(entropy.bytes()) })
    }

    /// Begins a new epoch. It is in use once the transaction is durable and [`Epochs::reload`] was called.
    pub(crate) async fn begin(&self, tx: &Tx, entropy: &Entropy, now: Instant) -> Result<i64, Error> {
        let rows = numbers(tx).await?;
        let mut keys = self.slots.read()?.map(|state| state.keys).unwrap_or_default();
        keys.retain(|key| rows.contains(&key.number));
        let number = rows.last().copied().unwrap_or(0) + 1;
        keys.push(self.begin_in(tx, entropy, number, now).await?);
        // two short waits for the disk, once a day, while nothing else can write
        self.slots.write(entropy, &keys)?;
        Ok(number)
    }

    /// Destroys the keys of all epochs before the newest under which nothing stands any more. Gives how many those were.
    pub(crate) async fn end(&self, tx: &Tx, entropy: &Entropy) -> Result<usize, Error> {
        let rows = numbers(tx).await?;
        let mut dead = Vec::new();
        for number in rows.iter().rev().skip(1) {
            if !used(tx, *number).await? {
                dead.push(*number);
            }
        }
        if dead.is_empty() {
            return Ok(0);
        }
        for number in &dead {
            tx.execute_raw(sql(tx, "DELETE FROM epoch WHERE number = $1", [(*number).into()])).await?;
        }
        let mut keys = self.slots.read()?.map(|state| state.keys).unwrap_or_default();
        keys.retain(|key| rows.contains(&key.number) && !dead.contains(&key.number));
        self.slots.write(entropy, &keys)?;
        Ok(dead.len())
    }

    /// Reads the file again. Only epochs that have a row count.
    pub(crate) async fn reload(&self, on: &impl ConnectionTrait) -> Result<(), Error> {
        let rows = numbers(on).await?;
        let keys = self.slots.read()?.map(|state| state.keys).unwrap_or_default();
        let alive = keys.iter().filter(|key| rows.contains(&key.number));
        let ring = Ring(alive.map(|key| (key.number, Sealer::under(&key.key))).collect());
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    /// Wraps bytes under the newest epoch.
    pub(crate) fn wrap(
        &self,
        entropy: &Entropy,
        context: impl Fn(i64) -> Vec<u8>,
        bytes: &[u8],
    ) -> Result<(i64, Vec<u8>), Error> {
        let ring = self.ring();
        let (epoch, sealer) = ring.current().ok_or(Error::Damaged("no epoch"))?;
        Ok((epoch, sealer.seal(entropy, &context(epoch), bytes)))
    }

    /// Unwraps bytes; `None` if this process does not know the epoch (yet, or any more).
    pub(crate) fn unwrap(
        &self,
        epoch: i64,
        context: &[u8],
        wrapped: &[u8],
    ) -> Option<Result<Zeroizing<Vec<u8>>, Error>> {
        let ring = self.ring();
        let sealer = ring.0.get(&epoch)?;
        Some(sealer.open(context, wrapped).ok_or(Error::Altered))
    }

    pub(crate) fn wrap_record(&self, entropy: &Entropy, keys: &RecordKeys) -> Result<(i64, Vec<u8>), Error> {
        self.wrap(entropy, |epoch| wrapped_context(keys.record(), epoch), &keys.to_bytes())
    }

    pub(crate) fn unwrap_record(
        &self,
        record: Record,
        version: i64,
        epoch: i64,
        wrapped: &[u8],
    ) -> Option<Result<RecordKeys, Error>> {
        let opened = self.unwrap(epoch, &wrapped_context(record, epoch), wrapped)?;
        Some(opened.and_then(|bytes| RecordKeys::from_bytes(record, version, &bytes).ok_or(Error::Altered)))
    }
}

/// Refuses the root key of another key plane; a new key plane takes it.
pub(crate) async fn agree(tx: &Tx, given: &str) -> Result<(), Error> {
    if !compare(tx, given).await? {
        let insert = "INSERT INTO note (name, value) VALUES ('root', $1)";
        tx.execute_raw(sql(tx, insert, [given.into()])).await?;
    }
    Ok(())
}

/// Refuses the root key of another key plane; false if the key plane is new and has none.
pub(crate) async fn compare(on: &impl ConnectionTrait, given: &str) -> Result<bool, Error> {
    match recorded(on).await? {
        Some(recorded) if recorded != given => Err(Error::WrongRoot { recorded, given: given.to_owned() }),
        recorded => Ok(recorded.is_some()),
    }
}

/// The public name of the root key that it was made with.
pub(crate) async fn recorded(on: &impl ConnectionTrait) -> Result<Option<String>, Error> {
    let row = on.query_one_raw(sql(on, "SELECT value FROM note WHERE name = 'root'", [])).await?;
    Ok(row.map(|row| row.try_get("", "value")).transpose()?)
}

async fn numbers(on: &impl ConnectionTrait) -> Result<Vec<i64>, Error> {
    let rows = on.query_all_raw(sql(on, "SELECT number FROM epoch ORDER BY number", [])).await?;
    Ok(rows.iter().map(|row| row.try_get("", "number")).collect::<Result<_, _>>()?)
}

/// Whether anything stands under the key of an epoch.
async fn used(on: &impl ConnectionTrait, epoch: i64) -> Result<bool, Error> {
    let select = "SELECT 1 FROM record_key WHERE epoch = $1 UNION ALL SELECT 1 FROM index_key WHERE epoch = $1 LIMIT 1";
    Ok(on.query_one_raw(sql(on, select, [epoch.into()])).await?.is_some())
}
