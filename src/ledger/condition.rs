//! The condition of a database file, for `sluis doctor`: looked at past the writer, and past whatever may be wrong with
//! it. Changes nothing.

use super::schema;
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
