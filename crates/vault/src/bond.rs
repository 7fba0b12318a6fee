//! What binds the keys to the data: the name of the data they belong to, and a look at which records have keys.

use crate::keys::CHUNK;
use crate::{Error, Record, Vault};
use bonafide_storage::sql;
use bonafide_storage::statement::naming;
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait;
use std::collections::HashSet;
use uuid::Uuid;

/// What a look at records has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Records without keys, and without a note that these were destroyed.
    pub missing: Vec<Record>,
    /// How many have keys that do not open.
    pub damaged: u64,
}

impl Vault {
    /// The name of the data that the keys belong to; `None` if that was never said.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn bound_to(&self) -> Result<Option<Uuid>, Error> {
        recorded(self.0.db.read()).await
    }

    /// Says to which data the keys belong, once and for all. Gives the name that stands now: another one, if they belonged
    /// to other data before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn bind(&self, data: Uuid) -> Result<Uuid, Error> {
        self.0
            .write(move |_, tx| {
                async move {
                    if let Some(recorded) = recorded(tx).await? {
                        return Ok(recorded);
                    }
                    let insert = "INSERT INTO note (name, value) VALUES ('data', $1)";
                    tx.execute_raw(sql(tx, insert, [data.to_string().into()])).await?;
                    Ok(data)
                }
                .boxed()
            })
            .await
    }

    /// Looks whether records have keys, and whether these open.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn examine(&self, records: &[Record]) -> Result<Examined, Error> {
        let mut examined = Examined::default();
        for chunk in records.chunks(CHUNK) {
            let opened = self.0.unwrap_all(chunk).await?;
            examined.damaged += opened.damaged.len() as u64;
            let known: HashSet<_> = opened.keys.iter().map(crate::RecordKeys::record).chain(opened.damaged).collect();
            let missing: Vec<_> = chunk.iter().copied().filter(|record| !known.contains(record)).collect();
            if !missing.is_empty() {
                let db = self.0.db.read();
                let select = naming(db, "SELECT record FROM pending WHERE record IN", missing.iter().copied());
                let rows = db.query_all_raw(select).await?;
                let destroyed =
                    rows.iter().map(|row| row.try_get("", "record")).collect::<Result<HashSet<Record>, _>>()?;
                examined.missing.extend(missing.into_iter().filter(|record| !destroyed.contains(record)));
            }
        }
        Ok(examined)
    }
}

async fn recorded(on: &impl ConnectionTrait) -> Result<Option<Uuid>, Error> {
    let row = on.query_one_raw(sql(on, "SELECT value FROM note WHERE name = 'data'", [])).await?;
    let Some(row) = row else { return Ok(None) };
    let value: String = row.try_get("", "value")?;
    value.parse().map(Some).map_err(|_| Error::Damaged("the name of the data"))
}
