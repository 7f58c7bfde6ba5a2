//! Allocations by what people look for, and the course of one.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::mentions::Mention;
use super::super::store::parse_verdict;
use super::super::tx::{Cells, Tx, integer, json};
use super::messages::from_json;
use crate::clock::dutch_day;
use crate::decision::Verdict;
use crate::finding::Finding;
use crate::message::{Count, Date, Kind, Law, Number, Party};
use crate::view::allocations::{Course, Event, Key, Listed, Page, Place, SHOWN, Search, State, Step, Timeline, gaps};
use crate::view::message::{DepartureState, Question, QuestionState};
use crate::view::messages::{LOOKED_AT, PAGE};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are gone through for a page, one try after another.
const TRIES: [u32; 3] = [128, 1_024, LOOKED_AT];
/// `RedenBeeindiging` of a temporary stop.
const TEMPORARY_STOP: &str = "20";

/// What drives a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Driver {
    Number,
    Person,
    Provider,
    All,
}

impl Driver {
    #[cfg(test)]
    pub(in crate::ledger) const ALL: [Driver; 4] = [Driver::Number, Driver::Person, Driver::Provider, Driver::All];
}

/// Allocations along one index, each once. Parameters 1 is the key, 2 to 4 the place, 5 how many.
macro_rules! keys {
    (forward, $from:literal) => {
        concat!(
            "SELECT DISTINCT law, gemeente, nummer FROM ",
            $from,
            " AND (law, gemeente, nummer) < (?2, ?3, ?4) ORDER BY law DESC, gemeente DESC, nummer DESC LIMIT ?5"
        )
    };
    (back, $from:literal) => {
        concat!(
            "SELECT DISTINCT law, gemeente, nummer FROM ",
            $from,
            " AND (law, gemeente, nummer) > (?2, ?3, ?4) ORDER BY law, gemeente, nummer LIMIT ?5"
        )
    };
}

/// Columns of the latest version, as [`listed`] reads them.
macro_rules! columns {
    () => {
        "SELECT v.law, v.gemeente, v.aanbieder, v.nummer, v.categorie, v.code, v.ingangsdatum, v.einddatum, v.volume,
             v.eenheid, v.frequentie, v.budget, v.reden_wijziging,
             (SELECT CAST(coalesce(sum(b.reserved), 0) AS BIGINT) FROM allocation_balances AS b
                 WHERE b.law = v.law AND b.gemeente = v.gemeente AND b.toewijzing_nummer = v.nummer),
             (SELECT CAST(coalesce(sum(b.realised), 0) AS BIGINT) FROM allocation_balances AS b
                 WHERE b.law = v.law AND b.gemeente = v.gemeente AND b.toewijzing_nummer = v.nummer) "
    };
}

/// That no version counts more (IV013).
macro_rules! is_latest {
    () => {
        "NOT EXISTS (
             SELECT 1 FROM allocations AS l WHERE l.law = v.law AND l.gemeente = v.gemeente AND l.nummer = v.nummer
                 AND (l.toewijzingsdatum, l.tijd_sorted, l.message_id, l.position)
                     > (v.toewijzingsdatum, v.tijd_sorted, v.message_id, v.position)
         )"
    };
}

macro_rules! conditions {
    () => {
        " AS k CROSS JOIN allocations AS v ON v.law = k.law AND v.gemeente = k.gemeente AND v.nummer = k.nummer
         WHERE (CAST(?6 AS TEXT) IS NULL OR v.law = ?6) AND (CAST(?7 AS TEXT) IS NULL OR v.gemeente = ?7) AND (CAST(?8 AS TEXT) IS NULL OR v.aanbieder = ?8)
             AND (CAST(?9 AS BIGINT) IS NULL OR v.nummer = ?9) AND (CAST(?10 AS TEXT) IS NULL OR v.person = unhex(?10))
             AND (CAST(?11 AS TEXT) IS NULL OR v.categorie = ?11 OR v.code = ?11)
             AND (CAST(?12 AS TEXT) IS NULL OR ?12 = CASE
                 WHEN v.reden_wijziging = '13' OR v.reden_wijziging = '01' AND v.einddatum = v.ingangsdatum
                     THEN 'withdrawn'
                 WHEN v.ingangsdatum > ?13 THEN 'upcoming' WHEN v.einddatum < ?13 THEN 'ended' ELSE 'running' END)
             AND "
    };
}

/// The statements of a driver.
pub(in crate::ledger) struct Statements {
    pub(in crate::ledger) forward: &'static str,
    pub(in crate::ledger) back: &'static str,
    /// How far a look came, and through how many allocations.
    end_forward: &'static str,
    end_back: &'static str,
}

macro_rules! along {
    ($from:literal) => {
        Statements {
            forward: concat!(
                columns!(),
                "FROM (",
                keys!(forward, $from),
                ")",
                conditions!(),
                is_latest!(),
                " ORDER BY v.law DESC, v.gemeente DESC, v.nummer DESC LIMIT ?14"
            ),
            back: concat!(
                columns!(),
                "FROM (",
                keys!(back, $from),
                ")",
                conditions!(),
                is_latest!(),
                " ORDER BY v.law, v.gemeente, v.nummer LIMIT ?14"
            ),
            end_forward: concat!(
                "SELECT law, gemeente, nummer, count(*) OVER () FROM (",
                keys!(forward, $from),
                ") AS k ORDER BY law, gemeente, nummer LIMIT 1"
            ),
            end_back: concat!(
                "SELECT law, gemeente, nummer, count(*) OVER () FROM (",
                keys!(back, $from),
                ") AS k ORDER BY law DESC, gemeente DESC, nummer DESC LIMIT 1"
            ),
        }
    };
}

impl Driver {
    pub(in crate::ledger) fn statements(self) -> &'static Statements {
        static NUMBER: Statements =
            along!("allocations INDEXED BY allocations_numbered WHERE nummer = CAST(CAST(?1 AS TEXT) AS BIGINT)");
        static PERSON: Statements = along!("allocations INDEXED BY allocations_whose WHERE person = unhex(?1)");
        static PROVIDER: Statements = along!("allocations INDEXED BY allocations_of_aanbieder WHERE aanbieder = ?1");
        static ALL: Statements = along!("allocations WHERE CAST(?1 AS TEXT) IS NULL");
        match self {
            Driver::Number => &NUMBER,
            Driver::Person => &PERSON,
            Driver::Provider => &PROVIDER,
            Driver::All => &ALL,
        }
    }

    fn of(search: &Search) -> (Driver, Option<String>) {
        if let Some(nummer) = search.allocation {
            return (Driver::Number, Some(nummer.to_string()));
        }
        if let Some(person) = &search.person {
            return (Driver::Person, Some(person.0.clone()));
        }
        match &search.aanbieder {
            Some(aanbieder) => (Driver::Provider, Some(aanbieder.as_str().to_owned())),
            None => (Driver::All, None),
        }
    }
}

/// Law, municipality and number, as a place in the order.
type Spot = (String, String, i64);

impl Tx<'_> {
    /// A page of the allocations that are looked for, as they stand at `now`.
    pub fn find_allocations(&self, search: &Search, now: Timestamp) -> Result<Page, LedgerError> {
        let today = dutch_day(now);
        let (driver, key) = Driver::of(search);
        let back = search.at.as_ref().is_some_and(|at| at.back);
        let start = first_spot(search)?;
        let limit = PAGE + 1;
        let (mut rows, mut end) = (Vec::new(), None);
        for look in TRIES {
            rows = self.found_allocations(search, (driver, key.as_deref()), back, &start, look, limit, today)?;
            let statements = driver.statements();
            let sql = if back { statements.end_back } else { statements.end_forward };
            let last = self.first(sql, params![key, start.0, start.1, start.2, look], |cells| {
                Ok(((cells.get()?, cells.get()?, cells.get()?), cells.get::<i64>()?))
            })?;
            end = last.filter(|(_, count)| *count >= i64::from(look)).map(|(spot, _): (Spot, i64)| spot);
            if rows.len() == limit || end.is_none() {
                break;
            }
        }
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let place = |back, row: &Listed| {
            let law = Law::parse(row.law)?;
            Some(Place { back, law, gemeente: Party::from(row.gemeente.as_str()), nummer: row.nummer }.token())
        };
        let on = if more {
            rows.last().and_then(|row| place(back, row))
        } else {
            end.as_ref().and_then(|(law, gemeente, nummer)| {
                let nummer = Count::try_from(*nummer).ok()?;
                Some(Place { back, law: Law::parse(law)?, gemeente: Party::from(gemeente.as_str()), nummer }.token())
            })
        };
        let other = match (&search.at, rows.first()) {
            (None, _) => None,
            (Some(_), Some(row)) => place(!back, row),
            // Behind the last page: the way back begins where this one would have.
            (Some(at), None) => Some(Place { back: !back, ..at.clone() }.token()),
        };
        if back {
            rows.reverse();
        }
        let (next, previous) = if back { (other, on) } else { (on, other) };
        Ok(Page { rows, next, previous, cut: !more && end.is_some() })
    }

    #[expect(clippy::too_many_arguments, reason = "one look: what, along which index, from where, how far")]
    fn found_allocations(
        &self,
        search: &Search,
        (driver, key): (Driver, Option<&str>),
        back: bool,
        start: &Spot,
        look: u32,
        limit: usize,
        today: Date,
    ) -> Result<Vec<Listed>, LedgerError> {
        let statements = driver.statements();
        self.all(
            if back { statements.back } else { statements.forward },
            params![
                key,
                start.0,
                start.1,
                start.2,
                look,
                search.law.map(Law::as_str),
                search.gemeente.as_ref().map(Party::as_str),
                search.aanbieder.as_ref().map(Party::as_str),
                search.allocation.map(integer).transpose()?,
                search.person.as_ref().map(|person| person.0.as_str()),
                search.product,
                search.state.map(State::as_str),
                today.to_string(),
                i64::try_from(limit).unwrap_or(i64::MAX)
            ],
            |cells| listed(cells, today),
        )
    }

    /// The course of an allocation, as it stands at `now`; `None` when no message between the two parties names it.
    pub fn look_at_allocation(&self, key: &Key, now: Timestamp) -> Result<Option<Timeline>, LedgerError> {
        let today = dutch_day(now);
        let nummer = integer(key.nummer)?;
        let (law, gemeente, aanbieder) = (key.law.as_str(), key.gemeente.as_str(), key.aanbieder.as_str());
        let allocation = self.first(
            concat!(
                columns!(),
                "FROM allocations AS v WHERE v.law = ?1 AND v.gemeente = ?2 AND v.nummer = ?3 AND v.aanbieder = ?4 AND ",
                is_latest!()
            ),
            params![law, gemeente, nummer, aanbieder],
            |cells| listed(cells, today),
        )?;
        let versions = self.versions(key)?;
        let requests: BTreeSet<String> = versions.iter().filter_map(|version| version.referentie.clone()).collect();
        let mut messages = BTreeMap::new();
        let of_number = Mention::Allocation(key.nummer.to_string().into()).what();
        let found = self.mentioning(key, &of_number, None)?;
        let earlier_left_out = found.len() > SHOWN as usize;
        messages.extend(found.into_iter().take(SHOWN as usize).map(|message| (message.id, message)));
        for referentie in &requests {
            let what = Mention::Request(referentie.as_str().into()).what();
            let of_request = [Number::N315, Number::N317, Number::N319].map(Number::as_str);
            let found = self.mentioning(key, &what, Some(&json(of_request)))?;
            messages.extend(found.into_iter().map(|message| (message.id, message)));
        }
        if allocation.is_none() && messages.is_empty() {
            return Ok(None);
        }
        let abouts: BTreeSet<String> = requests.iter().cloned().chain([nummer.to_string()]).collect();
        let questions = self.questions_of(messages.keys().copied(), &abouts, today)?;
        let answers: Vec<i64> = questions.iter().filter_map(|question| question.answered_by).collect();
        for reply in self.messages_by_id(answers.iter().filter(|id| !messages.contains_key(id)))? {
            messages.insert(reply.id, reply);
        }
        let story = Story {
            versions,
            delivered: self.delivered(messages.keys().copied(), nummer)?,
            granted: self.granted_by_message(key)?,
            answered: self.answered(key, &requests)?,
        };
        let mut events: Vec<Event> = messages.values().map(|message| story.event(message)).collect();
        events.extend(self.replies_of(messages.keys().copied())?);
        events.sort_by_key(|event| (event.at, event.message, event.step == Step::Reply));
        let course = story.course(allocation.as_ref(), &messages);
        let is_open = |question: &Question| matches!(question.state, QuestionState::Open | QuestionState::Overdue);
        let mut open: Vec<Question> = questions.into_iter().filter(is_open).collect();
        open.sort_by_key(|question| (question.due_on, question.asked_by));
        Ok(Some(Timeline { gaps: gaps(&course, today), allocation, events, earlier_left_out, open }))
    }

    fn versions(&self, key: &Key) -> Result<Vec<Version>, LedgerError> {
        self.all(
            "SELECT message_id, ingangsdatum, einddatum, reden_wijziging, referentie, volume, eenheid, frequentie, budget,
                 categorie, code
             FROM allocations WHERE law = ?1 AND gemeente = ?2 AND nummer = ?3 AND aanbieder = ?4
             ORDER BY message_id, position",
            params![key.law.as_str(), key.gemeente.as_str(), integer(key.nummer)?, key.aanbieder.as_str()],
            |cells| {
                Ok(Version {
                    message: cells.get()?,
                    from: cells.date()?,
                    to: cells.optional_date()?,
                    reason: cells.get()?,
                    referentie: cells.get()?,
                    rest: (cells.get()?, cells.get()?, cells.get()?, cells.get()?, cells.get()?, cells.get()?),
                })
            },
        )
    }

    /// Messages between the two parties that mention something, the latest first, one more than is shown.
    fn mentioning(&self, key: &Key, what: &str, numbers: Option<&str>) -> Result<Vec<Named>, LedgerError> {
        self.all(
            "SELECT m.id, m.received_at, m.law, m.number, m.identificatie, m.verdict, m.findings
             FROM (
                 SELECT received_at, message_id FROM mentions WHERE what = ?1
                 ORDER BY received_at DESC, message_id DESC LIMIT ?7
             ) AS k CROSS JOIN messages AS m ON m.id = k.message_id
             WHERE m.law = ?2 AND m.gemeente = ?3 AND m.aanbieder = ?4
                 AND (CAST(?5 AS TEXT) IS NULL OR m.number IN (SELECT n.value FROM json_each(?5) AS n))
             ORDER BY m.received_at DESC, m.id DESC LIMIT ?6",
            params![
                what,
                key.law.as_str(),
                key.gemeente.as_str(),
                key.aanbieder.as_str(),
                numbers,
                SHOWN + 1,
                LOOKED_AT
            ],
            named,
        )
    }

    fn messages_by_id<'i>(&self, ids: impl Iterator<Item = &'i i64>) -> Result<Vec<Named>, LedgerError> {
        self.all(
            "SELECT m.id, m.received_at, m.law, m.number, m.identificatie, m.verdict, m.findings
             FROM json_each(?1) AS k CROSS JOIN messages AS m ON m.id = CAST(k.value AS BIGINT)",
            [json(ids.collect::<BTreeSet<_>>())],
            named,
        )
    }

    /// Starts and stops of an allocation that messages reported.
    fn delivered(&self, messages: impl Iterator<Item = i64>, nummer: i64) -> Result<Vec<Delivered>, LedgerError> {
        self.all(
            "SELECT d.message_id, d.begindatum, d.stop_reden, d.stop_einddatum, d.deleted_by IS NOT NULL
             FROM json_each(?1) AS k CROSS JOIN deliveries AS d ON d.message_id = CAST(k.value AS BIGINT)
             WHERE d.toewijzing_nummer = ?2 ORDER BY d.message_id, d.position",
            params![json(messages), nummer],
            |cells| {
                Ok(Delivered {
                    message: cells.get()?,
                    begin: cells.date()?,
                    reason: cells.get()?,
                    end: cells.optional_date()?,
                    deleted: cells.get()?,
                })
            },
        )
    }

    /// What each 323 was granted on an allocation.
    fn granted_by_message(&self, key: &Key) -> Result<BTreeMap<i64, Granted>, LedgerError> {
        let rows = self.all(
            "SELECT message_id, count(*), CAST(sum(bedrag) AS BIGINT), min(begindatum), max(einddatum)
             FROM lines INDEXED BY lines_granted
             WHERE law = ?1 AND gemeente = ?2 AND aanbieder = ?3 AND toewijzing_nummer = ?4 AND granted = 1
             GROUP BY message_id",
            params![key.law.as_str(), key.gemeente.as_str(), key.aanbieder.as_str(), integer(key.nummer)?],
            |cells| {
                let message: i64 = cells.get()?;
                let (lines, cents) = (cells.count()?, cells.get()?);
                Ok((message, Granted { lines, cents, from: cells.date()?, to: cells.date()? }))
            },
        )?;
        Ok(rows.into_iter().collect())
    }

    /// What was answered to requests, by the message that did.
    fn answered(&self, key: &Key, requests: &BTreeSet<String>) -> Result<BTreeMap<i64, String>, LedgerError> {
        let rows = self.all(
            "SELECT a.message_id, a.antwoord FROM json_each(?1) AS k
             CROSS JOIN answers AS a ON a.law = ?2 AND a.aanbieder = ?3 AND a.referentie = k.value",
            params![json(requests), key.law.as_str(), key.aanbieder.as_str()],
            |cells| Ok((cells.get()?, cells.get()?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Replies that the gateway gave itself.
    fn replies_of(&self, messages: impl Iterator<Item = i64>) -> Result<Vec<Event>, LedgerError> {
        self.all(
            "SELECT o.message_id, o.subject, o.created_at, o.sent_at IS NOT NULL, o.refused_at IS NOT NULL
             FROM json_each(?1) AS k CROSS JOIN outbox AS o ON o.message_id = CAST(k.value AS BIGINT)
             WHERE o.purpose = 'reply'",
            [json(messages)],
            |cells| {
                let (message, kind, at) = (cells.get()?, cells.get()?, cells.moment()?);
                let state = DepartureState::of(cells.get()?, cells.get()?);
                Ok(Event {
                    at,
                    step: Step::Reply,
                    kind,
                    message,
                    identification: None,
                    verdict: None,
                    delivery: Some(state),
                    rules: Vec::new(),
                    from: None,
                    to: None,
                    reason: None,
                    deleted: false,
                    lines: None,
                    granted_cents: None,
                })
            },
        )
    }
}

/// A message as a timeline names it.
struct Named {
    id: i64,
    received_at: Timestamp,
    kind: Kind,
    identification: Option<String>,
    verdict: Verdict,
    rules: BTreeSet<String>,
}

/// A version of the allocation.
struct Version {
    message: i64,
    from: Date,
    to: Option<Date>,
    reason: Option<String>,
    referentie: Option<String>,
    /// What else may change: volume, unit, frequency, budget, category, code.
    rest: Rest,
}

type Rest = (Option<i64>, Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>);

impl Version {
    fn says(&self) -> (Date, Option<Date>, Option<&str>, &Rest) {
        (self.from, self.to, self.reason.as_deref(), &self.rest)
    }
}

/// A start, or a stop when it has an end.
struct Delivered {
    message: i64,
    begin: Date,
    reason: Option<String>,
    end: Option<Date>,
    deleted: bool,
}

/// What a 323 was granted.
struct Granted {
    lines: u64,
    cents: i64,
    from: Date,
    to: Date,
}

/// What is known of an allocation beside its messages.
struct Story {
    versions: Vec<Version>,
    delivered: Vec<Delivered>,
    granted: BTreeMap<i64, Granted>,
    answered: BTreeMap<i64, String>,
}

impl Story {
    fn event(&self, message: &Named) -> Event {
        let mut event = Event {
            at: message.received_at,
            step: self.step(message),
            kind: message.kind.to_string(),
            message: message.id,
            identification: message.identification.clone(),
            verdict: Some(message.verdict),
            delivery: None,
            rules: message.rules.iter().cloned().collect(),
            from: None,
            to: None,
            reason: None,
            deleted: false,
            lines: None,
            granted_cents: None,
        };
        if let Some(version) = self.versions.iter().rev().find(|version| version.message == message.id) {
            (event.from, event.to, event.reason) = (Some(version.from), version.to, version.reason.clone());
        }
        if let Some(delivered) = self.delivered.iter().find(|delivered| delivered.message == message.id) {
            (event.from, event.to) = (Some(delivered.begin), delivered.end);
            (event.reason, event.deleted) = (delivered.reason.clone(), delivered.deleted);
        }
        if let Some(granted) = self.granted.get(&message.id) {
            (event.from, event.to) = (Some(granted.from), Some(granted.to));
            (event.lines, event.granted_cents) = (Some(granted.lines), Some(granted.cents));
        }
        if let Some(answer) = self.answered.get(&message.id) {
            event.reason = Some(answer.clone());
        }
        event
    }

    fn step(&self, message: &Named) -> Step {
        match message.kind.number {
            Number::N315 | Number::N317 => Step::Request,
            Number::N319 => Step::Answer,
            Number::N301 => self.step_of_allocation(message.id),
            Number::N305 => Step::Start,
            Number::N307 => Step::Stop,
            Number::N323 => Step::Declaration,
            Number::N302 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N320 | Number::N325 => {
                Step::Reply
            }
        }
    }

    /// A 301 repeats all that still counts (OP087), so most of them say nothing new about this allocation.
    fn step_of_allocation(&self, message: i64) -> Step {
        let Some(index) = self.versions.iter().position(|version| version.message == message) else {
            return Step::Allocation;
        };
        match index.checked_sub(1).map(|before| &self.versions[before]) {
            None => Step::Allocation,
            Some(before) if before.says() == self.versions[index].says() => Step::Repeated,
            Some(_) => Step::Change,
        }
    }

    fn course(&self, allocation: Option<&Listed>, messages: &BTreeMap<i64, Named>) -> Course {
        let counts = allocation.filter(|allocation| allocation.state != State::Withdrawn);
        let first = self.versions.first().and_then(|version| messages.get(&version.message));
        let received = first.map(|message| dutch_day(message.received_at));
        let stands = |delivered: &&Delivered| !delivered.deleted;
        let starts = self.delivered.iter().filter(stands).filter(|delivered| delivered.end.is_none());
        let definitive =
            |delivered: &&Delivered| delivered.end.is_some() && delivered.reason.as_deref() != Some(TEMPORARY_STOP);
        let stops = self.delivered.iter().filter(stands).filter(definitive);
        Course {
            allocated: counts.map(|counts| (counts.ingangsdatum, received.unwrap_or(counts.ingangsdatum))),
            ends: counts.and_then(|counts| counts.einddatum),
            started: starts.map(|delivered| delivered.begin).collect(),
            stopped: stops.map(|delivered| delivered.begin).collect(),
            declared: !self.granted.is_empty(),
        }
    }
}

/// Where a page begins.
fn first_spot(search: &Search) -> Result<Spot, LedgerError> {
    match &search.at {
        Some(at) => Ok((at.law.as_str().to_owned(), at.gemeente.as_str().to_owned(), integer(at.nummer)?)),
        // Behind every law.
        None => Ok(("~".to_owned(), String::new(), 0)),
    }
}

fn named(cells: &mut Cells<'_, '_>) -> Result<Named, LedgerError> {
    let (id, received_at) = (cells.get()?, cells.moment()?);
    let kind = cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?;
    let (identification, verdict) = (cells.get()?, parse_verdict(cells.text()?)?);
    let findings: Vec<Finding> = from_json(cells.text()?)?;
    let rules = findings.into_iter().map(|finding| finding.rule).collect();
    Ok(Named { id, received_at, kind, identification, verdict, rules })
}

fn listed(cells: &mut Cells<'_, '_>, today: Date) -> Result<Listed, LedgerError> {
    let law = cells.optional_law()?.ok_or(LedgerError::Damaged("a law is missing"))?.as_str();
    let (gemeente, aanbieder, nummer) = (cells.get()?, cells.get()?, cells.count()?);
    let (categorie, code) = (cells.get()?, cells.get()?);
    let (from, to) = (cells.date()?, cells.optional_date()?);
    let (volume, eenheid, frequentie) = (cells.optional_count()?, cells.get()?, cells.get()?);
    let (budget_cents, reason) = (cells.get()?, cells.get::<Option<String>>()?);
    let withdrawn = match reason.as_deref() {
        Some("13") => true,
        Some("01") => to == Some(from),
        _ => false,
    };
    Ok(Listed {
        law,
        gemeente,
        aanbieder,
        nummer,
        categorie,
        code,
        ingangsdatum: from,
        einddatum: to,
        volume,
        eenheid,
        frequentie,
        budget_cents,
        state: State::on(today, from, to, withdrawn),
        reserved_cents: cells.get()?,
        realised_cents: cells.get()?,
    })
}
