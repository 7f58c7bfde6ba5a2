//! Why the ledger could not do what was asked. No text names a person or repeats a stored value.

use super::keys::{KeyId, KeySort};
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What went wrong in the ledger. Cloneable, because all callers of a failed group get the same reason.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// The ledger was closed, or its thread is gone.
    #[error("the ledger is closed")]
    Closed,
    /// The job panicked; its own changes are undone, its neighbours are not touched. The text is kept only when it is
    /// part of the program: a composed one could repeat personal data.
    #[error("the ledger job panicked: {0}")]
    Panicked(&'static str),
    /// The job gave up on purpose; its changes are undone.
    #[error("the ledger job gave up: {0}")]
    Abandoned(&'static str),
    /// The database refused one job.
    #[error("failed to use the ledger: {0}")]
    Database(#[source] Arc<rusqlite::Error>),
    /// The database refused the group of the job: nothing of it was recorded.
    #[error("failed to commit to the ledger, nothing was recorded: {0}")]
    Lost(#[source] Arc<rusqlite::Error>),
    /// The database undid the group of the job by itself, as it does when the disk is full or fails and when memory
    /// runs out: nothing of it was recorded.
    #[error("the database undid a group of jobs (is the disk full?), nothing was recorded")]
    Undone,
    /// Something that may exist only once exists already.
    #[error("failed to store: {0}")]
    Conflict(&'static str),
    /// The decision does not fit together.
    #[error("failed to store a decision: {0}")]
    Unfit(&'static str),
    /// What is stored cannot be read back.
    #[error("the ledger holds a damaged row: {0}")]
    Damaged(&'static str),
    /// The ledger is worked with a key that is not in the key file, or is another one there.
    #[error(
        "the ledger uses {} key {id}, which is not in the key file: put the key file in place that this key was added to",
        sort.as_str()
    )]
    Key {
        /// What the key is for.
        sort: KeySort,
        /// Its number.
        id: KeyId,
    },
    /// The database could not be opened.
    #[error("failed to open the ledger {}: {what}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do about it.
        what: String,
        /// Whether trying again may help.
        temporary: bool,
    },
}

impl LedgerError {
    /// Whether the same job may succeed later without anybody changing anything but the state of the machine: a full
    /// or failing disk, a database locked by another process.
    pub fn is_temporary(&self) -> bool {
        match self {
            LedgerError::Database(source) | LedgerError::Lost(source) => is_temporary(source),
            LedgerError::Open { temporary, .. } => *temporary,
            LedgerError::Undone | LedgerError::Key { .. } => true,
            LedgerError::Closed
            | LedgerError::Panicked(_)
            | LedgerError::Abandoned(_)
            | LedgerError::Conflict(_)
            | LedgerError::Unfit(_)
            | LedgerError::Damaged(_) => false,
        }
    }

    /// A fault of opening `path`, in words that say what to do.
    pub(super) fn opening(path: &Path, source: &rusqlite::Error) -> LedgerError {
        let advice = match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                "the file is no SQLite database; name another path, or move the file away".to_owned()
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                "the database is damaged; restore it from a backup and keep the damaged file".to_owned()
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                format!("{source}; give the user of the gateway the right to write to the file and to its folder")
            }
            Some(ErrorCode::CannotOpen) => {
                format!("{source}; check that the folder exists and that the user of the gateway may write to it")
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program holds the database; stop it or try again".to_owned()
            }
            Some(ErrorCode::DiskFull) => "the disk is full; make room and try again".to_owned(),
            _ => source.to_string(),
        };
        LedgerError::Open { path: path.to_owned(), what: advice, temporary: is_temporary(source) }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(source: rusqlite::Error) -> LedgerError {
        LedgerError::Database(Arc::new(source))
    }
}

fn is_temporary(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn database(code: i32) -> LedgerError {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    #[test]
    fn faults_of_the_machine_are_temporary_and_others_are_not() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED]
        {
            assert!(database(code).is_temporary(), "{code}");
        }
        for code in [ffi::SQLITE_CONSTRAINT, ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_READONLY] {
            assert!(!database(code).is_temporary(), "{code}");
        }
        assert!(!LedgerError::Closed.is_temporary());
    }
}
