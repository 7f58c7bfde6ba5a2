//! The outbox in the ledger: which rows are due, in the order of each destination, and what became of attempts.

use super::Ledger;
use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx};
use crate::decision::Purpose;
use crate::delivery::breaker::{Rules, Step};
use crate::delivery::class::Class;
use crate::delivery::outbox::{Due, Outbox, OutboxError, Outcome, Settlement, Standing};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Bodies are up to 25 MB: a batch ends early rather than fill the memory. One row always fits.
const BATCH_BYTES: usize = 64 << 20;

/// Where rows keep their order: lane and receiver.
type Destination = (String, String);

impl Tx<'_> {
    /// Rows that are due at `now`, oldest first, at most `limit`; fewer when their bodies are large.
    ///
    /// Each destination is walked from its oldest unsent row to the first that waits for a retry: what stands behind
    /// that one waits with it.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, LedgerError> {
        self.due_except(now, limit, &[])
    }

    /// As [`Tx::due`], without rows of receivers that are being served; `None` stands for error reports whose receiver
    /// is unknown.
    pub fn due_except(&self, now: Timestamp, limit: usize, busy: &[Option<String>]) -> Result<Vec<Due>, LedgerError> {
        let mut due = Vec::new();
        let mut bytes = 0;
        let mut stopped: BTreeSet<Destination> = BTreeSet::new();
        for (sequence, destination) in self.due_rows(now, limit, busy)? {
            if bytes >= BATCH_BYTES {
                break;
            }
            if stopped.contains(&destination) {
                continue;
            }
            match self.load(sequence) {
                Ok(row) => {
                    bytes += row.body.len() + row.verdict_json.as_ref().map_or(0, Vec::len);
                    due.push(row);
                }
                // One damaged row must not stop the others; its own destination waits, to keep the order.
                Err(error @ (LedgerError::Damaged(_) | LedgerError::Key { .. })) => {
                    tracing::error!(outbox.sequence = sequence, %error, "an outbox row cannot be sent");
                    stopped.insert(destination);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(due)
    }

    /// Records attempts. A row that was sent stays so.
    pub fn settle(&mut self, settlements: &[Settlement]) -> Result<(), LedgerError> {
        settlements.iter().try_for_each(|settlement| self.settle_one(settlement))
    }

    fn due_rows(
        &self,
        now: Timestamp,
        limit: usize,
        busy: &[Option<String>],
    ) -> Result<Vec<(i64, Destination)>, LedgerError> {
        let now = now.as_microsecond();
        let mut rows = Vec::new();
        for destination in self.destinations()? {
            if busy.iter().any(|receiver| receiver.as_deref().unwrap_or_default() == destination.1) {
                continue;
            }
            rows.extend(self.due_at(&destination, now, limit)?.into_iter().map(|row| (row, destination.clone())));
        }
        rows.sort();
        rows.truncate(limit);
        Ok(rows)
    }

    /// Destinations with unsent rows: hops through the index from one to the next, however many rows each has.
    fn destinations(&self) -> Result<Vec<Destination>, LedgerError> {
        let mut destinations: Vec<Destination> = Vec::new();
        loop {
            let (lane, receiver) = destinations.last().map_or(("", ""), |last| (&*last.0, &*last.1));
            let next = self.first(
                "SELECT lane, receiver FROM outbox INDEXED BY outbox_open
                 WHERE sent_at IS NULL AND refused_at IS NULL AND (lane, receiver) > (?1, ?2) ORDER BY lane, receiver LIMIT 1",
                params![lane, receiver],
                |cells| Ok((cells.get()?, cells.get()?)),
            )?;
            match next {
                Some(next) => destinations.push(next),
                None => return Ok(destinations),
            }
        }
    }

    /// A row whose last attempt was later than now waits for nothing: the clock was put back since, and its wait may
    /// have no end by the right time.
    fn due_at(&self, destination: &Destination, now: i64, limit: usize) -> Result<Vec<i64>, LedgerError> {
        let rows: Vec<(i64, i64)> = self.all(
            "SELECT sequence, CASE WHEN due_at > ?4 AND EXISTS (SELECT 1 FROM attempts AS a
                 WHERE a.sequence = outbox.sequence AND a.attempt = outbox.attempts AND a.at > ?4)
                 THEN 0 ELSE due_at END
             FROM outbox INDEXED BY outbox_open
             WHERE sent_at IS NULL AND refused_at IS NULL AND lane = ?1 AND receiver = ?2 ORDER BY sequence LIMIT ?3",
            params![destination.0, destination.1, i64::try_from(limit).unwrap_or(i64::MAX), now],
            |cells| Ok((cells.get()?, cells.get()?)),
        )?;
        Ok(rows.into_iter().take_while(|(_, due_at)| *due_at <= now).map(|(sequence, _)| sequence).collect())
    }

    fn load(&self, sequence: i64) -> Result<Due, LedgerError> {
        let found = self.first(
            "SELECT o.sequence, o.id, o.purpose, o.subject, o.law, nullif(o.receiver, ''), o.region,
                 coalesce(m.transport_id, o.correlation), o.attempts, o.refusals, o.body, o.verdict,
                 CASE WHEN o.resent_at IS NULL THEN m.received_at END
             FROM outbox AS o LEFT JOIN messages AS m ON m.id = o.message_id WHERE o.sequence = ?1",
            params![sequence],
            |cells| self.read(cells),
        )?;
        found.ok_or(LedgerError::Damaged("an outbox row is gone"))
    }

    fn read(&self, cells: &mut Cells<'_, '_>) -> Result<Due, LedgerError> {
        let sequence = cells.get()?;
        let id = Uuid::from_bytes(cells.get()?);
        Ok(Due {
            id,
            sequence,
            purpose: Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?,
            subject: cells.get()?,
            law: cells.optional_law()?,
            to: cells.get()?,
            region: cells.get()?,
            correlation_id: cells.get()?,
            attempts: cells.get()?,
            refusals: cells.get()?,
            body: self.vault.open(&[b"outbox", id.as_bytes()], &cells.get::<Vec<u8>>()?)?,
            verdict_json: cells
                .get::<Option<Vec<u8>>>()?
                .map(|sealed| self.vault.open(&[b"verdict", id.as_bytes()], &sealed))
                .transpose()?,
            taken_in_at: cells.optional_moment()?,
        })
    }

    fn settle_one(&self, settlement: &Settlement) -> Result<(), LedgerError> {
        let ended_at = Some(settlement.at.as_microsecond());
        let (word, sent_at, refused_at, retry_at, failed) = match &settlement.outcome {
            Outcome::Sent => ("sent", ended_at, None, None, None),
            Outcome::Retry { at, class, reason } => {
                ("retry", None, None, Some(at.as_microsecond()), Some((class, reason)))
            }
            Outcome::SetAside { class, reason } => ("retry", None, ended_at, None, Some((class, reason))),
        };
        let refusals = i64::from(failed.is_some_and(|(class, _)| *class == Class::Data));
        let row: Option<(i64, i64)> = self.first(
            "UPDATE outbox SET attempts = attempts + 1, sent_at = ?2, due_at = coalesce(?3, due_at), refused_at = ?4,
                 refusals = refusals + ?5
             WHERE id = ?1 AND sent_at IS NULL RETURNING sequence, attempts",
            params![settlement.id.as_bytes(), sent_at, retry_at, refused_at, refusals],
            |cells| Ok((cells.get()?, cells.get()?)),
        )?;
        let Some((sequence, attempt)) = row else {
            tracing::warn!(outbox.id = %settlement.id, "an attempt was reported on a row that is not waiting");
            return Ok(());
        };
        self.sql(
            "INSERT INTO attempts (sequence, attempt, at, outcome, retry_at, reason, class)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            sequence,
            attempt,
            settlement.at.as_microsecond(),
            word,
            retry_at,
            failed.map(|(_, reason)| reason),
            failed.map(|(class, _)| class.as_str()),
        ])?;
        Ok(())
    }
}

impl Outbox for Ledger {
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        let due = self.run(move |tx| tx.due(now, limit));
        Box::pin(async move { due.await.map_err(|error| OutboxError(error.to_string())) })
    }

    fn due_except(
        &self,
        now: Timestamp,
        limit: usize,
        busy: Vec<Option<String>>,
    ) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        if limit == 0 {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        }
        let due = self.run(move |tx| tx.due_except(now, limit, &busy));
        Box::pin(async move { due.await.map_err(|error| OutboxError(error.to_string())) })
    }

    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<(), OutboxError>> {
        let settled = self.run(move |tx| tx.settle(&settlements));
        Box::pin(async move { settled.await.map_err(|error| OutboxError(error.to_string())) })
    }

    fn breakers(&self, steps: Vec<Step>, now: Timestamp, rules: Rules) -> BoxFuture<'_, Result<Standing, OutboxError>> {
        let standing = self.run(move |tx| tx.take_steps(&steps, now, rules));
        Box::pin(async move { standing.await.map_err(|error| OutboxError(error.to_string())) })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.seen.lock().await.changed().await.is_err() {
                // The ledger is closed: nothing will ever change again.
                std::future::pending::<()>().await;
            }
        })
    }
}
