//! `SQLite` behind the face of this folder.

use super::value::Value;
use crate::ledger::error::LedgerError;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ToSql, params_from_iter};

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(integer),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Runs a statement of the writer's own: when it fails, the whole group does.
pub(super) fn run(connection: &rusqlite::Connection, sql: &str) -> Result<(), LedgerError> {
    let run = connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    run.map(drop).map_err(LedgerError::lost)
}

pub(super) fn execute(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<usize, LedgerError> {
    Ok(statement.execute(params_from_iter(values))?)
}

pub(super) fn query<'s>(
    statement: &'s mut CachedStatement<'_>,
    values: &[Value<'_>],
) -> Result<rusqlite::Rows<'s>, LedgerError> {
    Ok(statement.query(params_from_iter(values))?)
}

pub(super) fn column<'r>(row: &'r rusqlite::Row<'_>, index: usize) -> Result<Value<'r>, LedgerError> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_err(|_| LedgerError::Damaged("a text is not UTF-8"))?)
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes),
        ValueRef::Real(_) => return Err(LedgerError::Damaged("a column holds a fraction")),
    })
}
