//! What holds back the destruction of a record, and what a visitor has permitted. These stand with the keys, so that
//! no restore of the data brings back a permission that was withdrawn or loses a hold.

use crate::keys::CHUNK;
use crate::{Error, Groups, Record, Vault};
use bonafide_model::Instant;
use bonafide_storage::statement::naming;
use bonafide_storage::{Sql, Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A use beyond the request that a visitor has permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The use, as the form names it.
    pub r#use: String,
    /// The groups that it needs.
    pub groups: Groups,
    /// When it was given.
    pub given_at: Instant,
    /// When it ends by itself.
    pub expires_at: Instant,
}

impl Permission {
    pub(crate) fn append(&self, tx: &Tx, record: Record) {
        tx.append(INSERT, self.values(record));
    }

    fn values(&self, record: Record) -> [Value; 5] {
        [
            record.into(),
            self.r#use.clone().into(),
            i64::from(self.groups.bits()).into(),
            self.given_at.micros().into(),
            self.expires_at.micros().into(),
        ]
    }
}

const INSERT: &str = r#"INSERT INTO permission (record, "use", groups, given_at, expires_at)"#;

/// Everything that bears on whether a record may be used or destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Raised by every change of them.
    pub version: i64,
    /// The permissions, ended ones included until they are swept.
    pub permissions: Vec<Permission>,
    /// Since when a legal hold stops every destruction.
    pub held_since: Option<Instant>,
    /// When two people have decided that the law demands it is shown.
    pub disclosed_at: Option<Instant>,
    /// Until when an open request of the person stops scheduled destruction.
    pub locked_until: Option<Instant>,
}

impl Vault {
    /// The rules about a record; `None` if it has no keys.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn rules(&self, record: Record) -> Result<Option<Rules>, Error> {
        Ok(self.rules_many(&[record]).await?.remove(&record))
    }

    /// The rules of those records that have keys.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn rules_many(&self, records: &[Record]) -> Result<HashMap<Record, Rules>, Error> {
        let db = self.0.db.read();
        let mut found = HashMap::with_capacity(records.len());
        for chunk in records.chunks(CHUNK) {
            let select = "SELECT k.record, k.version, h.placed_at, l.until, d.decided_at FROM record_key k
                LEFT JOIN hold h ON h.record = k.record LEFT JOIN rights_lock l ON l.record = k.record
                LEFT JOIN disclosure d ON d.record = k.record WHERE k.record IN";
            for row in db.query_all_raw(naming(db, select, chunk.iter().copied())).await? {
                let instant = |column| row.try_get::<Option<i64>>("", column).map(|at| at.map(Instant::from_micros));
                let rules = Rules {
                    version: row.try_get("", "version")?,
                    permissions: Vec::new(),
                    held_since: instant("placed_at")?,
                    disclosed_at: instant("decided_at")?,
                    locked_until: instant("until")?,
                };
                found.insert(row.try_get("", "record")?, rules);
            }
            let head = r#"SELECT record, "use", groups, given_at, expires_at FROM permission WHERE record IN "#;
            let mut select = Sql::new(head);
            select.list(chunk.iter().copied()).push(r#" ORDER BY "use""#);
            for row in db.query_all_raw(select.on(db)).await? {
                if let Some(rules) = found.get_mut(&row.try_get("", "record")?) {
                    rules.permissions.push(permission(&row)?);
                }
            }
        }
        Ok(found)
    }

    /// Notes a permission, in place of one for the same use.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn permit(&self, record: Record, permission: Permission) -> Result<(), Error> {
        let insert = r#"INSERT INTO permission (record, "use", groups, given_at, expires_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (record, "use") DO UPDATE SET groups = excluded.groups, given_at = excluded.given_at,
            expires_at = excluded.expires_at"#;
        self.change(record, insert, permission.values(record).to_vec()).await.map(|_| ())
    }

    /// Takes a permission back. Gives whether there was one.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn withdraw(&self, record: Record, r#use: &str) -> Result<bool, Error> {
        let delete = r#"DELETE FROM permission WHERE record = $1 AND "use" = $2"#;
        self.change(record, delete, vec![record.into(), r#use.into()]).await
    }

    /// Records with a permission that has ended by an instant, at most `limit`.
    ///
    /// # Errors
    /// If the key plane cannot be read.
    pub async fn expired_permissions(&self, at: Instant, limit: u32) -> Result<Vec<(Record, String)>, Error> {
        let db = self.0.db.read();
        let select = r#"SELECT record, "use" FROM permission WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2"#;
        let rows = db.query_all_raw(sql(db, select, [at.micros().into(), i64::from(limit).into()])).await?;
        Ok(rows
            .iter()
            .map(|row| Ok((row.try_get("", "record")?, row.try_get("", "use")?)))
            .collect::<Result<_, sea_orm::DbErr>>()?)
    }

    /// Holds back scheduled destruction while a request of the person is open.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn lock(&self, record: Record, until: Instant) -> Result<bool, Error> {
        let insert = "INSERT INTO rights_lock (record, until) VALUES ($1, $2)
            ON CONFLICT (record) DO UPDATE SET until = excluded.until";
        self.change(record, insert, vec![record.into(), until.micros().into()]).await
    }

    /// Ends a rights lock. Gives whether there was one.
    ///
    /// # Errors
    /// [`Error::Gone`] if the record has no keys.
    pub async fn unlock(&self, record: Record) -> Result<bool, Error> {
        self.change(record, "DELETE FROM rights_lock WHERE record = $1", vec![record.into()]).await
    }

    /// Runs one statement about a record and raises its version, so that a destruction that was decided on before
    /// it is decided on again.
    pub(crate) async fn change(
        &self,
        record: Record,
        statement: &'static str,
        values: Vec<Value>,
    ) -> Result<bool, Error> {
        let values = Arc::new(values);
        self.0
            .write(move |_, tx| {
                let values = Arc::clone(&values);
                async move {
                    let raise = "UPDATE record_key SET version = version + 1 WHERE record = $1";
                    if tx.execute_raw(sql(tx, raise, [record.into()])).await?.rows_affected() == 0 {
                        return Err(Error::Gone);
                    }
                    Ok(tx.execute_raw(sql(tx, statement, values.iter().cloned())).await?.rows_affected() > 0)
                }
                .boxed()
            })
            .await
    }
}

fn permission(row: &sea_orm::QueryResult) -> Result<Permission, Error> {
    let bits: i64 = row.try_get("", "groups")?;
    Ok(Permission {
        r#use: row.try_get("", "use")?,
        groups: u8::try_from(bits).ok().and_then(Groups::from_bits).ok_or(Error::Damaged("groups"))?,
        given_at: Instant::from_micros(row.try_get("", "given_at")?),
        expires_at: Instant::from_micros(row.try_get("", "expires_at")?),
    })
}
