//! Keys of the ledger: which are in force, putting the next one in force, sealing old bodies anew, retiring.
//!
//! A key comes in force by a row, in one transaction: whoever seals reads that row in his own. Old bodies are then sealed
//! anew in portions, each a job of its own, and the walk notes how far it is: after a kill it goes on there. Persons are
//! carried over all at once, because facts are looked up by their keys.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::keys::{InForce, KeyId, KeySort, Keys};
use super::super::retention::NOBODY;
use super::super::tx::{Cells, Tx};
use super::{SEALED, fixed};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Tables with a column `person`. A test compares it with the schema.
pub(in crate::ledger) const WITH_PERSONS: [&str; 7] =
    ["allocations", "deliveries", "lines", "requests", "households", "subjects", "looks"];
/// What the waiting room waits for and names a person: `waiting::Awaited::key`.
const AWAITED: [&str; 2] = ["client ", "delivery "];

/// Most rows and bytes that one job seals anew: the gateway waits for it.
const PORTION_ROWS: i64 = 500;
const PORTION_BYTES: usize = 8 << 20;
/// Person keys that are carried on between two looks at the database.
const PERSONS_AT_ONCE: i64 = 1000;

/// A key as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// What it is for.
    pub sort: KeySort,
    /// Its number.
    pub id: KeyId,
    /// Since when it is known here.
    pub since: Timestamp,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

/// How far a walk over the bodies is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Its number.
    pub id: i64,
    /// The key that everything is to be sealed with.
    pub key_id: KeyId,
    /// When it began.
    pub started_at: Timestamp,
    /// Bodies looked at.
    pub looked_at: u64,
    /// Bodies sealed anew.
    pub resealed: u64,
    /// Bodies that could not be opened and stay as they are.
    pub failed: u64,
    /// When it was done; `None` while there is more.
    pub finished_at: Option<Timestamp>,
    /// The table that is walked, and the last row that was looked at.
    at: (String, i64),
}

/// What a portion did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Bodies looked at.
    pub looked_at: u64,
    /// Bodies sealed anew.
    pub resealed: u64,
    /// Bodies that could not be opened.
    pub failed: u64,
}

/// What was carried to a new person key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// The key.
    pub key_id: KeyId,
    /// Persons.
    pub persons: u64,
    /// Rows about them.
    pub rows: u64,
}

impl Tx<'_> {
    /// Works on with the keys that the ledger names now.
    pub(in crate::ledger) fn follow_keys(&mut self) -> Result<(), LedgerError> {
        let in_force = self.in_force()?;
        if in_force == self.vault.in_force() {
            return Ok(());
        }
        let noted = self.check_values()?;
        self.vault.follow(in_force, &noted)
    }

    /// The keys in force.
    pub fn in_force(&self) -> Result<InForce, LedgerError> {
        let found = self.first(
            "SELECT (SELECT max(id) FROM keys WHERE sort = 'body'), (SELECT max(id) FROM keys WHERE sort = 'person')",
            [],
            |cells| Ok(Option::zip(cells.get()?, cells.get()?)),
        )?;
        let (body, person) = found.flatten().ok_or(LedgerError::Damaged("no key is in force"))?;
        Ok(InForce { body, person })
    }

    fn check_values(&self) -> Result<BTreeMap<(KeySort, KeyId), [u8; 16]>, LedgerError> {
        let rows = self.all("SELECT sort, id, check_value FROM keys", [], |cells| {
            Ok(((key_sort(cells)?, cells.get()?), cells.get()?))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Every key that the ledger was ever worked with.
    pub fn key_states(&self) -> Result<Vec<KeyState>, LedgerError> {
        self.all("SELECT sort, id, since, retired_at FROM keys ORDER BY sort, id", [], |cells| {
            Ok(KeyState {
                sort: key_sort(cells)?,
                id: cells.get()?,
                since: cells.moment()?,
                retired_at: cells.optional_moment()?,
            })
        })
    }

    /// Puts the latest body key of the key file in force: all that is sealed from now on is sealed with it. Gives its
    /// number; when it is in force already, nothing changes.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when the ledger is worked with a later key than the file holds.
    pub fn put_body_key_in_force(&mut self, at: Timestamp) -> Result<KeyId, LedgerError> {
        let id = self.vault.keys().latest(KeySort::Body);
        let now = self.in_force()?.body;
        if id < now {
            return Err(LedgerError::Conflict("the ledger uses a later body key than the key file holds"));
        }
        if id > now {
            self.note_key(KeySort::Body, id, at)?;
            let content = json!({ "sort": KeySort::Body.as_str(), "key": id, "before": now });
            self.append_audit(at, "key in force", None, &content.to_string())?;
            self.follow_keys()?;
        }
        Ok(id)
    }

    fn note_key(&self, sort: KeySort, id: KeyId, at: Timestamp) -> Result<(), LedgerError> {
        let check = self.vault.keys().check_value(sort, id).ok_or(LedgerError::Key { sort, id })?;
        self.sql("INSERT INTO keys (sort, id, check_value, since) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            sort.as_str(),
            id,
            check,
            at.as_microsecond()
        ])?;
        Ok(())
    }

    /// The latest walk over the bodies; `None` when there never was one.
    pub fn rotation(&self) -> Result<Option<Rotation>, LedgerError> {
        self.first(
            "SELECT id, key_id, started_at, looked_at, resealed, failed, finished_at, place, reached
             FROM rotations ORDER BY id DESC LIMIT 1",
            [],
            |cells| {
                Ok(Rotation {
                    id: cells.get()?,
                    key_id: cells.get()?,
                    started_at: cells.moment()?,
                    looked_at: cells.count()?,
                    resealed: cells.count()?,
                    failed: cells.count()?,
                    finished_at: cells.optional_moment()?,
                    at: (cells.get()?, cells.get()?),
                })
            },
        )
    }

    /// The walk that seals everything with the key in force: one that was interrupted goes on, otherwise a new one begins.
    pub fn begin_rotation(&mut self, at: Timestamp) -> Result<Rotation, LedgerError> {
        let key_id = self.in_force()?.body;
        let unfinished = self.rotation()?.filter(|last| last.key_id == key_id && last.finished_at.is_none());
        if let Some(unfinished) = unfinished {
            return Ok(unfinished);
        }
        self.sql(
            "INSERT INTO rotations (key_id, started_at, place, reached, looked_at, resealed, failed)
             VALUES (?1, ?2, ?3, 0, 0, 0, 0)",
        )?
        .execute(params![key_id, at.as_microsecond(), SEALED[0].table])?;
        self.rotation()?.ok_or(LedgerError::Damaged("a rotation is gone"))
    }

    /// Looks at the next bodies of a walk and seals anew what is sealed with another key, a bounded number of them. Call
    /// it, each time in a job of its own, until the walk is finished.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when another key came in force meanwhile.
    pub fn rotate_portion(&mut self, rotation_id: i64, at: Timestamp) -> Result<Rotation, LedgerError> {
        let rotation = self.rotation()?.filter(|last| last.id == rotation_id);
        let mut rotation = rotation.ok_or(LedgerError::Conflict("another rotation was begun meanwhile"))?;
        if rotation.finished_at.is_some() {
            return Ok(rotation);
        }
        if rotation.key_id != self.in_force()?.body {
            return Err(LedgerError::Conflict("another key came in force meanwhile"));
        }
        let mut index = SEALED.iter().position(|place| place.table == rotation.at.0).unwrap_or(0);
        let numbers = SEALED[index].numbers(self, rotation.at.1, PORTION_ROWS)?;
        let mut bytes = 0;
        for number in &numbers {
            if bytes >= PORTION_BYTES {
                break;
            }
            bytes += self.reseal(index, *number, &mut rotation)?;
            rotation.at.1 = *number;
        }
        if numbers.is_empty() {
            index += 1;
            match SEALED.get(index) {
                Some(next) => rotation.at = (next.table.to_owned(), 0),
                None => rotation.finished_at = Some(at),
            }
        }
        self.note_progress(&rotation)?;
        if rotation.finished_at.is_some() {
            let Rotation { key_id, looked_at, resealed, failed, .. } = &rotation;
            let content = json!({ "key": key_id, "looked_at": looked_at, "resealed": resealed, "failed": failed });
            self.append_audit(at, "bodies sealed anew", None, &content.to_string())?;
        }
        Ok(rotation)
    }

    /// Seals the bodies of a row anew when they need it; gives the bytes that were looked at.
    fn reseal(&mut self, index: usize, number: i64, rotation: &mut Rotation) -> Result<usize, LedgerError> {
        let place = &SEALED[index];
        let mut bytes = 0;
        for sealed in place.bodies(self, number)? {
            bytes += sealed.body.len();
            rotation.looked_at += 1;
            let context = place.context(&sealed);
            let plain = match self.vault.open_with(&context, &sealed.body) {
                Ok((id, _)) if id == rotation.key_id => continue,
                Ok((_, plain)) => plain,
                // It stays as it is, for whoever can still make something of it; `verify` tells of it.
                Err(LedgerError::Damaged(what)) => {
                    tracing::error!(place = place.what, number, what, "a body cannot be sealed anew");
                    rotation.failed += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let anew = self.vault.seal(&context, &plain)?;
            let (table, key, column) = (place.table, place.key, place.columns[sealed.column].0);
            self.sql(fixed(format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1")))?
                .execute(params![number, anew])?;
            rotation.resealed += 1;
        }
        Ok(bytes)
    }

    fn note_progress(&self, rotation: &Rotation) -> Result<(), LedgerError> {
        self.sql(
            "UPDATE rotations SET place = ?2, reached = ?3, looked_at = ?4, resealed = ?5, failed = ?6, finished_at = ?7
             WHERE id = ?1",
        )?
        .execute(params![
            rotation.id,
            rotation.at.0,
            rotation.at.1,
            number(rotation.looked_at)?,
            number(rotation.resealed)?,
            number(rotation.failed)?,
            rotation.finished_at.map(Timestamp::as_microsecond),
        ])?;
        Ok(())
    }

    /// How many bodies are sealed with which key, and how many with none that is known here. Opens every body.
    pub fn bodies_by_key(&self) -> Result<BTreeMap<Option<KeyId>, u64>, LedgerError> {
        let mut found = BTreeMap::new();
        for place in &SEALED {
            let mut last = 0;
            loop {
                let numbers = place.numbers(self, last, PORTION_ROWS)?;
                let Some(end) = numbers.last() else { break };
                last = *end;
                for number in numbers {
                    for sealed in place.bodies(self, number)? {
                        let opened = self.vault.open_with(&place.context(&sealed), &sealed.body);
                        *found.entry(opened.ok().map(|(id, _)| id)).or_default() += 1;
                    }
                }
            }
        }
        Ok(found)
    }

    /// Notes that a body key seals nothing any more. Ask [`Tx::bodies_by_key`] before: this does not look.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when the key is in force, or unknown to the ledger.
    pub fn retire_key(&mut self, id: KeyId, at: Timestamp) -> Result<(), LedgerError> {
        if id == self.in_force()?.body {
            return Err(LedgerError::Conflict("the key is in force"));
        }
        let retired = self
            .sql("UPDATE keys SET retired_at = ?2 WHERE sort = 'body' AND id = ?1 AND retired_at IS NULL")?
            .execute(params![id, at.as_microsecond()])?;
        if retired == 1 {
            let content = json!({ "sort": KeySort::Body.as_str(), "key": id });
            return self.append_audit(at, "key retired", None, &content.to_string());
        }
        let known = self.key_states()?.iter().any(|state| (state.sort, state.id) == (KeySort::Body, id));
        if known { Ok(()) } else { Err(LedgerError::Conflict("the ledger never used such a key")) }
    }

    /// Puts the next person key in force and carries every person that the ledger knows on to it, in this one transaction.
    /// `None` when the key file has no later one.
    pub fn carry_persons(&mut self, at: Timestamp) -> Result<Option<Carried>, LedgerError> {
        let key_id = self.in_force()?.person + 1;
        if self.vault.keys().latest(KeySort::Person) < key_id {
            return Ok(None);
        }
        let persons = self.carry_all_keys(key_id)?;
        let mut rows = 0;
        for table in WITH_PERSONS {
            let carried = self
                .sql(fixed(format!(
                    "UPDATE {table} SET person = (SELECT c.person FROM carried_persons AS c WHERE c.before = {table}.person)"
                )))?
                .execute([])?;
            rows += u64::try_from(carried).unwrap_or(u64::MAX);
        }
        rows += self.carry_awaited(key_id)?;
        self.sql("DELETE FROM carried_persons")?.execute([])?;
        self.note_key(KeySort::Person, key_id, at)?;
        let carried = Carried { key_id, persons, rows };
        let content =
            json!({ "sort": KeySort::Person.as_str(), "key": key_id, "persons": persons, "rows": rows }).to_string();
        self.append_audit(at, "persons carried over", None, &content)?;
        self.follow_keys()?;
        Ok(Some(carried))
    }

    /// Works out what becomes of each person key; gives how many there are.
    fn carry_all_keys(&self, to: KeyId) -> Result<u64, LedgerError> {
        self.sql("DELETE FROM carried_persons")?.execute([])?;
        for table in WITH_PERSONS {
            self.sql(fixed(format!(
                "INSERT INTO carried_persons (before) SELECT DISTINCT person FROM {table} WHERE true
                 ON CONFLICT (before) DO NOTHING"
            )))?
            .execute([])?;
        }
        let (mut count, mut last) = (0, Vec::new());
        loop {
            let persons: Vec<[u8; 16]> = self.all(
                "SELECT before FROM carried_persons WHERE before > ?1 ORDER BY before LIMIT ?2",
                params![last, PERSONS_AT_ONCE],
                |cells| cells.get(),
            )?;
            let Some(end) = persons.last() else { return Ok(count) };
            last = end.to_vec();
            for person in persons {
                // What only stays for its numbers is about nobody, under every key.
                let carried = if person == NOBODY { NOBODY } else { self.carry(&person, to)? };
                self.sql("UPDATE carried_persons SET person = ?2 WHERE before = ?1")?
                    .execute(params![person, carried])?;
                count += u64::from(person != NOBODY);
            }
        }
    }

    fn carry(&self, person: &[u8; 16], to: KeyId) -> Result<[u8; 16], LedgerError> {
        self.vault.keys().carry(person, to).ok_or(LedgerError::Key { sort: KeySort::Person, id: to })
    }

    /// Messages that wait for something about a person name the person in a text.
    fn carry_awaited(&self, to: KeyId) -> Result<u64, LedgerError> {
        type Awaited = (String, String, String, String, i64);
        let rows: Vec<Awaited> = self.all(
            "SELECT law, gemeente, aanbieder, what, waiting_id FROM awaited ORDER BY waiting_id, what",
            [],
            |cells| Ok((cells.get()?, cells.get()?, cells.get()?, cells.get()?, cells.get()?)),
        )?;
        let mut changed = 0;
        for (law, gemeente, aanbieder, what, waiting_id) in rows {
            let Some((word, person)) = AWAITED.into_iter().find_map(|word| Some((word, what.strip_prefix(word)?)))
            else {
                continue;
            };
            let mut key = [0; 16];
            hex::decode_to_slice(person, &mut key).map_err(|_| LedgerError::Damaged("a person key is malformed"))?;
            let carried = format!("{word}{}", hex::encode(self.carry(&key, to)?));
            self.sql(
                "UPDATE awaited SET what = ?6
                 WHERE law = ?1 AND gemeente = ?2 AND aanbieder = ?3 AND what = ?4 AND waiting_id = ?5",
            )?
            .execute(params![law, gemeente, aanbieder, what, waiting_id, carried])?;
            changed += 1;
        }
        Ok(changed)
    }
}

impl Keys {
    /// Whether the key file holds a person key that the ledger is not worked with yet.
    pub fn has_later_person_key(&self, in_force: InForce) -> bool {
        self.latest(KeySort::Person) > in_force.person
    }
}

fn key_sort(cells: &mut Cells<'_, '_>) -> Result<KeySort, LedgerError> {
    KeySort::parse(cells.text()?).ok_or(LedgerError::Damaged("the sort of a key is unknown"))
}

fn number(count: u64) -> Result<i64, LedgerError> {
    i64::try_from(count).map_err(|_| LedgerError::Unfit("a count is larger than the ledger can hold"))
}
