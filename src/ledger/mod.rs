//! The ledger: the durable record of what came in, what was decided and what must leave, on `SQLite` or PostgreSQL.
//!
//! Callers hand in jobs, which run one after another on the one thread that owns the database (see `writer`). A job
//! reads the facts, has the core judge, and stores the decision with everything that follows from it; when its caller
//! hears of success, all of it is on disk. Nothing here judges, and nothing here sends.

mod access;
mod audit;
mod breaker;
mod condition;
mod course;
mod custody;
mod db;
mod error;
mod facts;
mod hold;
mod household;
mod judged;
mod keys;
mod last;
mod location;
mod members;
mod mentions;
mod money;
mod orders;
mod outbox;
mod question;
mod record;
mod refusal;
mod replay;
mod report;
mod resend;
mod retention;
mod schema;
mod signals;
mod store;
mod takes;
mod tx;
mod view;
mod waiting;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "tests/on_postgres.rs"]
mod tests_on_postgres;

pub use access::{
    ApiToken, Attempt, By, Changed, Failed, Holder, LocalAccount, NewSession, Session, SignedIn, Subject,
};
pub use audit::Fault;
pub use condition::{Condition, ServerCondition, condition, server_condition};
pub use custody::backup::{Backup, BackupError, backup};
pub use custody::export::{ExportError, Exported, Scope, export, verify_export};
pub use custody::rotation::{Carried, KeyState, Resealed, Rotation};
pub use custody::verify::{Head, Unsound, Verified};
pub use custody::walk::{ChainWalk, LastRecount, Recounted};
pub use error::{DatabaseError, LedgerError, ServerError};
pub use hold::{Done, Ended, Hold, Ordered};
pub use household::Replaced;
pub use judged::{Judged, TrailEnd};
pub use keys::{InForce, KeyError, KeyId, KeySort, Keys};
pub use last::LastMessage;
pub use location::{Location, Server, ServerFault};
pub use members::{Beat, Claimant, Introduction, Member, Share};
pub use mentions::Mentioned;
pub use money::{Balance, Reconciled};
pub use orders::{AboutHold, AboutParked};
pub use question::{Open, OpenQuestion};
pub use refusal::Refused;
pub use replay::{Given, LARGEST_SELECTION, MemberDone, OutboxRow, Run, Selection, SelectionMember, SentAgain, Target};
pub use report::{Budget, Counts, Departure, Entry, Filter, Waiting};
pub use resend::{Bound, Resend, Resent, Row, RowState};
pub use retention::{FIRST, Gone, Looked, Others, Place, Portion, RetentionRun};
pub use signals::{Kept, LastSurvey, SurveyRecord, Turnover};
pub use store::{Inbox, Stored};
pub use tx::Tx;
pub use view::Look;
pub use waiting::Waiter;
pub use writer::Group;

use futures_util::future::BoxFuture;
use keys::Vault;
use schema::Access;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};
use writer::{Call, Command, Progress, Writer};

/// Number of the latest migration that this program knows.
pub fn known_schema() -> i64 {
    schema::known()
}

/// How to open a ledger.
#[derive(Debug)]
pub struct Settings {
    /// Where it is.
    pub location: Location,
    /// The keys that belong to it.
    pub keys: Keys,
    /// How many jobs may share a transaction at most; 64 to 256 serve well.
    pub max_group: usize,
}

/// A handle to the ledger; clones share it. The database closes when the last one is dropped, or by [`Ledger::close`].
pub struct Ledger {
    shared: Arc<Shared>,
    /// What this handle has seen of the outbox, for [`Outbox::changed`](crate::delivery::outbox::Outbox::changed).
    seen: tokio::sync::Mutex<watch::Receiver<u64>>,
}

struct Shared {
    queue: mpsc::Sender<Command>,
    outbox: watch::Receiver<u64>,
    progress: Arc<Progress>,
    thread: Mutex<Option<JoinHandle<Result<(), LedgerError>>>>,
    is_on_server: bool,
}

/// How jobs were grouped since the ledger was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping {
    /// Jobs that were run.
    pub jobs: u64,
    /// Transactions that they shared.
    pub groups: u64,
}

impl Ledger {
    /// Opens the database, making it when there is none, and brings its schema up to date.
    pub fn open(settings: Settings) -> Result<Ledger, LedgerError> {
        Ledger::start(settings, Access::Write)
    }

    /// Opens a ledger only to look at it, for commands beside a running gateway, which they never hold up. Jobs that
    /// write fail.
    pub fn open_to_read(location: impl Into<Location>, keys: Keys) -> Result<Ledger, LedgerError> {
        Ledger::start(Settings { location: location.into(), keys, max_group: 1 }, Access::Read)
    }

    /// Opens the ledger of a running gateway to leave an order in it: jobs may write, and wait for those of the gateway
    /// as these wait for them. Nothing is upgraded or cleared up.
    pub fn open_beside(location: impl Into<Location>, keys: Keys) -> Result<Ledger, LedgerError> {
        Ledger::start(Settings { location: location.into(), keys, max_group: 1 }, Access::Beside)
    }

    fn start(settings: Settings, access: Access) -> Result<Ledger, LedgerError> {
        let Settings { location, mut keys, max_group } = settings;
        // Keys that somebody has held for long may be fewer than the ledger is worked with by now.
        keys.look_again();
        let name = location.to_string();
        let is_on_server = matches!(location, Location::Server(_));
        let vault = Vault::new(keys.clone()).map_err(|source| cannot_start(&name, &source))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "callers bound their own work (commits in flight, the window of the relay); queueing must not block"
        )]
        let (queue, commands) = mpsc::channel();
        let (outbox, changes) = watch::channel(0);
        let progress = Arc::new(Progress::default());
        let (opened, opening) = mpsc::sync_channel(1);
        let work = {
            let progress = Arc::clone(&progress);
            // The thread that uses the connection makes it: a server's is driven by that thread alone.
            move || match schema::open_at(&location, &keys, access) {
                Ok(connection) => {
                    // Whoever opens the ledger waits for this.
                    drop(opened.send(Ok(())));
                    Writer { connection, vault, access, max_group: max_group.max(1), outbox, progress }.work(&commands)
                }
                Err(error) => {
                    drop(opened.send(Err(error)));
                    Ok(())
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(work)
            .map_err(|source| cannot_start(&name, &source))?;
        opening.recv().unwrap_or(Err(LedgerError::Closed))?;
        let shared = Shared { queue, outbox: changes, progress, thread: Mutex::new(Some(thread)), is_on_server };
        Ok(Ledger::of(Arc::new(shared)))
    }

    fn of(shared: Arc<Shared>) -> Ledger {
        let mut seen = shared.outbox.clone();
        // What came before this handle may be news to its owner.
        seen.mark_changed();
        Ledger { shared, seen: tokio::sync::Mutex::new(seen) }
    }

    /// Queues `job` at once: jobs run in the order of the calls. Completes after the commit of its group; a job that
    /// gives an error or panics leaves nothing behind, and its neighbours in the group are not touched.
    ///
    /// The job runs even when the future is dropped.
    pub fn run<T, F>(&self, job: F) -> BoxFuture<'static, Result<T, LedgerError>>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        // Nobody may wait any more; the job is done all the same.
        self.enqueue(job, move |result| drop(sender.send(result)));
        Box::pin(async move { receiver.await.unwrap_or(Err(LedgerError::Closed)) })
    }

    /// Like [`Ledger::run`], for one of several jobs whose order matters: once one of them was not recorded for a failure
    /// of the world, `goes_on` is cleared and none of those queued behind it runs, whatever the next group could do. Its
    /// caller begins anew with the first that is missing, and with another flag.
    pub fn run_while<T, F>(&self, goes_on: Arc<AtomicBool>, job: F) -> BoxFuture<'static, Result<T, LedgerError>>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let flag = Arc::clone(&goes_on);
        let job = move |tx: &mut Tx<'_>| {
            if !flag.load(Ordering::Relaxed) {
                return Err(LedgerError::Behind);
            }
            // Those behind it may be in the same group.
            job(tx).inspect_err(|error| {
                if error.is_of_the_world() {
                    flag.store(false, Ordering::Relaxed);
                }
            })
        };
        // Called before the next group runs.
        self.enqueue(job, move |result: Result<T, LedgerError>| {
            if result.as_ref().is_err_and(LedgerError::is_of_the_world) {
                goes_on.store(false, Ordering::Relaxed);
            }
            drop(sender.send(result));
        });
        Box::pin(async move { receiver.await.unwrap_or(Err(LedgerError::Closed)) })
    }

    /// Like [`Ledger::run`], and waits for it: for commands and replay. Never call it from within a job.
    pub fn run_blocking<T, F>(&self, job: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.enqueue(job, move |result| drop(sender.send(result)));
        receiver.recv().unwrap_or(Err(LedgerError::Closed))
    }

    fn enqueue<T, F, A>(&self, job: F, answer: A)
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
        A: FnOnce(Result<T, LedgerError>) + Send + 'static,
    {
        // A closed ledger drops the command, and the dropped answer tells the caller.
        drop(self.shared.queue.send(Command::Run(Box::new(Call::new(job, answer)))));
    }

    /// Counts the commits that added to the outbox; wakes whoever waits for a change of it.
    pub fn notify_outbox(&self) -> watch::Receiver<u64> {
        self.shared.outbox.clone()
    }

    /// How jobs were grouped so far.
    pub fn grouping(&self) -> Grouping {
        let progress = &self.shared.progress;
        Grouping { jobs: progress.jobs.load(Ordering::Relaxed), groups: progress.groups.load(Ordering::Relaxed) }
    }

    /// Tells `watcher` of every group of jobs from now on. It is called on the thread that writes and must be quick; the
    /// first call counts.
    pub fn watch_groups(&self, watcher: impl Fn(Group) + Send + Sync + 'static) {
        let _ = self.shared.progress.watcher.set(Box::new(watcher));
    }

    /// Runs what is queued, checkpoints and closes the database, and waits for all that. Later jobs get
    /// [`LedgerError::Closed`], also those of other handles. Blocks; closing twice is fine.
    pub fn close(self) -> Result<(), LedgerError> {
        drop(self.shared.queue.send(Command::Close));
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread {
            Some(thread) => thread.join().unwrap_or(Err(LedgerError::Closed)),
            None => Ok(()),
        }
    }
}

impl Clone for Ledger {
    fn clone(&self) -> Ledger {
        Ledger::of(Arc::clone(&self.shared))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({:?})", self.grouping())
    }
}

fn cannot_start(ledger: &str, source: &std::io::Error) -> LedgerError {
    LedgerError::Open { ledger: ledger.to_owned(), what: source.to_string(), temporary: true }
}
