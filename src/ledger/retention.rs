//! Taking away what the ledger need not keep any more, in portions, and telling what would go.
//!
//! Nothing is noted on how far somebody came: what is due is what is old enough and still there, so it does not matter
//! how often, when or by whom this is done, or where it was broken off. Each portion is one job; what it took away and
//! the row of the audit trail that says so are one transaction, and `verify` holds the one against the other.
//!
//! Rows of messages stay, as numbers, digests, kinds, verdicts and moments: the trail and the uniqueness of
//! identifications (TR056) stand on them. Of a person nothing stays: records whose numbers must not be used again
//! (allocations, requests, lines of declarations) stay without the person, other records go.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::store::parse_verdict;
use super::tx::{Cells, Tx, json, moment};
use crate::clock::{dutch_day, start_of_dutch_day};
use crate::delivery::without_bsn;
use crate::finding::Signal;
use crate::message::{Date, Law};
use crate::retention::{Because, Class, Dossier, Examined, Fate, Retention, Stage, Term};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for the person of a record that only stays for its numbers. No key gives it.
pub(super) const NOBODY: [u8; 16] = [0; 16];

/// A place in the order in which messages of a class are walked: moment of receipt and number.
pub type Place = (i64, i64);

/// What is asked of one portion.
#[derive(Debug, Clone, Copy)]
pub struct Portion {
    /// What goes.
    pub stage: Stage,
    /// Of which messages.
    pub class: Class,
    /// The day by which terms are over.
    pub today: Date,
    /// Where the portion before ended.
    pub after: Place,
    /// Most messages that are looked at.
    pub limit: u32,
}

/// What a portion came to, or would come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Messages that went as far as the stage says.
    pub messages: u64,
    /// Persons of whom nothing is known any more.
    pub persons: u64,
    /// Messages whose time is over and that are kept, by the reason.
    pub kept: BTreeMap<Because, u64>,
    /// Moment of receipt of the oldest that goes; `None` when none does.
    pub oldest: Option<Timestamp>,
    /// Messages that were looked at.
    pub looked_at: u64,
    /// Where the next portion begins; `None` when there is none.
    pub next: Option<Place>,
}

/// What goes that belongs to no message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Others {
    /// Bodies of refused messages, and of events that no message led to.
    pub bodies: u64,
    /// Refused messages, attempts for such events, contents of ended signals, counts of deliveries that came to nothing.
    pub details: u64,
    /// Such events and ended signals.
    pub records: u64,
}

impl Others {
    /// How many rows.
    pub fn count(&self) -> u64 {
        self.bodies + self.details + self.records
    }
}

/// A time that somebody went through the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRun {
    /// Its number.
    pub id: i64,
    /// The day by which terms were over.
    pub day: Date,
    /// Who asked for it and why; `None` for the daily one.
    pub order: Option<(String, String)>,
    /// When it was through; `None` when it was broken off, or goes on.
    pub finished_at: Option<Timestamp>,
}

/// Before every place.
pub const FIRST: Place = (i64::MIN, 0);

/// Messages that are looked at in one query of a dry run.
const LOOKED_AT: u32 = 500;

/// Runs whose rows are kept.
const RUNS_KEPT: i64 = 500;

/// A person in one municipality under one law.
type Whose = (Law, String, [u8; 16]);

/// Columns of a run, as [`retention_run`] reads them.
macro_rules! run_columns {
    () => {
        "SELECT id, day, given_by, reason, finished_at FROM retentions "
    };
}

impl Tx<'_> {
    /// How much of a message has gone because it was kept long enough; `None` when all of it is there.
    pub fn removed(&self, message_id: i64) -> Result<Option<Stage>, LedgerError> {
        let removed: Option<i64> =
            self.first("SELECT removed FROM messages WHERE id = ?1", [message_id], |cells| cells.get())?;
        Ok(Stage::ALL.into_iter().find(|stage| Some(stage.number()) == removed))
    }

    /// Whether the bytes of a message are still there; also of one that never was.
    pub fn has_body(&self, message_id: i64) -> Result<bool, LedgerError> {
        Ok(self.removed(message_id)?.is_none())
    }

    /// What would go of a class today, by stage in the order of [`Stage::ALL`], if somebody went through the whole ledger;
    /// changes nothing. What would go of persons is told by `looked` in the end.
    pub fn would_go(
        &self,
        retention: &Retention,
        class: Class,
        today: Date,
        looked: &mut Looked,
    ) -> Result<[Gone; 3], LedgerError> {
        let mut all = <[Gone; 3]>::default();
        for (first, stage) in Stage::ALL.into_iter().enumerate() {
            let Some(term) = retention.terms(class).of(stage) else { continue };
            let mut portion = Portion { stage, class, today, after: FIRST, limit: LOOKED_AT };
            loop {
                let places = self.old_enough(&portion, term)?;
                let received: BTreeMap<i64, i64> = places.iter().map(|(at, id)| (*id, *at)).collect();
                for message in self.examined(received.keys())? {
                    for (stage, gone) in Stage::ALL.into_iter().zip(&mut all).skip(first) {
                        let fate = self.fate(retention, stage, &message, today, looked)?;
                        gone.add(fate, received.get(&message.id).copied())?;
                        if fate != Fate::Goes {
                            break;
                        }
                    }
                }
                match places.last() {
                    Some(last) if places.len() == LOOKED_AT as usize => portion.after = *last,
                    _ => break,
                }
            }
        }
        Ok(all)
    }

    /// Takes a portion away, and says so in the audit trail.
    pub fn take_away(
        &mut self,
        retention: &Retention,
        portion: &Portion,
        run: i64,
        at: Timestamp,
    ) -> Result<Gone, LedgerError> {
        let (gone, messages, persons) = self.due_portion(retention, portion)?;
        for whose in &persons {
            self.forget(whose)?;
        }
        for id in &messages {
            match portion.stage {
                Stage::Bodies => self.remove_bodies(*id)?,
                Stage::Details => self.remove_details(*id)?,
                Stage::Records => self.remove_records(*id)?,
            }
        }
        if gone.messages > 0 || gone.persons > 0 {
            let term = retention.terms(portion.class).of(portion.stage);
            let content = json!({
                "stage": portion.stage.as_str(),
                "class": portion.class.to_string(),
                "term": term.map(|term| term.to_string()),
                "day": portion.today.to_string(),
                "messages": gone.messages,
                "persons": gone.persons,
                "run": run,
            });
            self.append_audit(at, REMOVED, None, &content.to_string())?;
            self.count_in_run(run, portion.stage, &gone)?;
        }
        Ok(gone)
    }

    /// What is due of a portion: the account of it, the messages, and the persons of whom nothing stays.
    fn due_portion(
        &self,
        retention: &Retention,
        portion: &Portion,
    ) -> Result<(Gone, Vec<i64>, Vec<Whose>), LedgerError> {
        let Portion { stage, class, today, .. } = *portion;
        let Some(term) = retention.terms(class).of(stage) else { return Ok(<_>::default()) };
        let places = self.old_enough(portion, term)?;
        let looked_at = u64::try_from(places.len()).unwrap_or(u64::MAX);
        let mut gone = Gone { looked_at, ..Gone::default() };
        if places.len() == usize::try_from(portion.limit).unwrap_or(usize::MAX) {
            gone.next = places.last().copied();
        }
        let received: BTreeMap<i64, i64> = places.iter().map(|(at, id)| (*id, *at)).collect();
        let mut looked = Looked::default();
        let mut due = Vec::new();
        for message in self.examined(received.keys())? {
            let fate = self.fate(retention, stage, &message, today, &mut looked)?;
            gone.add(fate, received.get(&message.id).copied())?;
            if fate == Fate::Goes {
                due.push(message.id);
            }
        }
        gone.persons = looked.persons();
        let persons = looked.fates.into_iter().filter_map(|(whose, fate)| (fate == Fate::Goes).then_some(whose));
        Ok((gone, due, persons.collect()))
    }

    /// What becomes of a message at a stage, its persons included.
    fn fate(
        &self,
        retention: &Retention,
        stage: Stage,
        message: &Examined,
        today: Date,
        looked: &mut Looked,
    ) -> Result<Fate, LedgerError> {
        match retention.fate(stage, message, today) {
            Fate::Goes if stage == Stage::Records => self.fate_of_persons(retention, message, today, looked),
            fate => Ok(fate),
        }
    }

    /// Messages that are old enough for a stage by when they came, in that order.
    fn old_enough(&self, portion: &Portion, term: Term) -> Result<Vec<Place>, LedgerError> {
        let Portion { stage, class, today, after, limit } = *portion;
        let before = start_of_dutch_day(term.reaches_back_to(today)).unwrap_or(Timestamp::MIN);
        self.all(
            "SELECT received_at, id FROM messages
             WHERE removed = ?1 AND coalesce(law, '') = ?2 AND coalesce(number, '') = ?3 AND verdict = ?4
                 AND received_at < ?5 AND (received_at, id) > (?6, ?7)
             ORDER BY received_at, id LIMIT ?8",
            params![
                stage.number() - 1,
                class.kind.map_or("", |kind| kind.law.as_str()),
                class.kind.map_or("", |kind| kind.number.as_str()),
                class.verdict.as_str(),
                before.as_microsecond(),
                after.0,
                after.1,
                limit
            ],
            |cells| Ok((cells.get()?, cells.get()?)),
        )
    }

    /// Messages as retention sees them, by number.
    fn examined<'i>(&self, ids: impl IntoIterator<Item = &'i i64>) -> Result<Vec<Examined>, LedgerError> {
        self.all(
            "SELECT m.id, m.law, m.number, m.verdict, m.removed, m.received_at,
                 (SELECT max(o.sent_at) FROM outbox AS o WHERE o.message_id = m.id),
                 (SELECT max(r.at) FROM runs AS r WHERE r.message_id = m.id),
                 (SELECT max(g.ended_at) FROM signals AS g WHERE g.message_id = m.id),
                 (SELECT max(h.ended_at) FROM holds AS h WHERE h.message_id = m.id),
                 (SELECT max(q.answered_on) FROM questions AS q WHERE q.message_id = m.id),
                 EXISTS (SELECT 1 FROM outbox AS o WHERE o.message_id = m.id AND o.sent_at IS NULL),
                 EXISTS (SELECT 1 FROM questions AS q WHERE q.message_id = m.id AND q.answered_on IS NULL),
                 EXISTS (
                     SELECT 1 FROM selection_members AS s JOIN selections AS l ON l.id = s.selection_id
                     WHERE s.message_id = m.id AND l.done_at IS NULL
                 ),
                 EXISTS (SELECT 1 FROM signals AS g WHERE g.message_id = m.id AND g.ended_at IS NULL)
             FROM json_each(?1) AS k CROSS JOIN messages AS m ON m.id = CAST(k.value AS BIGINT)
             ORDER BY m.id",
            [json(ids)],
            examined,
        )
    }

    /// What becomes of a message whose own time is over, by its persons.
    fn fate_of_persons(
        &self,
        retention: &Retention,
        message: &Examined,
        today: Date,
        looked: &mut Looked,
    ) -> Result<Fate, LedgerError> {
        let mut fate = Fate::Goes;
        for whose in self.persons_of(message.id)? {
            let known = if let Some(known) = looked.fates.get(&whose) {
                *known
            } else {
                let dossier = self.dossier(&whose, looked)?;
                let known = retention.fate_of_dossier(&dossier, today);
                looked.fates.insert(whose, known);
                known
            };
            // The order of persons follows from the key, which must not show: the first reason by its own order counts.
            fate = match (fate, known) {
                (Fate::Kept(because), Fate::Kept(other)) => Fate::Kept(because.min(other)),
                (Fate::Goes, known) => known,
                (fate, Fate::Goes | Fate::Stays) | (fate @ Fate::Stays, Fate::Kept(_)) => fate,
            };
        }
        Ok(fate)
    }

    /// Persons about whom a message left something that is still known to be about them.
    fn persons_of(&self, message_id: i64) -> Result<BTreeSet<Whose>, LedgerError> {
        let persons: Vec<Whose> = self.all(
            "SELECT law, gemeente, person FROM allocations WHERE message_id = ?1 AND person <> ?2
             UNION SELECT law, gemeente, person FROM deliveries WHERE message_id = ?1
             UNION SELECT law, gemeente, person FROM requests WHERE message_id = ?1 AND person <> ?2
             UNION SELECT law, gemeente, person FROM lines WHERE message_id = ?1 AND person <> ?2",
            params![message_id, NOBODY],
            |cells| {
                let law = cells.optional_law()?.ok_or(LedgerError::Damaged("a law is missing"))?;
                Ok((law, cells.get()?, cells.get()?))
            },
        )?;
        Ok(persons.into_iter().collect())
    }

    fn dossier(&self, whose: &Whose, looked: &mut Looked) -> Result<Dossier, LedgerError> {
        let (law, gemeente, person) = (whose.0.as_str(), whose.1.as_str(), &whose.2);
        let mut numbers = BTreeSet::new();
        let mut open = None;
        let mut days: Vec<Option<Date>> = Vec::new();
        let versions: Vec<(i64, Date, Option<Date>, bool)> = self.all(
            "SELECT a.nummer, a.ingangsdatum, a.einddatum, EXISTS (
                 SELECT 1 FROM allocations AS b WHERE b.law = a.law AND b.gemeente = a.gemeente AND b.nummer = a.nummer
                     AND (b.toewijzingsdatum, b.tijd_sorted, b.message_id, b.position)
                         > (a.toewijzingsdatum, a.tijd_sorted, a.message_id, a.position)
             )
             FROM allocations AS a INDEXED BY allocations_person
             WHERE a.law = ?1 AND a.gemeente = ?2 AND a.person = ?3",
            params![law, gemeente, person],
            |cells| Ok((cells.get()?, cells.date()?, cells.optional_date()?, cells.get()?)),
        )?;
        for (number, begin, end, is_superseded) in versions {
            numbers.insert(number);
            days.push(Some(end.unwrap_or(begin)));
            if end.is_none() && !is_superseded {
                open = Some(Because::Runs);
            }
        }
        days.extend(self.all(
            "SELECT max(einddatum) FROM lines WHERE law = ?1 AND gemeente = ?2 AND person = ?3
             UNION ALL SELECT max(coalesce(stop_einddatum, begindatum)) FROM deliveries
             WHERE law = ?1 AND gemeente = ?2 AND person = ?3",
            params![law, gemeente, person],
            |cells| cells.optional_date(),
        )?);
        if open.is_none() {
            open = self.open_about(law, gemeente, &numbers, looked)?;
        }
        let messages: BTreeSet<i64> = self
            .all(
                "SELECT message_id FROM allocations WHERE law = ?1 AND gemeente = ?2 AND person = ?3
                 UNION SELECT message_id FROM deliveries WHERE law = ?1 AND gemeente = ?2 AND person = ?3
                 UNION SELECT deleted_by FROM deliveries
                 WHERE law = ?1 AND gemeente = ?2 AND person = ?3 AND deleted_by IS NOT NULL
                 UNION SELECT message_id FROM requests WHERE law = ?1 AND gemeente = ?2 AND person = ?3
                 UNION SELECT honoured_by FROM requests
                 WHERE law = ?1 AND gemeente = ?2 AND person = ?3 AND honoured_by IS NOT NULL
                 UNION SELECT message_id FROM lines WHERE law = ?1 AND gemeente = ?2 AND person = ?3",
                params![law, gemeente, person],
                |cells| cells.get(),
            )?
            .into_iter()
            .collect();
        let last = days.into_iter().flatten().max().unwrap_or(Date::MIN);
        Ok(Dossier { last, open, messages: self.examined(&messages)? })
    }

    /// What is open about allocations of a person.
    fn open_about(
        &self,
        law: &str,
        gemeente: &str,
        numbers: &BTreeSet<i64>,
        looked: &mut Looked,
    ) -> Result<Option<Because>, LedgerError> {
        let (reserved, held): (bool, bool) = self
            .first(
                "SELECT EXISTS (
                     SELECT 1 FROM allocation_balances AS b WHERE b.law = ?1 AND b.gemeente = ?2 AND b.reserved <> 0
                         AND b.toewijzing_nummer IN (SELECT CAST(k.value AS BIGINT) FROM json_each(?3) AS k)
                 ), EXISTS (
                     SELECT 1 FROM held_allocations AS h WHERE h.law = ?1 AND h.gemeente = ?2
                         AND h.nummer IN (SELECT CAST(k.value AS BIGINT) FROM json_each(?3) AS k)
                 )",
                params![law, gemeente, json(numbers)],
                |cells| Ok((cells.get()?, cells.get()?)),
            )?
            .unwrap_or_default();
        if reserved {
            return Ok(Some(Because::Reserved));
        }
        if held {
            return Ok(Some(Because::Undecided));
        }
        let signalled = match &looked.signalled {
            Some(known) => known,
            None => looked.signalled.insert(self.signalled()?),
        };
        let is_signalled = numbers.iter().any(|number| signalled.contains(&(gemeente.to_owned(), *number)));
        Ok(is_signalled.then_some(Because::Signalled))
    }

    /// Allocations that open signals are about.
    fn signalled(&self) -> Result<BTreeSet<(String, i64)>, LedgerError> {
        let open: Vec<(String, String)> =
            self.all("SELECT gemeente, content FROM signals WHERE ended_at IS NULL", [], |cells| {
                Ok((cells.get()?, cells.get()?))
            })?;
        let numbers = |(gemeente, content): (String, String)| {
            let signal: Option<Signal> = serde_json::from_str(&content).ok();
            let numbers = signal.map(|signal| signal.toewijzingen).unwrap_or_default();
            numbers.into_iter().filter_map(move |number| Some((gemeente.clone(), i64::try_from(number).ok()?)))
        };
        Ok(open.into_iter().flat_map(numbers).collect())
    }

    /// Makes a person unknown: what stays of the records has numbers and no person.
    fn forget(&self, (law, gemeente, person): &Whose) -> Result<(), LedgerError> {
        let whose = params![law.as_str(), gemeente, person];
        let with_nobody = params![law.as_str(), gemeente, person, NOBODY];
        self.sql(
            "DELETE FROM answers WHERE law = ?1 AND (aanbieder, referentie) IN (
                 SELECT r.aanbieder, r.referentie FROM requests AS r
                 WHERE r.law = ?1 AND r.gemeente = ?2 AND r.person = ?3
             )",
        )?
        .execute(whose)?;
        self.sql("DELETE FROM deliveries WHERE law = ?1 AND gemeente = ?2 AND person = ?3")?.execute(whose)?;
        self.sql(
            "DELETE FROM allocations WHERE law = ?1 AND gemeente = ?2 AND person = ?3 AND EXISTS (
                 SELECT 1 FROM allocations AS b
                 WHERE b.law = allocations.law AND b.gemeente = allocations.gemeente AND b.nummer = allocations.nummer
                     AND (b.toewijzingsdatum, b.tijd_sorted, b.message_id, b.position)
                         > (allocations.toewijzingsdatum, allocations.tijd_sorted, allocations.message_id,
                            allocations.position)
             )",
        )?
        .execute(whose)?;
        self.sql("UPDATE allocations SET person = ?4 WHERE law = ?1 AND gemeente = ?2 AND person = ?3")?
            .execute(with_nobody)?;
        self.sql("UPDATE lines SET person = ?4 WHERE law = ?1 AND gemeente = ?2 AND person = ?3")?
            .execute(with_nobody)?;
        self.sql(
            "UPDATE requests SET person = ?4, verwijzer = NULL, verwijzer_agb = NULL
             WHERE law = ?1 AND gemeente = ?2 AND person = ?3",
        )?
        .execute(with_nobody)?;
        // How a search finds messages about a person; a message that waits for another person keeps that one.
        self.sql(
            "DELETE FROM subjects WHERE person = ?3 AND message_id IN (
                 SELECT s.message_id FROM subjects AS s JOIN messages AS m ON m.id = s.message_id
                 WHERE s.person = ?3 AND m.law = ?1 AND m.gemeente = ?2 AND m.removed >= 2
             )",
        )?
        .execute(whose)?;
        // One household under both laws.
        self.sql(
            "DELETE FROM households WHERE gemeente = ?1 AND person = ?2
                 AND NOT EXISTS (
                     SELECT 1 FROM allocations AS a
                     WHERE a.law IN ('wmo', 'jeugdwet') AND a.gemeente = ?1 AND a.person = ?2
                 )
                 AND NOT EXISTS (
                     SELECT 1 FROM requests AS r
                     WHERE r.law IN ('wmo', 'jeugdwet') AND r.gemeente = ?1 AND r.person = ?2
                 )",
        )?
        .execute(params![gemeente, person])?;
        Ok(())
    }

    fn remove_bodies(&self, message_id: i64) -> Result<(), LedgerError> {
        let nothing: &[u8] = &[];
        self.sql("UPDATE outbox SET body = ?2, verdict = NULL WHERE message_id = ?1")?
            .execute(params![message_id, nothing])?;
        self.sql("UPDATE messages SET body = ?2, removed = 1 WHERE id = ?1")?.execute(params![message_id, nothing])?;
        Ok(())
    }

    fn remove_details(&self, message_id: i64) -> Result<(), LedgerError> {
        self.strip(
            message_id,
            "SELECT id, findings FROM messages WHERE id = ?1 AND findings <> '[]'",
            "UPDATE messages SET findings = ?2 WHERE id = ?1",
        )?;
        self.strip(
            message_id,
            "SELECT id, findings FROM runs WHERE message_id = ?1 AND findings <> '[]'",
            "UPDATE runs SET findings = ?2 WHERE id = ?1",
        )?;
        self.sql("DELETE FROM attempts WHERE sequence IN (SELECT sequence FROM outbox WHERE message_id = ?1)")?
            .execute([message_id])?;
        self.sql("UPDATE holds SET reasons = '[]' WHERE message_id = ?1")?.execute([message_id])?;
        let signals = self.all("SELECT id, content FROM signals WHERE message_id = ?1", [message_id], |cells| {
            Ok((cells.get::<String>()?, cells.get::<String>()?))
        })?;
        self.bare_signals(signals)?;
        self.sql("UPDATE messages SET removed = 2 WHERE id = ?1")?.execute([message_id])?;
        Ok(())
    }

    /// Leaves rule and code of findings, which `verify` holds against the trail.
    fn strip(&self, message_id: i64, read: &'static str, write: &'static str) -> Result<(), LedgerError> {
        let rows: Vec<(i64, String)> = self.all(read, [message_id], |cells| Ok((cells.get()?, cells.get()?)))?;
        for (row, findings) in rows {
            self.sql(write)?.execute(params![row, bare_findings(&findings)])?;
        }
        Ok(())
    }

    /// Leaves of ended signals what they were and how often.
    fn bare_signals(&self, signals: Vec<(String, String)>) -> Result<u64, LedgerError> {
        let mut changed = 0;
        for (id, content) in signals {
            let Ok(signal) = serde_json::from_str::<Signal>(&content) else { continue };
            let bare = Signal {
                toewijzingen: Vec::new(),
                nl: String::new(),
                en: String::new(),
                facts: BTreeMap::new(),
                ..signal.clone()
            };
            if bare != signal {
                self.sql("UPDATE signals SET content = ?2 WHERE id = ?1")?
                    .execute(params![id, super::store::to_json(&bare)?])?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn remove_records(&self, message_id: i64) -> Result<(), LedgerError> {
        let transport_id: Option<String> =
            self.first("SELECT transport_id FROM messages WHERE id = ?1", [message_id], |cells| cells.get())?;
        let transport_id = transport_id.ok_or(LedgerError::Damaged("a message is gone"))?;
        // Whoever names files may name persons.
        let starred = without_bsn(&transport_id);
        let transport_id = if starred == transport_id { transport_id } else { format!("{starred} {message_id}") };
        for sql in [
            "DELETE FROM attempts WHERE sequence IN (SELECT sequence FROM outbox WHERE message_id = ?1)",
            "DELETE FROM outbox WHERE message_id = ?1",
            "DELETE FROM questions WHERE message_id = ?1",
            "DELETE FROM signals WHERE message_id = ?1",
            "DELETE FROM runs WHERE message_id = ?1",
            "DELETE FROM holds WHERE message_id = ?1",
            "DELETE FROM orders WHERE message_id = ?1",
            "DELETE FROM bringers WHERE message_id = ?1",
            "DELETE FROM mentions WHERE message_id = ?1",
            "DELETE FROM subjects WHERE message_id = ?1",
        ] {
            self.sql(sql)?.execute([message_id])?;
        }
        self.sql("UPDATE messages SET removed = 3, findings = '[]', skipped = '[]', transport_id = ?2 WHERE id = ?1")?
            .execute(params![message_id, transport_id])?;
        Ok(())
    }

    /// Takes away what belongs to no message, by the general terms, and says so in the trail; at most `limit` rows of each
    /// sort.
    pub fn take_others_away(
        &mut self,
        retention: &Retention,
        run: i64,
        today: Date,
        limit: u32,
        at: Timestamp,
    ) -> Result<Others, LedgerError> {
        let before = |stage| {
            let day = retention.general.of(stage).map(|term: Term| term.reaches_back_to(today));
            // Two days later than what a term reaches back to: no sort of these is counted from more than a moment.
            let day = day.and_then(|day| day.checked_sub(jiff::Span::new().days(2)).ok());
            day.and_then(start_of_dutch_day).map(Timestamp::as_microsecond)
        };
        let mut others = Others::default();
        let nothing: &[u8] = &[];
        if let Some(before) = before(Stage::Bodies) {
            others.bodies += self.changed(
                "UPDATE refusals SET body = ?3 WHERE id IN (
                     SELECT id FROM refusals WHERE refused_at < ?1 AND length(body) > 0 ORDER BY refused_at LIMIT ?2
                 )",
                params![before, limit, nothing],
            )?;
            others.bodies += self.changed(
                "UPDATE outbox SET body = ?3, verdict = NULL WHERE sequence IN (
                     SELECT sequence FROM outbox WHERE message_id IS NULL AND created_at < ?1 AND sent_at < ?1
                         AND length(body) > 0 ORDER BY created_at LIMIT ?2
                 )",
                params![before, limit, nothing],
            )?;
        }
        if let Some(before) = before(Stage::Details) {
            others.details += self.changed(
                "DELETE FROM refusals WHERE id IN (
                     SELECT id FROM refusals WHERE refused_at < ?1 ORDER BY refused_at LIMIT ?2
                 )",
                params![before, limit],
            )?;
            others.details += self.changed(
                "DELETE FROM attempts WHERE (sequence, attempt) IN (
                     SELECT a.sequence, a.attempt FROM outbox AS o JOIN attempts AS a ON a.sequence = o.sequence
                     WHERE o.message_id IS NULL AND o.created_at < ?1 AND o.sent_at < ?1
                     ORDER BY o.created_at LIMIT ?2
                 )",
                params![before, limit],
            )?;
            others.details += self.changed(
                "DELETE FROM takes WHERE (transport, transport_id, digest) IN (
                     SELECT transport, transport_id, digest FROM takes WHERE last_at < ?1 ORDER BY last_at LIMIT ?2
                 )",
                params![before, limit],
            )?;
            let ended = self.all(
                "SELECT id, content FROM signals WHERE message_id IS NULL AND ended_at < ?1 AND content LIKE '%\"nl\":\"_%'
                 ORDER BY id LIMIT ?2",
                params![before, limit],
                |cells| Ok((cells.get::<String>()?, cells.get::<String>()?)),
            )?;
            others.details += self.bare_signals(ended)?;
        }
        if let Some(before) = before(Stage::Records) {
            // Attempts went before.
            others.records += self.changed(
                "DELETE FROM outbox WHERE sequence IN (
                     SELECT o.sequence FROM outbox AS o WHERE o.message_id IS NULL AND o.created_at < ?1 AND o.sent_at < ?1
                         AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.sequence = o.sequence)
                     ORDER BY o.created_at LIMIT ?2
                 )",
                params![before, limit],
            )?;
            others.records += self.changed(
                "DELETE FROM signals WHERE id IN (
                     SELECT id FROM signals WHERE message_id IS NULL AND ended_at < ?1 ORDER BY id LIMIT ?2
                 )",
                params![before, limit],
            )?;
        }
        if others.count() > 0 {
            let Others { bodies, details, records } = others;
            let content = json!({
                "stage": "others", "day": today.to_string(), "bodies": bodies, "details": details, "records": records,
                "run": run,
            });
            self.append_audit(at, REMOVED, None, &content.to_string())?;
            self.sql("UPDATE retentions SET others = others + ?2 WHERE id = ?1")?
                .execute(params![run, i64::try_from(others.count()).unwrap_or(i64::MAX)])?;
        }
        Ok(others)
    }

    fn changed(&self, sql: &'static str, params: impl super::db::Params) -> Result<u64, LedgerError> {
        Ok(u64::try_from(self.sql(sql)?.execute(params)?).unwrap_or(u64::MAX))
    }

    fn count_in_run(&self, run: i64, stage: Stage, gone: &Gone) -> Result<(), LedgerError> {
        let sql = match stage {
            Stage::Bodies => "UPDATE retentions SET bodies = bodies + ?2, persons = persons + ?3 WHERE id = ?1",
            Stage::Details => "UPDATE retentions SET details = details + ?2, persons = persons + ?3 WHERE id = ?1",
            Stage::Records => "UPDATE retentions SET records = records + ?2, persons = persons + ?3 WHERE id = ?1",
        };
        let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.sql(sql)?.execute(params![run, count(gone.messages), count(gone.persons)])?;
        Ok(())
    }

    /// Begins to go through the ledger, or goes on where the last time was broken off on the same day; gives its number.
    /// One by hand says who asked for it and why, which goes into the trail.
    pub fn begin_retention(
        &mut self,
        day: Date,
        order: Option<(&str, &str)>,
        at: Timestamp,
    ) -> Result<i64, LedgerError> {
        if order.is_none()
            && let Some(last) = self.last_retention()?
            && last.finished_at.is_none()
            && last.day == day
            && last.order.is_none()
        {
            return Ok(last.id);
        }
        self.sql("DELETE FROM retentions WHERE id <= (SELECT max(id) FROM retentions) - ?1")?.execute([RUNS_KEPT])?;
        let (by, reason) = order.unzip();
        let id = self.added(
            "INSERT INTO retentions (began_at, day, given_by, reason) VALUES (?1, ?2, ?3, ?4) RETURNING id",
            params![at.as_microsecond(), day.to_string(), by, reason],
        )?;
        let id = id.ok_or(LedgerError::Damaged("a row has no number"))?;
        if let Some((by, reason)) = order {
            let content = json!({ "run": id, "day": day.to_string(), "by": by, "reason": reason });
            self.append_audit(at, "retention ordered", None, &content.to_string())?;
        }
        Ok(id)
    }

    /// Notes that everything was gone through.
    pub fn end_retention(&mut self, run: i64, at: Timestamp) -> Result<(), LedgerError> {
        self.sql("UPDATE retentions SET finished_at = ?2 WHERE id = ?1")?.execute(params![run, at.as_microsecond()])?;
        Ok(())
    }

    /// The last time that somebody went through the ledger.
    pub fn last_retention(&self) -> Result<Option<RetentionRun>, LedgerError> {
        self.first(concat!(run_columns!(), "ORDER BY id DESC LIMIT 1"), [], retention_run)
    }

    /// The last time that was not broken off.
    pub fn last_whole_retention(&self) -> Result<Option<RetentionRun>, LedgerError> {
        self.first(concat!(run_columns!(), "WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"), [], retention_run)
    }

    /// How many messages have gone how far, by [`Stage::number`].
    pub(super) fn removed_so_far(&self) -> Result<BTreeMap<i64, u64>, LedgerError> {
        let rows =
            self.all("SELECT removed, count(*) FROM messages WHERE removed > 0 GROUP BY removed", [], |cells| {
                Ok((cells.get()?, cells.count()?))
            })?;
        Ok(rows.into_iter().collect())
    }
}

/// What the trail calls a portion that was taken away.
pub(super) const REMOVED: &str = "removed";

/// Persons that were looked at, and what becomes of what is known of them.
#[derive(Default)]
pub struct Looked {
    fates: BTreeMap<Whose, Fate>,
    signalled: Option<BTreeSet<(String, i64)>>,
}

impl Looked {
    /// Of how many nothing stays.
    pub fn persons(&self) -> u64 {
        let gone = self.fates.values().filter(|fate| **fate == Fate::Goes).count();
        u64::try_from(gone).unwrap_or(u64::MAX)
    }
}

/// Tells no key of a person.
impl std::fmt::Debug for Looked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Looked({} persons)", self.fates.len())
    }
}

impl Gone {
    fn add(&mut self, fate: Fate, received_at: Option<i64>) -> Result<(), LedgerError> {
        match fate {
            Fate::Stays => {}
            Fate::Kept(because) => *self.kept.entry(because).or_default() += 1,
            Fate::Goes => {
                let at = received_at.map(moment).transpose()?;
                self.oldest = self.oldest.into_iter().chain(at).min();
                self.messages += 1;
            }
        }
        Ok(())
    }
}

fn examined(cells: &mut Cells<'_, '_>) -> Result<Examined, LedgerError> {
    let id = cells.get()?;
    let kind = cells.kind()?;
    let verdict = parse_verdict(cells.text()?)?;
    let removed = cells.get()?;
    let mut settled_on = dutch_day(cells.moment()?);
    for _ in 0..4 {
        if let Some(at) = cells.optional_moment()? {
            settled_on = settled_on.max(dutch_day(at));
        }
    }
    settled_on = settled_on.max(cells.optional_date()?.unwrap_or(Date::MIN));
    let reasons = [Because::Undelivered, Because::Unanswered, Because::Selected, Because::Signalled];
    let mut open = (!verdict.is_decided()).then_some(Because::Undecided);
    for because in reasons {
        let is_open: bool = cells.get()?;
        open = open.or(is_open.then_some(because));
    }
    Ok(Examined { id, class: Class { kind, verdict }, removed, settled_on, open })
}

fn retention_run(cells: &mut Cells<'_, '_>) -> Result<RetentionRun, LedgerError> {
    Ok(RetentionRun {
        id: cells.get()?,
        day: cells.date()?,
        order: Option::zip(cells.get()?, cells.get()?),
        finished_at: cells.optional_moment()?,
    })
}

/// Findings without what they say: rule and code, in the order of the fields of a finding.
fn bare_findings(findings: &str) -> String {
    let findings: Vec<Value> = serde_json::from_str(findings).unwrap_or_default();
    let bare = findings.iter().map(|finding| crate::finding::Finding {
        rule: finding["rule"].as_str().unwrap_or_default().to_owned(),
        code: finding["code"].as_str().map(str::to_owned),
        class: finding["class"].as_str().unwrap_or_default().to_owned(),
        path: String::new(),
        line: 0,
        column: 0,
        nl: String::new(),
        en: String::new(),
        facts: BTreeMap::new(),
    });
    super::store::to_json(&bare.collect::<Vec<_>>()).unwrap_or_else(|_| "[]".to_owned())
}
