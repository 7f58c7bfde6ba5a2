//! Keeping a ledger for years: proving that it is whole, handing it over, copying it, and changing its keys.
//!
//! All of it works beside a running gateway. What reads, reads one moment of the ledger and holds nobody up; what writes,
//! writes in portions. Memory does not grow with the ledger: rows are walked, bodies are looked at one by one.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

pub(super) mod backup;
pub(super) mod export;
pub(super) mod rotation;
pub(super) mod verify;
pub(super) mod walk;

use super::db::Params;
use super::error::LedgerError;
use super::tx::{Cells, Tx};
use super::{Head, Verified};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Where sealed bodies stand: every sealed column of the ledger. A test compares it with the schema.
pub(super) const SEALED: [Place; 4] = [
    Place { table: "messages", what: "message", key: "id", context: "digest", columns: &[("body", b"message")] },
    Place { table: "waiting", what: "waiting message", key: "id", context: "digest", columns: &[("body", b"waiting")] },
    Place {
        table: "outbox",
        what: "outbox row",
        key: "sequence",
        context: "id",
        columns: &[("body", b"outbox"), ("verdict", b"verdict")],
    },
    Place {
        table: "refusals",
        what: "refused message",
        key: "id",
        context: "digest",
        columns: &[("body", b"refusal")],
    },
];

/// A table with sealed bodies.
pub(super) struct Place {
    pub(super) table: &'static str,
    /// For people.
    pub(super) what: &'static str,
    /// Its numbers, ascending.
    key: &'static str,
    /// The column that is authenticated with each body.
    context: &'static str,
    /// Sealed columns, and the word that is authenticated with each.
    pub(super) columns: &'static [(&'static str, &'static [u8])],
}

/// A sealed body where it stands.
pub(super) struct Sealed {
    /// Index into [`Place::columns`].
    column: usize,
    context: Vec<u8>,
    body: Vec<u8>,
}

impl Place {
    /// The numbers after one, at most `limit`.
    fn numbers(&self, tx: &Tx<'_>, after: i64, limit: i64) -> Result<Vec<i64>, LedgerError> {
        let Place { table, key, .. } = self;
        let sql = fixed(format!("SELECT {key} FROM {table} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2"));
        tx.all(sql, [after, limit], |cells| cells.get())
    }

    /// The bodies of a row; none when it is gone, or when they were removed because they were kept long enough.
    fn bodies(&self, tx: &Tx<'_>, number: i64) -> Result<Vec<Sealed>, LedgerError> {
        let Place { table, key, context, columns, .. } = self;
        let mut bodies = Vec::new();
        for (column, (name, _)) in columns.iter().enumerate() {
            let sql = fixed(format!("SELECT {context}, {name} FROM {table} WHERE {key} = ?1 AND length({name}) > 0"));
            let found =
                tx.first(sql, [number], |cells| Ok(Sealed { column, context: cells.get()?, body: cells.get()? }))?;
            bodies.extend(found);
        }
        Ok(bodies)
    }

    /// The opened bodies of a row, each with the name of its column.
    fn open_all(&self, tx: &Tx<'_>, number: i64) -> Result<Vec<(&'static str, Vec<u8>)>, LedgerError> {
        let open = |sealed: &Sealed| {
            let plain = tx.vault.open(&self.context(sealed), &sealed.body)?;
            Ok((self.columns[sealed.column].0, plain))
        };
        self.bodies(tx, number)?.iter().map(open).collect()
    }

    /// What is authenticated with a body.
    fn context<'a>(&self, sealed: &'a Sealed) -> [&'a [u8]; 2] {
        [self.columns[sealed.column].1, &sealed.context]
    }
}

impl Tx<'_> {
    /// Hands every row of a query to `read`, one at a time. Ask nothing else of the ledger meanwhile.
    fn each<E: From<LedgerError>>(
        &self,
        sql: &'static str,
        params: impl Params,
        mut read: impl FnMut(&mut Cells<'_, '_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self.sql(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            read(&mut Cells::of(&row))?;
        }
        Ok(())
    }
}

/// A statement that is put together from names of tables and columns of this program, never from data. There are as many
/// as there are names, and each is kept for as long as the program runs: statements are known by their text.
fn fixed(sql: String) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = known.get(sql.as_str()) {
        return same;
    }
    let kept: &'static str = sql.leak();
    known.insert(kept);
    kept
}

/// Gives a finished file or folder its name, and refuses to take the place of another.
fn put_in_place(draft: &Path, name: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, draft, CWD, name, RenameFlags::NOREPLACE)?;
    File::open(folder_of(name))?.sync_all()
}

/// The folder that a path lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
