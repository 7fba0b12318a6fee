//! Putting the keys of records into the key plane, and taking them out.

use crate::index::Position;
use crate::{Error, Inner, Permission, Record, RecordKeys, Vault};
use bonafide_model::{EmailAddress, Instant};
use bonafide_storage::Tx;
use bonafide_storage::statement::naming;
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, QueryResult};
use std::collections::HashMap;
use std::sync::Arc;

/// How many records one statement names at most.
pub(crate) const CHUNK: usize = 500;

impl Vault {
    /// Makes the keys of a new record durable, in a commit that is shared by those who wait. The row is fresh until
    /// [`Vault::strays`](crate::Vault::confirm_fresh) has seen that the record is there.
    ///
    /// # Errors
    /// If it cannot be written; then there are no keys.
    pub async fn deposit(
        &self,
        keys: RecordKeys,
        address: Option<EmailAddress>,
        permissions: Vec<Permission>,
        now: Instant,
    ) -> Result<(), Error> {
        let item = Arc::new((keys, address, permissions));
        let attempt = || {
            let item = Arc::clone(&item);
            self.0.write(move |inner, tx| {
                let item = Arc::clone(&item);
                async move { put(&inner, tx, &item.0, item.1.as_ref(), &item.2, now) }.boxed()
            })
        };
        let mut known = self.0.newest();
        loop {
            match attempt().await {
                // another process has ended the epoch or the generation that this one knew
                Err(Error::Storage(_)) if self.0.catch_up(&mut known).await? => {}
                outcome => return outcome,
            }
        }
    }

    /// The keys of a record.
    ///
    /// # Errors
    /// [`Error::Gone`] if there are none, [`Error::Altered`] if they do not open.
    pub async fn keys(&self, record: Record) -> Result<RecordKeys, Error> {
        let Opened { mut keys, damaged } = self.0.unwrap_all(&[record]).await?;
        keys.pop().ok_or(if damaged.is_empty() { Error::Gone } else { Error::Altered })
    }

    /// The keys of those records that have any, in no order. Keys that do not open are left out, so that no record is
    /// out of reach because of another one.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn keys_many(&self, records: &[Record]) -> Result<Vec<RecordKeys>, Error> {
        let mut found = Vec::with_capacity(records.len());
        for chunk in records.chunks(CHUNK) {
            let Opened { keys, damaged } = self.0.unwrap_all(chunk).await?;
            if !damaged.is_empty() {
                tracing::error!(keys.damaged = damaged.len(), "Keys of submissions do not open");
            }
            found.extend(keys);
        }
        Ok(found)
    }
}

/// What was found of the keys of records.
#[derive(Default)]
pub(crate) struct Opened {
    /// Those that open.
    pub(crate) keys: Vec<RecordKeys>,
    /// The records of those that do not.
    pub(crate) damaged: Vec<Record>,
}

fn put(
    inner: &Inner,
    tx: &Tx,
    keys: &RecordKeys,
    address: Option<&EmailAddress>,
    permissions: &[Permission],
    now: Instant,
) -> Result<(), Error> {
    let (epoch, wrapped) = inner.epochs.wrap_record(&inner.entropy, keys)?;
    let position = address.and_then(|address| inner.index.position(address));
    if let Some(position) = &position {
        position.append(tx, keys.record());
    }
    tx.append(
        "INSERT INTO record_key (record, epoch, wrapped, version, fresh_since, generation, tag)",
        [
            keys.record().into(),
            epoch.into(),
            wrapped.into(),
            1_i64.into(),
            now.micros().into(),
            position.as_ref().map(Position::generation).into(),
            position.as_ref().map(Position::tag).into(),
        ],
    );
    for permission in permissions {
        permission.append(tx, keys.record());
    }
    Ok(())
}

impl Inner {
    /// The epoch and the index key that this process takes for the present ones.
    fn newest(&self) -> (Option<i64>, Option<i64>) {
        (self.epochs.ring().current().map(|current| current.0), self.index.newest())
    }

    /// Reads epochs and index keys again; true if they are others than those that were known, which they then are. Somebody
    /// else of this process may have read them meanwhile.
    async fn catch_up(&self, known: &mut (Option<i64>, Option<i64>)) -> Result<bool, Error> {
        self.epochs.reload(self.db.read()).await?;
        self.reload_index().await?;
        let before = std::mem::replace(known, self.newest());
        Ok(*known != before)
    }

    pub(crate) async fn unwrap_all(&self, records: &[Record]) -> Result<Opened, Error> {
        let mut opened = Opened::default();
        let mut wanted = records.to_vec();
        // a key can be moved to a new epoch between the reading of its row and of the file
        for attempt in 0..3 {
            let mut doubtful = Vec::new();
            for row in wrapped_of(self.db.read(), &wanted).await? {
                match self.epochs.unwrap_record(row.record, row.version, row.epoch, &row.bytes) {
                    Some(Ok(keys)) => opened.keys.push(keys),
                    _ => doubtful.push(row.record),
                }
            }
            if doubtful.is_empty() {
                break;
            }
            if attempt == 2 {
                opened.damaged = doubtful;
                break;
            }
            self.epochs.reload(self.db.read()).await?;
            wanted = doubtful;
        }
        Ok(opened)
    }
}

/// The row of a record, as it stands.
pub(crate) struct Wrapped {
    pub(crate) record: Record,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) bytes: Vec<u8>,
}

impl Wrapped {
    pub(crate) fn read(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self {
            record: row.try_get("", "record")?,
            epoch: row.try_get("", "epoch")?,
            version: row.try_get("", "version")?,
            bytes: row.try_get("", "wrapped")?,
        })
    }
}

pub(crate) async fn wrapped_of(on: &impl ConnectionTrait, records: &[Record]) -> Result<Vec<Wrapped>, Error> {
    let select = "SELECT record, epoch, version, wrapped FROM record_key WHERE record IN";
    let rows = on.query_all_raw(naming(on, select, records.iter().copied())).await?;
    rows.iter().map(Wrapped::read).collect()
}

/// Records by their id.
pub(crate) fn by_record<T>(items: Vec<T>, record: impl Fn(&T) -> Record) -> HashMap<Record, T> {
    items.into_iter().map(|item| (record(&item), item)).collect()
}
