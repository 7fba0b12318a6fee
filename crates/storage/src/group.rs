//! Group commit for SQLite: those who wait share one transaction and one fsync.
//!
//! One task owns the writing connection. It opens a transaction for the first closure that comes,
//! runs closure after closure in it, and commits when nobody waits any more or after
//! [`Options::batch`](crate::Options) closures. Nobody is answered before the commit.
//!
//! Where a disk is fast nearly nobody would wait by then, and the price of a commit would be shared by two or three. So while
//! there are fewer than in the last commit, others get the processor first, for as long as that commit took and for [`PATIENCE`]
//! at most: those who were answered by it are likely to come again. Whoever writes alone waits for nobody.
//!
//! Most closures that fail have written nothing by then, and most succeed: the first attempt has no savepoints,
//! which cost two statements for each closure. If one fails after it has written something, everything is rolled
//! back and run again, each in a savepoint of its own. If the transaction as a whole is lost (disk full,
//! I/O error), every closure is run once more by itself, so that one closure's bad luck is not the others'.
//!
//! Transactions are ended by plain statements. sqlx counts how deep they are nested, and its count stays when SQLite has
//! ended one by itself, which it does when a disk is full (<https://sqlite.org/lang_transaction.html> §3). Then every later
//! transaction would be a savepoint in one that nobody commits. See [`Writer::end`].

use crate::appends;
use crate::commits::Counter;
use crate::db::Listener;
use crate::error::{is_outage, violation};
use crate::feed::Change;
use crate::turn::Turn;
use crate::tx::Tx;
use crate::{Error, Work};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many writes may wait before a further one is refused.
const QUEUE: usize = 4096;
/// How long a transaction is kept open for others at most, however long the last commit took: a disk that stalled for
/// seconds must not make the next write wait as long, with the lock that other processes write under.
const PATIENCE: Duration = Duration::from_millis(20);

/// A closure in the queue, with its types forgotten.
trait Job: Send {
    /// Runs the closure and keeps its result; true if what it wrote is to be kept.
    fn run<'t>(&'t mut self, tx: &'t Tx) -> BoxFuture<'t, bool>;
    /// Gives the result to whoever waits; an error here takes the place of a result.
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

struct TypedJob<T, E, F> {
    work: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for TypedJob<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: for<'t> Fn(&'t Tx) -> Work<'t, T, E> + Send + Sync,
{
    fn run<'t>(&'t mut self, tx: &'t Tx) -> BoxFuture<'t, bool> {
        let Self { work, result, .. } = self;
        async move {
            let outcome = AssertUnwindSafe(async { work(tx).await }).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(Error::Panicked.into()));
            result.insert(outcome).is_ok()
        }
        .boxed()
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let result = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(Error::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // whoever asked may have gone away; the write stands all the same
        let _ = self.reply.send(result);
    }
}

/// The way into the writer's queue.
#[derive(Clone)]
pub(crate) struct Group {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Group {
    /// Starts the task that owns the writing connection, and takes turns with other processes if it is told by what.
    pub(crate) fn start(
        connection: DatabaseConnection,
        turn: Option<Turn>,
        listener: Listener,
        commits: Counter,
        batch: usize,
    ) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (batch, last) = (batch.max(1), Last::default());
        let writer = Writer { connection, turn, listener, commits, batch, last, lost: false };
        tokio::spawn(writer.run(queue));
        Self { queue: sender }
    }

    /// Queues a closure and waits until its transaction is durable.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> Fn(&'t Tx) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Box::new(TypedJob { work, result: None, reply })).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }
}

fn answer(jobs: Vec<Box<dyn Job>>, outcome: &Result<(), Error>) {
    for job in jobs {
        job.answer(outcome.clone());
    }
}

struct Writer {
    connection: DatabaseConnection,
    turn: Option<Turn>,
    listener: Listener,
    commits: Counter,
    batch: usize,
    last: Last,
    /// Whether the connection is in a state that nobody knows: nothing is written through it any more.
    lost: bool,
}

/// The last commit.
#[derive(Clone, Copy, Default)]
struct Last {
    /// How many closures shared it.
    shared: usize,
    /// How long it took.
    took: Duration,
}

/// Why a transaction was rolled back.
enum Lost {
    /// A closure failed after it had written something.
    Spoiled,
    /// The transaction is gone, or nobody knows.
    Transaction(DbErr),
}

impl From<DbErr> for Lost {
    fn from(error: DbErr) -> Self {
        Self::Transaction(error)
    }
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = queue.recv().await {
            let mut jobs = vec![first];
            match self.together(&mut jobs, &mut queue).await {
                Ok(()) => answer(jobs, &Ok(())),
                // rolled back, and nobody else was in it: its own error is the answer
                Err(Lost::Spoiled) if jobs.len() == 1 => answer(jobs, &Ok(())),
                Err(Lost::Spoiled) => match self.apart(&mut jobs, Some(&mut queue)).await {
                    Err(_) if jobs.len() > 1 => self.one_by_one(jobs).await,
                    outcome => answer(jobs, &outcome.map_err(Error::from)),
                },
                Err(Lost::Transaction(error)) if jobs.len() == 1 => answer(jobs, &Err(error.into())),
                Err(Lost::Transaction(error)) => {
                    tracing::warn!(error = %error, "A transaction was lost and its writes are run again one by one");
                    self.one_by_one(jobs).await;
                }
            }
        }
    }

    async fn one_by_one(&mut self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs {
            let mut alone = vec![job];
            let outcome = self.apart(&mut alone, None).await.map_err(Error::from);
            answer(alone, &outcome);
        }
    }

    /// Notes for the status that a transaction was lost, if that was because of the database or its disk.
    fn noted(&self, error: DbErr) -> DbErr {
        if is_outage(&error) {
            self.commits.lost();
        }
        error
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        if self.lost {
            self.commits.lost();
            return Err(DbErr::Custom("the connection that writes is lost; start the program again".to_owned()));
        }
        let begun = async {
            if let Some(turn) = &self.turn {
                turn.take().await?;
            }
            self.connection.begin_with_options(immediate).await
        };
        begun.await.inspect_err(|_| {
            // it is nobody's own fault that none can be begun
            self.commits.lost();
            self.turn.iter().for_each(Turn::give);
        })
    }

    /// Commits what so many closures have shared, of which so many wrote.
    async fn commit(&mut self, transaction: DatabaseTransaction, shared: usize, writes: u64) -> Result<(), DbErr> {
        let began = Instant::now();
        let committed = transaction.execute_unprepared("COMMIT").await;
        self.last = Last { shared, took: began.elapsed() };
        self.end(transaction).await;
        match &committed {
            Ok(_) => self.commits.count(writes),
            // a constraint that is looked at no earlier is the fault of who wrote
            Err(error) if violation(error).is_none() => self.commits.lost(),
            Err(_) => {}
        }
        committed.map(|_| ())
    }

    /// Sees to it that no transaction is open, and that sqlx knows it, whatever has become of this one: if it is over an
    /// empty one takes its place, which can be rolled back.
    async fn end(&mut self, transaction: DatabaseTransaction) {
        let _ = transaction.execute_unprepared("BEGIN").await;
        if let Err(error) = transaction.rollback().await {
            tracing::error!(error = %error, "The connection that writes is lost: nothing is written until a new start");
            self.lost = true;
        }
        self.turn.iter().for_each(Turn::give);
    }

    /// Runs the first job, and whatever comes meanwhile, in one transaction. On an error nothing of it is kept.
    async fn together(
        &mut self,
        jobs: &mut Vec<Box<dyn Job>>,
        queue: &mut mpsc::Receiver<Box<dyn Job>>,
    ) -> Result<(), Lost> {
        let mut transaction = self.begin().await?;
        let (mut changes, mut appends, mut writes) = (Vec::new(), Vec::new(), 0);
        let (mut index, mut patience) = (0, self.last.took.min(PATIENCE));
        while let Some(job) = jobs.get_mut(index) {
            let tx = Tx::new(transaction);
            let keep = job.run(&tx).await;
            let (inner, trace) = tx.into_parts();
            transaction = inner;
            if let Some(error) = trace.outage {
                self.end(transaction).await;
                return Err(self.noted(error).into());
            }
            if trace.broken || (trace.wrote && !keep) {
                // it may be gone already; what matters is that nothing of it stays
                self.end(transaction).await;
                return Err(if keep { Lost::Transaction(passed_over()) } else { Lost::Spoiled });
            }
            if keep {
                writes += trace.writes();
                changes.extend(trace.changes);
                appends.extend(trace.appends);
            }
            index += 1;
            self.take_next(index, jobs, queue, &mut patience).await;
        }
        if let Err(error) = appends::flush(&transaction, appends).await {
            self.end(transaction).await;
            return Err(self.noted(error).into());
        }
        self.commit(transaction, jobs.len(), writes).await?;
        self.listener.tell(&changes);
        Ok(())
    }

    /// Takes one more job from the queue if all before it were run and the batch has a place. If there is none it waits,
    /// as long as the patience lasts and fewer were run than shared the last commit.
    async fn take_next(
        &self,
        done: usize,
        jobs: &mut Vec<Box<dyn Job>>,
        queue: &mut mpsc::Receiver<Box<dyn Job>>,
        patience: &mut Duration,
    ) {
        if done < jobs.len() || done >= self.batch {
            return;
        }
        let began = Instant::now();
        loop {
            if let Ok(next) = queue.try_recv() {
                jobs.push(next);
                break;
            }
            if done >= self.last.shared || began.elapsed() >= *patience {
                break;
            }
            tokio::task::yield_now().await;
        }
        *patience = patience.saturating_sub(began.elapsed());
    }

    /// Runs the jobs again, and with a queue whatever comes meanwhile, in one transaction, each in a savepoint of its own.
    /// On an error nothing of it is kept.
    async fn apart(
        &mut self,
        jobs: &mut Vec<Box<dyn Job>>,
        mut queue: Option<&mut mpsc::Receiver<Box<dyn Job>>>,
    ) -> Result<(), DbErr> {
        let mut transaction = self.begin().await?;
        let (mut changes, mut writes) = (Vec::new(), 0);
        let (mut index, mut patience) = (0, Duration::ZERO);
        while let Some(job) = jobs.get_mut(index) {
            let (inner, outcome) = savepoint(transaction, job.as_mut(), &mut changes).await;
            transaction = inner;
            match outcome {
                Ok(wrote) => writes += wrote,
                Err(error) => {
                    self.end(transaction).await;
                    return Err(self.noted(error));
                }
            }
            index += 1;
            if let Some(queue) = queue.as_mut() {
                self.take_next(index, jobs, queue, &mut patience).await;
            }
        }
        self.commit(transaction, jobs.len(), writes).await?;
        self.listener.tell(&changes);
        Ok(())
    }
}

/// Runs one job in a savepoint and gives how many writes of it are kept. An error means that the whole transaction is lost, not
/// that the job failed.
async fn savepoint(
    transaction: DatabaseTransaction,
    job: &mut dyn Job,
    changes: &mut Vec<Change>,
) -> (DatabaseTransaction, Result<u64, DbErr>) {
    if let Err(error) = transaction.execute_unprepared("SAVEPOINT job").await {
        return (transaction, Err(error));
    }
    let tx = Tx::new(transaction);
    let keep = job.run(&tx).await;
    let (transaction, trace) = tx.into_parts();
    let outcome = if let Some(error) = trace.outage {
        Err(error)
    } else if keep && trace.broken {
        Err(passed_over())
    } else if keep {
        let writes = trace.writes();
        changes.extend(trace.changes);
        match appends::flush(&transaction, trace.appends).await {
            Ok(()) => transaction.execute_unprepared("RELEASE job").await.map(|_| writes),
            Err(error) => Err(error),
        }
    } else {
        transaction.execute_unprepared("ROLLBACK TO job; RELEASE job").await.map(|_| 0)
    };
    (transaction, outcome)
}

/// A closure says that all is well after a statement that may have ended its transaction.
fn passed_over() -> DbErr {
    DbErr::Custom("a statement failed and the write went on as if it had not".to_owned())
}
