//! Opening a ledger on a PostgreSQL server: its schema, the steps of it, and the check of the keys.
//!
//! The first step is what the schema of `SQLite` was after eight; from there on both take the same steps, each in its
//! own words. Whoever upgrades holds the ledger's lock, so that gateways that start together do not meet.

use super::{Access, InUse, Migration, known, newer, older, wrong_keys};
use crate::ledger::db::Value;
use crate::ledger::db::postgres::{Postgres, lock_number};
use crate::ledger::error::{DatabaseError, LedgerError};
use crate::ledger::keys::{KeyId, KeySort, Keys};
use crate::ledger::location::Server;

/// Numbers and names go with those of `SQLite`.
static MIGRATIONS: &[Migration] = &[
    Migration { number: 8, name: "money", sql: include_str!("../migrations/postgres/0008_ledger.sql") },
    Migration { number: 9, name: "delivery", sql: include_str!("../migrations/postgres/0009_delivery.sql") },
    Migration { number: 10, name: "replay", sql: include_str!("../migrations/postgres/0010_replay.sql") },
    Migration { number: 11, name: "keys", sql: include_str!("../migrations/postgres/0011_keys.sql") },
    Migration { number: 12, name: "refusals", sql: include_str!("../migrations/postgres/0012_refusals.sql") },
    Migration { number: 13, name: "members", sql: include_str!("../migrations/postgres/0013_members.sql") },
    Migration { number: 14, name: "takes", sql: include_str!("../migrations/postgres/0014_takes.sql") },
    Migration { number: 15, name: "bringers", sql: include_str!("../migrations/postgres/0015_bringers.sql") },
    Migration { number: 16, name: "access", sql: include_str!("../migrations/postgres/0016_access.sql") },
    Migration { number: 17, name: "orders", sql: include_str!("../migrations/postgres/0017_orders.sql") },
    Migration { number: 18, name: "search", sql: include_str!("../migrations/postgres/0018_search.sql") },
    Migration { number: 19, name: "retention", sql: include_str!("../migrations/postgres/0019_retention.sql") },
    Migration { number: 20, name: "console", sql: include_str!("../migrations/postgres/0020_console.sql") },
    Migration { number: 21, name: "last messages", sql: include_str!("../migrations/postgres/0021_last_messages.sql") },
    Migration {
        number: 22,
        name: "accounts of senders",
        sql: include_str!("../migrations/postgres/0022_accounts_of_senders.sql"),
    },
];

/// The oldest server that is known to serve.
const OLDEST_SERVER: i64 = 140_000;

/// Opens the ledger on a server, with a schema that this program knows.
pub(in crate::ledger) fn open(server: &Server, keys: &Keys, access: Access) -> Result<Postgres, LedgerError> {
    let connection = Postgres::connect(server, access)?;
    let opening = |error| opening(server, error);
    check_server(&connection, server)?;
    if access == Access::Write {
        migrate(&connection, server)?;
        note_keys(&connection, keys).map_err(opening)?;
    } else {
        require_current(&connection, server)?;
    }
    let in_use = keys_in_use(&connection).map_err(opening)?;
    wrong_keys(&in_use, keys).map_or(Ok(connection), |what| Err(fault(server, what)))
}

fn check_server(connection: &Postgres, server: &Server) -> Result<(), LedgerError> {
    let opening = |error| opening(server, error);
    let version = number(connection, "SELECT current_setting('server_version_num')::bigint", &[]).map_err(opening)?;
    if version < OLDEST_SERVER {
        let what =
            format!("PostgreSQL {} is too old; use version {} or newer", version / 10_000, OLDEST_SERVER / 10_000);
        return Err(fault(server, what));
    }
    let encoded = "SELECT count(*) FROM pg_database WHERE datname = current_database() AND encoding = 6";
    if number(connection, encoded, &[]).map_err(opening)? == 0 {
        return Err(fault(server, "the database is not in UTF8; create one WITH ENCODING 'UTF8'".to_owned()));
    }
    Ok(())
}

fn migrate(connection: &Postgres, server: &Server) -> Result<(), LedgerError> {
    let opening = |error| opening(server, error);
    let found = found(connection, server).map_err(opening)?;
    if found > known() {
        return Err(fault(server, newer(found)));
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.number > found) {
        apply(connection, server, migration)?;
    }
    Ok(())
}

/// One migration, one transaction. Another gateway may have been faster.
fn apply(connection: &Postgres, server: &Server, migration: &Migration) -> Result<(), LedgerError> {
    let lock = lock_number(server.schema());
    let start = format!("BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({lock})");
    let applied = connection.batch(&start).and_then(|()| {
        if found(connection, server)? >= migration.number {
            return Ok(());
        }
        if found(connection, server)? == 0 {
            prepare(connection, server)?;
        }
        connection.batch(migration.sql)?;
        connection.execute(
            "INSERT INTO migrations (number, name, applied_at)
             VALUES (?1, ?2, CAST(extract(epoch FROM now()) * 1000000 AS bigint))",
            &[Value::Integer(migration.number), Value::Text(migration.name)],
        )?;
        Ok(())
    });
    let ended = connection.batch(if applied.is_ok() { "COMMIT" } else { "ROLLBACK" });
    applied.and(ended).map_err(|error| opening(server, error))
}

/// Makes the schema, unless an administrator did; one that others use is left as it is.
fn prepare(connection: &Postgres, server: &Server) -> Result<(), LedgerError> {
    let schema = [Value::Text(server.schema())];
    if number(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = ?1", &schema)? == 0 {
        connection.batch(&format!("CREATE SCHEMA \"{}\"", server.schema()))?;
    }
    let relations =
        "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ?1";
    if number(connection, relations, &schema)? != 0 {
        return Err(fault(server, "the schema belongs to another program; name another".to_owned()));
    }
    connection.batch(
        "CREATE TABLE migrations (
             number bigint PRIMARY KEY, name text COLLATE \"C\" NOT NULL, applied_at bigint NOT NULL
         )",
    )
}

/// Somebody who only looks does not upgrade.
fn require_current(connection: &Postgres, server: &Server) -> Result<(), LedgerError> {
    let found = found(connection, server).map_err(|error| opening(server, error))?;
    match found {
        found if found == known() => Ok(()),
        found if found > known() => Err(fault(server, newer(found))),
        0 => Err(fault(server, "there is no ledger in it; check the schema, or start the gateway once".to_owned())),
        found => Err(fault(server, older(found))),
    }
}

/// Number of the latest migration in the schema; 0 for none.
pub(in crate::ledger) fn found(connection: &Postgres, server: &Server) -> Result<i64, LedgerError> {
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = ?1 AND tablename = 'migrations'";
    if number(connection, tables, &[Value::Text(server.schema())])? == 0 {
        return Ok(0);
    }
    number(connection, "SELECT coalesce(max(number), 0) FROM migrations", &[])
}

/// The first keys that a ledger is opened with are its keys.
fn note_keys(connection: &Postgres, keys: &Keys) -> Result<(), LedgerError> {
    if !keys_in_use(connection)?.is_empty() {
        return Ok(());
    }
    for sort in KeySort::ALL {
        for id in keys.ids(sort) {
            let Some(check) = keys.check_value(sort, id) else { continue };
            connection.execute(
                "INSERT INTO keys (sort, id, check_value, since)
                 VALUES (?1, ?2, ?3, CAST(extract(epoch FROM now()) * 1000000 AS bigint))
                 ON CONFLICT (sort, id) DO NOTHING",
                &[Value::Text(sort.as_str()), Value::Integer(id.into()), Value::Blob(&check)],
            )?;
        }
    }
    Ok(())
}

/// The keys of the ledger.
fn keys_in_use(connection: &Postgres) -> Result<Vec<InUse>, LedgerError> {
    let rows =
        connection.query("SELECT sort, id, check_value FROM keys WHERE retired_at IS NULL ORDER BY sort, id", &[])?;
    let read = |row: &tokio_postgres::Row| -> Option<InUse> {
        let (sort, id, check): (&str, i64, &[u8]) = (row.get(0), row.get(1), row.get(2));
        Some((KeySort::parse(sort)?, KeyId::try_from(id).ok()?, check.try_into().ok()?))
    };
    rows.iter().map(|row| read(row).ok_or(LedgerError::Damaged("a key of the ledger cannot be read"))).collect()
}

/// The one number that a query gives.
fn number(connection: &Postgres, sql: &'static str, values: &[Value<'_>]) -> Result<i64, LedgerError> {
    let rows = connection.query(sql, values)?;
    rows.first().map(|row| row.get(0)).ok_or(LedgerError::Damaged("a count gave nothing"))
}

/// A fault of the server while opening, in words that say what to do.
fn opening(server: &Server, error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Database(DatabaseError::Server(source)) | LedgerError::Lost(DatabaseError::Server(source)) => {
            LedgerError::opening_server(server, &source)
        }
        other => other,
    }
}

fn fault(server: &Server, what: String) -> LedgerError {
    LedgerError::Open { ledger: server.to_string(), what, temporary: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_take_the_same_steps() {
        let first = MIGRATIONS[0].number;
        let steps = |migrations: &[Migration]| -> Vec<(i64, &'static str)> {
            migrations.iter().filter(|step| step.number >= first).map(|step| (step.number, step.name)).collect()
        };
        assert_eq!(steps(MIGRATIONS), steps(super::super::MIGRATIONS));
    }
}
