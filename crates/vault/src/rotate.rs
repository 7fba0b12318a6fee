//! A new epoch every day: keys that survive are wrapped anew under it in batches, then the key of the old one is destroyed,
//! and with it whatever copies of wrapped keys it left behind. Deposits go on meanwhile.

use crate::keys::Wrapped;
use crate::{Error, Vault};
use bonafide_model::Instant;
use bonafide_storage::{Sql, sql};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use std::time::Duration;

/// How old an epoch may grow.
pub const DAY: Duration = Duration::from_hours(24);
/// How many keys are wrapped anew in one transaction: those who write meanwhile wait for one batch.
const BATCH: usize = 1000;
/// How many keys of one batch may not open before something else than single keys must be wrong.
const FEW: u64 = 50;

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The number of the new epoch.
    pub epoch: i64,
    /// How many keys were wrapped anew.
    pub moved: u64,
    /// How many do not open. They were set aside as they are: what does not open under its key opens under none, and
    /// must not keep the key of an epoch alive, with which copies of what was erased could be opened.
    pub damaged: u64,
    /// How many epochs were ended.
    pub ended: usize,
}

impl Vault {
    /// Begins a new epoch, moves all keys to it, and destroys the keys of those before. It can be killed anywhere and
    /// run again. `progress` is told how many keys were moved so far.
    ///
    /// # Errors
    /// If the database or the file of the epochs cannot be written, or [`Error::Altered`] if more keys do not open than
    /// single ones would: then something else is wrong, and nothing is set aside.
    pub async fn rotate(&self, now: Instant, progress: impl FnMut(u64) + Send) -> Result<Rotated, Error> {
        self.begin_epoch(now).await?;
        self.finish_rotation(progress).await
    }

    /// Moves what an earlier rotation left, and destroys the keys of epochs that are no longer used.
    ///
    /// # Errors
    /// As [`Vault::rotate`].
    pub async fn finish_rotation(&self, mut progress: impl FnMut(u64) + Send) -> Result<Rotated, Error> {
        let (mut moved, mut damaged) = (0, 0);
        loop {
            let (taken, aside) = self.move_some().await?;
            if taken == 0 {
                break;
            }
            moved += taken - aside;
            damaged += aside;
            progress(moved + damaged);
        }
        if damaged > 0 {
            tracing::error!(keys.damaged = damaged, "Keys of submissions do not open; they were set aside as they are");
        }
        self.0.write(|inner, tx| async move { inner.rewrap_index(tx).await }.boxed()).await?;
        let ended = self.0.write(|inner, tx| async move { inner.epochs.end(tx, &inner.entropy).await }.boxed()).await?;
        self.0.epochs.reload(self.0.db.read()).await?;
        let epoch = self.0.epochs.ring().current().map_or(0, |current| current.0);
        Ok(Rotated { epoch, moved, damaged, ended })
    }

    async fn begin_epoch(&self, now: Instant) -> Result<i64, Error> {
        let begin =
            self.0.write(move |inner, tx| async move { inner.epochs.begin(tx, &inner.entropy, now).await }.boxed());
        let number = begin.await?;
        self.0.epochs.reload(self.0.db.read()).await?;
        Ok(number)
    }

    /// Wraps one batch of keys anew; gives how many it took, and how many of those do not open.
    async fn move_some(&self) -> Result<(u64, u64), Error> {
        let Some(current) = self.0.epochs.ring().current().map(|current| current.0) else { return Ok((0, 0)) };
        let db = self.0.db.read();
        let select = "SELECT record, epoch, version, wrapped FROM record_key WHERE epoch < $1 LIMIT $2";
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let rows = db.query_all_raw(sql(db, select, [current.into(), limit.into()])).await?;
        let rows = rows.iter().map(Wrapped::read).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok((0, 0));
        }
        let inner = Arc::clone(&self.0);
        let work = tokio::task::spawn_blocking(move || {
            rows.iter().map(|row| inner.rewrapped(row)).collect::<Result<Vec<_>, _>>()
        });
        let moved = work.await.map_err(|_| Error::Storage(bonafide_storage::Error::Panicked))??;
        let (count, damaged) = (moved.len() as u64, moved.iter().filter(|moved| moved.damaged).count() as u64);
        if damaged > FEW && damaged * 5 > count {
            return Err(Error::Altered);
        }
        let moved = Arc::new(moved);
        self.0
            .write(move |_, tx| {
                let moved = Arc::clone(&moved);
                async move {
                    tx.execute_raw(replace(tx, &moved)).await?;
                    Ok(())
                }
                .boxed()
            })
            .await?;
        Ok((count, damaged))
    }
}

/// A key under the new epoch, and under which it stood.
struct Moved {
    old_epoch: i64,
    row: Wrapped,
    /// Whether it does not open, and stands as it stood.
    damaged: bool,
}

impl crate::Inner {
    fn rewrapped(&self, row: &Wrapped) -> Result<Moved, Error> {
        let keys = self.epochs.unwrap_record(row.record, row.version, row.epoch, &row.bytes);
        let (damaged, (epoch, bytes)) = if let Ok(keys) = keys.ok_or(Error::Damaged("an epoch without a key"))? {
            (false, self.epochs.wrap_record(&self.entropy, &keys)?)
        } else {
            let newest = self.epochs.ring().current().map(|current| current.0);
            (true, (newest.ok_or(Error::Damaged("no epoch"))?, row.bytes.clone()))
        };
        Ok(Moved { old_epoch: row.epoch, row: Wrapped { epoch, bytes, ..*row }, damaged })
    }
}

/// Puts keys in the place of those they were made from, where nobody else has done anything to those.
fn replace(on: &impl ConnectionTrait, moved: &[Moved]) -> Statement {
    let mut update = Sql::new("UPDATE record_key SET epoch = v.column4, wrapped = v.column5 FROM (");
    update.rows(moved.iter().map(|Moved { old_epoch, row, .. }| {
        [row.record.into(), (*old_epoch).into(), row.version.into(), row.epoch.into(), row.bytes.clone().into()]
    }));
    update.push(
        ") AS v WHERE record_key.record = v.column1 AND record_key.epoch = v.column2
            AND record_key.version = v.column3",
    );
    update.on(on)
}
