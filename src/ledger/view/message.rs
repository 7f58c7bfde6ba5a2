//! One message with all that became of it.

use super::super::breaker::optional_class;
use super::super::db::params;
use super::super::error::LedgerError;
use super::super::replay;
use super::super::tx::{Cells, Tx, json, moment};
use super::deliveries::purpose;
use super::messages::{from_json, listed};
use crate::clock::dutch_day;
use crate::deadline::Debt;
use crate::delivery::class::Class;
use crate::delivery::without_bsn;
use crate::message::Date;
use crate::view::message::{
    ATTEMPTS, Attempt, Departure, DepartureState, Hold, Message, NAMED, Question, QuestionState, Raised, Resent, Run,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Columns of a question, as [`question`] reads them.
macro_rules! question_columns {
    () => {
        "SELECT q.debt, q.about, q.owed_by, q.message_id, q.asked_on, q.due_on, q.answered_on, q.answered_by, a.law,
             a.number
         FROM questions AS q LEFT JOIN messages AS a ON a.id = q.answered_by "
    };
}

impl Tx<'_> {
    /// A message by itself, without anything that became of it; `None` when there is none of that number.
    pub fn message_alone(&self, id: i64) -> Result<Option<Message>, LedgerError> {
        self.first(
            "SELECT m.id, m.received_at, m.law, m.number, m.afzender, m.identificatie, m.gemeente, m.aanbieder,
                 m.verdict, m.level, m.findings, (SELECT count(*) FROM signals AS s WHERE s.message_id = m.id),
                 m.transport, m.transport_id, m.dagtekening, m.digest, m.register_version, m.findings, m.skipped,
                 (SELECT b.sender FROM bringers AS b WHERE b.message_id = m.id)
             FROM messages AS m WHERE m.id = ?1",
            [id],
            |cells| {
                let listed = listed(cells)?;
                let transport_id = without_bsn(cells.text()?);
                let (dagtekening, digest) = (cells.optional_date()?, cells.get::<[u8; 32]>()?);
                Ok(Message {
                    listed,
                    transport_id,
                    dagtekening,
                    digest: hex::encode(digest),
                    register_version: cells.get()?,
                    broken: from_json(cells.text()?)?,
                    skipped: from_json(cells.text()?)?,
                    brought_by: cells.get()?,
                    raised: Vec::new(),
                    allocations: Vec::new(),
                    declarations: Vec::new(),
                    requests: Vec::new(),
                    asks: Vec::new(),
                    answers: Vec::new(),
                    departures: Vec::new(),
                    runs: Vec::new(),
                    resends: Vec::new(),
                    hold: None,
                })
            },
        )
    }

    /// A message with all that became of it, as it stands at `now`; `None` when there is none of that number.
    pub fn look_at_message(&self, id: i64, now: Timestamp) -> Result<Option<Message>, LedgerError> {
        let Some(mut message) = self.message_alone(id)? else { return Ok(None) };
        let today = dutch_day(now);
        message.raised = self.raised_by(id)?;
        let allocations = self.mentioned(id, "allocation ")?;
        message.allocations = allocations.iter().filter_map(|nummer| nummer.parse().ok()).collect();
        message.declarations = self.mentioned(id, "declaration ")?;
        message.requests = self.mentioned(id, "request ")?;
        message.asks = self.all(
            concat!(question_columns!(), "WHERE q.message_id = ?1 ORDER BY q.due_on, q.debt, q.about LIMIT 200"),
            [id],
            |cells| question(cells, today),
        )?;
        message.answers = self.all(
            concat!(question_columns!(), "WHERE q.answered_by = ?1 ORDER BY q.message_id, q.debt, q.about LIMIT 200"),
            [id],
            |cells| question(cells, today),
        )?;
        message.departures = self.departures_of(id)?;
        message.runs = self.runs(id)?.into_iter().map(run).collect();
        message.resends = self.resends(id)?.into_iter().map(resent).collect();
        message.hold = self.hold(id)?.map(hold);
        Ok(Some(message))
    }

    fn raised_by(&self, id: i64) -> Result<Vec<Raised>, LedgerError> {
        self.all("SELECT content, opened_at, ended_at FROM signals WHERE message_id = ?1 ORDER BY id", [id], |cells| {
            let signal: crate::finding::Signal =
                serde_json::from_str(cells.text()?).map_err(|_| LedgerError::Damaged("a signal cannot be read"))?;
            Ok(Raised {
                id: signal.id,
                check: signal.check,
                severity: signal.severity,
                nl: signal.nl,
                en: signal.en,
                opened_at: cells.moment()?,
                ended_at: cells.optional_moment()?,
            })
        })
    }

    /// References of a sort that a message mentions.
    fn mentioned(&self, id: i64, sort: &'static str) -> Result<Vec<String>, LedgerError> {
        // What begins with the word: the sign after the space is the first that is greater.
        let end = format!("{}!", sort.trim_end());
        self.all(
            "SELECT what FROM mentions WHERE message_id = ?1 AND what >= ?2 AND what < ?3 ORDER BY what LIMIT ?4",
            params![id, sort, end, NAMED],
            |cells| Ok(cells.text()?.get(sort.len()..).unwrap_or_default().to_owned()),
        )
    }

    /// What left or is to leave because of a message, each with its latest attempts.
    fn departures_of(&self, id: i64) -> Result<Vec<Departure>, LedgerError> {
        let rows = self.all(
            "SELECT sequence, id, purpose, subject, receiver, sent_at, refused_at, created_at, due_at, attempts
             FROM outbox WHERE message_id = ?1 ORDER BY sequence LIMIT 200",
            [id],
            |cells| {
                let sequence: i64 = cells.get()?;
                let id = uuid::Uuid::from_bytes(cells.get()?).to_string();
                let (purpose, subject, receiver) = (purpose(cells)?, cells.get()?, cells.get()?);
                let (sent_at, refused_at) = (cells.optional_moment()?, cells.optional_moment()?);
                let (created_at, due_at) = (cells.moment()?, cells.get::<i64>()?);
                let state = DepartureState::of(sent_at.is_some(), refused_at.is_some());
                let waits = state == DepartureState::Waiting && due_at > 0;
                let departure = Departure {
                    id,
                    purpose,
                    subject,
                    receiver,
                    state,
                    created_at,
                    ended_at: sent_at.or(refused_at),
                    due_at: waits.then(|| moment(due_at)).transpose()?,
                    attempted: cells.get()?,
                    attempts: Vec::new(),
                };
                Ok((sequence, departure))
            },
        )?;
        rows.into_iter()
            .map(|(sequence, departure)| Ok(Departure { attempts: self.attempts_of(sequence)?, ..departure }))
            .collect()
    }

    fn attempts_of(&self, sequence: i64) -> Result<Vec<Attempt>, LedgerError> {
        let mut attempts = self.all(
            "SELECT attempt, at, outcome, class, reason, retry_at FROM attempts
             WHERE sequence = ?1 ORDER BY attempt DESC LIMIT ?2",
            params![sequence, ATTEMPTS],
            |cells| {
                Ok(Attempt {
                    number: cells.get()?,
                    at: cells.moment()?,
                    arrived: cells.text()? == "sent",
                    class: optional_class(cells)?.map(Class::as_str),
                    reason: cells.get::<Option<String>>()?.map(|reason| without_bsn(&reason)),
                    retry_at: cells.optional_moment()?,
                })
            },
        )?;
        attempts.reverse();
        Ok(attempts)
    }

    /// What is or was owed because of these messages, each as a whole or about one of `abouts`.
    pub(super) fn questions_of(
        &self,
        messages: impl Iterator<Item = i64>,
        abouts: &BTreeSet<String>,
        today: Date,
    ) -> Result<Vec<Question>, LedgerError> {
        self.all(
            "SELECT q.debt, q.about, q.owed_by, q.message_id, q.asked_on, q.due_on, q.answered_on, q.answered_by, a.law,
                 a.number
             FROM json_each(?1) AS k CROSS JOIN questions AS q ON q.message_id = CAST(k.value AS BIGINT)
             LEFT JOIN messages AS a ON a.id = q.answered_by
             WHERE q.about = '' OR q.about IN (SELECT b.value FROM json_each(?2) AS b)",
            params![json(messages), json(abouts)],
            |cells| question(cells, today),
        )
    }
}

fn question(cells: &mut Cells<'_, '_>, today: Date) -> Result<Question, LedgerError> {
    let debt = Debt::parse(cells.text()?).ok_or(LedgerError::Damaged("a sort of question is unknown"))?;
    let about: String = cells.get()?;
    let (owed_by, asked_by) = (cells.get()?, cells.get()?);
    let (asked_on, due_on) = (cells.date()?, cells.date()?);
    let (answered_on, answered_by) = (cells.optional_date()?, cells.get::<Option<i64>>()?);
    let answered_kind = cells.kind()?.map(|kind| kind.to_string());
    let state = match (answered_on, answered_by) {
        (Some(_), Some(_)) => QuestionState::Answered,
        (Some(_), None) => QuestionState::AnsweredByGateway,
        (None, _) if due_on < today => QuestionState::Overdue,
        (None, _) => QuestionState::Open,
    };
    Ok(Question {
        debt,
        about: Some(about).filter(|about| !about.is_empty()),
        owed_by,
        asked_by,
        asked_on,
        due_on,
        state,
        answered_on,
        answered_by,
        answered_kind,
    })
}

fn run(run: replay::Run) -> Run {
    let rules: BTreeSet<String> = run.findings.into_iter().map(|finding| finding.rule).collect();
    Run {
        at: run.at,
        previous: run.previous.as_str(),
        previous_register: run.previous_register,
        verdict: run.verdict,
        register_version: run.register_version,
        rules: rules.into_iter().collect(),
        took_effect: run.took_effect,
        by: run.by,
        reason: run.reason,
        selection: run.selection,
    }
}

fn resent(sent: replay::SentAgain) -> Resent {
    Resent { at: sent.at, by: sent.by, reason: sent.reason, selection: sent.selection }
}

fn hold(hold: super::super::hold::Hold) -> Hold {
    let checks: BTreeSet<String> = hold.reasons.into_iter().map(|signal| signal.check).collect();
    let ended = hold.ended;
    Hold {
        held_at: hold.held_at,
        behind: hold.behind,
        checks: checks.into_iter().collect(),
        ended_at: ended.as_ref().map(|ended| ended.at),
        ended: ended.as_ref().map(|ended| ended.how.clone()),
        ended_by: ended.as_ref().map(|ended| ended.by.clone()),
        ended_because: ended.map(|ended| ended.reason),
    }
}
