//! PostgreSQL behind the face of this folder. One connection, driven on the ledger's own thread: what was sent to the
//! server is always waited for, never cancelled half way. Deadlines are the server's (see [`settings`]) and the
//! kernel's, which ends a connection whose other side is gone.

use super::dialect;
use super::value::Value;
use crate::backoff::{Backoff, random_spread};
use crate::ledger::error::{DatabaseError, LedgerError, ServerError};
use crate::ledger::location::Server;
use crate::ledger::schema::Access;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row};

/// Longest wait for the ledger's lock: others hold it for a group of jobs.
const LOCK: &str = "30s";
/// Longest wait for one statement of a job.
const STATEMENT: &str = "60s";
/// The same for one that only reads, which may be the whole ledger.
const READING: &str = "15min";
/// How long a transaction may stand still while its owner holds up all others: a process that was stopped in the middle
/// of a job must not keep the other gateways from theirs for longer than they take to see that it is gone.
const STANDING_STILL: &str = "10s";
/// How long the end of a connection is waited for.
const PARTING: Duration = Duration::from_secs(2);
/// Waits between attempts to connect.
const WAITS: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(2) };

/// The connection, and how to make it again.
pub(in crate::ledger) struct Postgres {
    server: Server,
    access: Access,
    runtime: Runtime,
    session: Option<Session>,
    /// The savepoint of a job was set and nothing was done since.
    is_fresh: bool,
    /// A statement of the current job was refused: the server refuses all others until the job is undone.
    is_spoiled: Cell<bool>,
    /// Why the session cannot be used any more.
    lost: RefCell<Option<LedgerError>>,
    failures: u32,
    not_before: Option<Instant>,
}

struct Session {
    client: Client,
    driver: JoinHandle<()>,
    statements: RefCell<HashMap<&'static str, tokio_postgres::Statement>>,
}

impl Postgres {
    /// Connects.
    pub(in crate::ledger) fn connect(server: &Server, access: Access) -> Result<Postgres, LedgerError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| LedgerError::opening_server(server, &source.into()))?;
        let mut postgres = Postgres {
            server: server.clone(),
            access,
            runtime,
            session: None,
            is_fresh: false,
            is_spoiled: Cell::new(false),
            lost: RefCell::new(None),
            failures: 0,
            not_before: None,
        };
        postgres.session = Some(postgres.new_session().map_err(|source| LedgerError::opening_server(server, &source))?);
        Ok(postgres)
    }

    fn new_session(&self) -> Result<Session, ServerError> {
        self.runtime.block_on(async {
            let (client, driver) = self.server.connect().await?;
            client.batch_execute(&settings(self.server.schema(), self.access)).await?;
            Ok(Session { client, driver, statements: RefCell::default() })
        })
    }

    /// Starts a transaction, with the ledger's lock when it writes: gateways take turns, as jobs do.
    ///
    /// A connection that was lost meanwhile is made anew first: nothing was done on it yet.
    pub(in crate::ledger) fn begin(&mut self) -> Result<(), LedgerError> {
        let start = match self.access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT job".to_owned(),
            Access::Write | Access::Beside => {
                let lock = lock_number(self.server.schema());
                format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE;
                     SELECT pg_advisory_xact_lock({lock}); SAVEPOINT job"
                )
            }
        };
        let mut is_new = false;
        if self.is_lost() {
            self.reconnect()?;
            is_new = true;
        }
        let mut begun = self.batch(&start);
        if begun.is_err() && self.is_lost() && !is_new {
            self.reconnect()?;
            begun = self.batch(&start);
        }
        if let Err(LedgerError::Lost(DatabaseError::Server(error))) = &begun
            && let Some(standby) = error.of_standby()
        {
            begun = Err(LedgerError::lost(standby));
            self.lost.replace(begun.clone().err());
        }
        if begun.is_err() {
            self.roll_back()?;
        }
        self.is_fresh = true;
        self.is_spoiled.set(false);
        begun
    }

    /// Sets the savepoint of a job.
    pub(in crate::ledger) fn begin_job(&mut self) -> Result<(), LedgerError> {
        if !self.is_fresh {
            self.batch("RELEASE SAVEPOINT job; SAVEPOINT job")?;
        }
        self.is_fresh = false;
        self.is_spoiled.set(false);
        Ok(())
    }

    /// Undoes what the job did.
    pub(in crate::ledger) fn undo_job(&mut self) -> Result<(), LedgerError> {
        self.batch("ROLLBACK TO SAVEPOINT job")?;
        self.is_fresh = true;
        Ok(())
    }

    /// Whether the server refused a statement of the job.
    pub(in crate::ledger) fn is_spoiled(&self) -> bool {
        self.is_spoiled.get()
    }

    /// The savepoint is released first: in a transaction that the server gave up, that fails, while a commit alone
    /// would undo everything and report success.
    pub(in crate::ledger) fn commit(&mut self) -> Result<(), LedgerError> {
        self.batch("RELEASE SAVEPOINT job; COMMIT")
    }

    /// Ends a transaction that is not to be; one that ended by itself does no harm.
    pub(in crate::ledger) fn roll_back(&mut self) -> Result<(), LedgerError> {
        if self.is_lost() { Ok(()) } else { self.batch("ROLLBACK") }
    }

    /// Why the connection is gone, if it is: what was done in its transaction is, or nobody knows.
    pub(in crate::ledger) fn lost(&self) -> Option<LedgerError> {
        self.lost.borrow().clone()
    }

    fn is_lost(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.client.is_closed()) || self.lost.borrow().is_some()
    }

    /// A server that is away is asked again after a while only; meanwhile jobs hear at once that it is.
    fn reconnect(&mut self) -> Result<(), LedgerError> {
        if let Some(error) = self.lost()
            && self.not_before.is_some_and(|moment| Instant::now() < moment)
        {
            return Err(error);
        }
        self.part();
        match self.new_session() {
            Ok(session) => {
                self.session = Some(session);
                if self.lost.replace(None).is_some() {
                    tracing::info!(attempts = self.failures + 1, "the database of the ledger is back");
                }
                self.failures = 0;
                self.not_before = None;
                Ok(())
            }
            Err(source) => {
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(Instant::now() + WAITS.after(self.failures, random_spread()));
                let error = LedgerError::lost(source);
                self.lost.replace(Some(error.clone()));
                Err(error)
            }
        }
    }

    fn part(&mut self) {
        let Some(Session { client, driver, .. }) = self.session.take() else { return };
        drop(client);
        // Lets the driver say goodbye; one that cannot is left behind with its socket.
        let goodbye = self.runtime.block_on(async { tokio::time::timeout(PARTING, driver).await });
        if goodbye.is_err() {
            tracing::debug!("the connection to the database did not end in time");
        }
    }

    /// Ends the connection.
    pub(in crate::ledger) fn close(mut self) {
        self.part();
    }

    /// Runs statements of the program's own that give nothing back.
    pub(in crate::ledger) fn batch(&self, sql: &str) -> Result<(), LedgerError> {
        let done = self.runtime.block_on(self.client()?.batch_execute(sql));
        done.map_err(|source| {
            let source = self.heard(source);
            LedgerError::lost(source)
        })
    }

    /// Runs a statement; how many rows it changed.
    pub(in crate::ledger) fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, LedgerError> {
        let statement = self.prepared(sql)?;
        let changed = self.runtime.block_on(self.client()?.execute_raw(&statement, values.iter()));
        changed.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)).map_err(|source| self.heard(source).into())
    }

    /// All rows of a query.
    pub(in crate::ledger) fn query(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, LedgerError> {
        let statement = self.prepared(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.runtime.block_on(self.client()?.query(&statement, &params));
        rows.map_err(|source| self.heard(source).into())
    }

    fn prepared(&self, sql: &'static str) -> Result<tokio_postgres::Statement, LedgerError> {
        let session = self.session()?;
        if let Some(statement) = session.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self.runtime.block_on(session.client.prepare(&dialect::postgres(sql)));
        let statement = prepared.map_err(|source| LedgerError::from(self.heard(source)))?;
        session.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    fn session(&self) -> Result<&Session, LedgerError> {
        match (&self.session, self.lost()) {
            (Some(session), None) => Ok(session),
            (_, Some(lost)) => Err(lost),
            (None, None) => Err(LedgerError::Closed),
        }
    }

    fn client(&self) -> Result<&Client, LedgerError> {
        self.session().map(|session| &session.client)
    }

    /// Notes what an error means for the job and the connection.
    fn heard(&self, source: tokio_postgres::Error) -> ServerError {
        self.is_spoiled.set(true);
        let error = ServerError::from(source);
        if error.ends_connection() && self.lost.borrow().is_none() {
            tracing::warn!(error = %error, "the database of the ledger is away");
            self.lost.replace(Some(LedgerError::lost(error.clone())));
        }
        error
    }
}

/// What holds for the whole connection, whatever the server's defaults. A commit that is reported is on the server's
/// disk, and on that of its synchronous standbys.
///
/// Jobs look up a few rows among many: reading a whole table is never right for them, and a plan that was made while it
/// was empty is kept for long. How sets are joined is left to the planner. Before it has counted the rows it hashes all
/// lines of a provider, which takes in proportion to them; made to loop, it would take the wrong index and their square.
fn settings(schema: &str, access: Access) -> String {
    let (statement, whole_tables) = match access {
        Access::Read => (READING, "on"),
        Access::Write | Access::Beside => (STATEMENT, "off"),
    };
    format!(
        "SET search_path TO \"{schema}\";
         SELECT set_config('synchronous_commit',
             CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false);
         SET lock_timeout = '{LOCK}';
         SET statement_timeout = '{statement}';
         SET idle_in_transaction_session_timeout = '{STANDING_STILL}';
         SET tcp_keepalives_idle = 10;
         SET tcp_keepalives_interval = 5;
         SET tcp_keepalives_count = 3;
         SET TIME ZONE 'UTC';
         SET jit = off;
         SET enable_seqscan = {whole_tables};
         SET random_page_cost = 1.1;"
    )
}

/// Number of the lock of a ledger, the same for every gateway.
pub(in crate::ledger) fn lock_number(schema: &str) -> i64 {
    let digest = Sha256::digest(format!("sluis ledger {schema}"));
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(number)
}

/// Values are encoded for whatever type the server inferred from the statement.
impl ToSql for Value<'_> {
    fn to_sql(&self, column: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match *self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(integer) => match *column {
                Type::INT8 => integer.to_sql(column, out),
                Type::INT4 => i32::try_from(integer)?.to_sql(column, out),
                Type::INT2 => i16::try_from(integer)?.to_sql(column, out),
                Type::BOOL => (integer != 0).to_sql(column, out),
                _ => Err(format!("a number stands where the statement wants {column}").into()),
            },
            // No text of PostgreSQL holds a NUL. The only ones that could are ids that a transport made up.
            Value::Text(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").to_sql(column, out),
            Value::Text(text) if <&str as ToSql>::accepts(column) => text.to_sql(column, out),
            Value::Blob(bytes) if *column == Type::BYTEA => bytes.to_sql(column, out),
            Value::Text(_) => Err(format!("a text stands where the statement wants {column}").into()),
            Value::Blob(_) => Err(format!("bytes stand where the statement wants {column}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(column: &Type, raw: &'a [u8]) -> Result<Value<'a>, Box<dyn Error + Sync + Send>> {
        Ok(match *column {
            Type::INT8 => Value::Integer(i64::from_sql(column, raw)?),
            Type::INT4 => Value::Integer(i32::from_sql(column, raw)?.into()),
            Type::INT2 => Value::Integer(i16::from_sql(column, raw)?.into()),
            Type::BOOL => Value::Integer(bool::from_sql(column, raw)?.into()),
            Type::NUMERIC => Value::Integer(whole(raw).ok_or("a sum is no whole number, or too large")?),
            Type::BYTEA => Value::Blob(raw),
            _ if <&str as FromSql>::accepts(column) => Value::Text(<&str as FromSql>::from_sql(column, raw)?),
            _ => return Err(format!("a column is {column}").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value<'a>, Box<dyn Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A `numeric` without a fraction: PostgreSQL makes one of every sum, so that it cannot overflow. Four words (digits,
/// weight of the first, sign, scale), then the digits, to the base of ten thousand.
fn whole(raw: &[u8]) -> Option<i64> {
    let word = |index: usize| Some(u16::from_be_bytes(raw.get(2 * index..2 * index + 2)?.try_into().ok()?));
    let (digits, weight, sign) = (word(0)?, i16::from_be_bytes(word(1)?.to_be_bytes()), word(2)?);
    if !matches!(sign, 0 | 0x4000) {
        return None;
    }
    let mut total: i128 = 0;
    for place in 0..=weight {
        let digit = if place < i16::try_from(digits).ok()? { word(4 + usize::try_from(place).ok()?)? } else { 0 };
        total = total.checked_mul(10_000)?.checked_add(digit.into())?;
    }
    // Digits behind the point, if any, are those after the weight.
    if i32::from(digits) > i32::from(weight) + 1 {
        return None;
    }
    i64::try_from(if sign == 0 { total } else { -total }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let count = u16::try_from(digits.len()).expect("few");
        let words = [count, u16::from_be_bytes(weight.to_be_bytes()), sign, 0];
        words.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn sums_are_whole_numbers() {
        for (raw, expected) in [
            (numeric(0, 0, &[]), Some(0)),
            (numeric(0, 0, &[42]), Some(42)),
            (numeric(1, 0, &[1]), Some(10_000)),
            (numeric(1, 0x4000, &[1, 2]), Some(-10_002)),
            (numeric(4, 0, &[922, 3372, 368, 5477, 5807]), Some(i64::MAX)),
            (numeric(4, 0, &[922, 3372, 368, 5477, 5808]), None),
            (numeric(4, 0x4000, &[922, 3372, 368, 5477, 5808]), Some(i64::MIN)),
            (numeric(-1, 0, &[5000]), None),
            (numeric(0, 0, &[1, 5000]), None),
            (numeric(0, 0xC000, &[]), None),
            (vec![0, 1, 0], None),
            (numeric(i16::MAX, 0, &[1]), None),
        ] {
            assert_eq!(whole(&raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn ledgers_have_locks_of_their_own() {
        assert_ne!(lock_number("sluis"), lock_number("sluis_test"));
    }
}
