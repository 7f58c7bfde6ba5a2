//! The one thread that owns the database, and the group commit: jobs that wait together share one transaction and one
//! fsync. Each runs in a savepoint of its own, so that a failing one undoes itself only.

use super::db::Connection;
use super::error::LedgerError;
use super::keys::Vault;
use super::schema::Access;
use super::tx::Tx;
use crate::failpoint::Failpoint;
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What the thread is told.
pub(super) enum Command {
    Run(Box<dyn Job>),
    Close,
}

/// A job, its caller and, between execution and commit, its result.
pub(super) trait Job: Send {
    /// Runs the job; whether it succeeded.
    fn execute(&mut self, tx: &mut Tx<'_>) -> bool;

    /// The database refused: a success is none, and a job that did not run never will. An error of its own stays.
    fn fail(&mut self, error: LedgerError);

    /// Hands the result to the caller.
    fn answer(self: Box<Self>);
}

/// The usual [`Job`].
pub(super) struct Call<T, F, A> {
    job: Option<F>,
    answer: A,
    /// `None` until the job ran.
    result: Option<Result<T, LedgerError>>,
}

impl<T, F, A> Call<T, F, A> {
    pub(super) fn new(job: F, answer: A) -> Call<T, F, A> {
        Call { job: Some(job), answer, result: None }
    }
}

impl<T, F, A> Job for Call<T, F, A>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send,
    A: FnOnce(Result<T, LedgerError>) + Send,
{
    fn execute(&mut self, tx: &mut Tx<'_>) -> bool {
        if let Some(job) = self.job.take() {
            let result = catch_unwind(AssertUnwindSafe(|| job(tx)));
            self.result = Some(result.unwrap_or_else(|panic| Err(panicked(&*panic))));
        }
        matches!(self.result, Some(Ok(_)))
    }

    fn fail(&mut self, error: LedgerError) {
        if !matches!(self.result, Some(Err(_))) {
            self.result = Some(Err(error));
        }
    }

    fn answer(self: Box<Self>) {
        (self.answer)(self.result.unwrap_or(Err(LedgerError::Closed)));
    }
}

fn panicked(panic: &(dyn Any + Send)) -> LedgerError {
    LedgerError::Panicked(panic.downcast_ref::<&'static str>().copied().unwrap_or("the text is withheld"))
}

/// How much the thread has done, for metrics and tests.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) jobs: AtomicU64,
    pub(super) groups: AtomicU64,
    /// Who is told of each group.
    pub(super) watcher: OnceLock<Watcher>,
}

/// Is told of each group, on the thread of the writer: it must be quick.
pub(super) type Watcher = Box<dyn Fn(Group) + Send + Sync>;

/// A group of jobs whose transaction is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many jobs shared it.
    pub jobs: usize,
    /// Whether it was committed.
    pub committed: bool,
    /// How long it took, from its first job until it was on disk.
    pub took: Duration,
}

/// Owner of the database.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) vault: Vault,
    pub(super) access: Access,
    pub(super) max_group: usize,
    pub(super) outbox: watch::Sender<u64>,
    pub(super) progress: Arc<Progress>,
}

impl Writer {
    /// Works until told to close, or until nobody can send any more.
    pub(super) fn work(mut self, queue: &Receiver<Command>) -> Result<(), LedgerError> {
        while let Ok(command) = queue.recv() {
            let (mut jobs, closing) = gather(command, queue, self.max_group);
            while !jobs.is_empty() {
                self.commit(&mut jobs);
            }
            if closing {
                break;
            }
        }
        self.connection.close(self.access)
    }

    /// Runs jobs in one transaction and answers them. Jobs stay behind only when the database gave up in between; they
    /// deserve a transaction of their own.
    fn commit(&mut self, jobs: &mut VecDeque<Box<dyn Job>>) {
        let mut done = Vec::with_capacity(jobs.len());
        let mut outbox_grew = false;
        let since = Instant::now();
        let committed = self.run_group(jobs, &mut done, &mut outbox_grew);
        if let Some(watcher) = self.progress.watcher.get() {
            watcher(Group { jobs: done.len(), committed: committed.is_ok(), took: since.elapsed() });
        }
        self.progress.jobs.fetch_add(done.len() as u64, Ordering::Relaxed);
        self.progress.groups.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = committed {
            if done.is_empty() {
                // Not even a transaction could be opened: the same would happen to the others.
                done.extend(jobs.drain(..));
            }
            for job in &mut done {
                job.fail(error.clone());
            }
        } else if outbox_grew {
            self.outbox.send_modify(|commits| *commits += 1);
        }
        done.into_iter().for_each(Job::answer);
    }

    fn run_group(
        &mut self,
        jobs: &mut VecDeque<Box<dyn Job>>,
        done: &mut Vec<Box<dyn Job>>,
        outbox_grew: &mut bool,
    ) -> Result<(), LedgerError> {
        self.connection.begin(self.access)?;
        let outcome = self.follow_keys().and_then(|()| self.run_jobs(jobs, done, outbox_grew));
        let outcome = outcome.and_then(|()| self.end_group());
        if outcome.is_err() {
            // A commit or a savepoint failed and may have left the transaction open.
            self.connection.roll_back()?;
        }
        outcome
    }

    /// The keys in force are those of this transaction: another process may have changed them since the last.
    fn follow_keys(&mut self) -> Result<(), LedgerError> {
        Tx::new(&self.connection, &mut self.vault).follow_keys()
    }

    fn end_group(&mut self) -> Result<(), LedgerError> {
        Failpoint::BeforeCommit.pass().map_err(|_| LedgerError::Undone)?;
        self.connection.commit()?;
        Failpoint::AfterCommit.pass().map_err(|_| LedgerError::Undone)
    }

    fn run_jobs(
        &mut self,
        jobs: &mut VecDeque<Box<dyn Job>>,
        done: &mut Vec<Box<dyn Job>>,
        outbox_grew: &mut bool,
    ) -> Result<(), LedgerError> {
        while let Some(mut job) = jobs.pop_front() {
            let grew = self.run_one(&mut *job);
            done.push(job);
            *outbox_grew |= grew?;
        }
        Ok(())
    }

    /// Runs one job in its savepoint; whether it added to the outbox.
    fn run_one(&mut self, job: &mut dyn Job) -> Result<bool, LedgerError> {
        self.connection.begin_job()?;
        let mut tx = Tx::new(&self.connection, &mut self.vault);
        let mut succeeded = job.execute(&mut tx);
        let grew = tx.outbox_grew();
        if let Some(error) = self.connection.undone() {
            // The savepoint is gone with the transaction, and with it what the jobs before did.
            return Err(error);
        }
        if succeeded && self.connection.is_spoiled() {
            job.fail(LedgerError::Unfit("a job went on after the database refused one of its statements"));
            succeeded = false;
        }
        if succeeded {
            self.connection.end_job()?;
        } else {
            self.connection.undo_job()?;
        }
        Ok(succeeded && grew)
    }
}

/// What waits now, up to `max` jobs: no timer, so that a lone job waits for nobody.
fn gather(first: Command, queue: &Receiver<Command>, max: usize) -> (VecDeque<Box<dyn Job>>, bool) {
    let mut jobs = VecDeque::new();
    let mut next = Some(first);
    while let Some(command) = next {
        match command {
            Command::Run(job) => jobs.push_back(job),
            Command::Close => return (jobs, true),
        }
        next = if jobs.len() < max { queue.try_recv().ok() } else { None };
    }
    (jobs, false)
}
