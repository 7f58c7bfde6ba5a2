//! Signals from the moment they are first told until their cause is gone, and when a region was last looked over.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::store::{to_json, word};
use super::tx::{Cells, Tx};
use crate::contract::ending::{Because, Open, Origin};
use crate::decision::Outgoing;
use crate::effects::{self, Teller};
use crate::finding::{Severity, Signal};
use crate::message::{Cents, Date};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What became of a signal that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It is open already: nobody is told again.
    Known,
    /// It opened, for the first time or once more.
    News {
        /// How often it has opened.
        occurrence: u32,
    },
}

/// What a survey of a region found, to be recorded as one.
#[derive(Debug, Clone)]
pub struct SurveyRecord {
    /// Region.
    pub region: String,
    /// Dutch civil date of the survey.
    pub day: Date,
    /// Register that it was made by.
    pub register_version: String,
    /// What the checks over time tell.
    pub told: Vec<Signal>,
    /// Signals that have ended, and why.
    pub ended: Vec<(Open, Because)>,
}

/// How many signals opened and ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Opened, for the first time or once more.
    pub opened: usize,
    /// Ended.
    pub ended: usize,
}

/// A signal as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The signal as it was last told.
    pub signal: Signal,
    /// When it opened, the last time.
    pub opened_at: Timestamp,
    /// When it was last told.
    pub seen_at: Timestamp,
    /// When it ended and why; `None` while it is open.
    pub ended: Option<(Timestamp, String)>,
    /// How often it has opened.
    pub occurrence: u32,
}

/// The last survey of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSurvey {
    /// Dutch civil date.
    pub day: Date,
    /// Register that it was made by.
    pub register_version: String,
    /// Moment.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// Keeps signals; for each, in order, whether it is news.
    pub(super) fn keep_signals(
        &self,
        message_id: Option<i64>,
        at: Timestamp,
        signals: &[Signal],
    ) -> Result<Vec<Told>, LedgerError> {
        signals.iter().map(|signal| self.keep_signal(message_id, at, signal)).collect()
    }

    fn keep_signal(&self, message_id: Option<i64>, at: Timestamp, signal: &Signal) -> Result<Told, LedgerError> {
        // NULL: it is not known; 0: it is open; else how often it has opened.
        let known: Option<u32> = self.first(
            "SELECT CASE WHEN ended_at IS NULL THEN 0 ELSE occurrence END FROM signals WHERE id = ?1",
            [&signal.id],
            |cells| cells.get(),
        )?;
        let told = match known {
            Some(0) => Told::Known,
            before => Told::News { occurrence: before.unwrap_or(0) + 1 },
        };
        let occurrence = match told {
            Told::Known => None,
            Told::News { occurrence } => Some(occurrence),
        };
        self.sql(
            "INSERT INTO signals (id, message_id, \"check\", outcome, severity, region, gemeente, content, opened_at,
                 seen_at, occurrence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 1)
             ON CONFLICT (id) DO UPDATE SET
                 message_id = coalesce(excluded.message_id, signals.message_id), outcome = excluded.outcome,
                 severity = excluded.severity, content = excluded.content, seen_at = excluded.seen_at,
                 opened_at = CASE WHEN CAST(?10 AS BIGINT) IS NULL THEN signals.opened_at ELSE excluded.opened_at END,
                 ended_at = NULL, ended_because = NULL, occurrence = coalesce(?10, signals.occurrence)",
        )?
        .execute(params![
            signal.id,
            message_id,
            signal.check,
            signal.outcome,
            word(signal.severity)?,
            signal.region,
            signal.gemeente,
            to_json(signal)?,
            at.as_microsecond(),
            occurrence,
        ])?;
        Ok(told)
    }

    /// Records a survey: tells what is news, ends what is over, and notes when it was.
    pub fn record_survey(&mut self, surveyed: &SurveyRecord, teller: Teller<'_>) -> Result<Turnover, LedgerError> {
        let at = teller.now;
        let news = self.keep_signals(None, at, &surveyed.told)?;
        let mut outgoing: Vec<Outgoing> = Vec::new();
        for (signal, told) in surveyed.told.iter().zip(&news) {
            if let Told::News { occurrence } = *told {
                outgoing.push(effects::signal_told(teller, None, signal, occurrence));
            }
        }
        let opened = outgoing.len();
        for (open, because) in &surveyed.ended {
            if self.end_signal(&open.signal.id, at, *because)? {
                outgoing.push(effects::signal_ended(teller, open, *because));
            }
        }
        let turnover = Turnover { opened, ended: outgoing.len() - opened };
        for row in &outgoing {
            self.insert_outgoing_of_none(&surveyed.region, at, row)?;
        }
        if !outgoing.is_empty() {
            self.grow_outbox();
        }
        self.sql(
            "INSERT INTO surveys (region, day, register_version, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (region) DO UPDATE SET
                 day = excluded.day, register_version = excluded.register_version, at = excluded.at",
        )?
        .execute(params![
            surveyed.region,
            surveyed.day.to_string(),
            surveyed.register_version,
            at.as_microsecond()
        ])?;
        self.audit_survey(surveyed, at, turnover)?;
        Ok(turnover)
    }

    /// Whether it was open until now.
    fn end_signal(&self, id: &str, at: Timestamp, because: Because) -> Result<bool, LedgerError> {
        let ended = self
            .sql("UPDATE signals SET ended_at = ?2, ended_because = ?3 WHERE id = ?1 AND ended_at IS NULL")?
            .execute(params![id, at.as_microsecond(), because.as_str()])?;
        Ok(ended == 1)
    }

    /// Open signals of a region, by id.
    pub fn open_signals(&self, region: &str) -> Result<Vec<Open>, LedgerError> {
        self.all(
            "SELECT s.content, s.occurrence, m.law, m.number, m.verdict IS NOT DISTINCT FROM 'held'
             FROM signals AS s LEFT JOIN messages AS m ON m.id = s.message_id
             WHERE s.region = ?1 AND s.ended_at IS NULL ORDER BY s.id",
            [region],
            |cells| {
                let (signal, occurrence) = (signal(cells)?, cells.get()?);
                let (kind, is_held) = (cells.kind()?, cells.get()?);
                let origin = kind.map_or(Origin::Survey, |kind| Origin::Message { law: kind.law, is_held });
                Ok(Open { signal, occurrence, origin })
            },
        )
    }

    /// Signals, the latest first: open ones, or all.
    pub fn signals(&self, only_open: bool) -> Result<Vec<Kept>, LedgerError> {
        self.all(
            "SELECT content, opened_at, seen_at, ended_at, ended_because, occurrence FROM signals
             WHERE ended_at IS NULL OR NOT ?1 ORDER BY opened_at DESC, id",
            [only_open],
            |cells| {
                let (signal, opened_at, seen_at) = (signal(cells)?, cells.moment()?, cells.moment()?);
                let ended_at = cells.get::<Option<i64>>()?;
                let because: Option<String> = cells.get()?;
                let ended = ended_at.zip(because).map(|(at, because)| {
                    let at = Timestamp::from_microsecond(at);
                    at.map(|at| (at, because)).map_err(|_| LedgerError::Damaged("a moment lies outside of time"))
                });
                Ok(Kept { signal, opened_at, seen_at, ended: ended.transpose()?, occurrence: cells.get()? })
            },
        )
    }

    /// How many signals are open, by check, severity and region.
    pub fn count_signals(&self) -> Result<BTreeMap<(String, Severity, String), u64>, LedgerError> {
        let rows = self.all(
            "SELECT \"check\", severity, region, count(*) FROM signals WHERE ended_at IS NULL GROUP BY 1, 2, 3",
            [],
            |cells| {
                let (check, severity) = (cells.get()?, cells.text()?);
                let severity = serde_json::from_value(severity.into())
                    .map_err(|_| LedgerError::Damaged("a severity is unknown"))?;
                Ok(((check, severity, cells.get()?), cells.count()?))
            },
        )?;
        Ok(rows.into_iter().collect())
    }

    /// The last survey of a region; `None` when it was never looked over.
    pub fn last_survey(&self, region: &str) -> Result<Option<LastSurvey>, LedgerError> {
        self.first("SELECT day, register_version, at FROM surveys WHERE region = ?1", [region], |cells| {
            Ok(LastSurvey { day: cells.date()?, register_version: cells.get()?, at: cells.moment()? })
        })
    }

    /// Consumption of every agreement with postings.
    pub fn consumption(&self) -> Result<BTreeMap<String, Cents>, LedgerError> {
        let budgets = self.budgets()?;
        Ok(budgets.into_iter().map(|budget| (budget.agreement, budget.consumption)).collect())
    }
}

pub(super) fn signal(cells: &mut Cells<'_, '_>) -> Result<Signal, LedgerError> {
    serde_json::from_str(cells.text()?).map_err(|_| LedgerError::Damaged("a signal cannot be read"))
}
