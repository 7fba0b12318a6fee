//! Requests that nobody answers: owners are told when half, and when four fifths, of the time is over in which one has to be
//! answered. After that time it goes unanswered.

use super::watch;
use crate::{Error, Retention};
use bonafide_model::Instant;
use bonafide_model::id::SiteId;
use bonafide_storage::sql;
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, QueryResult};
use std::time::Duration;

/// How often they are counted: it is a look at every request that waits.
const EVERY: Duration = Duration::from_hours(1);

/// The due date of what is neither fulfilled nor spam is the end of that time.
const SELECT: &str = "SELECT COUNT(*) AS half,
        COUNT(CASE WHEN ($2 - received_at) >= (due_at - received_at) / 5 * 4 THEN 1 END) AS most
    FROM submission WHERE site_id = $1 AND state IN ('received', 'open') AND NOT spam
        AND ($2 - received_at) >= (due_at - received_at) / 2";

impl Retention {
    /// Counts the requests that wait, if it is an hour ago; says so in the log when there are more that have little time left.
    pub(super) async fn count_waiting(&self, site: SiteId, now: Instant) -> Result<(), Error> {
        let known = watch::read(self.db.read(), site).await?;
        if known.counted_at.is_some_and(|at| at <= now && now.since(at) < EVERY) {
            return Ok(());
        }
        let db = self.db.read();
        let row = db.query_one_raw(sql(db, SELECT, [site.uuid().into(), now.micros().into()])).await?;
        let (half, most) = row.as_ref().map_or(Ok((0, 0)), read)?;
        if u64::try_from(most).unwrap_or(0) > known.nearly_over {
            tracing::warn!(
                requests = most,
                "Requests have waited for four fifths of their time: answer them, or they go unanswered"
            );
        }
        let write = self.db.write(move |tx| {
            async move {
                for (column, value) in [("half_over", half), ("nearly_over", most), ("counted_at", now.micros())] {
                    watch::set(tx, site, column, Some(value)).await?;
                }
                Ok::<_, Error>(())
            }
            .boxed()
        });
        write.await
    }
}

fn read(row: &QueryResult) -> Result<(i64, i64), Error> {
    Ok((row.try_get("", "half")?, row.try_get("", "most")?))
}
