//! Reading the outbox: how much waits where, a page of rows, and one with its attempts.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::resend::{Bound, RowState, bound};
use super::super::tx::{Cells, Tx, json};
use crate::config::Config;
use crate::decision::Purpose;
use crate::delivery::without_bsn;
use crate::view::deliveries::{
    Attempt, Backlog, Delivery, Destination, Failure, Filter, Shown, destination_of, destinations,
};
use crate::view::page::{Page, READ};
use jiff::Timestamp;
use uuid::Uuid;

/// Columns of a row, as [`delivery`] reads them.
macro_rules! delivery_columns {
    () => {
        "SELECT o.sequence, o.id, o.purpose, o.subject, o.receiver, o.message_id, o.sent_at, o.refused_at, o.created_at,
             o.resent_at, o.due_at, o.attempts, a.at, a.class, a.reason
         FROM outbox AS o LEFT JOIN attempts AS a ON a.sequence = o.sequence AND a.attempt = o.attempts WHERE "
    };
}

impl Tx<'_> {
    /// How the destinations of a configuration stand.
    pub fn destinations_now(&self, config: &Config) -> Result<Vec<Destination>, LedgerError> {
        Ok(destinations(config, &self.backlogs()?, &self.breakers()?.0))
    }

    /// What waits and what was refused, by purpose and receiver. Walks the index of what is open.
    fn backlogs(&self) -> Result<Vec<Backlog>, LedgerError> {
        let mut backlogs = self.all(
            "SELECT w.purpose, w.receiver, w.waiting, w.failing, coalesce(o.resent_at, o.created_at), a.at, a.class, a.reason
             FROM (
                 SELECT purpose, receiver, count(*) AS waiting, min(sequence) AS oldest,
                     sum(CASE WHEN due_at > 0 THEN 1 ELSE 0 END) AS failing,
                     min(CASE WHEN due_at > 0 THEN sequence END) AS failed
                 FROM outbox INDEXED BY outbox_open WHERE sent_at IS NULL AND refused_at IS NULL
                 GROUP BY purpose, receiver
             ) AS w
             JOIN outbox AS o ON o.sequence = w.oldest
             LEFT JOIN outbox AS f ON f.sequence = w.failed
             LEFT JOIN attempts AS a ON a.sequence = f.sequence AND a.attempt = f.attempts
             ORDER BY 1, 2",
            [],
            |cells| {
                Ok(Backlog {
                    purpose: purpose(cells)?,
                    receiver: cells.get()?,
                    waiting: cells.count()?,
                    failing: cells.count()?,
                    refused: 0,
                    oldest_at: cells.optional_moment()?,
                    last_failure: failure(cells)?,
                })
            },
        )?;
        backlogs.extend(self.all(
            "SELECT purpose, receiver, count(*) FROM outbox INDEXED BY outbox_refused WHERE refused_at IS NOT NULL
             GROUP BY purpose, receiver ORDER BY 1, 2",
            [],
            |cells| {
                let (purpose, receiver, refused) = (purpose(cells)?, cells.get()?, cells.count()?);
                let (oldest_at, last_failure) = (None, None);
                Ok(Backlog { purpose, receiver, waiting: 0, failing: 0, refused, oldest_at, last_failure })
            },
        )?);
        Ok(backlogs)
    }

    /// A page of rows: what waits or was refused in the order of the outbox, what was sent the latest first.
    pub fn delivery_page(&self, filter: &Filter, config: &Config) -> Result<Page<Delivery>, LedgerError> {
        let (word, gemeente, offices) =
            filter.bound.as_ref().map_or(("all", "", json::<&str>([])), |bound: &Bound| bound.values());
        let (sql, first) = match filter.state {
            RowState::Waiting => (
                concat!(
                    delivery_columns!(),
                    bound!(),
                    " AND o.sent_at IS NULL AND o.refused_at IS NULL AND o.sequence > ?4 ORDER BY o.sequence LIMIT ?5"
                ),
                0,
            ),
            RowState::Refused => (
                concat!(
                    delivery_columns!(),
                    bound!(),
                    " AND o.refused_at IS NOT NULL AND o.sequence > ?4 ORDER BY o.sequence LIMIT ?5"
                ),
                0,
            ),
            RowState::Sent => (
                concat!(
                    delivery_columns!(),
                    bound!(),
                    " AND o.sent_at IS NOT NULL AND o.sequence < ?4 ORDER BY o.sequence DESC LIMIT ?5"
                ),
                i64::MAX,
            ),
        };
        let rows = self.all(sql, params![word, gemeente, offices, filter.after.unwrap_or(first), READ], |cells| {
            delivery(cells, config)
        })?;
        Ok(Page::of(rows, |row| row.id.to_string()))
    }

    /// One row with its attempts.
    pub fn delivery_one(&self, sequence: i64, config: &Config) -> Result<Option<Shown>, LedgerError> {
        let found =
            self.first(concat!(delivery_columns!(), "o.sequence = ?1"), [sequence], |cells| delivery(cells, config))?;
        let Some(delivery) = found else { return Ok(None) };
        let attempts = self.all(
            "SELECT attempt, retry_at, at, outcome, class, reason FROM attempts WHERE sequence = ?1 ORDER BY attempt",
            [sequence],
            |cells| {
                let (number, retry_at, at) = (cells.get()?, cells.optional_moment()?, cells.moment()?);
                let is_sent = cells.text()? == "sent";
                let failure = failed(cells, Some(at))?;
                let outcome = match (is_sent, retry_at) {
                    (true, _) => "sent",
                    (false, Some(_)) => "failed",
                    (false, None) => "refused",
                };
                Ok(Attempt { number, at, outcome: outcome.to_owned(), retry_at, failure })
            },
        )?;
        Ok(Some(Shown { delivery, attempts }))
    }
}

pub(super) fn purpose(cells: &mut Cells<'_, '_>) -> Result<Purpose, LedgerError> {
    Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))
}

/// Moment, class and reason of an attempt that failed.
fn failure(cells: &mut Cells<'_, '_>) -> Result<Option<Failure>, LedgerError> {
    let at = cells.optional_moment()?;
    failed(cells, at)
}

fn failed(cells: &mut Cells<'_, '_>, at: Option<Timestamp>) -> Result<Option<Failure>, LedgerError> {
    let (class, reason) = (cells.get::<Option<String>>()?, cells.get::<Option<String>>()?);
    Ok(reason.map(|reason| Failure { at, class, reason: without_bsn(&reason) }))
}

fn delivery(cells: &mut Cells<'_, '_>, config: &Config) -> Result<Delivery, LedgerError> {
    let (id, uuid, purpose) = (cells.get()?, Uuid::from_bytes(cells.get()?), purpose(cells)?);
    let (subject, receiver): (String, String) = (cells.get()?, cells.get()?);
    let (message, sent_at, refused_at) = (cells.get()?, cells.optional_moment()?, cells.optional_moment()?);
    let (created_at, resent_at, due_at) = (cells.moment()?, cells.optional_moment()?, cells.optional_moment()?);
    let (attempts, at) = (cells.get()?, cells.optional_moment()?);
    let last_failure = failed(cells, at)?;
    let state = match (sent_at, refused_at) {
        (Some(_), _) => RowState::Sent,
        (None, Some(_)) => RowState::Refused,
        (None, None) => RowState::Waiting,
    };
    Ok(Delivery {
        id,
        uuid: uuid.to_string(),
        destination: destination_of(config, purpose, &receiver),
        purpose: purpose.as_str().to_owned(),
        subject,
        receiver: without_bsn(&receiver),
        message,
        state: state.as_str().to_owned(),
        created_at,
        resent_at,
        ended_at: sent_at.or(refused_at),
        due_at: due_at.filter(|due_at| *due_at > Timestamp::UNIX_EPOCH && state == RowState::Waiting),
        attempts,
        last_failure,
    })
}
