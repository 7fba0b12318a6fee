//! Clean-up that has no input and can be repeated: what has expired is deleted, by one process at a time.

use bonafide_keyring::Entropy;
use bonafide_model::{Clock, Instant};
use bonafide_storage::lease::{self, Lease};
use bonafide_storage::{Db, Error, Tx, feed, replay};
use futures_util::FutureExt as _;
use std::sync::Arc;
use std::time::Duration;

/// How often it is done.
const EVERY: Duration = Duration::from_mins(5);
/// How long a process that does it keeps others from it; longer than it takes.
const LEASE: Duration = Duration::from_mins(2);

/// How many rows go in one transaction, where there can be many.
const BATCH: u64 = 500;

/// A random name of this process, under which it holds a lease.
pub(crate) fn holder(entropy: &Entropy) -> String {
    format!("{:032x}", u128::from_be_bytes(entropy.bytes()))
}

/// Does it now and then, for ever. Faults are logged and tried again.
pub(crate) async fn run(db: Db, clock: Arc<dyn Clock>, entropy: Entropy) {
    let holder = holder(&entropy);
    loop {
        tokio::time::sleep(EVERY).await;
        match once(&db, clock.as_ref(), &holder).await {
            Ok(Some(deleted)) => tracing::debug!(rows.deleted = deleted, "What had expired was deleted"),
            Ok(None) => tracing::debug!("Another process deletes what has expired"),
            Err(error) => tracing::warn!(error = %error, "What has expired could not be deleted"),
        }
    }
}

/// Does it once; gives the number of rows deleted, or `None` if it is another process's turn.
async fn once(db: &Db, clock: &dyn Clock, holder: &str) -> Result<Option<u64>, Error> {
    let (name, now) = (holder.to_owned(), clock.now());
    let held = db
        .write::<_, Error, _>(move |tx| {
            let name = name.clone();
            async move { lease::acquire(tx, "housekeeping", &name, LEASE, now).await }.boxed()
        })
        .await?;
    let Some(lease) = held else { return Ok(None) };
    let mut deleted = 0;
    for task in [Task::Feed, Task::Replays, Task::Accounts, Task::Previews] {
        loop {
            let rows = batch(db, task, lease.clone(), clock).await?;
            deleted += rows;
            if rows < BATCH {
                break;
            }
        }
    }
    Ok(Some(deleted))
}

#[derive(Clone, Copy)]
enum Task {
    Feed,
    Replays,
    Accounts,
    Previews,
}

async fn batch(db: &Db, task: Task, lease: Lease, clock: &dyn Clock) -> Result<u64, Error> {
    let now = clock.now();
    db.write(move |tx| {
        let lease = lease.clone();
        async move {
            if !lease::is_held(tx, &lease, now).await? {
                return Ok(0);
            }
            match task {
                Task::Feed => feed::prune(tx, now).await,
                Task::Replays => replay::prune(tx, now).await,
                Task::Accounts => accounts(tx, now).await,
                Task::Previews => previews(tx, now).await,
            }
        }
        .boxed()
    })
    .await
}

async fn accounts(tx: &Tx, now: Instant) -> Result<u64, Error> {
    bonafide_accounts::prune(tx, now, BATCH).await.map_err(|error| match error {
        bonafide_accounts::Error::Storage(error) => error,
        other => Error::Unusable(other.to_string()),
    })
}

async fn previews(tx: &Tx, now: Instant) -> Result<u64, Error> {
    bonafide_content::entry::preview::links::prune(tx, now, BATCH).await.map_err(|error| match error {
        bonafide_content::Error::Storage(error) => error,
        other => Error::Unusable(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_storage::replay::Replay;
    use bonafide_storage::{Options, Source};
    use std::sync::Mutex;

    /// A clock that stands still until it is set.
    struct Set(Mutex<Instant>);

    impl Clock for Set {
        fn now(&self) -> Instant {
            *self.0.lock().expect("not poisoned")
        }
    }

    #[tokio::test]
    async fn what_has_expired_goes_and_one_process_does_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let source = Source::new(None, dir.path()).expect("a source");
        let db = Db::open(source, &Options::default()).await.expect("the database opens");
        let clock = Set(Mutex::new(Instant::from_micros(0)));
        let expires = clock.now().plus(Duration::from_mins(1));
        for id in [b"one", b"two"] {
            db.write::<_, Error, _>(move |tx| {
                async move {
                    let answer = Replay { body_mac: vec![1], answer: vec![2] };
                    replay::record(tx, id, &answer, "page/1", expires).await
                }
                .boxed()
            })
            .await
            .expect("recorded");
        }
        assert_eq!(once(&db, &clock, "a").await.expect("done"), Some(0));
        assert_eq!(once(&db, &clock, "b").await.expect("done"), None, "it is the turn of a");
        *clock.0.lock().expect("not poisoned") = clock.now().plus(Duration::from_hours(1));
        assert_eq!(once(&db, &clock, "b").await.expect("done"), Some(2));
        assert_eq!(once(&db, &clock, "b").await.expect("done"), Some(0));
    }
}
