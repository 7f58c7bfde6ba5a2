//! The two databases behind one face: connections, statements, parameters and rows. Statements are written once, in
//! what both understand; `dialect` says what is put in other words for PostgreSQL.
//!
//! Nothing here knows what is stored, and nothing here tries again: what became of a transaction is the business of
//! the writer.

mod dialect;
pub(super) mod postgres;
mod sqlite;
mod value;

pub(super) use value::{Field, Params, Value};

use super::error::{LedgerError, ServerError};
use super::schema::Access;
use postgres::Postgres;

/// Parameters of several types, in the order of their numbers.
macro_rules! params {
    ($($param:expr),* $(,)?) => {
        &[$(&$param as &dyn $crate::ledger::db::Param),*] as &[&dyn $crate::ledger::db::Param]
    };
}
pub(in crate::ledger) use params;
pub(super) use value::Param;

/// A connection to the database of a ledger.
pub(super) enum Connection {
    /// To a file, or to memory.
    Sqlite(rusqlite::Connection),
    /// To a server.
    Postgres(Box<Postgres>),
}

impl Connection {
    /// Starts a transaction; one that writes waits until others are done.
    pub(super) fn begin(&mut self, access: Access) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => {
                let start = match access {
                    Access::Write | Access::Beside => "BEGIN IMMEDIATE",
                    Access::Read => "BEGIN",
                };
                sqlite::run(connection, start)
            }
            Connection::Postgres(connection) => connection.begin(),
        }
    }

    /// Sets the savepoint of a job.
    pub(super) fn begin_job(&mut self) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => sqlite::run(connection, "SAVEPOINT job"),
            Connection::Postgres(connection) => connection.begin_job(),
        }
    }

    /// Keeps what a job did.
    pub(super) fn end_job(&mut self) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => sqlite::run(connection, "RELEASE job"),
            // Goes with the next statement.
            Connection::Postgres(_) => Ok(()),
        }
    }

    /// Undoes what a job did.
    pub(super) fn undo_job(&mut self) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => {
                sqlite::run(connection, "ROLLBACK TO job").and_then(|()| sqlite::run(connection, "RELEASE job"))
            }
            Connection::Postgres(connection) => connection.undo_job(),
        }
    }

    /// Makes all that the jobs did last.
    pub(super) fn commit(&mut self) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => sqlite::run(connection, "COMMIT"),
            Connection::Postgres(connection) => connection.commit(),
        }
    }

    /// Ends a transaction that failed, if it has not ended by itself.
    pub(super) fn roll_back(&mut self) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) if connection.is_autocommit() => Ok(()),
            Connection::Sqlite(connection) => sqlite::run(connection, "ROLLBACK"),
            Connection::Postgres(connection) => connection.roll_back(),
        }
    }

    /// Why the transaction is gone before its end, with all that its jobs did, if it is: `SQLite` undoes it when the
    /// disk is full, and a server may be lost.
    pub(super) fn undone(&self) -> Option<LedgerError> {
        match self {
            Connection::Sqlite(connection) => connection.is_autocommit().then_some(LedgerError::Undone),
            Connection::Postgres(connection) => connection.lost(),
        }
    }

    /// Whether the job cannot be kept because one of its statements was refused, whatever it made of that.
    pub(super) fn is_spoiled(&self) -> bool {
        match self {
            Connection::Sqlite(_) => false,
            Connection::Postgres(connection) => connection.is_spoiled(),
        }
    }

    /// A statement, prepared once per connection.
    pub(super) fn prepare(&self, sql: &'static str) -> Result<Statement<'_>, LedgerError> {
        Ok(match self {
            Connection::Sqlite(connection) => Statement::Sqlite(connection.prepare_cached(sql)?),
            Connection::Postgres(connection) => Statement::Postgres(connection, sql),
        })
    }

    /// Closes the connection; the one that owns a file leaves one behind instead of three.
    pub(super) fn close(self, access: Access) -> Result<(), LedgerError> {
        match self {
            Connection::Sqlite(connection) => {
                if access == Access::Write {
                    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
                }
                connection.close().map_err(|(_, source)| source.into())
            }
            Connection::Postgres(connection) => {
                connection.close();
                Ok(())
            }
        }
    }
}

/// A statement, prepared once per connection.
pub(super) enum Statement<'a> {
    /// For `SQLite`.
    Sqlite(rusqlite::CachedStatement<'a>),
    /// For PostgreSQL, as it is written here.
    Postgres(&'a Postgres, &'static str),
}

impl Statement<'_> {
    /// Runs it; how many rows it changed.
    pub(super) fn execute(&mut self, params: impl Params) -> Result<usize, LedgerError> {
        match self {
            Statement::Sqlite(statement) => sqlite::execute(statement, &params.values()),
            Statement::Postgres(connection, sql) => connection.execute(sql, &params.values()),
        }
    }

    /// Runs it; the rows that it gives.
    pub(super) fn query(&mut self, params: impl Params) -> Result<Rows<'_>, LedgerError> {
        Ok(match self {
            Statement::Sqlite(statement) => Rows::Sqlite(sqlite::query(statement, &params.values())?),
            Statement::Postgres(connection, sql) => {
                Rows::Postgres { rows: connection.query(sql, &params.values())?, read: 0 }
            }
        })
    }
}

/// The rows of a query.
pub(super) enum Rows<'s> {
    /// Of `SQLite`, read as they are asked for.
    Sqlite(rusqlite::Rows<'s>),
    /// Of PostgreSQL, all of them.
    Postgres {
        /// The rows.
        rows: Vec<tokio_postgres::Row>,
        /// How many were read.
        read: usize,
    },
}

impl<'s> Rows<'s> {
    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_, 's>>, LedgerError> {
        Ok(match self {
            Rows::Sqlite(rows) => rows.next()?.map(Row::Sqlite),
            Rows::Postgres { rows, read } => {
                *read += 1;
                rows.get(*read - 1).map(Row::Postgres)
            }
        })
    }
}

/// One row.
pub(super) enum Row<'r, 's> {
    /// Of `SQLite`.
    Sqlite(&'r rusqlite::Row<'s>),
    /// Of PostgreSQL.
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r, '_> {
    /// The value of a column, counted from 0.
    pub(super) fn column(&self, index: usize) -> Result<Value<'r>, LedgerError> {
        match self {
            Row::Sqlite(row) => sqlite::column(row, index),
            Row::Postgres(row) => row.try_get(index).map_err(|source| ServerError::from(source).into()),
        }
    }
}
