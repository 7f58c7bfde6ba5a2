//! The waiting room: messages that refer to something that may still be under way.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::report::Waiting;
use super::store::Inbox;
use super::tx::{Tx, json};
use crate::clock::age;
use crate::message::Kind;
use crate::waiting::{Awaited, Pair};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A message in the waiting room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Its place in the room; smaller came earlier.
    pub waiting_id: i64,
    /// The message as it came in.
    pub inbox: Inbox,
    /// When its time is over.
    pub until: Timestamp,
}

impl Tx<'_> {
    /// Lets a message wait until a moment at the latest. A repeat of a delivery that waits already adds nothing.
    pub fn wait(
        &mut self,
        inbox: &Inbox,
        (kind, pair): (Kind, &Pair),
        until: Timestamp,
        awaited: &BTreeSet<Awaited>,
    ) -> Result<(), LedgerError> {
        let body = self.vault.seal(&[b"waiting", &inbox.digest], &inbox.bytes)?;
        let added = self.added(
            "INSERT INTO waiting (transport, transport_id, digest, received_at, until, law, number, gemeente,
                     aanbieder, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (transport, transport_id, digest) DO NOTHING RETURNING id",
            params![
                inbox.transport,
                inbox.transport_id,
                inbox.digest,
                inbox.received_at.as_microsecond(),
                until.as_microsecond(),
                kind.law.as_str(),
                kind.number.as_str(),
                pair.gemeente,
                pair.aanbieder,
                body,
            ],
        )?;
        added.map_or(Ok(()), |waiting_id| self.insert_awaited(waiting_id, pair, awaited))
    }

    /// Notes what a message that was judged again waits for now, and lets it sleep.
    pub fn wait_on(&mut self, waiting_id: i64, pair: &Pair, awaited: &BTreeSet<Awaited>) -> Result<(), LedgerError> {
        self.sql("UPDATE waiting SET woken = 0 WHERE id = ?1")?.execute([waiting_id])?;
        self.sql("DELETE FROM awaited WHERE waiting_id = ?1")?.execute([waiting_id])?;
        self.insert_awaited(waiting_id, pair, awaited)
    }

    fn insert_awaited(&self, waiting_id: i64, pair: &Pair, awaited: &BTreeSet<Awaited>) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO awaited (law, gemeente, aanbieder, what, waiting_id)
             SELECT ?1, ?2, ?3, k.value, ?4 FROM json_each(?5) AS k",
        )?
        .execute(params![
            pair.law.as_str(),
            pair.gemeente,
            pair.aanbieder,
            waiting_id,
            json(awaited.iter().map(Awaited::key))
        ])?;
        Ok(())
    }

    /// Whether this delivery waits.
    pub fn is_waiting(&self, transport: &str, transport_id: &str, digest: &[u8; 32]) -> Result<bool, LedgerError> {
        let found = self.first(
            "SELECT id FROM waiting WHERE transport = ?1 AND transport_id = ?2 AND digest = ?3",
            params![transport, transport_id, digest],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Wakes the messages of a pair that wait for one of these; gives how many.
    pub fn wake(&mut self, pair: &Pair, brought: &BTreeSet<Awaited>) -> Result<usize, LedgerError> {
        let woken = self
            .sql(
                "UPDATE waiting SET woken = 1 WHERE id IN (
                     SELECT a.waiting_id FROM json_each(?1) AS k CROSS JOIN awaited AS a
                     ON a.law = ?2 AND a.gemeente = ?3 AND a.aanbieder = ?4 AND a.what = k.value
                 )",
            )?
            .execute(params![
                json(brought.iter().map(Awaited::key)),
                pair.law.as_str(),
                pair.gemeente,
                pair.aanbieder
            ])?;
        Ok(woken)
    }

    /// Messages to judge now, in the order in which they came: those that were woken, and those whose time is over.
    pub fn waiters_due(&self, now: Timestamp, limit: u32) -> Result<Vec<i64>, LedgerError> {
        self.all(
            "SELECT id FROM waiting WHERE woken = 1
             UNION SELECT id FROM waiting WHERE until <= ?1
             ORDER BY id LIMIT ?2",
            params![now.as_microsecond(), limit],
            |cells| cells.get(),
        )
    }

    /// A message of the waiting room; `None` when it has left.
    pub fn waiter(&self, waiting_id: i64) -> Result<Option<Waiter>, LedgerError> {
        self.first(
            "SELECT transport, transport_id, digest, received_at, until, body FROM waiting WHERE id = ?1",
            [waiting_id],
            |cells| {
                let (transport, transport_id) = (cells.get()?, cells.get()?);
                let digest: [u8; 32] = cells.get()?;
                let (received_at, until) = (cells.moment()?, cells.moment()?);
                let bytes = self.vault.open(&[b"waiting", &digest], &cells.get::<Vec<u8>>()?)?;
                let inbox = Inbox { transport, transport_id, digest, received_at, bytes, mentioned: None };
                Ok(Waiter { waiting_id, inbox, until })
            },
        )
    }

    /// Takes a message out of the waiting room; it is stored with its verdict in the same job.
    pub fn leave_waiting(&mut self, waiting_id: i64) -> Result<(), LedgerError> {
        self.sql("DELETE FROM awaited WHERE waiting_id = ?1")?.execute([waiting_id])?;
        self.sql("DELETE FROM waiting WHERE id = ?1")?.execute([waiting_id])?;
        Ok(())
    }

    /// How many wait, and how long the oldest has.
    pub fn count_waiting(&self, now: Timestamp) -> Result<Waiting, LedgerError> {
        let row = self.first("SELECT count(*), min(received_at) FROM waiting", [], |cells| {
            Ok((cells.count()?, cells.get::<Option<i64>>()?))
        })?;
        let (count, oldest) = row.unwrap_or_default();
        let oldest = oldest.map(Timestamp::from_microsecond).transpose();
        let oldest = oldest.map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
        Ok(Waiting { count, oldest: oldest.map(|since| age(since, now)) })
    }
}
