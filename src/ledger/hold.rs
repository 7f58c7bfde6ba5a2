//! Holds and orders in the ledger: what waits for a person, why, and what was ordered about it.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::record::Recorder;
use super::store::to_json;
use super::tx::{Cells, Tx, integer, json};
use crate::finding::Signal;
use crate::hold::{Action, Order, Outcome};
use crate::message::{Count, Kind};
use crate::rules::facts::Request;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A message that is or was held. No personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Its number in the ledger.
    pub message_id: i64,
    /// Its kind.
    pub kind: Kind,
    /// Its Identificatie.
    pub identificatie: String,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
    /// Since when.
    pub held_at: Timestamp,
    /// The earlier hold that it must not overtake.
    pub behind: Option<i64>,
    /// What the contract layer holds it for.
    pub reasons: Vec<Signal>,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// `released`, `withdrawn`, or `followed`: an earlier hold ended and nothing else held it.
    pub how: String,
    /// Who ended it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The order.
    pub order: Order,
    /// What became of it; `None` while it waits for the gateway.
    pub done: Option<Done>,
}

/// What became of an order, with a sentence for whoever gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What.
    pub outcome: Outcome,
    /// The sentence.
    pub answer: String,
}

impl Recorder<'_> {
    pub(super) fn hold(
        &self,
        tx: &Tx<'_>,
        toewijzingen: &[Count],
        reasons: &[Signal],
        behind: Option<i64>,
    ) -> Result<(), LedgerError> {
        tx.sql("INSERT INTO holds (message_id, held_at, behind, reasons) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![self.message_id, self.at.as_microsecond(), behind, to_json(reasons)?])?;
        let numbers = toewijzingen.iter().copied().map(integer).collect::<Result<Vec<_>, _>>()?;
        tx.sql(
            "INSERT INTO held_allocations (law, gemeente, nummer, message_id)
             SELECT ?1, ?2, CAST(k.value AS BIGINT), ?3 FROM json_each(?4) AS k WHERE true
             ON CONFLICT (law, gemeente, nummer, message_id) DO NOTHING",
        )?
        .execute(params![self.law(), self.identity.gemeente.as_str(), self.message_id, json(numbers)])?;
        Ok(())
    }
}

/// Columns of a hold, as [`hold`] reads them.
macro_rules! hold_columns {
    () => {
        "SELECT h.message_id, m.law, m.number, m.identificatie, m.gemeente, m.aanbieder, h.held_at, h.behind, h.reasons,
             h.ended_at, h.ended, h.ended_by, h.ended_because
         FROM holds AS h CROSS JOIN messages AS m ON m.id = h.message_id "
    };
}
pub(super) use hold_columns;

impl Tx<'_> {
    /// Allocations named in a request that a message holds back, by number, each with the latest such message; of a
    /// stored message only those that came before it.
    pub(super) fn held_before(
        &self,
        request: &Request,
        message_id: Option<i64>,
    ) -> Result<BTreeMap<Count, i64>, LedgerError> {
        if request.toewijzingen.is_empty() {
            return Ok(BTreeMap::new());
        }
        let held = self.all(
            "SELECT h.nummer, max(h.message_id) FROM json_each(?1) AS k CROSS JOIN held_allocations AS h
             ON h.law = ?2 AND h.gemeente = ?3 AND h.nummer = CAST(k.value AS BIGINT) AND h.message_id < ?4
             GROUP BY h.nummer",
            params![
                json(&request.toewijzingen),
                request.law.as_str(),
                request.gemeente.as_str(),
                message_id.unwrap_or(i64::MAX)
            ],
            |cells| Ok((cells.count()?, cells.get()?)),
        )?;
        Ok(held.into_iter().collect())
    }

    /// Messages that are held now, oldest first.
    pub fn holds(&self) -> Result<Vec<Hold>, LedgerError> {
        self.all(concat!(hold_columns!(), "WHERE h.ended_at IS NULL ORDER BY h.message_id"), [], hold)
    }

    /// A message that is or was held.
    pub fn hold(&self, message_id: i64) -> Result<Option<Hold>, LedgerError> {
        self.first(concat!(hold_columns!(), "WHERE h.message_id = ?1"), [message_id], hold)
    }

    /// The latest message that is held, came before this one and is about one of its allocations.
    pub fn held_ahead(&self, message_id: i64) -> Result<Option<i64>, LedgerError> {
        self.first(
            "SELECT max(o.message_id) FROM held_allocations AS h
             CROSS JOIN held_allocations AS o ON o.law = h.law AND o.gemeente = h.gemeente AND o.nummer = h.nummer
             WHERE h.message_id = ?1 AND o.message_id < ?1",
            [message_id],
            |cells| cells.get::<Option<i64>>(),
        )
        .map(Option::flatten)
    }

    /// Messages that are held, came after this one and are about one of its allocations, oldest first.
    pub fn held_behind(&self, message_id: i64) -> Result<Vec<i64>, LedgerError> {
        self.all(
            "SELECT DISTINCT o.message_id FROM held_allocations AS h
             CROSS JOIN held_allocations AS o ON o.law = h.law AND o.gemeente = h.gemeente AND o.nummer = h.nummer
             WHERE h.message_id = ?1 AND o.message_id > ?1 ORDER BY o.message_id",
            [message_id],
            |cells| cells.get(),
        )
    }

    /// Notes that a hold ended. Its message gets its new verdict in the same job.
    pub fn end_hold(&mut self, message_id: i64, ended: &Ended) -> Result<(), LedgerError> {
        let closed = self
            .sql(
                "UPDATE holds SET ended_at = ?2, ended = ?3, ended_by = ?4, ended_because = ?5
                 WHERE message_id = ?1 AND ended_at IS NULL",
            )?
            .execute(params![message_id, ended.at.as_microsecond(), ended.how, ended.by, ended.reason])?;
        if closed == 0 {
            return Err(LedgerError::Conflict("the hold has ended already"));
        }
        self.sql("DELETE FROM held_allocations WHERE message_id = ?1")?.execute([message_id])?;
        Ok(())
    }

    /// Adds an order for the gateway to carry out; gives its number.
    pub fn give_order(&mut self, order: &Order, at: Timestamp) -> Result<i64, LedgerError> {
        let added = self.added(
            "INSERT INTO orders (message_id, action, reason, given_by, given_at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
            params![order.message_id, order.action.as_str(), order.reason, order.by, at.as_microsecond()],
        )?;
        added.ok_or(LedgerError::Damaged("an order has no number"))
    }

    /// Orders that wait to be carried out, in the order in which they were given.
    pub fn open_orders(&self) -> Result<Vec<i64>, LedgerError> {
        self.all("SELECT id FROM orders INDEXED BY orders_open WHERE done_at IS NULL ORDER BY id", [], |cells| {
            cells.get()
        })
    }

    /// An order as it stands.
    pub fn order(&self, order_id: i64) -> Result<Option<Ordered>, LedgerError> {
        self.first(
            "SELECT message_id, action, reason, given_by, outcome, answer FROM orders WHERE id = ?1",
            [order_id],
            |cells| {
                let message_id = cells.get()?;
                let action = Action::parse(cells.text()?).ok_or(LedgerError::Damaged("an order is unknown"))?;
                let order = Order { message_id, action, reason: cells.get()?, by: cells.get()? };
                let (outcome, answer) = (cells.get::<Option<String>>()?, cells.get::<Option<String>>()?);
                let done = outcome.map(|outcome| {
                    let outcome = Outcome::parse(&outcome).ok_or(LedgerError::Damaged("an outcome is unknown"))?;
                    Ok::<Done, LedgerError>(Done { outcome, answer: answer.unwrap_or_default() })
                });
                Ok(Ordered { order, done: done.transpose()? })
            },
        )
    }

    /// Notes what became of an order, once.
    pub fn finish_order(&mut self, order_id: i64, done: &Done, at: Timestamp) -> Result<(), LedgerError> {
        let finished = self
            .sql("UPDATE orders SET done_at = ?2, outcome = ?3, answer = ?4 WHERE id = ?1 AND done_at IS NULL")?
            .execute(params![order_id, at.as_microsecond(), done.outcome.as_str(), done.answer])?;
        if finished == 1 { Ok(()) } else { Err(LedgerError::Conflict("the order was carried out already")) }
    }
}

pub(super) fn hold(cells: &mut Cells<'_, '_>) -> Result<Hold, LedgerError> {
    Ok(Hold {
        message_id: cells.get()?,
        kind: cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?,
        identificatie: cells.get()?,
        gemeente: cells.get()?,
        aanbieder: cells.get()?,
        held_at: cells.moment()?,
        behind: cells.get()?,
        reasons: serde_json::from_str(cells.text()?)
            .map_err(|_| LedgerError::Damaged("the reasons of a hold are no JSON"))?,
        ended: ended(cells)?,
    })
}

fn ended(cells: &mut Cells<'_, '_>) -> Result<Option<Ended>, LedgerError> {
    let (at, how) = (cells.get::<Option<i64>>()?, cells.get::<Option<String>>()?);
    let (by, reason) = (cells.get::<Option<String>>()?, cells.get::<Option<String>>()?);
    let (Some(at), Some(how)) = (at, how) else { return Ok(None) };
    let at = Timestamp::from_microsecond(at).map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
    Ok(Some(Ended { at, how, by: by.unwrap_or_default(), reason: reason.unwrap_or_default() }))
}
