//! Opening the database: settings of the connection, migrations, and the check that the keys are the right ones.

pub(super) mod postgres;

use super::db::Connection as Either;
use super::error::LedgerError;
use super::keys::{KeyId, KeySort, Keys};
use super::location::Location;
use rusqlite::{Connection, OpenFlags, params};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// A step of the schema. Steps are only ever added: expand first, contract later.
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

static MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "ledger", sql: include_str!("migrations/0001_ledger.sql") },
    Migration { number: 2, name: "requests", sql: include_str!("migrations/0002_requests.sql") },
    Migration { number: 3, name: "questions", sql: include_str!("migrations/0003_questions.sql") },
    Migration { number: 4, name: "waiting room", sql: include_str!("migrations/0004_waiting_room.sql") },
    Migration { number: 5, name: "course of care", sql: include_str!("migrations/0005_course.sql") },
    Migration { number: 6, name: "signals with ends", sql: include_str!("migrations/0006_signals.sql") },
    Migration { number: 7, name: "holds", sql: include_str!("migrations/0007_holds.sql") },
    Migration { number: 8, name: "money", sql: include_str!("migrations/0008_money.sql") },
    Migration { number: 9, name: "delivery", sql: include_str!("migrations/0009_delivery.sql") },
    Migration { number: 10, name: "replay", sql: include_str!("migrations/0010_replay.sql") },
    Migration { number: 11, name: "keys", sql: include_str!("migrations/0011_keys.sql") },
    Migration { number: 12, name: "refusals", sql: include_str!("migrations/0012_refusals.sql") },
    Migration { number: 13, name: "members", sql: include_str!("migrations/0013_members.sql") },
    Migration { number: 14, name: "takes", sql: include_str!("migrations/0014_takes.sql") },
    Migration { number: 15, name: "bringers", sql: include_str!("migrations/0015_bringers.sql") },
    Migration { number: 16, name: "access", sql: include_str!("migrations/0016_access.sql") },
    Migration { number: 17, name: "orders", sql: include_str!("migrations/0017_orders.sql") },
    Migration { number: 18, name: "search", sql: include_str!("migrations/0018_search.sql") },
    Migration { number: 19, name: "retention", sql: include_str!("migrations/0019_retention.sql") },
    Migration { number: 20, name: "console", sql: include_str!("migrations/0020_console.sql") },
    Migration { number: 21, name: "last messages", sql: include_str!("migrations/0021_last_messages.sql") },
    Migration { number: 22, name: "accounts of senders", sql: include_str!("migrations/0022_accounts_of_senders.sql") },
];

/// Marks a `SQLite` file as a ledger: `SLUI`.
const APPLICATION_ID: i32 = 0x534C_5549;
/// How long to wait for another process (a command beside the daemon) to finish its transaction.
const BUSY: Duration = Duration::from_secs(10);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Make the database when there is none, upgrade its schema, and write.
    Write,
    /// Look at a database that another process may be writing to, without ever holding that one up.
    Read,
    /// Write a little into a database that another process owns.
    Beside,
}

/// Opens a ledger, with a schema that this program knows.
pub(super) fn open_at(location: &Location, keys: &Keys, access: Access) -> Result<Either, LedgerError> {
    match location {
        Location::Memory => open(None, keys, access).map(Either::Sqlite),
        Location::File(path) => open(Some(path), keys, access).map(Either::Sqlite),
        Location::Server(server) => {
            postgres::open(server, keys, access).map(|connection| Either::Postgres(Box::new(connection)))
        }
    }
}

/// Opens the database at `path`, or in memory.
pub(super) fn open(path: Option<&Path>, keys: &Keys, access: Access) -> Result<Connection, LedgerError> {
    let name = path.unwrap_or_else(|| Path::new(":memory:"));
    let connection = match path {
        Some(path) => {
            if access == Access::Write {
                make_private(path).map_err(|source| cannot_make(path, &source))?;
            } else if !path.exists() {
                return Err(fault(path, "there is no such file; check the path, or start the gateway once".to_owned()));
            }
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)
        }
        None => Connection::open_in_memory(),
    };
    let opening = |source: rusqlite::Error| LedgerError::opening(name, &source);
    let mut connection = connection.map_err(opening)?;
    connection.busy_timeout(BUSY).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(128);
    refuse_foreign(&connection, name)?;
    if access == Access::Write {
        configure(&connection, path.is_some(), name)?;
        migrate(&mut connection, name)?;
        note_keys(&connection, keys).map_err(opening)?;
    } else {
        require_current(&connection, name)?;
        let settings = match access {
            Access::Read => "PRAGMA query_only = ON",
            // A checkpoint of the log is the owner's business.
            _ => "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;",
        };
        connection.execute_batch(settings).map_err(opening)?;
    }
    check_keys(&connection, keys, name)?;
    Ok(connection)
}

/// A new database is readable for its owner alone; `SQLite` gives its companion files the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

fn cannot_make(path: &Path, source: &io::Error) -> LedgerError {
    let advice = match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "create the folder first",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give the user of the gateway the right to write to the file and to its folder"
        }
        io::ErrorKind::IsADirectory => "name a file, not a folder",
        io::ErrorKind::StorageFull => "make room on the disk and try again",
        _ => "check the path",
    };
    let temporary = source.kind() == io::ErrorKind::StorageFull;
    LedgerError::Open { ledger: path.display().to_string(), what: format!("{source}; {advice}"), temporary }
}

/// Before anything is written: a database of another program is left as it is.
fn refuse_foreign(connection: &Connection, name: &Path) -> Result<(), LedgerError> {
    let opening = |source: rusqlite::Error| LedgerError::opening(name, &source);
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(opening)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(opening)?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(fault(name, "the database belongs to another program; name another path".to_owned()))
}

fn configure(connection: &Connection, on_disk: bool, name: &Path) -> Result<(), LedgerError> {
    let opening = |source: rusqlite::Error| LedgerError::opening(name, &source);
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(opening)?;
    if on_disk && mode != "wal" {
        let what = "the file system has no write-ahead log (a network share?); put the ledger on a local disk";
        return Err(fault(name, what.to_owned()));
    }
    // FULL, not NORMAL: what was acknowledged must outlive a power cut, and grouped commits make it cheap.
    // A rare checkpoint rewrites a page once for many commits.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = 8000;
             PRAGMA cache_size = -65536;
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(opening)
}

fn migrate(connection: &mut Connection, name: &Path) -> Result<(), LedgerError> {
    let opening = |source: rusqlite::Error| LedgerError::opening(name, &source);
    let found = prepare(connection).map_err(opening)?;
    refuse_newer(found, name)?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > found) {
        apply(connection, migration).map_err(opening)?;
    }
    Ok(())
}

/// Whether a database is marked as a ledger.
pub(super) fn is_ledger(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID)
}

/// Number of the latest migration of this program.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

fn refuse_newer(found: i64, name: &Path) -> Result<(), LedgerError> {
    if found <= known() { Ok(()) } else { Err(fault(name, newer(found))) }
}

fn newer(found: i64) -> String {
    let known = known();
    format!(
        "its schema is version {found} and this program knows up to {known}; start a newer program, or restore the \
         backup made before the upgrade"
    )
}

fn older(found: i64) -> String {
    format!("its schema is version {found} of {}; start the gateway once to upgrade it", known())
}

/// Somebody who only looks does not upgrade.
fn require_current(connection: &Connection, name: &Path) -> Result<(), LedgerError> {
    let found = found(connection).map_err(|source| LedgerError::opening(name, &source))?;
    refuse_newer(found, name)?;
    if found == known() {
        return Ok(());
    }
    Err(fault(name, older(found)))
}

/// Number of the latest migration in the database; 0 for a file without.
pub(super) fn found(connection: &Connection) -> rusqlite::Result<i64> {
    let started: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
        [],
        |row| row.get(0),
    )?;
    if started == 0 {
        return Ok(0);
    }
    connection.query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0))
}

/// Marks the file as a ledger when it is not yet; gives the number of the latest migration in it.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    let number = found(connection)?;
    if number > 0 {
        return Ok(number);
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID};
         CREATE TABLE IF NOT EXISTS migrations (
             number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL
         ) STRICT;"
    ))?;
    transaction.commit()?;
    found(connection)
}

/// One migration, one transaction. Another process may have been faster.
fn apply(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let done: i64 = transaction.query_row(
        "SELECT count(*) FROM migrations WHERE number = ?1",
        params![migration.number],
        |row| row.get(0),
    )?;
    if done == 0 {
        transaction.execute_batch(migration.sql)?;
        transaction.execute(
            "INSERT INTO migrations (number, name, applied_at) VALUES (?1, ?2, unixepoch() * 1000000)",
            params![migration.number, migration.name],
        )?;
    }
    transaction.commit()
}

/// The first keys that a database is opened with are its keys.
fn note_keys(connection: &Connection, keys: &Keys) -> rusqlite::Result<()> {
    if !keys_in_use(connection)?.is_empty() {
        return Ok(());
    }
    for sort in KeySort::ALL {
        for id in keys.ids(sort) {
            connection.execute(
                "INSERT INTO keys (sort, id, check_value, since) VALUES (?1, ?2, ?3, unixepoch() * 1000000)
                 ON CONFLICT (sort, id) DO NOTHING",
                params![sort.as_str(), id, keys.check_value(sort, id)],
            )?;
        }
    }
    Ok(())
}

/// What the keys of a ledger and a key file do not have in common, and what to do; `None` when they fit.
fn wrong_keys(in_use: &[InUse], keys: &Keys) -> Option<String> {
    if in_use.is_empty() {
        return Some("it names no keys of its own; restore it from a backup".to_owned());
    }
    in_use.iter().find_map(|(sort, id, noted)| match keys.check_value(*sort, *id) {
        Some(known) if known == *noted => None,
        Some(_) => Some(format!(
            "it was made with other keys ({} key {id}); load the key file that belongs to it (a new key file cannot \
             replace it)",
            sort.as_str()
        )),
        None => Some(format!(
            "it uses {} key {id}, which the key file does not hold; load the key file that belongs to it, in the state in \
             which that key was added",
            sort.as_str()
        )),
    })
}

/// A key that something may be sealed with or known by, with what tells it from others.
type InUse = (KeySort, KeyId, [u8; 16]);

fn check_keys(connection: &Connection, keys: &Keys, name: &Path) -> Result<(), LedgerError> {
    let in_use = keys_in_use(connection).map_err(|source| LedgerError::opening(name, &source))?;
    wrong_keys(&in_use, keys).map_or(Ok(()), |what| Err(fault(name, what)))
}

/// The keys of the ledger.
fn keys_in_use(connection: &Connection) -> rusqlite::Result<Vec<InUse>> {
    let mut statement =
        connection.prepare("SELECT sort, id, check_value FROM keys WHERE retired_at IS NULL ORDER BY sort, id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    // The table holds no other words.
    rows.filter_map(|row| row.map(|(sort, id, check)| Some((KeySort::parse(&sort)?, id, check))).transpose()).collect()
}

fn fault(name: &Path, what: String) -> LedgerError {
    LedgerError::Open { ledger: name.display().to_string(), what, temporary: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn refusal(path: &Path, keys: &Keys) -> String {
        let error = open(Some(path), keys, Access::Write).expect_err("the ledger must not open");
        assert!(!error.is_temporary());
        let text = error.to_string();
        assert!(text.contains(&*path.to_string_lossy()), "{text}");
        text
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    /// A question as its columns hold it.
    type Row = (String, String, String, String, Option<String>, Option<i64>);

    #[test]
    fn migrations_are_numbered_in_a_row() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        assert_eq!(numbers, (1..=i64::try_from(MIGRATIONS.len()).expect("few")).collect::<Vec<_>>());
    }

    /// Ledgers of before the table of keys have one check value for both sorts.
    #[test]
    fn the_keys_of_before_are_taken_over() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let keys = Keys::generate();
        let mut connection = Connection::open(&path).expect("it can be made");
        prepare(&mut connection).expect("an empty ledger");
        for migration in MIGRATIONS.iter().take_while(|migration| migration.name != "keys") {
            apply(&mut connection, migration).expect("an old ledger");
        }
        let check: Vec<u8> = [KeySort::Person, KeySort::Body]
            .into_iter()
            .flat_map(|sort| keys.check_value(sort, 1).expect("the key is there"))
            .collect();
        connection.execute("INSERT INTO meta VALUES ('key_check', ?1)", [check]).expect("a ledger of before");
        drop(connection);
        assert!(refusal(&path, &Keys::generate()).contains("other keys"));
        let connection = open(Some(&path), &keys, Access::Write).expect("it opens");
        let in_use = keys_in_use(&connection).expect("they can be read");
        let found: Vec<_> = in_use.iter().map(|(sort, id, _)| (sort.as_str(), *id)).collect();
        assert_eq!(found, [("body", 1), ("person", 1)]);
    }

    #[test]
    fn a_database_opens_again_with_its_settings() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let keys = Keys::generate();
        drop(open(Some(&path), &keys, Access::Write).expect("a new ledger opens"));
        let connection = open(Some(&path), &keys, Access::Write).expect("an old one opens again");
        let pragma = |name: &str| -> String {
            connection
                .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0))
                .expect("a pragma can be read")
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2", "FULL");
        assert_eq!(pragma("foreign_keys"), "1");
        for file in ["ledger.db", "ledger.db-wal"] {
            let mode = std::fs::metadata(folder.path().join(file)).expect("the file is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    /// A ledger of before the questions gets one for each message that counts: answered where a reply is known.
    #[test]
    fn messages_of_before_get_their_questions() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let mut connection = Connection::open(&path).expect("it can be made");
        prepare(&mut connection).expect("an empty ledger");
        for migration in &MIGRATIONS[..2] {
            apply(&mut connection, migration).expect("an old ledger");
        }
        for (number, afzender, identificatie, verdict) in [
            ("301", "0197", "A1", "accepted"),
            ("301", "0197", "A2", "accepted"),
            ("302", "0197", "A2", "accepted"),
            ("301", "0197", "A3", "held"),
            ("301", "0197", "A4", "rejected"),
            ("305", "42420001", "S1", "accepted"),
            ("323", "42420001", "D1", "partly"),
        ] {
            let counts = matches!(verdict, "accepted" | "partly" | "held");
            connection
                .execute(
                    "INSERT INTO messages (transport, transport_id, digest, received_at, law, number, afzender,
                         identificatie, dagtekening, gemeente, aanbieder, verdict, level, counts_as_sent, findings,
                         skipped, body)
                     VALUES ('directory', ?1 || ?2, zeroblob(32), 1773144000000000, 'wmo', ?1, ?3, ?2, '2026-03-09',
                         '0197', '42420001', ?4, 4, ?5, '[]', '[]', x'')",
                    params![number, identificatie, afzender, verdict, counts],
                )
                .expect("a message of before");
        }
        drop(connection);
        let connection = open(Some(&path), &Keys::generate(), Access::Write).expect("it is upgraded");
        let mut statement = connection
            .prepare(
                "SELECT m.identificatie, q.debt, q.owed_by, q.due_on, q.answered_on, q.answered_by
                 FROM questions AS q JOIN messages AS m ON m.id = q.message_id ORDER BY m.id",
            )
            .expect("a query");
        let rows: Vec<Row> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
            .and_then(Iterator::collect)
            .expect("rows");
        let row = |name: &str, debt: &str, owed_by: &str, answered: Option<&str>, by| {
            let text = str::to_owned;
            (text(name), text(debt), text(owed_by), text("2026-03-15"), answered.map(str::to_owned), by)
        };
        let day = Some("2026-03-10");
        assert_eq!(
            rows,
            [
                row("A1", "return", "42420001", None, None),
                row("A2", "return", "42420001", day, Some(3)),
                row("S1", "return", "0197", day, None),
                row("D1", "declaration_answer", "0197", day, None),
            ]
        );
    }

    /// Signals and what leaves of them had to come of a message before; rows, attempts and their order stay.
    #[test]
    fn signals_and_the_outbox_of_before_stay_as_they_were() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let mut connection = Connection::open(&path).expect("it can be made");
        prepare(&mut connection).expect("an empty ledger");
        for migration in &MIGRATIONS[..5] {
            apply(&mut connection, migration).expect("an old ledger");
        }
        connection
            .execute_batch(
                "INSERT INTO messages (id, transport, transport_id, digest, received_at, verdict, level, counts_as_sent,
                     findings, skipped, body)
                 VALUES (7, 'directory', 'x', zeroblob(32), 1773144000000000, 'rejected', 4, 0, '[]', '[]', x'');
                 INSERT INTO signals (id, message_id, \"check\", outcome, severity, region, gemeente, content)
                 VALUES ('s1', 7, 'A1', 'signal', 'high', 'r', '0197', '{}');
                 INSERT INTO outbox (sequence, id, message_id, purpose, lane, receiver, subject, body, created_at, sent_at)
                 VALUES (41, zeroblob(16), 7, 'signal', 'signal', '0197', 'A1', x'01', 5, NULL),
                     (42, zeroblob(16), 7, 'reply', 'message', '42420001', 'WMO306', x'02', 6, 9);
                 INSERT INTO attempts (sequence, attempt, at, outcome, retry_at, reason)
                 VALUES (41, 1, 8, 'retry', 10, 'refused'), (42, 1, 9, 'sent', NULL, NULL);",
            )
            .expect("rows of before");
        drop(connection);
        let connection = open(Some(&path), &Keys::generate(), Access::Write).expect("it is upgraded");
        let text = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).expect("a row") };
        assert_eq!(
            text("SELECT id || message_id || opened_at || coalesce(ended_at, '-') || occurrence FROM signals"),
            "s171773144000000000-1"
        );
        let rows = "SELECT group_concat(sequence || lane || message_id || hex(body) || coalesce(sent_at, '-'), ' ')
            FROM (SELECT * FROM outbox ORDER BY sequence)";
        assert_eq!(text(rows), "41signal701- 42message7029");
        let attempts = "SELECT group_concat(sequence || outcome || coalesce(reason, '-'), ' ')
            FROM (SELECT * FROM attempts ORDER BY sequence)";
        assert_eq!(text(attempts), "41retryrefused 42sent-");
        let broken: i64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .expect("it checks");
        assert_eq!(broken, 0);
        connection
            .execute(
                "INSERT INTO outbox (id, correlation, purpose, lane, receiver, subject, body, created_at)
                 VALUES (randomblob(16), 'r', 'signal', 'signal', '0197', 'C2', x'03', 11)",
                [],
            )
            .expect("an event of no message");
        assert_eq!(text("SELECT CAST(max(sequence) AS TEXT) FROM outbox"), "43", "numbers go on");
    }

    /// A ledger of before the accounts keeps its balances, and its accounts tie to the declarations.
    #[test]
    fn postings_of_before_stay_and_the_accounts_tie() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let mut connection = Connection::open(&path).expect("it can be made");
        prepare(&mut connection).expect("an empty ledger");
        for migration in MIGRATIONS.iter().take_while(|migration| migration.name != "money") {
            apply(&mut connection, migration).expect("an old ledger");
        }
        connection
            .execute_batch(
                "INSERT INTO messages (transport, transport_id, digest, received_at, law, number, afzender,
                     identificatie, dagtekening, gemeente, aanbieder, verdict, level, counts_as_sent, register_version,
                     findings, skipped, body)
                 VALUES ('directory', 'a', zeroblob(32), 0, 'wmo', '301', '0197', 'A1', '2026-01-02', '0197',
                     '42420001', 'accepted', 4, 1, 'abc', '[]', '[]', x''),
                     ('directory', 'd', zeroblob(32), 0, 'wmo', '323', '42420001', 'D1', '2026-02-02', '0197',
                     '42420001', 'partly', 4, 1, 'abc', '[]', '[]', x''),
                     ('directory', 'e', zeroblob(32), 0, 'wmo', '323', '42420001', 'D2', '2026-02-02', '0363',
                     '42420001', 'accepted', 4, 1, NULL, '[]', '[]', x'');
                 INSERT INTO declaraties VALUES
                     ('wmo', '42420001', 'N1', 2, '0197', '2026-01-01', '2026-01-31', 120, 90),
                     ('wmo', '42420001', 'N2', 3, '0363', '2026-01-01', '2026-01-31', 7, 7);
                 INSERT INTO lines VALUES
                     ('wmo', '42420001', 'P1', NULL, 2, 0, '0197', 'N1', zeroblob(16), 1001, '02', '02A03',
                         '2026-01-01', '2026-01-31', 1, '04', 100, 100, 1),
                     ('wmo', '42420001', 'P2', 'P0', 2, 1, '0197', 'N1', zeroblob(16), 1001, '02', '02A03',
                         '2025-12-01', '2025-12-31', 1, '04', 10, -10, 1),
                     ('wmo', '42420001', 'P3', NULL, 2, 2, '0197', 'N1', zeroblob(16), 1001, '02', '02A03',
                         '2026-01-01', '2026-01-31', 1, '04', 30, 30, 0),
                     ('wmo', '42420001', 'P4', NULL, 3, 0, '0363', 'N2', zeroblob(16), 1, '02', '02A03',
                         '2026-01-01', '2026-01-31', 1, '04', 7, 7, 1);
                 INSERT INTO postings (message_id, law, gemeente, agreement, sort, cents, toewijzing_nummer, referentie,
                     on_date)
                 VALUES (1, 'wmo', '0197', 'G1', 'reservation', 500, 1001, NULL, '2026-01-01'),
                     (1, 'wmo', '0197', 'G2', 'reservation', 300, 1001, NULL, '2026-01-01'),
                     (2, 'wmo', '0197', 'G1', 'release', -100, 1001, 'P1', '2026-01-01'),
                     (2, 'wmo', '0197', 'G1', 'realisation', 100, 1001, 'P1', '2026-01-01');",
            )
            .expect("a ledger of before");
        drop(connection);
        let connection = open(Some(&path), &Keys::generate(), Access::Write).expect("it is upgraded");
        let rows = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).expect("a query");
            statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("rows")
        };
        assert_eq!(
            rows("SELECT agreement || ' ' || consumption || ' ' || realised FROM balances ORDER BY 1"),
            ["G1 500 100", "G2 300 0"]
        );
        assert_eq!(
            rows(
                "SELECT segment || ' ' || model || ' ' || gemeente || ' ' || year || ' ' || realised FROM accounts
                 ORDER BY year"
            ),
            ["unmapped not_stated 0197 2025 -10", "unmapped not_stated 0197 2026 100"]
        );
        assert_eq!(
            rows(
                "SELECT account_id || ' ' || agreements || ' ' || reserved || ' ' || realised FROM allocation_balances
                 ORDER BY account_id, agreements"
            ),
            ["0 [\"G1\"] 400 100", "0 [\"G2\"] 300 0", "1 [] 0 -10", "2 [] 0 100"]
        );
        assert_eq!(
            rows("SELECT sort FROM postings WHERE account_id IS NOT NULL ORDER BY id"),
            ["realisation", "credit"]
        );
        assert!(connection.execute("DELETE FROM postings", []).is_err(), "postings are append-only again");
    }

    #[test]
    fn other_keys_are_refused() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        drop(open(Some(&path), &Keys::generate(), Access::Write).expect("a new ledger opens"));
        assert!(refusal(&path, &Keys::generate()).contains("other keys"));
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let keys = Keys::generate();
        let connection = open(Some(&path), &keys, Access::Write).expect("a new ledger opens");
        connection.execute("INSERT INTO migrations VALUES (99, 'later', 0)", []).expect("a row can be added");
        drop(connection);
        assert!(refusal(&path, &keys).contains("version 99"));
    }

    #[test]
    fn files_that_are_no_ledger_are_refused_and_left_alone() {
        let folder = folder();
        let keys = Keys::generate();
        let text = folder.path().join("notes.txt");
        std::fs::write(&text, "not a database, but long enough to look at: ".repeat(50)).expect("it can be written");
        assert!(refusal(&text, &keys).contains("no SQLite database"));
        let foreign = folder.path().join("foreign.db");
        let connection = Connection::open(&foreign).expect("it can be made");
        connection.execute_batch("CREATE TABLE theirs (x)").expect("it can be filled");
        drop(connection);
        let before = std::fs::read(&foreign).expect("it can be read");
        assert!(refusal(&foreign, &keys).contains("another program"));
        assert_eq!(std::fs::read(&foreign).expect("it can be read"), before);
    }

    #[test]
    fn paths_that_cannot_be_made_say_what_to_do() {
        let folder = folder();
        let keys = Keys::generate();
        assert!(refusal(&folder.path().join("missing/ledger.db"), &keys).contains("create the folder"));
        assert!(refusal(folder.path(), &keys).contains("not a folder"));
    }

    #[test]
    fn a_folder_without_rights_says_what_to_do() {
        let folder = folder();
        let mode = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode));
        mode(0o500).expect("its mode can be set");
        if std::fs::write(folder.path().join("probe"), "").is_ok() {
            println!("skipped: this user may write everywhere");
            return;
        }
        let text = refusal(&folder.path().join("ledger.db"), &Keys::generate());
        mode(0o700).expect("its mode can be set");
        assert!(text.contains("right to write"), "{text}");
    }

    #[test]
    fn looking_needs_a_current_ledger_and_changes_nothing() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let keys = Keys::generate();
        let look = |keys: &Keys| open(Some(&path), keys, Access::Read).map_err(|error| error.to_string());
        assert!(look(&keys).expect_err("there is none").contains("no such file"));
        assert!(!path.exists());
        std::fs::write(&path, "").expect("it can be written");
        assert!(look(&keys).expect_err("it is empty").contains("start the gateway once"));
        drop(open(Some(&path), &keys, Access::Write).expect("a new ledger opens"));
        assert!(look(&Keys::generate()).expect_err("wrong keys").contains("other keys"));
        let connection = look(&keys).expect("it opens");
        assert!(connection.execute("DELETE FROM meta", []).is_err());
    }
}
