//! Why the ledger could not do what was asked. No text names a person or repeats a stored value.

use super::keys::{KeyId, KeySort};
use super::location::Server;
use rusqlite::ErrorCode;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_postgres::error::SqlState;

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
    Database(#[source] DatabaseError),
    /// The database refused the group of the job, or was lost before it confirmed it: nothing of it counts as recorded.
    /// What a server did record all the same is found as a repeat when the caller tries again.
    #[error("failed to commit to the ledger: {0}")]
    Lost(#[source] DatabaseError),
    /// The database undid the group of the job by itself, as it does when the disk is full or fails and when memory
    /// runs out: nothing of it was recorded.
    #[error("the database undid a group of jobs (is the disk full?), nothing was recorded")]
    Undone,
    /// A job that must come before this one was not recorded: see [`Ledger::run_while`](super::Ledger::run_while).
    #[error("nothing is recorded behind what was not")]
    Behind,
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
    #[error("failed to open the ledger {ledger}: {what}")]
    Open {
        /// Which.
        ledger: String,
        /// What is wrong and what to do about it.
        what: String,
        /// Whether trying again may help.
        temporary: bool,
    },
}

impl LedgerError {
    /// The database refused or lost a whole group.
    pub(super) fn lost(source: impl Into<DatabaseError>) -> LedgerError {
        LedgerError::Lost(source.into())
    }

    /// Whether the same job may succeed later without anybody changing anything but the state of the machine: a full
    /// or failing disk, a database locked by another process.
    pub fn is_temporary(&self) -> bool {
        match self {
            LedgerError::Database(source) | LedgerError::Lost(source) => source.is_temporary(),
            LedgerError::Open { temporary, .. } => *temporary,
            LedgerError::Undone | LedgerError::Behind | LedgerError::Key { .. } => true,
            LedgerError::Closed
            | LedgerError::Panicked(_)
            | LedgerError::Abandoned(_)
            | LedgerError::Conflict(_)
            | LedgerError::Unfit(_)
            | LedgerError::Damaged(_) => false,
        }
    }

    /// Whether the world failed, and not the job: the same job may well succeed another time. Otherwise it would end the
    /// same way again.
    pub fn is_of_the_world(&self) -> bool {
        match self {
            LedgerError::Panicked(_)
            | LedgerError::Abandoned(_)
            | LedgerError::Conflict(_)
            | LedgerError::Unfit(_)
            | LedgerError::Damaged(_) => false,
            LedgerError::Database(_) => self.is_temporary(),
            LedgerError::Closed
            | LedgerError::Undone
            | LedgerError::Behind
            | LedgerError::Lost(_)
            | LedgerError::Key { .. }
            | LedgerError::Open { .. } => true,
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
        LedgerError::Open { ledger: path.display().to_string(), what: advice, temporary: is_temporary(source) }
    }

    /// A fault of opening a ledger on a server, in words that say what to do.
    pub(super) fn opening_server(server: &Server, source: &ServerError) -> LedgerError {
        let advice = match source.code.as_deref() {
            Some("28P01" | "28000") => "check user and password in the url, and pg_hba.conf of the server",
            Some("3D000") => "create the database, or name another in the url",
            Some("42501") => "give the user of the gateway the rights that docs/ledger.md lists",
            Some("53300") => "raise max_connections of the server, or take connections from others",
            Some(_) => "see the log of the server",
            None => "check host and port in the url, that the server runs, and its certificate",
        };
        let what = format!("{source}; {advice}");
        LedgerError::Open { ledger: server.to_string(), what, temporary: source.is_temporary }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(source: rusqlite::Error) -> LedgerError {
        LedgerError::Database(source.into())
    }
}

impl From<ServerError> for LedgerError {
    fn from(source: ServerError) -> LedgerError {
        LedgerError::Database(source.into())
    }
}

/// What a database says. Cloneable, as [`LedgerError`] is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DatabaseError {
    /// `SQLite`.
    #[error(transparent)]
    Sqlite(Arc<rusqlite::Error>),
    /// PostgreSQL.
    #[error(transparent)]
    Server(ServerError),
}

impl DatabaseError {
    fn is_temporary(&self) -> bool {
        match self {
            DatabaseError::Sqlite(source) => is_temporary(source),
            DatabaseError::Server(source) => source.is_temporary,
        }
    }

    /// Whether something was to be stored that may exist only once.
    fn is_repetition(&self) -> bool {
        match self {
            DatabaseError::Sqlite(source) => source.sqlite_error().is_some_and(|error| {
                matches!(
                    error.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                )
            }),
            DatabaseError::Server(source) => source.code.as_deref() == Some(SqlState::UNIQUE_VIOLATION.code()),
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(source: rusqlite::Error) -> DatabaseError {
        DatabaseError::Sqlite(Arc::new(source))
    }
}

impl From<ServerError> for DatabaseError {
    fn from(source: ServerError) -> DatabaseError {
        DatabaseError::Server(source)
    }
}

/// Tells a broken uniqueness from other faults of an insert.
pub(super) fn unique(source: LedgerError, what: &'static str) -> LedgerError {
    match source {
        LedgerError::Database(database) if database.is_repetition() => LedgerError::Conflict(what),
        other => other,
    }
}

/// What PostgreSQL says, or what keeps it from being reached. The server repeats values in some of its texts: of those
/// only the code is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// SQLSTATE; `None` when it was no answer of the server.
    code: Option<String>,
    text: String,
    is_temporary: bool,
    ends_connection: bool,
}

impl ServerError {
    /// A fault on this side, before the server was reached.
    pub(super) fn local(text: String) -> ServerError {
        ServerError { code: None, text, is_temporary: true, ends_connection: true }
    }

    /// When a transaction that writes cannot begin because the server is a standby: the next connection may find the
    /// one that writes.
    pub(super) fn of_standby(&self) -> Option<ServerError> {
        matches!(self.code.as_deref(), Some("25006" | "0A000")).then(|| ServerError {
            text: "the server is a standby, which only reads".to_owned(),
            is_temporary: true,
            ends_connection: true,
            code: self.code.clone(),
        })
    }

    /// Whether the connection is of no use any more.
    pub(super) fn ends_connection(&self) -> bool {
        self.ends_connection
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.code {
            Some(code) => write!(f, " (SQLSTATE {code})"),
            None => Ok(()),
        }
    }
}

impl Error for ServerError {}

impl From<io::Error> for ServerError {
    fn from(source: io::Error) -> ServerError {
        ServerError::local(source.to_string())
    }
}

impl From<tokio_postgres::Error> for ServerError {
    fn from(source: tokio_postgres::Error) -> ServerError {
        let Some(answer) = source.as_db_error() else { return unanswered(&source) };
        let code = answer.code().code();
        let class = &code[..2];
        // Texts of these name settings, tables and rules; those of others may name values.
        let text = match class {
            "08" | "23" | "25" | "28" | "3D" | "3F" | "40" | "42" | "53" | "55" | "57" | "58" | "P0" => {
                answer.message()
            }
            _ => "the server refused a statement",
        };
        ServerError {
            text: text.to_owned(),
            is_temporary: matches!(class, "08" | "40" | "53" | "57" | "58")
                || matches!(code, "25P03" | "25P04" | "55006" | "55P03"),
            ends_connection: class == "08" || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04"),
            code: Some(code.to_owned()),
        }
    }
}

/// No answer: the connection failed, or the program and its statement do not fit together.
fn unanswered(source: &tokio_postgres::Error) -> ServerError {
    let mut text = source.to_string();
    let mut reason = source.source();
    let mut is_of_the_world = source.is_closed();
    while let Some(cause) = reason {
        text = format!("{text}: {cause}");
        is_of_the_world |= cause.is::<io::Error>();
        reason = cause.source();
    }
    // The crate keeps its kinds to itself.
    is_of_the_world |= ["timeout", "error connecting", "error communicating", "error performing TLS"]
        .iter()
        .any(|start| text.starts_with(start));
    ServerError { code: None, text, is_temporary: is_of_the_world, ends_connection: is_of_the_world }
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
