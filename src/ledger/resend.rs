//! The outbox as a person looks at it: what waits, what was refused, what left; and sending again what was refused.

use super::breaker::optional_class;
use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx, json, moment};
use crate::decision::Purpose;
use crate::delivery::class::Class;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where a row of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowState {
    /// It is to leave.
    Waiting,
    /// Its receiver refused it for what it is; it is set aside.
    Refused,
    /// The other side has it.
    Sent,
}

impl RowState {
    /// All states, in display order.
    pub const ALL: [RowState; 3] = [RowState::Waiting, RowState::Refused, RowState::Sent];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            RowState::Waiting => "waiting",
            RowState::Refused => "refused",
            RowState::Sent => "sent",
        }
    }

    /// The inverse of [`RowState::as_str`].
    pub fn parse(text: &str) -> Option<RowState> {
        RowState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Rows of one destination, as far as the ledger can tell: it knows receivers and purposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Forwards and signals of a municipality with a back office.
    Office(String),
    /// All but those of the municipalities with a back office.
    Default {
        /// These municipalities.
        offices: Vec<String>,
    },
}

impl Bound {
    /// Word, municipality and municipalities, as the queries take them.
    pub(super) fn values(&self) -> (&'static str, &str, String) {
        match self {
            Bound::Office(gemeente) => ("office", gemeente, json::<&str>([])),
            Bound::Default { offices } => ("default", "", json(offices)),
        }
    }
}

/// A row of the outbox without what it holds. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id: `message_id` on AMQP, idempotency key on HTTP.
    pub id: Uuid,
    /// Why it leaves.
    pub purpose: Purpose,
    /// Kind or check id.
    pub subject: String,
    /// Receiving party; empty when it is unknown.
    pub receiver: String,
    /// Where it stands.
    pub state: RowState,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it left or was set aside; `None` while it waits.
    pub ended_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: u32,
    /// Since when, or from when on, it may be tried; `None` when that is at once.
    pub due_at: Option<Timestamp>,
    /// Class of the last failed attempt.
    pub class: Option<Class>,
    /// The last failed attempt in words.
    pub reason: Option<String>,
}

/// Who sends again, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resend {
    /// Why. Names no client.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What became of an order to send again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resent {
    /// Rows that were refused and are due again, in the order of the outbox.
    pub again: Vec<Uuid>,
    /// Rows that were waiting and are due now.
    pub sooner: u64,
    /// Rows that the other side has already.
    pub sent: Vec<Uuid>,
    /// Ids that no row has.
    pub unknown: Vec<Uuid>,
    /// Whether the breaker of the destination was open, so that a probe goes now.
    pub probe: bool,
}

/// Condition on the rows of a [`Bound`], with its values in parameters 1 to 3.
macro_rules! bound {
    () => {
        "(?1 = 'all' OR (?1 = 'office' AND o.receiver = ?2 AND o.purpose IN ('forward', 'signal'))
            OR (?1 = 'default' AND NOT (o.purpose IN ('forward', 'signal')
                AND o.receiver IN (SELECT k.value FROM json_each(?3) AS k))))"
    };
}
pub(super) use bound;

/// Columns of a row, as [`row`] reads them.
macro_rules! row_columns {
    () => {
        "SELECT o.id, o.purpose, o.subject, o.receiver, o.sent_at, o.refused_at, o.created_at, o.attempts, o.due_at,
             a.class, a.reason
         FROM outbox AS o LEFT JOIN attempts AS a ON a.sequence = o.sequence AND a.attempt = o.attempts WHERE "
    };
}

impl Tx<'_> {
    /// The latest rows in a state, at most `limit`, oldest first.
    pub fn outbox_rows(&self, state: RowState, bound: Option<&Bound>, limit: u32) -> Result<Vec<Row>, LedgerError> {
        let (word, gemeente, offices) = bound.map_or(("all", "", json::<&str>([])), Bound::values);
        let sql = match state {
            RowState::Waiting => concat!(
                row_columns!(),
                bound!(),
                " AND o.sent_at IS NULL AND o.refused_at IS NULL ORDER BY o.sequence LIMIT ?4"
            ),
            RowState::Refused => {
                concat!(row_columns!(), bound!(), " AND o.refused_at IS NOT NULL ORDER BY o.sequence LIMIT ?4")
            }
            RowState::Sent => {
                concat!(row_columns!(), bound!(), " AND o.sent_at IS NOT NULL ORDER BY o.sequence DESC LIMIT ?4")
            }
        };
        let mut rows = self.all(sql, params![word, gemeente, offices, limit], row)?;
        if state == RowState::Sent {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Rows that are set aside, by purpose; all purposes are there.
    pub fn count_refused(&self) -> Result<BTreeMap<Purpose, u64>, LedgerError> {
        let purposes = [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal];
        let mut refused: BTreeMap<Purpose, u64> = purposes.map(|purpose| (purpose, 0)).into();
        refused.extend(self.all(
            "SELECT purpose, count(*) FROM outbox WHERE refused_at IS NOT NULL GROUP BY purpose",
            [],
            |cells| {
                let purpose = Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?;
                Ok((purpose, cells.count()?))
            },
        )?);
        Ok(refused)
    }

    /// Makes these rows due again, under their ids and with their bytes. A row that the other side has is left.
    pub fn resend(&mut self, ids: &[Uuid], order: &Resend) -> Result<Resent, LedgerError> {
        let mut resent = Resent::default();
        for id in ids {
            let open = self.first(
                "SELECT refused_at FROM outbox WHERE id = ?1 AND sent_at IS NULL",
                params![id.as_bytes()],
                optional_moment,
            )?;
            let Some(refused_at) = open else {
                let known =
                    self.first("SELECT 1 FROM outbox WHERE id = ?1 LIMIT 1", params![id.as_bytes()], |_| Ok(()))?;
                if known.is_some() { &mut resent.sent } else { &mut resent.unknown }.push(*id);
                continue;
            };
            self.sql(
                "UPDATE outbox SET refused_at = NULL, refusals = 0, due_at = 0 WHERE id = ?1 AND sent_at IS NULL",
            )?
            .execute(params![id.as_bytes()])?;
            if refused_at.is_some() {
                resent.again.push(*id);
            } else {
                resent.sooner += 1;
            }
        }
        self.audit_resend(&resent, None, order)?;
        Ok(resent)
    }

    /// Makes all refused rows of a destination due again and lets those that wait be tried now, with a probe at once.
    pub fn resend_all(&mut self, destination: &str, bound: &Bound, order: &Resend) -> Result<Resent, LedgerError> {
        let (word, gemeente, offices) = bound.values();
        let again = self.all(
            concat!(
                "SELECT o.id FROM outbox AS o WHERE o.refused_at IS NOT NULL AND ",
                bound!(),
                " ORDER BY o.sequence"
            ),
            params![word, gemeente, offices],
            |cells| Ok(Uuid::from_bytes(cells.get()?)),
        )?;
        let sooner = self
            .sql(concat!(
                "UPDATE outbox AS o SET due_at = 0
                 WHERE o.sent_at IS NULL AND o.refused_at IS NULL AND o.due_at > 0 AND ",
                bound!()
            ))?
            .execute(params![word, gemeente, offices])?;
        self.sql(concat!(
            "UPDATE outbox AS o SET refused_at = NULL, refusals = 0, due_at = 0 WHERE o.refused_at IS NOT NULL AND ",
            bound!()
        ))?
        .execute(params![word, gemeente, offices])?;
        let probe = self.hurry_breaker(destination, order.at)?;
        let sooner = u64::try_from(sooner).unwrap_or(u64::MAX);
        let resent = Resent { again, sooner, probe, ..Resent::default() };
        self.audit_resend(&resent, Some(destination), order)?;
        Ok(resent)
    }

    /// The trail names every row, so that it can be told later what was sent again. What changed nothing leaves no trace.
    fn audit_resend(&mut self, resent: &Resent, destination: Option<&str>, order: &Resend) -> Result<(), LedgerError> {
        if resent.again.is_empty() && resent.sooner == 0 && !resent.probe {
            return Ok(());
        }
        let content = json!({
            "destination": destination,
            "reason": order.reason,
            "by": order.by,
            "again": resent.again.iter().map(Uuid::to_string).collect::<Vec<_>>(),
            "sooner": resent.sooner,
            "probe": resent.probe,
        });
        self.append_audit(order.at, "sent again", None, &content.to_string())?;
        self.grow_outbox();
        Ok(())
    }
}

fn row(cells: &mut Cells<'_, '_>) -> Result<Row, LedgerError> {
    let id = Uuid::from_bytes(cells.get()?);
    let purpose = Purpose::parse(cells.text()?).ok_or(LedgerError::Damaged("a purpose is unknown"))?;
    let (subject, receiver) = (cells.get()?, cells.get()?);
    let (sent_at, refused_at) = (optional_moment(cells)?, optional_moment(cells)?);
    let (created_at, attempts) = (cells.moment()?, cells.get()?);
    let due_at = cells.get::<i64>()?;
    Ok(Row {
        id,
        purpose,
        subject,
        receiver,
        state: match (sent_at, refused_at) {
            (Some(_), _) => RowState::Sent,
            (None, Some(_)) => RowState::Refused,
            (None, None) => RowState::Waiting,
        },
        created_at,
        ended_at: sent_at.or(refused_at),
        attempts,
        due_at: (due_at > 0 && sent_at.is_none() && refused_at.is_none()).then(|| moment(due_at)).transpose()?,
        class: optional_class(cells)?,
        reason: cells.get()?,
    })
}

fn optional_moment(cells: &mut Cells<'_, '_>) -> Result<Option<Timestamp>, LedgerError> {
    cells.optional_moment()
}
