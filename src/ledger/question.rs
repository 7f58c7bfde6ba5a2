//! Questions in the ledger: who owes what, until when, and who answered.

use super::db::params;
use super::error::{LedgerError, unique};
use super::record::Recorder;
use super::tx::{Cells, Tx};
use crate::clock::age;
use crate::deadline::Debt;
use crate::decision::{About, Asked, Settled, Settles};
use crate::message::{Date, Kind, Message, Number, Party};
use crate::rules::facts::{GivenReply, Question, QuestionKey, QuestionState, Request};
use crate::schema::{self, Limits};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Open questions of one sort, by how they stand on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    /// Due on a later day.
    pub not_due: u64,
    /// Due on the day itself.
    pub due_today: u64,
    /// Due before.
    pub overdue: u64,
    /// Age of the one that was asked first; `None` when none is open. Never negative.
    pub oldest: Option<Duration>,
}

/// A question that waits for its answer. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// What is owed.
    pub debt: Debt,
    /// Kind of the message that asks.
    pub kind: Kind,
    /// Its Identificatie.
    pub identificatie: String,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
    /// Who owes the answer: one of the two.
    pub owed_by: String,
    /// Day on which it was asked.
    pub asked_on: Date,
    /// Last day on which the answer is in time.
    pub due_on: Date,
}

impl Recorder<'_> {
    pub(super) fn asked(&self, tx: &Tx<'_>, asked: &Asked) -> Result<(), LedgerError> {
        tx.sql(
            "INSERT INTO questions (message_id, debt, about, law, gemeente, aanbieder, owed_by, asked_at, asked_on,
                 due_on, answered_on)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            self.message_id,
            asked.debt.as_str(),
            about(&asked.about),
            self.law(),
            self.identity.gemeente.as_str(),
            self.identity.aanbieder.as_str(),
            asked.owed_by.as_str(),
            self.at.as_microsecond(),
            asked.asked_on.to_string(),
            asked.due_on.to_string(),
            asked.answered.then(|| asked.asked_on.to_string()),
        ])
        .map_err(|source| unique(source, "the message asks the same twice"))?;
        Ok(())
    }

    /// Closes what is open. Only the reply to a message must find its question: the answer to a request may come in
    /// parts, and a start is mostly owed by nobody.
    pub(super) fn settled(&self, tx: &Tx<'_>, settled: &Settled) -> Result<(), LedgerError> {
        let on = settled.on.to_string();
        match &settled.what {
            Settles::Message(question) => {
                let closed = tx
                    .sql(
                        "UPDATE questions SET answered_by = ?1, answered_on = ?2
                         WHERE message_id = ?3 AND debt IN ('return', 'declaration_answer') AND answered_on IS NULL",
                    )?
                    .execute(params![self.message_id, on, question])?;
                if closed == 0 {
                    return Err(LedgerError::Conflict("the question has its answer already"));
                }
                Ok(())
            }
            Settles::StartsOf(question) => {
                tx.sql(
                    "UPDATE questions SET answered_by = ?1, answered_on = ?2
                     WHERE message_id = ?3 AND debt = 'start' AND answered_on IS NULL",
                )?
                .execute(params![self.message_id, on, question])?;
                Ok(())
            }
            Settles::Request(referentie) => {
                self.settle_about(tx, referentie.as_str(), &on, &[Debt::RequestAnswer, Debt::FinalAnswer])
            }
            Settles::Start(nummer) => self.settle_about(tx, &nummer.to_string(), &on, &[Debt::Start]),
        }
    }

    fn settle_about(&self, tx: &Tx<'_>, about: &str, on: &str, debts: &[Debt]) -> Result<(), LedgerError> {
        for debt in debts {
            tx.sql(
                "UPDATE questions INDEXED BY questions_about SET answered_by = ?1, answered_on = ?2
                 WHERE about = ?3 AND law = ?4 AND gemeente = ?5 AND aanbieder = ?6 AND debt = ?7
                     AND answered_on IS NULL AND about <> ''",
            )?
            .execute(params![
                self.message_id,
                on,
                about,
                self.law(),
                self.identity.gemeente.as_str(),
                self.identity.aanbieder.as_str(),
                debt.as_str(),
            ])?;
        }
        Ok(())
    }
}

fn about(about: &About) -> String {
    match about {
        About::Message => String::new(),
        About::Request(referentie) => referentie.as_str().to_owned(),
        About::Allocation(nummer) => nummer.to_string(),
    }
}

impl Tx<'_> {
    /// The message that a reply answers: one that counts as sent and bears the Dagtekening the reply names, else the
    /// latest rejected one that does, else the one that counts whatever its Dagtekening.
    pub(super) fn question(&self, request: &Request) -> Result<Option<Question>, LedgerError> {
        let Some(key) = &request.question else { return Ok(None) };
        let sent = self.sent(request, key)?;
        let found = match sent {
            Some(sent) if sent.message.dagtekening == key.dagtekening => Some(sent),
            other => self.rejected(request, key)?.or(other),
        };
        let Some(mut found) = found else { return Ok(None) };
        // Nobody owes an answer any more once the body has gone: SL002 refuses another, whatever it says.
        if key.number == Number::N323 && self.has_body(found.id)? {
            let stored = self.inbox(found.id)?.ok_or(LedgerError::Damaged("a message is gone"))?;
            found.declaratie = Some(Box::new(read_again(&stored.bytes)?));
        }
        Ok(Some(found))
    }

    /// Its identification makes it the only one (TR056).
    fn sent(&self, request: &Request, key: &QuestionKey) -> Result<Option<Question>, LedgerError> {
        self.first(
            "SELECT m.id, m.gemeente, m.aanbieder, m.verdict = 'held', m.removed = 3, q.answered_on, a.law, a.number,
                 m.law, m.number, m.identificatie, m.dagtekening
             FROM messages AS m INDEXED BY messages_identification
             LEFT JOIN questions AS q
                 ON q.message_id = m.id AND q.debt IN ('return', 'declaration_answer') AND q.about = ''
             LEFT JOIN messages AS a ON a.id = q.answered_by
             WHERE m.law = ?1 AND m.number = ?2 AND m.afzender = ?3 AND m.identificatie = ?4 AND m.counts_as_sent = 1",
            params![request.law.as_str(), key.number.as_str(), key.afzender.as_str(), key.identificatie.as_str()],
            |cells| {
                question(cells, key.number, |cells| {
                    let (is_held, is_row_only): (bool, bool) = (cells.get()?, cells.get()?);
                    let (on, answer) = (cells.optional_date()?, cells.kind()?);
                    Ok(match on {
                        _ if is_held => QuestionState::Held,
                        // Nothing goes that somebody owes an answer to: what is gone had its answer, long ago.
                        None if is_row_only => QuestionState::Answered(GivenReply {
                            kind: reply_of(request, key).to_string(),
                            on: None,
                            by_gateway: false,
                        }),
                        None => QuestionState::Open,
                        Some(on) => QuestionState::Answered(GivenReply {
                            kind: answer.unwrap_or(reply_of(request, key)).to_string(),
                            on: Some(on),
                            by_gateway: answer.is_none(),
                        }),
                    })
                })
            },
        )
    }

    /// Rejected messages count as not sent, so there may be several; the gateway answered each of them.
    fn rejected(&self, request: &Request, key: &QuestionKey) -> Result<Option<Question>, LedgerError> {
        self.first(
            "SELECT m.id, m.gemeente, m.aanbieder, m.law, m.number, m.identificatie, m.dagtekening
             FROM messages AS m INDEXED BY messages_rejected
             WHERE m.law = ?1 AND m.number = ?2 AND m.afzender = ?3 AND m.identificatie = ?4 AND m.dagtekening = ?5
                 AND m.verdict = 'rejected' AND m.identificatie IS NOT NULL
             ORDER BY m.id DESC LIMIT 1",
            params![
                request.law.as_str(),
                key.number.as_str(),
                key.afzender.as_str(),
                key.identificatie.as_str(),
                key.dagtekening.to_string(),
            ],
            |cells| {
                question(cells, key.number, |_| {
                    let kind = reply_of(request, key).to_string();
                    Ok(QuestionState::Answered(GivenReply { kind, on: None, by_gateway: true }))
                })
            },
        )
    }

    /// Open questions by what is owed, as they stand on `today` and at `now`; all sorts are there.
    pub(super) fn count_questions(&self, today: Date, now: Timestamp) -> Result<BTreeMap<Debt, Open>, LedgerError> {
        let mut open: BTreeMap<Debt, Open> = Debt::ALL.map(|debt| (debt, Open::default())).into();
        let rows = self.all(
            "SELECT debt, count(*) FILTER (WHERE due_on > ?1), count(*) FILTER (WHERE due_on = ?1),
                 count(*) FILTER (WHERE due_on < ?1), min(asked_at)
             FROM questions INDEXED BY questions_open WHERE answered_on IS NULL GROUP BY debt",
            params![today.to_string()],
            |cells| {
                let debt = debt(cells.text()?)?;
                let (not_due, due_today, overdue) = (cells.count()?, cells.count()?, cells.count()?);
                Ok((debt, Open { not_due, due_today, overdue, oldest: Some(age(cells.moment()?, now)) }))
            },
        )?;
        open.extend(rows);
        Ok(open)
    }

    /// Open questions of one sort, the most pressing first, at most `limit`; with `before`, those due before that day.
    pub fn open_questions(
        &self,
        debt: Debt,
        before: Option<Date>,
        limit: u32,
    ) -> Result<Vec<OpenQuestion>, LedgerError> {
        self.all(
            "SELECT q.debt, m.law, m.number, m.identificatie, q.gemeente, q.aanbieder, q.owed_by, q.asked_on, q.due_on
             FROM questions AS q INDEXED BY questions_open CROSS JOIN messages AS m ON m.id = q.message_id
             WHERE q.answered_on IS NULL AND q.debt = ?1 AND q.due_on < coalesce(?2, 'later')
             ORDER BY q.due_on, q.asked_at, q.message_id, q.about LIMIT ?3",
            params![debt.as_str(), before.map(|before| before.to_string()), limit],
            open_question,
        )
    }
}

fn question(
    cells: &mut Cells<'_, '_>,
    number: Number,
    state: impl FnOnce(&mut Cells<'_, '_>) -> Result<QuestionState, LedgerError>,
) -> Result<Question, LedgerError> {
    let id = cells.get()?;
    let (gemeente, aanbieder): (Party, Party) = (cells.word()?, cells.word()?);
    let state = state(cells)?;
    let owed_by = match number.direction() {
        crate::message::Direction::ToProvider => aanbieder,
        crate::message::Direction::ToMunicipality => gemeente,
    };
    Ok(Question { id, message: cells.earlier()?, owed_by, state, declaratie: None })
}

/// Kind of the reply that a question gets.
fn reply_of(request: &Request, key: &QuestionKey) -> Kind {
    Kind::new(request.law, key.number.answered_by().unwrap_or(request.number))
}

fn debt(text: &str) -> Result<Debt, LedgerError> {
    Debt::parse(text).ok_or(LedgerError::Damaged("a sort of question is unknown"))
}

fn open_question(cells: &mut Cells<'_, '_>) -> Result<OpenQuestion, LedgerError> {
    Ok(OpenQuestion {
        debt: debt(cells.text()?)?,
        kind: cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?,
        identificatie: cells.get()?,
        gemeente: cells.get()?,
        aanbieder: cells.get()?,
        owed_by: cells.get()?,
        asked_on: cells.date()?,
        due_on: cells.date()?,
    })
}

/// A stored message, typed once more. It passed the limits of its day, so none are set here.
fn read_again(bytes: &[u8]) -> Result<Message, LedgerError> {
    let limits = Limits {
        max_bytes: usize::MAX,
        max_depth: u32::MAX,
        max_attributes: u32::MAX,
        max_value_chars: u32::MAX,
        max_faults: 1,
    };
    let unreadable = LedgerError::Damaged("a stored declaration cannot be read again");
    let document = schema::validate(bytes, &limits).map_err(|_| unreadable.clone())?;
    Message::read(document.kind, document.release, &document.tree).map_err(|_| unreadable)
}
