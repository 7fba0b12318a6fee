//! The blind index: which records may be of one e-mail address, without a word of it in the database.
//!
//! A tag is an HMAC-SHA-256 of the address under a random key that is replaced every week, cut to so few bits that
//! several addresses share one. What it finds are candidates; [`RecordKeys::matches`] decides.

use crate::context::length_prefixed;
use crate::{Context, Error, Group, Inner, Record, RecordKeys, Vault};
use bonafide_model::{EmailAddress, Instant};
use bonafide_storage::{Sql, Tx, sql, statement};
use futures_util::FutureExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How long a key of the index is used for new tags.
pub const WEEK: Duration = Duration::from_hours(7 * 24);
/// How many records share one tag on average before a key with longer tags is begun.
const CANDIDATES: u64 = 16;
/// The shortest and the longest tag.
const BITS: (u32, u32) = (4, 40);

/// The keys of the index that are alive, oldest first.
#[derive(Default)]
pub(crate) struct Index(RwLock<Arc<Vec<Generation>>>);

#[derive(Clone)]
struct Generation {
    number: i64,
    bits: u32,
    created_at: Instant,
    key: Zeroizing<[u8; 32]>,
}

/// Where an address stands in one generation.
pub(crate) struct Position {
    generation: i64,
    tag: i64,
}

impl Position {
    pub(crate) const fn generation(&self) -> i64 {
        self.generation
    }

    pub(crate) const fn tag(&self) -> i64 {
        self.tag
    }

    pub(crate) fn append(&self, tx: &Tx, record: Record) {
        let insert = if self.generation % 2 == 0 {
            "INSERT INTO tag_even (tag, record)"
        } else {
            "INSERT INTO tag_odd (tag, record)"
        };
        tx.append(insert, [self.tag.into(), record.into()]);
    }
}

/// The table with the tags of a generation.
pub(crate) const fn table(generation: i64) -> &'static str {
    if generation % 2 == 0 { "tag_even" } else { "tag_odd" }
}

impl Generation {
    fn position(&self, address: &EmailAddress) -> Position {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key[..]).expect("HMAC takes a key of any length");
        mac.update(address.as_str().as_bytes());
        let hash = mac.finalize().into_bytes();
        let wide = u64::from_be_bytes(std::array::from_fn(|index| hash[index]));
        Position { generation: self.number, tag: i64::try_from(wide >> (64 - self.bits)).unwrap_or(i64::MAX) }
    }
}

impl Index {
    fn generations(&self) -> Arc<Vec<Generation>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where an address stands among new tags.
    pub(crate) fn position(&self, address: &EmailAddress) -> Option<Position> {
        self.generations().last().map(|generation| generation.position(address))
    }

    pub(crate) fn newest(&self) -> Option<i64> {
        self.generations().last().map(|generation| generation.number)
    }
}

/// A record and the address that is sealed in it, if it has one.
pub struct SealedAddress<'a> {
    /// The record.
    pub record: Record,
    /// Where the address stands, and its envelope.
    pub place: Option<(Context<'a>, Vec<u8>)>,
}

/// What the index is like now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexState {
    /// When the key of new tags was made.
    pub created_at: Instant,
    /// How many bits a tag has.
    pub bits: u32,
    /// Whether an older key is still alive.
    pub moving: bool,
}

impl RecordKeys {
    /// Whether a sealed address is this one: compared in constant time, and nothing else is given away. This is not a reading.
    ///
    /// # Errors
    /// As [`RecordKeys::open`].
    pub fn matches(&self, context: &Context<'_>, envelope: &[u8], address: &EmailAddress) -> Result<bool, Error> {
        let found = self.address(context, envelope)?;
        Ok(found.is_some_and(|found| found.as_str().as_bytes().ct_eq(address.as_str().as_bytes()).into()))
    }

    fn address(&self, context: &Context<'_>, envelope: &[u8]) -> Result<Option<EmailAddress>, Error> {
        let opened = self.open(Group::Contact, context, envelope)?;
        Ok(std::str::from_utf8(&opened).ok().and_then(|text| text.parse().ok()))
    }
}

impl Vault {
    /// The records that may be of an address.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn find(&self, address: &EmailAddress) -> Result<Vec<Record>, Error> {
        self.0.reload_index().await?;
        let mut found = Vec::new();
        for generation in self.0.index.generations().iter() {
            let select = if generation.number % 2 == 0 {
                "SELECT record FROM tag_even WHERE tag = $1"
            } else {
                "SELECT record FROM tag_odd WHERE tag = $1"
            };
            let db = self.0.db.read();
            let rows = db.query_all_raw(sql(db, select, [generation.position(address).tag.into()])).await?;
            for row in rows {
                found.push(row.try_get("", "record")?);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What the index is like now.
    pub fn index(&self) -> Option<IndexState> {
        let generations = self.0.index.generations();
        let newest = generations.last()?;
        Some(IndexState { created_at: newest.created_at, bits: newest.bits, moving: generations.len() > 1 })
    }

    /// Begins a new key of the index if the present one is a week old or too many records share a tag, and none is being
    /// left already. Gives whether it did.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn renew_index(&self, now: Instant) -> Result<bool, Error> {
        let begun = self.0.write(move |inner, tx| async move { renew(&inner, tx, now).await }.boxed()).await?;
        self.0.reload_index().await?;
        Ok(begun)
    }

    /// Records whose tag is of an older key, at most `limit`.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn outdated_tags(&self, limit: u32) -> Result<Vec<Record>, Error> {
        let select =
            "SELECT record FROM record_key WHERE generation < (SELECT MAX(generation) FROM index_key) LIMIT $1";
        let db = self.0.db.read();
        let rows = db.query_all_raw(sql(db, select, [i64::from(limit).into()])).await?;
        Ok(rows.iter().map(|row| row.try_get("", "record")).collect::<Result<_, _>>()?)
    }

    /// Gives records a tag of the newest key, from the address that is sealed in each. One that has no keys, or no
    /// address that opens, leaves the index.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn retag(&self, sealed: &[SealedAddress<'_>]) -> Result<(), Error> {
        let records: Vec<_> = sealed.iter().map(|item| item.record).collect();
        let keys = crate::keys::by_record(self.keys_many(&records).await?, RecordKeys::record);
        let address_of = |item: &SealedAddress<'_>| {
            let (context, envelope) = item.place.as_ref()?;
            keys.get(&item.record)?.address(context, envelope).ok().flatten()
        };
        let moves: Arc<Vec<_>> = Arc::new(sealed.iter().map(|item| (item.record, address_of(item))).collect());
        if moves.is_empty() {
            return Ok(());
        }
        self.0
            .write(move |inner, tx| {
                let moves = Arc::clone(&moves);
                async move {
                    let position = |address: &EmailAddress| inner.index.position(address);
                    let moves = moves.iter().map(|(record, address)| (*record, address.as_ref().and_then(position)));
                    move_tags(tx, moves.collect()).await
                }
                .boxed()
            })
            .await
    }

    /// Destroys the older keys of the index that no record needs any more, and all of their tags. Gives how many.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn end_index(&self) -> Result<usize, Error> {
        let mut ended = 0;
        while let Some(is_over) = self.0.write(|_, tx| async move { end_some(tx).await }.boxed()).await? {
            ended += usize::from(is_over);
        }
        self.0.reload_index().await?;
        Ok(ended)
    }
}

async fn move_tags(tx: &Tx, mut moves: HashMap<Record, Option<Position>>) -> Result<(), Error> {
    let mut update = Sql::new("UPDATE record_key SET generation = v.column2, tag = v.column3 FROM (");
    update.rows(moves.iter().map(|(record, position)| {
        let (generation, tag) = (position.as_ref().map(Position::generation), position.as_ref().map(Position::tag));
        [(*record).into(), generation.into(), tag.into()]
    }));
    // not those destroyed meanwhile, or moved by another process
    update.push(
        ") AS v WHERE record_key.record = v.column1 AND record_key.generation IS NOT NULL
            AND (v.column2 IS NULL OR record_key.generation < v.column2) RETURNING record",
    );
    for row in tx.query_all_raw(update.on(tx)).await? {
        let record = row.try_get("", "record")?;
        if let Some(position) = moves.remove(&record).flatten() {
            position.append(tx, record);
        }
    }
    Ok(())
}

/// Destroys some tags of the oldest key that no record needs, or, when it has none left, the key. Gives whether that was the
/// key; `None` if there is nothing to destroy.
async fn end_some(tx: &Tx) -> Result<Option<bool>, Error> {
    let select = "SELECT generation FROM index_key WHERE generation < (SELECT MAX(generation) FROM index_key)
        AND NOT EXISTS (SELECT 1 FROM record_key WHERE record_key.generation = index_key.generation)
        ORDER BY generation LIMIT 1";
    let Some(row) = tx.query_one_raw(sql(tx, select, [])).await? else { return Ok(None) };
    let generation: i64 = row.try_get("", "generation")?;
    let table = table(generation);
    // those who write meanwhile wait for this many
    let some = format!("DELETE FROM {table} WHERE (tag, record) IN (SELECT tag, record FROM {table} LIMIT 2000)");
    if tx.execute_unprepared(&some).await?.rows_affected() > 0 {
        return Ok(Some(false));
    }
    tx.execute_raw(sql(tx, "DELETE FROM index_key WHERE generation = $1", [generation.into()])).await?;
    Ok(Some(true))
}

async fn renew(inner: &Inner, tx: &Tx, now: Instant) -> Result<bool, Error> {
    let rows = tx.query_all_raw(sql(tx, "SELECT bits, created_at FROM index_key", [])).await?;
    let [row] = &rows[..] else { return Ok(false) };
    let bits = number_of_bits(row)?;
    let age = now.since(Instant::from_micros(row.try_get("", "created_at")?));
    let records = indexed(tx).await?;
    if age < WEEK && records >> bits <= CANDIDATES {
        return Ok(false);
    }
    begin(inner, tx, records, now).await?;
    Ok(true)
}

/// Makes the first key of the index.
pub(crate) async fn establish(inner: &Inner, tx: &Tx, now: Instant) -> Result<(), Error> {
    if tx.query_one_raw(sql(tx, "SELECT 1 FROM index_key LIMIT 1", [])).await?.is_some() {
        return Ok(());
    }
    inner.epochs.reload(tx).await?;
    begin(inner, tx, 0, now).await
}

async fn begin(inner: &Inner, tx: &Tx, records: u64, now: Instant) -> Result<(), Error> {
    let select = "SELECT COALESCE(MAX(generation), 0) AS newest FROM index_key";
    let newest: i64 = tx.query_one_raw(sql(tx, select, [])).await?.map_or(Ok(0), |row| row.try_get("", "newest"))?;
    let generation = newest + 1;
    let key = Zeroizing::new(inner.entropy.bytes::<32>());
    let (epoch, wrapped) = inner.epochs.wrap(&inner.entropy, |epoch| context(generation, epoch), &key[..])?;
    let insert = "INSERT INTO index_key (generation, bits, created_at, epoch, wrapped) VALUES ($1, $2, $3, $4, $5)";
    let values = [
        generation.into(),
        i64::from(bits_for(records)).into(),
        now.micros().into(),
        epoch.into(),
        Value::from(wrapped),
    ];
    tx.execute_raw(sql(tx, insert, values)).await?;
    Ok(())
}

/// As many bits as leave about four records to a tag, so that there is room to grow.
fn bits_for(records: u64) -> u32 {
    (records / 4).max(1).ilog2().clamp(BITS.0, BITS.1)
}

async fn indexed(on: &impl ConnectionTrait) -> Result<u64, Error> {
    let select = sql(on, "SELECT COUNT(*) FROM record_key WHERE generation IS NOT NULL", []);
    Ok(statement::count(on, select).await?)
}

fn number_of_bits(row: &QueryResult) -> Result<u32, Error> {
    let bits: i64 = row.try_get("", "bits")?;
    u32::try_from(bits).ok().filter(|bits| (BITS.0..=BITS.1).contains(bits)).ok_or(Error::Damaged("bits of the index"))
}

fn context(generation: i64, epoch: i64) -> Vec<u8> {
    length_prefixed(&[b"bonafide/index-key", &generation.to_be_bytes(), &epoch.to_be_bytes()])
}

impl Inner {
    /// Reads the keys of the index again if they are other ones than those known.
    pub(crate) async fn reload_index(&self) -> Result<(), Error> {
        let db = self.db.read();
        let select = "SELECT generation, bits, created_at, epoch, wrapped FROM index_key ORDER BY generation";
        let rows = db.query_all_raw(sql(db, select, [])).await?;
        let numbers = rows.iter().map(|row| row.try_get("", "generation")).collect::<Result<Vec<i64>, _>>()?;
        let known = self.index.generations();
        if known.iter().map(|generation| generation.number).eq(numbers) {
            return Ok(());
        }
        let generations = rows.iter().map(|row| self.generation(row)).collect::<Result<Vec<_>, _>>()?;
        *self.index.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(generations);
        Ok(())
    }

    fn generation(&self, row: &QueryResult) -> Result<Generation, Error> {
        let (number, epoch): (i64, i64) = (row.try_get("", "generation")?, row.try_get("", "epoch")?);
        let wrapped: Vec<u8> = row.try_get("", "wrapped")?;
        let opened = self.epochs.unwrap(epoch, &context(number, epoch), &wrapped);
        let opened = opened.ok_or(Error::Damaged("the epoch of an index key"))??;
        Ok(Generation {
            number,
            bits: number_of_bits(row)?,
            created_at: Instant::from_micros(row.try_get("", "created_at")?),
            key: Zeroizing::new(<[u8; 32]>::try_from(&opened[..]).map_err(|_| Error::Altered)?),
        })
    }

    /// Moves the keys of the index to the newest epoch.
    pub(crate) async fn rewrap_index(&self, tx: &Tx) -> Result<(), Error> {
        let Some(current) = self.epochs.ring().current().map(|current| current.0) else { return Ok(()) };
        let select = "SELECT generation, bits, created_at, epoch, wrapped FROM index_key WHERE epoch < $1";
        for row in tx.query_all_raw(sql(tx, select, [current.into()])).await? {
            let generation = self.generation(&row)?;
            let number = generation.number;
            let (epoch, wrapped) =
                self.epochs.wrap(&self.entropy, |epoch| context(number, epoch), &generation.key[..])?;
            let update = "UPDATE index_key SET epoch = $2, wrapped = $3 WHERE generation = $1";
            tx.execute_raw(sql(tx, update, [number.into(), epoch.into(), wrapped.into()])).await?;
        }
        Ok(())
    }
}

/// Deletes tags, each a pair of tag and record, from the table of one generation.
pub(crate) fn delete_tags(on: &impl ConnectionTrait, generation: i64, tags: &[(i64, Record)]) -> Statement {
    let mut delete = Sql::new("DELETE FROM ");
    delete.push(table(generation)).push(" WHERE (tag, record) IN (");
    delete.rows(tags.iter().map(|(tag, record)| [(*tag).into(), (*record).into()])).push(")");
    delete.on(on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_shared_by_about_four() {
        assert_eq!(bits_for(0), 4);
        assert_eq!(bits_for(1_000), 7);
        assert_eq!(bits_for(1_000_000), 17);
        assert_eq!(bits_for(u64::MAX), 40);
    }
}
