//! Messages from a folder: complete files `*.xml` in `in/`, taken in the order of their names.
//!
//! A file is removed after its message is in the ledger, never before, so a crash at any moment leaves every message in
//! `in/` or in the ledger, and at worst in both: then it comes in again as a repeat of the same delivery. Senders put
//! complete files in place by renaming; names that begin with a dot or end in `.tmp` or `.part` are left alone.

use super::budget::Budget;
use super::spool::{Spool, SpoolError, sync_folder};
use super::{Identity, Incoming, Intake, IntakeError, Line, Receipt};
use crate::backoff::{Backoff, random_spread};
use crate::config;
use crate::failpoint::Failpoint;
use crate::shutdown::Shutdown;
use crate::telemetry::events::{FileUnreadable, IntakeBroke, NotRecorded};
use crate::telemetry::{Component, Telemetry};
use futures_util::{FutureExt, StreamExt, future, stream};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// Files that are read and validated at once.
const PREPARED_AT_ONCE: usize = 16;
/// Messages that wait for the ledger at once; enough for a full group commit.
const COMMITS_AT_ONCE: usize = 256;
/// Bytes in work at once.
const BYTES_AT_ONCE: u64 = 128_000_000;
/// How long a file that made trouble is left alone.
const TROUBLE_PAUSE: Duration = Duration::from_mins(1);
/// Waits when the ledger takes nothing.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(30) };

/// Takes messages from a folder.
pub struct DirectoryIntake<I> {
    folder: PathBuf,
    /// Whose folder it is; `None` for `in/` itself.
    owner: Option<String>,
    poll: Duration,
    files_per_round: usize,
    max_bytes: u64,
    intake: Arc<I>,
    budget: Budget,
    telemetry: Telemetry,
    component: Component,
    /// Files that made trouble, and when to look at them again.
    trouble: BTreeMap<OsString, Instant>,
}

/// What a round came to.
enum Round {
    /// That many files were taken.
    Took(usize),
    /// The ledger takes nothing.
    Refused(String),
}

/// A file whose message is on its way to the ledger.
struct Taken<P> {
    name: OsString,
    stamp: Stamp,
    prepared: P,
    room: OwnedSemaphorePermit,
}

/// What tells one file from another that was renamed over it in the meantime.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl<I: Intake> DirectoryIntake<I> {
    /// Takes messages from the `in/` of a spool. `max_bytes` is the limit of a message: of a larger file one byte more
    /// is read, so that the limit is what it fails on.
    pub fn new(
        spool: &Spool,
        settings: &config::Directory,
        max_bytes: u64,
        intake: Arc<I>,
        telemetry: &Telemetry,
    ) -> DirectoryIntake<I> {
        DirectoryIntake {
            folder: spool.incoming(),
            owner: None,
            poll: settings.poll,
            files_per_round: settings.files_per_round,
            max_bytes,
            intake,
            budget: Budget::new(BYTES_AT_ONCE),
            telemetry: telemetry.clone(),
            component: telemetry.component("directory"),
            trouble: BTreeMap::new(),
        }
    }

    /// Another one beside this, on the folder of a sender inside `in/`, which is made when it is absent: whoever may
    /// write there is that sender. Both share the bytes in work.
    pub fn of_sender(&self, folder: &str, spool: &Spool) -> Result<DirectoryIntake<I>, SpoolError> {
        Ok(DirectoryIntake {
            folder: spool.folder_of(folder)?,
            owner: Some(folder.to_owned()),
            poll: self.poll,
            files_per_round: self.files_per_round,
            max_bytes: self.max_bytes,
            intake: Arc::clone(&self.intake),
            budget: self.budget.clone(),
            telemetry: self.telemetry.clone(),
            component: self.telemetry.component(&format!("directory in/{folder}")),
            trouble: BTreeMap::new(),
        })
    }

    /// Takes messages until the stop is requested; what was handed to the ledger by then is awaited, within the
    /// deadline.
    pub async fn run(mut self, shutdown: Shutdown) {
        let component = self.component.clone();
        shutdown.within_deadline(self.take_all(&shutdown)).await;
        component.stopped();
    }

    async fn take_all(&mut self, shutdown: &Shutdown) {
        let mut refusals = 0;
        while !shutdown.is_requested() {
            let wait = match self.round(shutdown).await {
                Ok(Round::Took(files)) => {
                    refusals = 0;
                    self.component.up();
                    if files < self.files_per_round { self.poll } else { Duration::ZERO }
                }
                Ok(Round::Refused(reason)) => {
                    refusals += 1;
                    let again_in = BACKOFF.after(refusals, random_spread());
                    NotRecorded { transport: "directory", reason: &reason, again_in }.emit(&self.telemetry);
                    self.component.down(&reason);
                    again_in
                }
                Err(error) => {
                    refusals += 1;
                    self.component.down(&format!("failed to list {}: {error}", self.folder.display()));
                    BACKOFF.after(refusals, random_spread())
                }
            };
            shutdown.sleep(wait).await;
        }
    }

    async fn round(&mut self, shutdown: &Shutdown) -> io::Result<Round> {
        let names = self.list().await?;
        let count = names.len();
        let (stop, line) = (AtomicBool::new(false), Line::default());
        let mut troubled = Vec::new();
        let mut refusal = None;
        {
            // Room is taken one file after another: were it taken by all at once, later files could hold all of it while
            // they wait for an earlier one, which waits for room.
            let room = stream::iter(names)
                .take_while(|_| future::ready(!shutdown.is_requested() && !stop.load(Ordering::Relaxed)))
                .then(|name| take_room(self.budget.clone(), self.folder.join(&name), name, self.max_bytes));
            let read = room
                .map(|(name, bytes)| {
                    let (intake, owner) = (Arc::clone(&self.intake), self.owner.clone());
                    prepare(intake, owner, self.folder.join(&name), name, bytes, self.max_bytes)
                })
                .buffered(PREPARED_AT_ONCE);
            // `commit` is called for one file after another, and the calls fix the order in the ledger. After a refusal
            // nothing more is handed over, so that later messages do not overtake.
            let recorded = read
                .take_while(|_| future::ready(!stop.load(Ordering::Relaxed)))
                .map(|read| match read {
                    Ok(taken) => commit(self.intake.as_ref(), &line, taken).map(Ok).left_future(),
                    Err(fault) => future::ready(Err(fault)).right_future(),
                })
                .buffered(COMMITS_AT_ONCE);
            let mut chunks = pin!(recorded.ready_chunks(COMMITS_AT_ONCE));
            while let Some(chunk) = chunks.next().await {
                let mut done = Vec::new();
                for outcome in chunk {
                    match outcome {
                        // A refused message lies in the ledger too, and its report in `error/`.
                        Ok((name, stamp, Ok(Receipt::Taken | Receipt::Refused(_)))) => {
                            // Not only at the end of the round: with many files waiting that is far away.
                            self.component.up();
                            done.push((name, stamp));
                        }
                        Ok((_, _, Err(error))) => {
                            stop.store(true, Ordering::Relaxed);
                            refusal.get_or_insert(error.to_string());
                        }
                        Err(fault) => troubled.push(fault),
                    }
                }
                troubled.extend(remove(self.folder.clone(), done).await);
            }
        }
        for (name, fault) in troubled {
            self.note(name, &fault);
        }
        Ok(refusal.map_or(Round::Took(count), Round::Refused))
    }

    /// The next files by name, without those that made trouble lately.
    async fn list(&mut self) -> io::Result<Vec<OsString>> {
        let folder = self.folder.clone();
        let mut names = blocking(move || list(&folder)).await?;
        self.trouble.retain(|name, _| names.binary_search(name).is_ok());
        let now = Instant::now();
        names.retain(|name| self.trouble.get(name).is_none_or(|until| *until <= now));
        names.truncate(self.files_per_round);
        Ok(names)
    }

    /// Tells of a file once and leaves it alone for a while. That a file vanished in the meantime is nobody's fault.
    fn note(&mut self, name: OsString, fault: &Fault) {
        if matches!(fault, Fault::Unreadable(error) if error.kind() == io::ErrorKind::NotFound) {
            return;
        }
        let file = self.folder.join(&name);
        let first = self.trouble.insert(name, Instant::now() + TROUBLE_PAUSE).is_none();
        match fault {
            Fault::Unreadable(error) if first => FileUnreadable { file: &file, error }.emit(&self.telemetry),
            Fault::Unreadable(_) => {}
            Fault::Broke => IntakeBroke { transport: "directory", kept: "in/" }.emit(&self.telemetry),
        }
    }
}

/// Why a file was not taken.
enum Fault {
    /// It cannot be read or removed.
    Unreadable(io::Error),
    /// Handling it broke off.
    Broke,
}

/// Waits until the bytes of a file fit into what is in work.
async fn take_room(budget: Budget, path: PathBuf, name: OsString, max_bytes: u64) -> (OsString, OwnedSemaphorePermit) {
    let bytes = blocking(move || fs::symlink_metadata(path).map_or(0, |metadata| metadata.len())).await;
    (name, budget.take(usize::try_from(bytes.min(max_bytes)).unwrap_or(usize::MAX)).await)
}

/// Reads a file and has its message validated.
async fn prepare<I: Intake>(
    intake: Arc<I>,
    owner: Option<String>,
    path: PathBuf,
    name: OsString,
    room: OwnedSemaphorePermit,
    max_bytes: u64,
) -> Result<Taken<I::Prepared>, (OsString, Fault)> {
    let (bytes, stamp) = match blocking(move || read(&path, max_bytes)).await {
        Ok(read) => read,
        Err(error) => return Err((name, Fault::Unreadable(error))),
    };
    // Two senders may give the same name to their files.
    let transport_id = match &owner {
        Some(folder) => format!("{folder}/{}", name.to_string_lossy()),
        None => name.to_string_lossy().into_owned(),
    };
    let identity = owner.map(Identity::Folder);
    let incoming = Incoming { transport: "directory", transport_id, identity, bytes };
    // A task of its own: it runs beside the others, and if it breaks off it takes nothing else along.
    match tokio::spawn(intake.prepare(incoming)).await {
        Ok(prepared) => Ok(Taken { name, stamp, prepared, room }),
        Err(_) => Err((name, Fault::Broke)),
    }
}

/// Hands a message to the ledger, at once, and gives its room back when it is there.
fn commit<I: Intake>(
    intake: &I,
    line: &Line,
    taken: Taken<I::Prepared>,
) -> impl Future<Output = (OsString, Stamp, Result<Receipt, IntakeError>)> + use<I> {
    let Taken { name, stamp, prepared, room } = taken;
    let recorded = intake.commit_in(line, prepared);
    async move {
        let recorded = recorded.await;
        drop(room);
        (name, stamp, recorded)
    }
}

/// Names of complete files, sorted.
fn list(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".xml") && !bytes.starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// At most one byte more than the limit of a message.
fn read(path: &Path, max_bytes: u64) -> io::Result<(Vec<u8>, Stamp)> {
    // Opening a named pipe would wait for a writer for ever, and a link may lead anywhere.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    let file = File::open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes, stamp))
}

/// Removes files whose messages are in the ledger, and reports those that cannot be removed. A file that was replaced
/// since it was read is another message, and stays.
async fn remove(folder: PathBuf, recorded: Vec<(OsString, Stamp)>) -> Vec<(OsString, Fault)> {
    if recorded.is_empty() {
        return Vec::new();
    }
    blocking(move || {
        let mut troubled = Vec::new();
        if Failpoint::BeforeAck.pass().is_err() {
            return troubled;
        }
        for (name, stamp) in recorded {
            let path = folder.join(&name);
            let same = fs::symlink_metadata(&path).is_ok_and(|metadata| Stamp::of(&metadata) == stamp);
            match if same { fs::remove_file(&path) } else { Ok(()) } {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => troubled.push((name, Fault::Unreadable(error))),
            }
        }
        // Without this a power cut may bring files back; they would come in as repeats, so a failure is no loss.
        if let Err(error) = sync_folder(&folder) {
            tracing::debug!(%error, "failed to sync {}", folder.display());
        }
        Failpoint::AfterAck.pass().ok();
        troubled
    })
    .await
}

/// File work off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("file work does not panic and is never aborted")
}
