//! Proving that a ledger is whole: the trail, the messages against it, every body, every sum, every reference.
//!
//! The chain of the trail shows that a row was changed by somebody who did not rewrite all that follows. Against one who
//! does, a head that was noted down elsewhere ([`Head`]) shows it.

use super::super::audit::{Fault, Row};
use super::super::error::LedgerError;
use super::super::keys::KeyId;
use super::super::retention::REMOVED;
use super::super::tx::{Cells, Tx};
use super::{SEALED, fixed};
use crate::finding::Finding;
use crate::pipeline::digest;
use crate::retention::Stage;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Most faults of one check that are named; the rest is counted.
const NAMED: u64 = 1000;
/// Rows that are fetched at a time.
const PORTION: i64 = 500;

/// A place in the trail, to be noted down outside the ledger: number and hash of a row. The hash covers all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the row.
    pub row: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.row, hex::encode(self.hash))
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Head, String> {
        let wrong =
            || "a head is a number, a colon and 64 hexadecimal digits, as `sluis ledger verify` prints it".to_owned();
        let (row, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let row = row.parse().ok().filter(|row| *row >= 1).ok_or_else(wrong)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).map_err(|_| wrong())?;
        Ok(Head { row, hash: bytes })
    }
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unsound {
    /// Which check found it: `storage`, `chain`, `head`, `message`, `promise`, `body`, `balance`, `account`, `declaration`,
    /// `retention` or `reference`; of an export also `manifest` and `file`.
    pub check: &'static str,
    /// Where: which row, of what.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// What an examination found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// What is wrong, in the order of the checks; of each check at most a thousand.
    pub faults: Vec<Unsound>,
    /// How many faults each check found, those that are not named included.
    pub counts: BTreeMap<&'static str, u64>,
    /// The last row of the trail; `None` for a ledger in which nothing happened yet.
    pub head: Option<Head>,
    /// Rows of the trail.
    pub audit_rows: u64,
    /// Messages.
    pub messages: u64,
    /// Bodies by the key that they are sealed with.
    pub bodies: BTreeMap<KeyId, u64>,
}

impl Verified {
    /// How many faults were found.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Adds a fault.
    pub(super) fn add(&mut self, check: &'static str, place: impl Into<String>, what: impl Into<String>) {
        let count = self.counts.entry(check).or_default();
        *count += 1;
        if *count <= NAMED {
            self.faults.push(Unsound { check, place: place.into(), what: what.into() });
        }
    }
}

/// Columns that name a row of another table: table, what tells its rows, the column, and the table and key it names.
/// Every reference of the schema; a test compares them.
pub(in crate::ledger) const REFERENCES: [(&str, &str, &str, &str, &str); 27] = [
    ("allocations", "law || ' ' || gemeente || ' ' || nummer", "message_id", "messages", "id"),
    ("answers", "law || ' ' || aanbieder || ' ' || referentie", "message_id", "messages", "id"),
    ("attempts", "sequence || ' ' || attempt", "sequence", "outbox", "sequence"),
    ("audit", "id", "message_id", "messages", "id"),
    ("awaited", "waiting_id || ' ' || law", "waiting_id", "waiting", "id"),
    ("bringers", "message_id", "message_id", "messages", "id"),
    ("declaraties", "law || ' ' || aanbieder || ' ' || nummer", "message_id", "messages", "id"),
    ("deliveries", "message_id || ' ' || position", "message_id", "messages", "id"),
    ("deliveries", "message_id || ' ' || position", "deleted_by", "messages", "id"),
    ("held_allocations", "law || ' ' || gemeente || ' ' || nummer", "message_id", "messages", "id"),
    ("holds", "message_id", "message_id", "messages", "id"),
    ("holds", "message_id", "behind", "messages", "id"),
    ("lines", "law || ' ' || aanbieder || ' ' || referentie", "message_id", "messages", "id"),
    ("mentions", "message_id || ' ' || what", "message_id", "messages", "id"),
    ("outbox", "sequence", "message_id", "messages", "id"),
    ("postings", "id", "account_id", "accounts", "id"),
    ("postings", "id", "message_id", "messages", "id"),
    ("questions", "message_id || ' ' || debt || ' ' || about", "answered_by", "messages", "id"),
    ("questions", "message_id || ' ' || debt || ' ' || about", "message_id", "messages", "id"),
    ("requests", "law || ' ' || aanbieder || ' ' || referentie", "honoured_by", "messages", "id"),
    ("requests", "law || ' ' || aanbieder || ' ' || referentie", "message_id", "messages", "id"),
    ("runs", "id", "message_id", "messages", "id"),
    ("runs", "id", "previous_run", "runs", "id"),
    ("runs", "id", "selection_id", "selections", "id"),
    ("selection_members", "selection_id || ' ' || position", "selection_id", "selections", "id"),
    ("signals", "id", "message_id", "messages", "id"),
    ("subjects", "message_id", "message_id", "messages", "id"),
];

impl Tx<'_> {
    /// Examines the whole ledger as it stands in this transaction; `heads` are those that were noted down before.
    pub fn verify(&self, heads: &[Head]) -> Result<Verified, LedgerError> {
        let mut verified = Verified::default();
        self.verify_storage(&mut verified)?;
        self.verify_trail(heads, &mut verified)?;
        self.verify_messages(&mut verified)?;
        self.verify_bodies(&mut verified)?;
        self.verify_sums(&mut verified)?;
        self.verify_references(&mut verified)?;
        Ok(verified)
    }

    /// Examines only what a copy can lose: the file itself, and the trail.
    pub(in crate::ledger) fn verify_copy(&self) -> Result<Verified, LedgerError> {
        let mut verified = Verified::default();
        self.verify_storage(&mut verified)?;
        self.verify_trail(&[], &mut verified)?;
        Ok(verified)
    }

    /// What the database says of its own file: pages, indexes, forms of rows.
    fn verify_storage(&self, verified: &mut Verified) -> Result<(), LedgerError> {
        if self.is_on_server() {
            // A server looks after its own files (checksums of pages); it has no such question.
            return Ok(());
        }
        self.each("SELECT integrity_check FROM pragma_integrity_check", [], |cells| {
            let said = cells.text()?;
            if said != "ok" {
                // It may name a row, never a value.
                verified.add("storage", "the database file", said);
            }
            Ok::<(), LedgerError>(())
        })
    }

    fn verify_trail(&self, heads: &[Head], verified: &mut Verified) -> Result<(), LedgerError> {
        let mut trail = Trail::default();
        let mut removed = Removed::default();
        loop {
            let rows: Vec<Written> = self.all(
                "SELECT id, at, event, message_id, content, hash FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2",
                [trail.last, PORTION],
                Written::read,
            )?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                trail.follow(&row, verified);
                check_heads(heads, &row, verified);
                self.verify_promises(&row, verified)?;
                removed.follow(&row);
            }
        }
        trail.end(heads, verified);
        self.verify_removed(&removed, verified)
    }

    /// What a decision sent stands in the outbox.
    fn verify_promises(&self, row: &Written, verified: &mut Verified) -> Result<(), LedgerError> {
        let Some(message_id) = row.message_id else { return Ok(()) };
        let promised = promised(&row.content);
        if promised.is_empty() || self.removed(message_id)? == Some(Stage::Records) {
            return Ok(());
        }
        let kept: BTreeSet<String> = self
            .all("SELECT id FROM outbox WHERE message_id = ?1", [message_id], |cells| {
                Ok(uuid::Uuid::from_bytes(cells.get()?).to_string())
            })?
            .into_iter()
            .collect();
        for id in promised.iter().filter(|id| !kept.contains(*id)) {
            verified.add(
                "promise",
                format!("message {message_id}"),
                format!("outbox row {id}, which it led to, is gone"),
            );
        }
        Ok(())
    }

    /// As many messages have gone as far as each stage as the trail says, and no body is missing of another.
    fn verify_removed(&self, removed: &Removed, verified: &mut Verified) -> Result<(), LedgerError> {
        let so_far = self.removed_so_far()?;
        for stage in Stage::ALL {
            let said = removed.0.get(stage.as_str()).copied().unwrap_or_default();
            let found: u64 = so_far.range(stage.number()..).map(|(_, count)| count).sum();
            if said != found {
                let what = format!("{stage} of {found} message(s) are removed, and the trail says {said}");
                verified.add("retention", "the messages", what);
            }
        }
        self.each(
            "SELECT id FROM messages WHERE (removed = 0) <> (length(body) > 0)
             UNION SELECT o.message_id FROM outbox AS o JOIN messages AS m ON m.id = o.message_id
             WHERE (m.removed = 0) <> (length(o.body) > 0) ORDER BY 1",
            [],
            |cells| {
                let place = format!("message {}", cells.get::<i64>()?);
                verified.add("retention", place, "a body is missing that was not removed, or there after it was");
                Ok::<(), LedgerError>(())
            },
        )
    }

    /// A message is as the last decision on it says.
    fn verify_messages(&self, verified: &mut Verified) -> Result<(), LedgerError> {
        self.each(
            "SELECT m.id, m.digest, m.verdict, m.level, m.register_version, m.findings, m.removed, a.content
             FROM messages AS m LEFT JOIN (
                 SELECT message_id, max(id) AS latest FROM audit
                 WHERE message_id IS NOT NULL AND event IN ('decided', 'decided again') GROUP BY message_id
             ) AS d ON d.message_id = m.id LEFT JOIN audit AS a ON a.id = d.latest
             ORDER BY m.id",
            [],
            |cells| {
                verified.messages += 1;
                let place = format!("message {}", cells.get::<i64>()?);
                let message = Decided {
                    digest: hex::encode(cells.get::<Vec<u8>>()?),
                    verdict: cells.get()?,
                    level: cells.get()?,
                    register_version: cells.get()?,
                    codes: codes(cells.text()?),
                };
                let is_row_only = cells.get::<i64>()? == Stage::Records.number();
                match cells.get::<Option<String>>()?.as_deref().map(Decided::parse) {
                    None => verified.add("message", place, "the trail knows of no decision on it"),
                    Some(None) => verified.add("message", place, "the decision on it in the trail cannot be read"),
                    Some(Some(decided)) => {
                        let decided =
                            if is_row_only { Decided { codes: Some(BTreeSet::new()), ..decided } } else { decided };
                        for what in message.differences(&decided) {
                            verified.add(
                                "message",
                                place.clone(),
                                format!("its {what} differs from the decision in the trail"),
                            );
                        }
                    }
                }
                Ok::<(), LedgerError>(())
            },
        )
    }

    fn verify_bodies(&self, verified: &mut Verified) -> Result<(), LedgerError> {
        for place in &SEALED {
            let mut last = 0;
            loop {
                let numbers = place.numbers(self, last, PORTION)?;
                let Some(end) = numbers.last() else { break };
                last = *end;
                for number in numbers {
                    for sealed in place.bodies(self, number)? {
                        let name = format!("{} {number}", place.what);
                        match self.vault.open_with(&place.context(&sealed), &sealed.body) {
                            Ok((key, plain)) => {
                                *verified.bodies.entry(key).or_default() += 1;
                                // A message is sealed in the context of its digest; what leaves, in that of its id.
                                if sealed.context.len() == 32 && digest(&plain)[..] != sealed.context[..] {
                                    verified.add("body", name, "its body has another digest");
                                }
                            }
                            Err(LedgerError::Damaged(what)) => verified.add("body", name, what),
                            Err(error @ LedgerError::Key { .. }) => verified.add("body", name, error.to_string()),
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn verify_sums(&self, verified: &mut Verified) -> Result<(), LedgerError> {
        for fault in [self.check_balances()?, self.check_accounts()?, self.check_declarations()?].concat() {
            let (check, place) = match &fault {
                Fault::Balance { agreement } => ("balance", format!("agreement {agreement}")),
                Fault::Account { account_id: 0 } => ("account", "allocations without an account".to_owned()),
                Fault::Account { account_id } => ("account", format!("account {account_id}")),
                Fault::Declaration { message_id } => ("declaration", format!("message {message_id}")),
                Fault::Chain { .. } | Fault::Message { .. } => ("message", String::new()),
            };
            verified.add(check, place, fault.to_string());
        }
        Ok(())
    }

    fn verify_references(&self, verified: &mut Verified) -> Result<(), LedgerError> {
        for (table, name, column, named, key) in REFERENCES {
            let sql = fixed(format!(
                "SELECT CAST({name} AS TEXT), {column} FROM {table}
                 WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {named} AS n WHERE n.{key} = {table}.{column})"
            ));
            self.each(sql, [], |cells| {
                let (row, missing): (String, i64) = (cells.get()?, cells.get()?);
                let what = format!("its {column} names row {missing} of {named}, which is gone");
                verified.add("reference", format!("{table} {row}"), what);
                Ok::<(), LedgerError>(())
            })?;
        }
        Ok(())
    }
}

/// What the trail says was removed: messages by stage.
#[derive(Default)]
struct Removed(BTreeMap<String, u64>);

impl Removed {
    fn follow(&mut self, row: &Written) {
        if row.event != REMOVED {
            return;
        }
        let Ok(content) = serde_json::from_str::<Value>(&row.content) else { return };
        if let (Some(stage), Some(messages)) = (content["stage"].as_str(), content["messages"].as_u64()) {
            *self.0.entry(stage.to_owned()).or_default() += messages;
        }
    }
}

/// A row of the trail as it stands.
pub(super) struct Written {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) event: String,
    pub(super) message_id: Option<i64>,
    pub(super) content: String,
    pub(super) hash: Vec<u8>,
}

impl Written {
    pub(super) fn read(cells: &mut Cells<'_, '_>) -> Result<Written, LedgerError> {
        Ok(Written {
            id: cells.get()?,
            at: cells.get()?,
            event: cells.get()?,
            message_id: cells.get()?,
            content: cells.get()?,
            hash: cells.get()?,
        })
    }
}

/// The trail as it is followed. A row that does not fit is told, and the walk goes on from the hash that stands there, so
/// that each place where something was changed is told once.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) last: i64,
    pub(super) previous: [u8; 32],
    rows: u64,
}

impl Trail {
    /// Begins after a row with that hash.
    pub(super) fn after(last: i64, previous: [u8; 32]) -> Trail {
        Trail { last, previous, rows: 0 }
    }

    pub(super) fn follow(&mut self, row: &Written, verified: &mut Verified) {
        let place = || format!("audit row {}", row.id);
        if row.id != self.last + 1 {
            let what = format!("the rows from {} up to it are gone", self.last + 1);
            verified.add("chain", place(), what);
        } else if row.hash
            != (Row { id: row.id, at: row.at, event: &row.event, message_id: row.message_id, content: &row.content })
                .hash(&self.previous)
        {
            verified.add(
                "chain",
                place(),
                "its hash does not follow from it and the row before: one of them was changed",
            );
        }
        self.previous = row.hash.as_slice().try_into().unwrap_or_default();
        self.last = row.id;
        self.rows += 1;
    }

    pub(super) fn end(self, heads: &[Head], verified: &mut Verified) {
        verified.audit_rows = self.rows;
        verified.head = (self.rows > 0).then_some(Head { row: self.last, hash: self.previous });
        for head in heads.iter().filter(|head| head.row > self.last) {
            let what = format!("the trail ends at row {}, before this one that was noted down", self.last);
            verified.add("head", format!("audit row {}", head.row), what);
        }
    }
}

pub(super) fn check_heads(heads: &[Head], row: &Written, verified: &mut Verified) {
    for head in heads.iter().filter(|head| head.row == row.id && head.hash[..] != row.hash[..]) {
        let what = "its hash is not the one that was noted down: the trail was written anew";
        verified.add("head", format!("audit row {}", head.row), what);
    }
}

/// What the trail says of a decision, and what the message says.
#[derive(PartialEq, Eq)]
struct Decided {
    digest: String,
    verdict: String,
    level: i64,
    register_version: Option<String>,
    codes: Option<BTreeSet<String>>,
}

impl Decided {
    fn parse(content: &str) -> Option<Decided> {
        let content: Value = serde_json::from_str(content).ok()?;
        let codes = content["codes"].as_array()?;
        Some(Decided {
            digest: content["digest"].as_str()?.to_owned(),
            verdict: content["verdict"].as_str()?.to_owned(),
            level: content["level"].as_i64()?,
            register_version: content["register_version"].as_str().map(str::to_owned),
            codes: codes.iter().map(|code| code.as_str().map(str::to_owned)).collect(),
        })
    }

    fn differences(&self, decided: &Decided) -> Vec<&'static str> {
        [
            ("digest", self.digest == decided.digest),
            ("verdict", self.verdict == decided.verdict),
            ("level", self.level == decided.level),
            ("register version", self.register_version == decided.register_version),
            ("list of findings", self.codes == decided.codes),
        ]
        .into_iter()
        .filter_map(|(what, same)| (!same).then_some(what))
        .collect()
    }
}

/// Return codes of the findings of a message; `None` when they cannot be read.
fn codes(findings: &str) -> Option<BTreeSet<String>> {
    let findings: Vec<Finding> = serde_json::from_str(findings).ok()?;
    Some(findings.into_iter().filter_map(|finding| finding.code).collect())
}

/// Ids of what a decision sent.
fn promised(content: &str) -> Vec<String> {
    let Ok(content) = serde_json::from_str::<Value>(content) else { return Vec::new() };
    let ids = content["outbox"].as_array().map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
