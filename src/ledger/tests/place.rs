//! Where a test keeps its ledger: a folder, or a schema of its own on the server. Either goes with the value.

use crate::config::{Secret, TlsFiles};
use crate::ledger::db::postgres::Postgres;
use crate::ledger::error::LedgerError;
use crate::ledger::schema::Access;
use crate::ledger::{Location, Server};
use tempfile::TempDir;
use uuid::Uuid;

pub(in crate::ledger) enum Place {
    Folder(TempDir),
    Schema(Server),
}

impl Place {
    /// A folder in `tests`, a schema in `tests_on_postgres`.
    pub(in crate::ledger) fn new() -> Place {
        if module_path!().contains("on_postgres")
            && let Some(server) = server()
        {
            return Place::Schema(server);
        }
        Place::Folder(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(in crate::ledger) fn location(&self) -> Location {
        match self {
            Place::Folder(folder) => Location::File(folder.path().join("ledger.db")),
            Place::Schema(server) => Location::Server(server.clone()),
        }
    }

    pub(in crate::ledger) fn is_on_server(&self) -> bool {
        matches!(self, Place::Schema(_))
    }

    /// Changes the database past the ledger, its triggers and its foreign keys.
    pub(in crate::ledger) fn tamper(&self, sql: &str) -> Result<(), LedgerError> {
        self.change(&match self {
            Place::Folder(_) => format!(
                "PRAGMA foreign_keys = OFF;
                 DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;
                 DROP TRIGGER postings_are_not_changed; DROP TRIGGER postings_are_not_deleted; {sql}"
            ),
            Place::Schema(_) => format!("SET session_replication_role = replica; {sql}"),
        })
    }

    /// Changes the database past the ledger.
    pub(in crate::ledger) fn change(&self, sql: &str) -> Result<(), LedgerError> {
        match self {
            Place::Folder(folder) => {
                let connection = rusqlite::Connection::open(folder.path().join("ledger.db"))?;
                Ok(connection.execute_batch(sql)?)
            }
            Place::Schema(server) => run(server, sql),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Schema(server) = self
            && let Err(error) = run(server, &format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", server.schema()))
        {
            println!("a schema stays behind: {error}");
        }
    }
}

/// A fresh schema on the server that tests use.
fn server() -> Option<Server> {
    let Ok(url) = std::env::var("SLUIS_TEST_POSTGRES") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "SLUIS_TEST_POSTGRES is not set: run ops/test");
        println!("skipped on PostgreSQL, and run on SQLite again: SLUIS_TEST_POSTGRES is not set (see ops/test)");
        return None;
    };
    let schema = format!("test_{}", Uuid::new_v4().simple());
    Some(Server::parse(&Secret::new(url), &schema, &TlsFiles::default()).expect("the address of the server is one"))
}

/// On a thread of its own: a connection is driven where it is used, and tests may be driven by a runtime already.
fn run(server: &Server, sql: &str) -> Result<(), LedgerError> {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION pg_temp.zeroblob(length int) RETURNS bytea LANGUAGE sql
         AS $$SELECT decode(repeat('00', length), 'hex')$$; {}",
        sql.replace("zeroblob(", "pg_temp.zeroblob(")
    );
    let server = server.clone();
    let run = std::thread::spawn(move || {
        let connection = Postgres::connect(&server, Access::Beside)?;
        let done = connection.batch(&sql);
        connection.close();
        done
    });
    run.join().expect("no panic")
}
