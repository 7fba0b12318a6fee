//! Disclosures by order of the law: one person asks, another decides. They stand with the keys, so that no restore of the data brings a
//! decision back.
//!
//! Who may do which, and for how long it is good, is for the caller to know.

use crate::{Error, Record, Vault};
use bonafide_model::Instant;
use bonafide_storage::sql;
use sea_orm::{ConnectionTrait as _, QueryResult};
use uuid::Uuid;

/// A disclosure that somebody has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The record.
    pub record: Record,
    /// On which ground, as a term of the caller's.
    pub ground: String,
    /// What it is about, as a file number or the like.
    pub reference: String,
    /// Who asked.
    pub asked_by: Uuid,
    /// When.
    pub asked_at: Instant,
    /// Who decided it, and when.
    pub decided: Option<(Uuid, Instant)>,
}

impl Vault {
    /// The disclosure of a record that was asked for last.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn disclosure(&self, record: Record) -> Result<Option<Disclosure>, Error> {
        let db = self.0.db.read();
        let select = "SELECT record, ground, reference, asked_by, asked_at, decided_by, decided_at FROM disclosure
            WHERE record = $1";
        db.query_one_raw(sql(db, select, [record.into()])).await?.as_ref().map(read).transpose()
    }

    /// Notes that a disclosure is asked for, in place of one that was asked for, or decided, before `void`. Gives false if a
    /// younger one is there.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn ask_for_disclosure(&self, asked: Disclosure, void: Instant) -> Result<bool, Error> {
        let insert = "INSERT INTO disclosure (record, ground, reference, asked_by, asked_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (record) DO UPDATE SET ground = excluded.ground,
            reference = excluded.reference, asked_by = excluded.asked_by, asked_at = excluded.asked_at,
            decided_by = NULL, decided_at = NULL WHERE COALESCE(disclosure.decided_at, disclosure.asked_at) <= $6";
        let Disclosure { record, ground, reference, asked_by, asked_at, decided: _ } = asked;
        let values = vec![
            record.into(),
            ground.into(),
            reference.into(),
            asked_by.into(),
            asked_at.micros().into(),
            void.micros().into(),
        ];
        self.change(record, insert, values).await
    }

    /// Decides what was asked for. Gives false if that is gone, another one, or decided already.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn decide_disclosure(&self, asked: &Disclosure, by: Uuid, at: Instant) -> Result<bool, Error> {
        let update = "UPDATE disclosure SET decided_by = $4, decided_at = $5
            WHERE record = $1 AND asked_by = $2 AND asked_at = $3 AND decided_at IS NULL";
        let (record, asked_at) = (asked.record, asked.asked_at.micros());
        let values = vec![record.into(), asked.asked_by.into(), asked_at.into(), by.into(), at.micros().into()];
        self.change(record, update, values).await
    }

    /// Takes a disclosure back, decided or not. Gives whether there was one.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn withdraw_disclosure(&self, record: Record) -> Result<bool, Error> {
        self.change(record, "DELETE FROM disclosure WHERE record = $1", vec![record.into()]).await
    }
}

fn read(row: &QueryResult) -> Result<Disclosure, Error> {
    let by: Option<Uuid> = row.try_get("", "decided_by")?;
    let at: Option<i64> = row.try_get("", "decided_at")?;
    Ok(Disclosure {
        record: row.try_get("", "record")?,
        ground: row.try_get("", "ground")?,
        reference: row.try_get("", "reference")?,
        asked_by: row.try_get("", "asked_by")?,
        asked_at: Instant::from_micros(row.try_get("", "asked_at")?),
        decided: by.zip(at.map(Instant::from_micros)),
    })
}
