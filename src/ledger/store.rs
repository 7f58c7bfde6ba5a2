//! Storing a decision: the message as it came, the verdict, what must be remembered and what must leave, in one go.

use super::error::LedgerError;
use super::tx::{Tx, integer, person_bytes};
use crate::decision::{Decision, Identity, Outgoing, Posting, Purpose, Record, StartKey, Verdict};
use crate::finding::Signal;
use crate::message::{Bsn, Cents, Code, DeclaratieNummer, GeslotenPeriode, Law, Party, ProductCode, ReferentieNummer};
use crate::rules::facts::{Allocation, ClaimLine};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
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
}

impl Inbox {
    /// A message with its digest.
    pub fn new(
        transport: impl Into<String>,
        transport_id: impl Into<String>,
        received_at: Timestamp,
        bytes: Vec<u8>,
    ) -> Inbox {
        let digest = Inbox::digest_of(&bytes);
        Inbox { transport: transport.into(), transport_id: transport_id.into(), digest, received_at, bytes }
    }

    /// SHA-256 of a message.
    pub fn digest_of(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inbox({} {}, {} bytes)", self.transport, self.transport_id, self.bytes.len())
    }
}

/// A message in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the ledger.
    pub message_id: i64,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Whether the same delivery had been stored before. Then nothing was added.
    pub sent_before: bool,
}

impl Tx<'_> {
    /// The message that the same delivery brought before, if any.
    pub fn repeat_of(
        &self,
        transport: &str,
        transport_id: &str,
        digest: &[u8; 32],
    ) -> Result<Option<Stored>, LedgerError> {
        let found: Option<(i64, String)> = self
            .sql("SELECT id, verdict FROM messages WHERE transport = ?1 AND transport_id = ?2 AND digest = ?3")?
            .query_row(params![transport, transport_id, digest], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(message_id, verdict)| {
                Ok(Stored { message_id, verdict: parse_verdict(&verdict)?, sent_before: true })
            })
            .transpose()
    }

    /// Stores a message with everything its decision leads to.
    ///
    /// A repeat of a delivery adds nothing and gives the verdict of the first time. A signal whose id is known is
    /// neither stored nor sent again.
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
        self.count(decision)?;
        if let Some(identity) = &decision.identity {
            for (position, record) in (0..).zip(&decision.records) {
                Recorder { message_id, identity, position }.insert(self, record)?;
            }
        }
        let known = self.insert_signals(message_id, &decision.signals)?;
        let sent = self.insert_outbox(message_id, inbox.received_at, &decision.outgoing, &known)?;
        self.audit_decision(message_id, inbox, decision, &sent)?;
        Ok(Stored { message_id, verdict: decision.verdict, sent_before: false })
    }

    /// The bytes of a stored message.
    pub fn body(&self, message_id: i64) -> Result<Option<Vec<u8>>, LedgerError> {
        let found: Option<([u8; 32], Vec<u8>)> = self
            .sql("SELECT digest, body FROM messages WHERE id = ?1")?
            .query_row([message_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let opened = found.map(|(digest, sealed)| self.vault.open(&[b"message", &digest], &sealed));
        opened.transpose()
    }

    /// `None` when the delivery is a repeat.
    fn insert_message(&mut self, inbox: &Inbox, decision: &Decision) -> Result<Option<i64>, LedgerError> {
        let body = self.vault.seal(&[b"message", &inbox.digest], &inbox.bytes)?;
        let identity = decision.identity.as_ref();
        let inserted = self
            .sql(
                "INSERT INTO messages (transport, transport_id, digest, received_at, law, number, afzender,
                     identificatie, dagtekening, gemeente, aanbieder, verdict, level, counts_as_sent,
                     register_version, findings, skipped, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
                 ON CONFLICT (transport, transport_id, digest) DO NOTHING",
            )?
            .execute(params![
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
            ])
            .map_err(|source| unique(source, "the identification of the message is used already"))?;
        Ok((inserted == 1).then(|| self.last_id()))
    }

    fn count(&self, decision: &Decision) -> Result<(), LedgerError> {
        let kind = decision.kind;
        self.sql(
            "INSERT INTO tallies (law, number, verdict, count) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (law, number, verdict) DO UPDATE SET count = count + 1",
        )?
        .execute(params![
            kind.map_or("", |kind| kind.law.as_str()),
            kind.map_or("", |kind| kind.number.as_str()),
            decision.verdict.as_str()
        ])?;
        Ok(())
    }

    /// Stores signals; for each, whether it was known already.
    fn insert_signals(&self, message_id: i64, signals: &[Signal]) -> Result<Vec<bool>, LedgerError> {
        let insert = |signal: &Signal| {
            let inserted = self
                .sql(
                    "INSERT INTO signals (id, message_id, \"check\", outcome, severity, region, gemeente, content)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
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
                ])?;
            Ok(inserted == 0)
        };
        signals.iter().map(insert).collect()
    }

    /// Adds what must leave; `known` says which signals, in order, must not. Gives the ids drawn.
    fn insert_outbox(
        &mut self,
        message_id: i64,
        at: Timestamp,
        outgoing: &[Outgoing],
        known: &[bool],
    ) -> Result<Vec<Uuid>, LedgerError> {
        let mut known = known.iter();
        let mut ids = Vec::with_capacity(outgoing.len());
        for row in outgoing {
            if row.purpose == Purpose::Signal && known.next().copied().unwrap_or(false) {
                continue;
            }
            ids.push(self.insert_outgoing(message_id, at, row)?);
        }
        if !ids.is_empty() {
            self.grow_outbox();
        }
        Ok(ids)
    }

    fn insert_outgoing(&mut self, message_id: i64, at: Timestamp, row: &Outgoing) -> Result<Uuid, LedgerError> {
        let id = Uuid::new_v4();
        let body = self.vault.seal(&[b"outbox", id.as_bytes()], &row.body)?;
        let verdict =
            row.verdict_json.as_ref().map(|json| self.vault.seal(&[b"verdict", id.as_bytes()], json)).transpose()?;
        self.sql(
            "INSERT INTO outbox (id, message_id, purpose, lane, receiver, subject, law, region, body, verdict, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
        ])?;
        Ok(id)
    }
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
    if !decision.records.is_empty() && !processed {
        return Err(LedgerError::Unfit("a message that was not processed leads to records"));
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

/// Stores the records of one message.
struct Recorder<'a> {
    message_id: i64,
    identity: &'a Identity,
    position: i64,
}

impl Recorder<'_> {
    fn insert(&self, tx: &Tx<'_>, record: &Record) -> Result<(), LedgerError> {
        match record {
            Record::Allocation { bsn, allocation } => self.allocation(tx, bsn, allocation),
            Record::Start { bsn, key } => self.start(tx, bsn, key),
            Record::StartDeleted { bsn, key } => self.start_deleted(tx, bsn, key),
            Record::Declaratie { nummer, periode, ingediend, toegekend } => {
                self.declaratie(tx, nummer, periode, *ingediend, *toegekend)
            }
            Record::Prestatie { bsn, line } => self.line(tx, bsn, line),
            Record::Posting(posting) => self.posting(tx, posting),
        }
    }

    fn law(&self) -> &'static str {
        self.identity.kind.law.as_str()
    }

    fn allocation(&self, tx: &Tx<'_>, bsn: &Bsn, allocation: &Allocation) -> Result<(), LedgerError> {
        let product = allocation.product.as_ref();
        let omvang = allocation.omvang.as_ref();
        tx.sql(
            "INSERT INTO allocations (law, gemeente, nummer, toewijzingsdatum, tijd_sorted, message_id, position,
                 aanbieder, person, categorie, code, toewijzingstijd, ingangsdatum, einddatum, reden_wijziging,
                 volume, eenheid, frequentie, budget)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        )?
        .execute(params![
            self.law(),
            self.identity.gemeente.as_str(),
            integer(allocation.nummer)?,
            allocation.toewijzingsdatum.to_string(),
            sorted_time(&allocation.toewijzingstijd),
            self.message_id,
            self.position,
            allocation.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            allocation.toewijzingstijd,
            allocation.ingangsdatum.to_string(),
            allocation.einddatum.map(|date| date.to_string()),
            allocation.reden_wijziging.as_ref().map(Code::as_str),
            omvang.map(|omvang| integer(omvang.volume)).transpose()?,
            omvang.map(|omvang| omvang.eenheid.as_str()),
            omvang.map(|omvang| omvang.frequentie.as_str()),
            allocation.budget.map(|budget| budget.0),
        ])?;
        Ok(())
    }

    fn start(&self, tx: &Tx<'_>, bsn: &Bsn, key: &StartKey) -> Result<(), LedgerError> {
        let product = key.product.as_ref();
        tx.sql(
            "INSERT INTO deliveries (message_id, position, law, gemeente, aanbieder, person, toewijzing_nummer,
                 categorie, code, begindatum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            self.message_id,
            self.position,
            self.law(),
            self.identity.gemeente.as_str(),
            self.identity.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            key.toewijzing_nummer.map(integer).transpose()?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            key.begindatum.to_string(),
        ])?;
        Ok(())
    }

    fn start_deleted(&self, tx: &Tx<'_>, bsn: &Bsn, key: &StartKey) -> Result<(), LedgerError> {
        let product = key.product.as_ref();
        tx.sql(
            "UPDATE deliveries SET deleted_by = ?1
             WHERE law = ?2 AND gemeente = ?3 AND aanbieder = ?4 AND person = ?5 AND deleted_by IS NULL
                 AND stop_reden IS NULL AND toewijzing_nummer IS ?6 AND categorie IS ?7 AND code IS ?8
                 AND begindatum = ?9",
        )?
        .execute(params![
            self.message_id,
            self.law(),
            self.identity.gemeente.as_str(),
            self.identity.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            key.toewijzing_nummer.map(integer).transpose()?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            key.begindatum.to_string(),
        ])?;
        Ok(())
    }

    fn declaratie(
        &self,
        tx: &Tx<'_>,
        nummer: &DeclaratieNummer,
        periode: &GeslotenPeriode,
        ingediend: Cents,
        toegekend: Cents,
    ) -> Result<(), LedgerError> {
        tx.sql(
            "INSERT INTO declaraties (law, aanbieder, nummer, message_id, gemeente, begindatum, einddatum, ingediend,
                 toegekend)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            self.law(),
            self.identity.aanbieder.as_str(),
            nummer.as_str(),
            self.message_id,
            self.identity.gemeente.as_str(),
            periode.begindatum.to_string(),
            periode.einddatum.to_string(),
            ingediend.0,
            toegekend.0,
        ])
        .map_err(|source| unique(source, "the number of the declaration is used already"))?;
        Ok(())
    }

    /// A line that repeats a number is among those that were not granted; the first with the number stays. Only a
    /// number whose line was not granted can be used for one that is.
    fn line(&self, tx: &Tx<'_>, bsn: &Bsn, line: &ClaimLine) -> Result<(), LedgerError> {
        let stored = tx
            .sql(
                "INSERT INTO lines (law, aanbieder, referentie, vorig, message_id, position, gemeente, declaratie,
                     person, toewijzing_nummer, categorie, code, begindatum, einddatum, volume, eenheid, tarief,
                     bedrag, granted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
                 ON CONFLICT (law, aanbieder, referentie) DO UPDATE SET
                     vorig = excluded.vorig, message_id = excluded.message_id, position = excluded.position,
                     gemeente = excluded.gemeente, declaratie = excluded.declaratie, person = excluded.person,
                     toewijzing_nummer = excluded.toewijzing_nummer, categorie = excluded.categorie,
                     code = excluded.code, begindatum = excluded.begindatum, einddatum = excluded.einddatum,
                     volume = excluded.volume, eenheid = excluded.eenheid, tarief = excluded.tarief,
                     bedrag = excluded.bedrag, granted = excluded.granted
                 WHERE excluded.granted = 1 AND lines.granted = 0",
            )?
            .execute(params![
                self.law(),
                self.identity.aanbieder.as_str(),
                line.nummer.as_str(),
                line.vorig.as_ref().map(ReferentieNummer::as_str),
                self.message_id,
                self.position,
                self.identity.gemeente.as_str(),
                line.declaratie.as_str(),
                person_bytes(&tx.person(bsn))?,
                integer(line.toewijzing_nummer)?,
                line.categorie.as_str(),
                line.code.as_str(),
                line.periode.begindatum.to_string(),
                line.periode.einddatum.to_string(),
                integer(line.volume)?,
                line.eenheid.as_str(),
                line.tarief.map(|tarief| tarief.0),
                line.bedrag.0,
                line.granted,
            ])?;
        if stored == 0 && line.granted {
            return Err(LedgerError::Conflict("the reference of a granted line is used already"));
        }
        Ok(())
    }

    fn posting(&self, tx: &Tx<'_>, posting: &Posting) -> Result<(), LedgerError> {
        tx.sql(
            "INSERT INTO postings (message_id, law, gemeente, agreement, sort, cents, toewijzing_nummer, referentie,
                 on_date)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            self.message_id,
            self.law(),
            self.identity.gemeente.as_str(),
            posting.agreement,
            posting.sort.as_str(),
            posting.cents.0,
            integer(posting.toewijzing_nummer)?,
            posting.referentie,
            posting.on.to_string(),
        ])?;
        Ok(())
    }
}

/// A time as it sorts: without the zeros that end a fraction (`10:00:00.50` and `10:00:00.5` are one moment).
fn sorted_time(time: &str) -> &str {
    let time = time.trim();
    if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time }
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
fn word<T: serde::Serialize>(value: T) -> Result<String, LedgerError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(LedgerError::Unfit("a part of it has no JSON form")),
    }
}

/// Tells a broken uniqueness from other faults of an insert.
fn unique(source: rusqlite::Error, what: &'static str) -> LedgerError {
    let is_unique = source.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        )
    });
    if is_unique { LedgerError::Conflict(what) } else { source.into() }
}

/// Codes that a decision gave, each once, in order.
pub(super) fn codes(decision: &Decision) -> BTreeSet<&str> {
    decision.findings.iter().filter_map(|finding| finding.code.as_deref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_moments() {
        assert_eq!(sorted_time("10:00:00"), "10:00:00");
        assert_eq!(sorted_time("10:00:00.500"), sorted_time("10:00:00.5"));
        assert_eq!(sorted_time(" 10:00:00.000 "), sorted_time("10:00:00"));
        assert!(sorted_time("10:00:00") < sorted_time("10:00:00.01"));
        assert!(sorted_time("10:00:00.9") < sorted_time("10:00:01"));
    }
}
