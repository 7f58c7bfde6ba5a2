//! The condition of a database file, for `sluis doctor`: looked at past the writer, and past whatever may be wrong with
//! it. Changes nothing.

use super::db::postgres::Postgres;
use super::error::LedgerError;
use super::location::Server;
use super::schema::{self, Access};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Most complaints of `SQLite` that are told.
const MOST_COMPLAINTS: usize = 20;
/// How long to wait for a gateway that is just committing.
const BUSY: Duration = Duration::from_secs(10);

/// What is known of a `SQLite` database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether it is a ledger at all.
    pub is_ledger: bool,
    /// `wal` as it should be.
    pub journal_mode: String,
    /// Number of the latest step of its schema, and of the latest that this program knows.
    pub schema: (i64, i64),
    /// Bytes of the database.
    pub bytes: u64,
    /// Bytes in it that nothing is written in.
    pub free_bytes: u64,
    /// What `SQLite` finds wrong with its structure; empty when it is sound.
    pub damage: Vec<String>,
    /// Moments of the first and the latest message, in microseconds since 1970.
    pub messages_between: Option<(i64, i64)>,
}

/// Looks at the database at `path`.
///
/// # Errors
/// What keeps it from being read, in the words of `SQLite`; they hold no stored value.
pub fn condition(path: &Path) -> Result<Condition, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let look = || -> rusqlite::Result<Condition> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let size = |value: i64| u64::try_from(value).unwrap_or(0);
        let page = size(number("PRAGMA page_size")?);
        let is_ledger = schema::is_ledger(&connection)?;
        let messages_between = if is_ledger && schema::found(&connection)? > 0 {
            connection.query_row("SELECT min(received_at), max(received_at) FROM messages", [], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?))
            })?
        } else {
            None
        };
        Ok(Condition {
            is_ledger,
            journal_mode: connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?,
            schema: (if is_ledger { schema::found(&connection)? } else { 0 }, schema::known()),
            bytes: page * size(number("PRAGMA page_count")?),
            free_bytes: page * size(number("PRAGMA freelist_count")?),
            damage: damage(&connection)?,
            messages_between,
        })
    };
    look().map_err(|error| error.to_string())
}

fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA quick_check({MOST_COMPLAINTS})"))?;
    let complaints = statement.query_map([], |row| row.get::<_, String>(0))?;
    let complaints: Vec<String> = complaints.collect::<Result<_, _>>()?;
    Ok(complaints.into_iter().filter(|complaint| complaint != "ok").collect())
}

/// What is known of a PostgreSQL server and of the ledger on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCondition {
    /// `150018` for 15.18.
    pub version: i64,
    /// Settings by which a commit that is reported might not last: `fsync`, `full_page_writes`.
    pub is_safe: bool,
    /// `synchronous_commit` as the server or the user has it; the gateway sets its own.
    pub synchronous_commit: String,
    /// `synchronous_standby_names`; empty without.
    pub synchronous_standbys: String,
    /// Standbys that are connected, and those of them that a commit waits for; `None` when this user may not know.
    pub standbys: Option<(i64, i64)>,
    /// Bytes that the slowest standby is behind; `None` without one, or when this user may not know.
    pub behind_bytes: Option<i64>,
    /// Whether it is a standby itself.
    pub is_standby: bool,
    /// Connections in use, and how many there may be for ordinary users.
    pub connections: (i64, i64),
    /// Number of the latest step of the ledger's schema, and of the latest that this program knows.
    pub schema: (i64, i64),
    /// Bytes of the database.
    pub bytes: i64,
    /// Its clock, in microseconds since 1970.
    pub now: i64,
    /// Whether this user may make what an upgrade makes.
    pub may_upgrade: bool,
    /// Moments of the first and the latest message, in microseconds since 1970.
    pub messages_between: Option<(i64, i64)>,
}

/// Looks at a server and at the ledger on it.
///
/// # Errors
/// Why it cannot be looked at, with what to do.
pub fn server_condition(server: &Server) -> Result<ServerCondition, LedgerError> {
    let connection = Postgres::connect(server, Access::Read)?;
    let found = schema::postgres::found(&connection, server)?;
    let rows = connection.query(SERVER, &[])?;
    let row = rows.first().ok_or(LedgerError::Damaged("a server tells nothing about itself"))?;
    let messages_between = if found > 0 {
        let rows = connection.query("SELECT min(received_at), max(received_at) FROM messages", &[])?;
        rows.first().and_then(|row| row.get::<_, Option<i64>>(0).zip(row.get(1)))
    } else {
        None
    };
    let may_know: bool = row.get("may_know");
    let condition = ServerCondition {
        version: row.get("version"),
        is_safe: row.get("is_safe"),
        synchronous_commit: row.get("synchronous_commit"),
        synchronous_standbys: row.get("synchronous_standbys"),
        standbys: may_know.then(|| (row.get("standbys"), row.get("synchronous"))),
        behind_bytes: row.get("behind_bytes"),
        is_standby: row.get("is_standby"),
        connections: (row.get("connections"), row.get("most_connections")),
        schema: (found, schema::known()),
        bytes: row.get("bytes"),
        now: row.get("now"),
        may_upgrade: row.get("may_upgrade"),
        messages_between,
    };
    connection.close();
    Ok(condition)
}

/// The own session has its settings changed; what the server gives others stands in `pg_settings.reset_val`.
const SERVER: &str = "
    SELECT current_setting('server_version_num')::bigint AS version,
        current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean AS is_safe,
        (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit,
        current_setting('synchronous_standby_names') AS synchronous_standbys,
        pg_has_role(current_user, 'pg_read_all_stats', 'usage') AS may_know,
        (SELECT count(*) FROM pg_stat_replication) AS standbys,
        (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS synchronous,
        (SELECT max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() END, flush_lsn))
         FROM pg_stat_replication)::bigint AS behind_bytes,
        pg_is_in_recovery() AS is_standby,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
        current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
            AS most_connections,
        pg_database_size(current_database()) AS bytes,
        CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS now,
        coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = current_schema()),
            has_database_privilege(current_database(), 'CREATE')) AS may_upgrade";
