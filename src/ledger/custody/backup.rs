//! A copy of an SQLite ledger while it is in use, looked at before it counts as one.

use super::super::error::LedgerError;
use super::super::keys::Keys;
use super::super::schema::{self, Access};
use super::super::{Head, Ledger, Unsound, Verified};
use super::{folder_of, put_in_place};
use rusqlite::Connection;
use rusqlite::backup::StepResult;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What must stay free on a disk beside the copy.
const ROOM_LEFT: u64 = 16 << 20;

/// A copy that was made and looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its size in bytes.
    pub bytes: u64,
    /// The last row of its trail.
    pub head: Option<Head>,
    /// What does not add up in it. A copy of a faulty ledger is kept: it may be all there is.
    pub faults: Vec<Unsound>,
}

/// Why there is no copy. Nothing is left behind of one that failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ledger cannot be opened or read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something has that name already.
    #[error("{} is there already and is left alone; name another file", .0.display())]
    Exists(PathBuf),
    /// The disk is too full.
    #[error(
        "{} has {free} bytes left and the copy takes {needed}: make room, or name a file on another disk", folder.display()
    )]
    Room {
        /// Where the copy would lie.
        folder: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// Whoever asks for the copy may not write there. With `sluisctl` that is the user of the gateway, even for root.
    #[error("the user that makes it may not write to {}: name a folder that this user owns", .0.display())]
    Forbidden(PathBuf),
    /// The copy cannot be written.
    #[error("failed to write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Copies the ledger at `path` to a new file `out`, which only its owner may read. The copy is of one moment, also while
/// a gateway writes, and holds that one up no longer than any reader.
pub fn backup(path: &Path, keys: &Keys, out: &Path) -> Result<Backup, BackupError> {
    if out.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(out.to_owned()));
    }
    let source = schema::open(Some(path), keys, Access::Read)?;
    let folder = folder_of(out);
    require_room(&source, folder)?;
    let io = |source| unwritten(out, source);
    // The draft goes with its folder, whatever goes wrong, and with it what the database puts beside it.
    let draft = tempfile::Builder::new().prefix(".sluis-backup-").tempdir_in(folder).map_err(io)?;
    let copy = draft.path().join("ledger");
    copy_pages(&source, &copy).map_err(io)?;
    let verified = look_at(&copy, keys)?;
    let file = OpenOptions::new().read(true).write(true).open(&copy).map_err(io)?;
    file.sync_all().map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    put_in_place(&copy, out).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(out.to_owned()),
        _ => unwritten(out, source),
    })?;
    Ok(Backup { bytes, head: verified.head, faults: verified.faults })
}

fn unwritten(out: &Path, source: io::Error) -> BackupError {
    match source.kind() {
        io::ErrorKind::PermissionDenied => BackupError::Forbidden(folder_of(out).to_owned()),
        _ => BackupError::Io { path: out.to_owned(), source },
    }
}

fn require_room(source: &Connection, folder: &Path) -> Result<(), BackupError> {
    let sizes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = source.query_row(sizes, [], |row| row.get(0)).map_err(LedgerError::from)?;
    // What is written to the ledger before the copy begins is part of it.
    let needed = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(ROOM_LEFT);
    let disk = rustix::fs::statvfs(folder)
        .map_err(|source| BackupError::Io { path: folder.to_owned(), source: source.into() })?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= needed { Ok(()) } else { Err(BackupError::Room { folder: folder.to_owned(), free, needed }) }
}

/// All pages in one step: that is one reading transaction, of which a writer takes no notice.
fn copy_pages(source: &Connection, copy: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(copy)?;
    let copied = || -> rusqlite::Result<StepResult> {
        let mut target = Connection::open(copy)?;
        let step = rusqlite::backup::Backup::new(source, &mut target)?.step(-1)?;
        // One file without companions: whoever moves it moves all of it.
        target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        target.close().map_err(|(_, error)| error)?;
        Ok(step)
    };
    match copied() {
        Ok(StepResult::Done) => Ok(()),
        Ok(_) => Err(io::Error::other("the database is busy; try again")),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn look_at(copy: &Path, keys: &Keys) -> Result<Verified, LedgerError> {
    let ledger = Ledger::open_to_read(copy, keys.clone())?;
    let verified = ledger.run_blocking(|tx| tx.verify_copy())?;
    ledger.close()?;
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn what_stands_in_the_way_is_told_once() {
        let told = |kind: io::ErrorKind| {
            let error = unwritten(Path::new("/var/backups/sluis.sqlite"), io::Error::from(kind));
            (error.to_string(), error.source().map(ToString::to_string))
        };
        let (text, source) = told(io::ErrorKind::PermissionDenied);
        assert!(text.contains("may not write to /var/backups: ") && source.is_none(), "{text} {source:?}");
        let (text, source) = told(io::ErrorKind::StorageFull);
        assert!(text.ends_with("/var/backups/sluis.sqlite"), "{text}");
        assert!(source.is_some_and(|source| !text.contains(&source)));
    }
}
