//! What people and metrics ask the ledger: counts, budgets, lists of messages.

use super::db::params;
use super::error::LedgerError;
use super::question::Open;
use super::store::parse_verdict;
use super::tx::{Cells, Tx};
use crate::clock::{age, dutch_day};
use crate::deadline::Debt;
use crate::decision::{Purpose, Verdict};
use crate::finding::{Finding, Skipped};
use crate::message::{Cents, Kind};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How much waits, and how long the oldest has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Age of the oldest; `None` when nothing waits. Never negative, whatever the clock did.
    pub oldest: Option<Duration>,
}

/// The ledger in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the outbox that are to leave, by purpose; all purposes are there.
    pub outbox: BTreeMap<Purpose, Waiting>,
    /// Messages that are parked.
    pub parked: Waiting,
    /// Outgoing 301s that wait for a person.
    pub held: Waiting,
    /// Messages that wait for one that they refer to.
    pub waiting: Waiting,
    /// Open questions by what is owed, all sorts; as they stand on the Dutch day of `now`.
    pub questions: BTreeMap<Debt, Open>,
    /// Decisions ever taken, by kind and verdict; `None` for what could not be read. A message that was held or parked
    /// counts again when it is decided on again, so that the figures only rise.
    pub messages: BTreeMap<(Option<Kind>, Verdict), u64>,
}

/// An agreement as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Agreement id.
    pub agreement: String,
    /// Realised or committed: the sum over all postings.
    pub consumption: Cents,
    /// Realised: debits minus credits.
    pub realised: Cents,
}

/// Which messages to list; the default lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only with this verdict.
    pub verdict: Option<Verdict>,
    /// Only with this Identificatie.
    pub identificatie: Option<String>,
    /// Only deliveries with this transport id.
    pub transport_id: Option<String>,
    /// Only later ones than this message id.
    pub after: Option<i64>,
    /// At most this many.
    pub limit: Option<u32>,
}

/// A stored message, as far as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Number in the ledger.
    pub message_id: i64,
    /// Name of the transport.
    pub transport: String,
    /// Its id of the delivery.
    pub transport_id: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// Kind; `None` when it could not be read.
    pub kind: Option<Kind>,
    /// Afzender as in the header.
    pub afzender: Option<String>,
    /// Identificatie as in the header.
    pub identificatie: Option<String>,
    /// Municipality.
    pub gemeente: Option<String>,
    /// Provider.
    pub aanbieder: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// Level at which judging ended.
    pub level: u8,
    /// What was wrong with it.
    pub findings: Vec<Finding>,
    /// Rules that could not run.
    pub skipped: Vec<Skipped>,
    /// Version of the contract register.
    pub register_version: Option<String>,
}

impl Entry {
    /// Return codes of the findings, each once, ascending.
    pub fn codes(&self) -> BTreeSet<&str> {
        self.findings.iter().filter_map(|finding| finding.code.as_deref()).collect()
    }
}

/// Something that left or is to leave because of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Why.
    pub purpose: Purpose,
    /// Kind or check id.
    pub subject: String,
    /// Receiving party; empty when no sender could be told.
    pub receiver: String,
    /// Whether the other side has it.
    pub is_sent: bool,
}

impl Tx<'_> {
    /// What left or is to leave because of a message, in order.
    pub fn departures(&self, message_id: i64) -> Result<Vec<Departure>, LedgerError> {
        self.all(
            "SELECT purpose, subject, receiver, sent_at IS NOT NULL FROM outbox WHERE message_id = ?1 ORDER BY sequence",
            params![message_id],
            |cells| {
                Ok(Departure {
                    purpose: Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?,
                    subject: cells.get()?,
                    receiver: cells.get()?,
                    is_sent: cells.get()?,
                })
            },
        )
    }

    /// Bytes that the ledger takes on its server; `None` for one in a file or in memory.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
    )]
    pub fn bytes_on_server(&self) -> Result<Option<u64>, LedgerError> {
        if !self.is_on_server() {
            return Ok(None);
        }
        self.first(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind = 'r'",
            [],
            |cells| cells.get(),
        )
    }

    /// Figures for metrics, as they stand at `now`.
    pub fn counts(&self, now: Timestamp) -> Result<Counts, LedgerError> {
        Ok(Counts {
            outbox: self.count_outbox(now)?,
            parked: self.count_messages(Verdict::Parked, now)?,
            held: self.count_messages(Verdict::Held, now)?,
            waiting: self.count_waiting(now)?,
            questions: self.count_questions(dutch_day(now), now)?,
            messages: self
                .all("SELECT law, number, verdict, count FROM tallies", [], |cells| {
                    Ok(((cells.kind()?, parse_verdict(cells.text()?)?), cells.count()?))
                })?
                .into_iter()
                .collect(),
        })
    }

    /// Every agreement with postings, by id.
    pub fn budgets(&self) -> Result<Vec<Budget>, LedgerError> {
        self.all("SELECT agreement, consumption, realised FROM balances ORDER BY agreement", [], |cells| {
            Ok(Budget { agreement: cells.get()?, consumption: cells.cents()?, realised: cells.cents()? })
        })
    }

    /// Stored messages, oldest first.
    pub fn messages(&self, filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
        self.all(
            "SELECT id, transport, transport_id, received_at, law, number, afzender, identificatie, gemeente, aanbieder,
                 verdict, level, findings, skipped, register_version
             FROM messages
             WHERE law IS NOT DISTINCT FROM coalesce(?1, law) AND number IS NOT DISTINCT FROM coalesce(?2, number)
                 AND verdict = coalesce(?3, verdict)
                 AND identificatie IS NOT DISTINCT FROM coalesce(?4, identificatie)
                 AND transport_id = coalesce(?5, transport_id) AND id > ?6
             ORDER BY id LIMIT ?7",
            params![
                filter.kind.map(|kind| kind.law.as_str()),
                filter.kind.map(|kind| kind.number.as_str()),
                filter.verdict.map(Verdict::as_str),
                filter.identificatie,
                filter.transport_id,
                filter.after.unwrap_or(0),
                filter.limit.map_or(i64::MAX, i64::from),
            ],
            entry,
        )
    }

    fn count_outbox(&self, now: Timestamp) -> Result<BTreeMap<Purpose, Waiting>, LedgerError> {
        let purposes = [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal];
        let mut outbox: BTreeMap<Purpose, Waiting> = purposes.map(|purpose| (purpose, Waiting::default())).into();
        // Rows are older the smaller their sequence, but for those that leave once more: they wait since that was ordered.
        let rows = self.all(
            "SELECT w.purpose, w.count, o.created_at, (
                 SELECT min(resent_at) FROM outbox
                 WHERE purpose = w.purpose AND sent_at IS NULL AND refused_at IS NULL AND resent_at IS NOT NULL
             ) FROM (
                 SELECT purpose, count(*) AS count, min(CASE WHEN sequence IN (
                     SELECT sequence FROM outbox WHERE sent_at IS NULL AND resent_at IS NOT NULL
                 ) THEN NULL ELSE sequence END) AS oldest FROM outbox INDEXED BY outbox_open
                 WHERE sent_at IS NULL AND refused_at IS NULL GROUP BY purpose
             ) AS w LEFT JOIN outbox AS o ON o.sequence = w.oldest",
            [],
            |cells| {
                let purpose = Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?;
                let count = cells.count()?;
                let (first, again) = (cells.get::<Option<i64>>()?, cells.get::<Option<i64>>()?);
                let oldest = first.into_iter().chain(again).min().map(Timestamp::from_microsecond).transpose();
                let oldest = oldest.map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
                Ok((purpose, Waiting { count, oldest: oldest.map(|since| age(since, now)) }))
            },
        )?;
        outbox.extend(rows);
        Ok(outbox)
    }

    fn count_messages(&self, verdict: Verdict, now: Timestamp) -> Result<Waiting, LedgerError> {
        let row = self.first(
            "SELECT count(*), min(received_at) FROM messages INDEXED BY messages_waiting
             WHERE verdict = ?1 AND verdict IN ('held', 'parked')",
            params![verdict.as_str()],
            |cells| Ok((cells.count()?, cells.get::<Option<i64>>()?)),
        )?;
        let (count, oldest) = row.unwrap_or_default();
        let oldest = oldest.map(Timestamp::from_microsecond).transpose();
        let oldest = oldest.map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
        Ok(Waiting { count, oldest: oldest.map(|since| age(since, now)) })
    }
}

pub(super) fn entry(cells: &mut Cells<'_, '_>) -> Result<Entry, LedgerError> {
    Ok(Entry {
        message_id: cells.get()?,
        transport: cells.get()?,
        transport_id: cells.get()?,
        received_at: cells.moment()?,
        kind: cells.kind()?,
        afzender: cells.get()?,
        identificatie: cells.get()?,
        gemeente: cells.get()?,
        aanbieder: cells.get()?,
        verdict: parse_verdict(cells.text()?)?,
        level: cells.get()?,
        findings: from_json(cells.text()?)?,
        skipped: from_json(cells.text()?)?,
        register_version: cells.get()?,
    })
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|_| LedgerError::Damaged("a list of findings is no JSON"))
}
