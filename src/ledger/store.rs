//! Storing a decision: the message as it came, the verdict, what must be remembered and what must leave, in one go.

use super::db::params;
use super::error::{LedgerError, unique};
use super::mentions::Mentioned;
use super::record::Recorder;
use super::signals::Told;
use super::tx::Tx;
use crate::decision::{Decision, Outgoing, Purpose, Record, Verdict};
use crate::effects;
use crate::hold::Order;
use crate::message::{Law, Party};
use crate::pipeline::digest;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// A message as it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Name of the transport.
    pub transport: String,
    /// Its id of the delivery; becomes the correlation id of what answers or passes on the message.
    pub transport_id: String,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// When it came in, by the clock of the gateway; kept in microseconds.
    pub received_at: Timestamp,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What they mention, where somebody read it before the message came to the ledger; otherwise that is done there.
    pub mentioned: Option<Arc<Mentioned>>,
}

impl Inbox {
    /// A message with its digest.
    pub fn new(
        transport: impl Into<String>,
        transport_id: impl Into<String>,
        received_at: Timestamp,
        bytes: Vec<u8>,
    ) -> Inbox {
        let digest = digest(&bytes);
        Inbox {
            transport: transport.into(),
            transport_id: transport_id.into(),
            digest,
            received_at,
            bytes,
            mentioned: None,
        }
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inbox({} {}, {} bytes)", self.transport, self.transport_id, self.bytes.len())
    }
}

const IDENTIFICATION_USED: &str = "the identification of the message is used already";

/// When and why a decision is taken.
#[derive(Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub(super) at: Timestamp,
    /// `None` the first time.
    pub(super) reason: Option<&'a str>,
    /// Who ordered it; `None` when nobody did.
    pub(super) by: Option<&'a str>,
}

/// A message in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the ledger.
    pub message_id: i64,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Whether it was in the ledger before: after [`Tx::store`] a repeat of a delivery, to which nothing was added.
    pub sent_before: bool,
}

impl Tx<'_> {
    /// Writes one small thing, so that a disk that is full or fails shows itself before a message is taken.
    pub fn probe(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO meta (name, value) VALUES ('probed_at', ?1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![now.as_microsecond().to_be_bytes()])?;
        Ok(())
    }

    /// The message that the same delivery brought before, if any.
    pub fn repeat_of(
        &self,
        transport: &str,
        transport_id: &str,
        digest: &[u8; 32],
    ) -> Result<Option<Stored>, LedgerError> {
        self.first(
            "SELECT id, verdict FROM messages WHERE transport = ?1 AND transport_id = ?2 AND digest = ?3",
            params![transport, transport_id, digest],
            |cells| Ok(Stored { message_id: cells.get()?, verdict: parse_verdict(cells.text()?)?, sent_before: true }),
        )
    }

    /// Stores a message with everything its decision leads to.
    ///
    /// A repeat of a delivery adds nothing and gives the verdict of the first time. A signal that is open already is
    /// not sent again.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when the identification, a declaration number or the reference of a granted line is
    /// used already: the facts that the decision rests on were not those of this transaction.
    /// [`LedgerError::Unfit`] when the decision contradicts itself.
    pub fn store(&mut self, inbox: &Inbox, decision: &Decision) -> Result<Stored, LedgerError> {
        check(decision)?;
        let Some(message_id) = self.insert_message(inbox, decision)? else {
            let known = self.repeat_of(&inbox.transport, &inbox.transport_id, &inbox.digest)?;
            return known.ok_or(LedgerError::Damaged("a repeated message is gone"));
        };
        self.store_effects(message_id, inbox, decision, Occasion { at: inbox.received_at, reason: None, by: None })?;
        self.note_last_message(inbox, decision)?;
        Ok(Stored { message_id, verdict: decision.verdict, sent_before: false })
    }

    /// Decides once more on a message that was held, parked or unreadable: a release, a withdrawal, a replay. The reason
    /// goes into the audit trail; it names no person. Judge on [`Tx::facts_again`].
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when the message is none of these (any more), and as [`Tx::store`].
    pub fn store_again(
        &mut self,
        message_id: i64,
        decision: &Decision,
        at: Timestamp,
        reason: &str,
    ) -> Result<Stored, LedgerError> {
        self.decide_again(message_id, decision, Occasion { at, reason: Some(reason), by: None })
    }

    /// As [`Tx::store_again`], by order of a person, who goes into the audit trail as well.
    ///
    /// # Errors
    /// As [`Tx::store_again`].
    pub fn store_by_order(
        &mut self,
        message_id: i64,
        decision: &Decision,
        at: Timestamp,
        order: &Order,
    ) -> Result<Stored, LedgerError> {
        self.decide_again(message_id, decision, Occasion { at, reason: Some(&order.reason), by: Some(&order.by) })
    }

    pub(super) fn decide_again(
        &mut self,
        message_id: i64,
        decision: &Decision,
        occasion: Occasion<'_>,
    ) -> Result<Stored, LedgerError> {
        check(decision)?;
        let inbox = self.inbox(message_id)?.ok_or(LedgerError::Conflict("there is no message with this number"))?;
        self.update_message(message_id, decision)?;
        self.store_effects(message_id, &inbox, decision, occasion)?;
        // Who wrote one that could not be read until now was not silent when it came in.
        self.note_last_message(&inbox, decision)?;
        Ok(Stored { message_id, verdict: decision.verdict, sent_before: true })
    }

    /// A stored message as it came in.
    pub fn inbox(&self, message_id: i64) -> Result<Option<Inbox>, LedgerError> {
        self.first(
            "SELECT transport, transport_id, digest, received_at, body FROM messages WHERE id = ?1",
            [message_id],
            |cells| {
                let (transport, transport_id) = (cells.get()?, cells.get()?);
                let digest: [u8; 32] = cells.get()?;
                let (received_at, body) = (cells.moment()?, cells.get::<Vec<u8>>()?);
                if body.is_empty() {
                    return Err(LedgerError::Conflict(
                        "the bytes of the message are no longer kept (docs/retention.md)",
                    ));
                }
                let bytes = self.vault.open(&[b"message", &digest], &body)?;
                Ok(Inbox { transport, transport_id, digest, received_at, bytes, mentioned: None })
            },
        )
    }

    fn store_effects(
        &mut self,
        message_id: i64,
        inbox: &Inbox,
        decision: &Decision,
        occasion: Occasion<'_>,
    ) -> Result<(), LedgerError> {
        self.count(decision)?;
        if let Some(identity) = &decision.identity {
            for (position, record) in (0..).zip(&decision.records) {
                Recorder { message_id, identity, position, at: occasion.at }.insert(self, record)?;
            }
        }
        self.mention(message_id, inbox, decision, occasion.reason.is_some())?;
        let told = self.keep_signals(Some(message_id), occasion.at, &decision.signals)?;
        let sent = self.insert_outbox(message_id, occasion.at, &decision.outgoing, &told)?;
        self.audit_decision(message_id, inbox, decision, &sent, occasion)
    }

    fn update_message(&self, message_id: i64, decision: &Decision) -> Result<(), LedgerError> {
        let identity = decision.identity.as_ref();
        let updated = self
            .sql(
                "UPDATE messages SET law = ?2, number = ?3, afzender = ?4, identificatie = ?5, dagtekening = ?6,
                     gemeente = ?7, aanbieder = ?8, verdict = ?9, level = ?10, counts_as_sent = ?11,
                     register_version = ?12, findings = ?13, skipped = ?14
                 WHERE id = ?1 AND (verdict IN ('held', 'parked') OR verdict = 'rejected' AND level = 1)",
            )?
            .execute(params![
                message_id,
                decision.kind.map(|kind| kind.law.as_str()),
                decision.kind.map(|kind| kind.number.as_str()),
                identity.map(|identity| &identity.afzender).or(decision.claimed_sender.as_ref()).map(Party::as_str),
                identity.map(|identity| identity.identificatie.as_str()),
                identity.map(|identity| identity.dagtekening.to_string()),
                identity.map(|identity| identity.gemeente.as_str()),
                identity.map(|identity| identity.aanbieder.as_str()),
                decision.verdict.as_str(),
                decision.level,
                decision.verdict.counts_as_sent(),
                decision.register_version,
                to_json(&decision.findings)?,
                to_json(&decision.skipped)?,
            ])
            .map_err(|source| unique(source, IDENTIFICATION_USED))?;
        if updated == 1 { Ok(()) } else { Err(LedgerError::Conflict("the message is not held, parked or unreadable")) }
    }

    /// `None` when the delivery is a repeat.
    fn insert_message(&mut self, inbox: &Inbox, decision: &Decision) -> Result<Option<i64>, LedgerError> {
        let body = self.vault.seal(&[b"message", &inbox.digest], &inbox.bytes)?;
        let identity = decision.identity.as_ref();
        self.added(
            "INSERT INTO messages (transport, transport_id, digest, received_at, law, number, afzender,
                     identificatie, dagtekening, gemeente, aanbieder, verdict, level, counts_as_sent,
                     register_version, findings, skipped, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
                 ON CONFLICT (transport, transport_id, digest) DO NOTHING RETURNING id",
            params![
                inbox.transport,
                inbox.transport_id,
                inbox.digest,
                inbox.received_at.as_microsecond(),
                decision.kind.map(|kind| kind.law.as_str()),
                decision.kind.map(|kind| kind.number.as_str()),
                identity.map(|identity| &identity.afzender).or(decision.claimed_sender.as_ref()).map(Party::as_str),
                identity.map(|identity| identity.identificatie.as_str()),
                identity.map(|identity| identity.dagtekening.to_string()),
                identity.map(|identity| identity.gemeente.as_str()),
                identity.map(|identity| identity.aanbieder.as_str()),
                decision.verdict.as_str(),
                decision.level,
                decision.verdict.counts_as_sent(),
                decision.register_version,
                to_json(&decision.findings)?,
                to_json(&decision.skipped)?,
                body,
            ],
        )
        .map_err(|source| unique(source, IDENTIFICATION_USED))
    }

    fn count(&self, decision: &Decision) -> Result<(), LedgerError> {
        let kind = decision.kind;
        self.sql(
            "INSERT INTO tallies (law, number, verdict, count) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (law, number, verdict) DO UPDATE SET count = tallies.count + 1",
        )?
        .execute(params![
            kind.map_or("", |kind| kind.law.as_str()),
            kind.map_or("", |kind| kind.number.as_str()),
            decision.verdict.as_str()
        ])?;
        Ok(())
    }

    /// Adds what must leave; `told` says of each signal, in order, whether it is news. Gives the ids drawn.
    fn insert_outbox(
        &mut self,
        message_id: i64,
        at: Timestamp,
        outgoing: &[Outgoing],
        told: &[Told],
    ) -> Result<Vec<Uuid>, LedgerError> {
        let mut told = told.iter();
        let mut ids = Vec::with_capacity(outgoing.len());
        for row in outgoing {
            let news = if row.purpose == Purpose::Signal { told.next().copied() } else { None };
            match news {
                Some(Told::Known) => {}
                Some(Told::News { occurrence }) if occurrence > 1 => {
                    let body = effects::told_again(&row.body, occurrence)
                        .ok_or(LedgerError::Unfit("what leaves of a signal is no event"))?;
                    ids.push(self.insert_outgoing(
                        About::Message(message_id),
                        at,
                        &Outgoing { body, ..row.clone() },
                    )?);
                }
                Some(Told::News { .. }) | None => {
                    ids.push(self.insert_outgoing(About::Message(message_id), at, row)?);
                }
            }
        }
        if !ids.is_empty() {
            self.grow_outbox();
        }
        Ok(ids)
    }

    /// Adds something that leaves without a message that led to it; `correlation` is what it belongs to instead.
    pub(super) fn insert_outgoing_of_none(
        &mut self,
        correlation: &str,
        at: Timestamp,
        row: &Outgoing,
    ) -> Result<Uuid, LedgerError> {
        self.insert_outgoing(About::Nothing { correlation }, at, row)
    }

    fn insert_outgoing(&mut self, about: About<'_>, at: Timestamp, row: &Outgoing) -> Result<Uuid, LedgerError> {
        let (message_id, correlation) = match about {
            About::Message(message_id) => (Some(message_id), None),
            About::Nothing { correlation } => (None, Some(correlation)),
        };
        let id = Uuid::new_v4();
        let body = self.vault.seal(&[b"outbox", id.as_bytes()], &row.body)?;
        let verdict =
            row.verdict_json.as_ref().map(|json| self.vault.seal(&[b"verdict", id.as_bytes()], json)).transpose()?;
        self.sql(
            "INSERT INTO outbox (id, message_id, purpose, lane, receiver, subject, law, region, body, verdict, created_at,
                 correlation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id.as_bytes(),
            message_id,
            row.purpose.as_str(),
            lane(row.purpose),
            row.to.as_ref().map_or("", Party::as_str),
            row.subject,
            row.law.map(Law::as_str),
            row.region,
            body,
            verdict,
            at.as_microsecond(),
            correlation,
        ])?;
        Ok(id)
    }
}

/// What an outgoing row belongs to.
#[derive(Clone, Copy)]
enum About<'a> {
    Message(i64),
    Nothing { correlation: &'a str },
}

/// Rows of one lane to one receiver keep their order: a reply and what is forwarded arrive as they were made, while
/// signals and error reports have channels of their own.
fn lane(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Reply | Purpose::Forward => "message",
        Purpose::Error => "error",
        Purpose::Signal => "signal",
    }
}

/// What no decision may be.
fn check(decision: &Decision) -> Result<(), LedgerError> {
    let processed = matches!(decision.verdict, Verdict::Accepted | Verdict::Partly);
    let is_hold = |record: &Record| matches!(record, Record::Hold { .. });
    if decision.records.iter().any(|record| !is_hold(record)) && !processed {
        return Err(LedgerError::Unfit("a message that was not processed leads to records"));
    }
    if decision.records.iter().any(is_hold) && decision.verdict != Verdict::Held {
        return Err(LedgerError::Unfit("a message that is not held leads to a hold"));
    }
    if decision.identity.is_none() && decision.verdict.counts_as_sent() {
        return Err(LedgerError::Unfit("a message counts as sent and nobody knows who sent it"));
    }
    let leaving = decision.outgoing.iter().filter(|row| row.purpose == Purpose::Signal).count();
    if leaving != 0 && leaving != decision.signals.len() {
        return Err(LedgerError::Unfit("signals and what leaves of them do not correspond"));
    }
    Ok(())
}

pub(super) fn parse_verdict(text: &str) -> Result<Verdict, LedgerError> {
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
        .ok_or(LedgerError::Damaged("a verdict is unknown"))
}

pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|_| LedgerError::Unfit("a part of it has no JSON form"))
}

/// The word that serde has for a value.
pub(super) fn word<T: serde::Serialize>(value: T) -> Result<String, LedgerError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(LedgerError::Unfit("a part of it has no JSON form")),
    }
}

/// Codes that a decision gave, each once, in order.
pub(super) fn codes(decision: &Decision) -> BTreeSet<&str> {
    decision.findings.iter().filter_map(|finding| finding.code.as_deref()).collect()
}
