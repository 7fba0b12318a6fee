//! A form version with shorter periods binds what is there already: due dates are computed anew, and never move back.

use crate::submission::{KnownVersions, Submission, Versions, read, select};
use crate::{Error, Retention};
use bonafide_model::TimeZone;
use bonafide_model::id::{FormId, SiteId};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;

/// How many submissions one transaction takes.
const BATCH: i64 = 500;

impl Retention {
    /// Brings the dates of all submissions up to the newest versions of their forms. Gives how many it looked at.
    pub(super) async fn reckon(&self, site: SiteId, zone: &TimeZone) -> Result<u64, Error> {
        let db = self.db.read();
        let select = "SELECT f.id, MAX(v.number) AS newest FROM form f JOIN form_version v ON v.form_id = f.id
            WHERE f.site_id = $1 AND v.state = 'published' GROUP BY f.id";
        let mut seen = 0;
        for row in db.query_all_raw(sql(db, select, [site.uuid().into()])).await? {
            let (form, newest) = (FormId::from_uuid(row.try_get("", "id")?), row.try_get::<i64>("", "newest")?);
            loop {
                let zone = zone.clone();
                let write = self.db.write(move |tx| {
                    let zone = zone.clone();
                    async move { batch(tx, form, newest, &zone).await }.boxed()
                });
                let count = write.await?;
                seen += count;
                if count < u64::try_from(BATCH).unwrap_or(0) {
                    break;
                }
            }
        }
        Ok(seen)
    }
}

async fn batch(tx: &Tx, form: FormId, newest: i64, zone: &TimeZone) -> Result<u64, Error> {
    const SELECT: &str = select!(
        "WHERE s.form_id = $1 AND s.reckoned < $2 AND s.state IN ('received', 'open', 'fulfilled', 'due') LIMIT $3"
    );
    let rows = tx.query_all_raw(sql(tx, SELECT, [form.uuid().into(), newest.into(), BATCH.into()])).await?;
    let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut versions = KnownVersions::default();
    for submission in &found {
        let versions = versions.of(tx, submission.form_version).await?;
        store(tx, submission, versions, newest, zone).await?;
    }
    Ok(found.len() as u64)
}

async fn store(
    tx: &Tx,
    submission: &Submission,
    versions: &Versions,
    newest: i64,
    zone: &TimeZone,
) -> Result<(), Error> {
    let due_at = submission.timeline(&versions.rules, zone).due_at_most(submission.due_at);
    // what a permission keeps beyond its time is looked at again if that time has changed
    let ends_at = if due_at < submission.due_at { submission.ends_at.min(due_at) } else { submission.ends_at };
    let update = "UPDATE submission SET due_at = $2, ends_at = $3, reckoned = $4 WHERE id = $1";
    let values = [submission.id.uuid().into(), due_at.micros().into(), ends_at.micros().into(), newest.into()];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}
