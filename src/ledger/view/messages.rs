//! Looking for messages.
//!
//! Each search is driven by the one of its conditions that says most, along an index that ends with the moment of
//! receipt: so the latest are read first, and no more than a page needs. The other conditions are looked at row by row,
//! for a bounded number of rows.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::mentions::Mention;
use super::super::store::parse_verdict;
use super::super::tx::{Cells, Tx, json, moment};
use crate::decision::Verdict;
use crate::message::{Direction, Kind, Law, Number, Party};
use crate::view::messages::{
    COUNTED, LOOKED_AT, Listed, PAGE, Page, Place, Search, Side, Total, Way, is_provider, numbers_of,
};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Rows that are gone through for a page, one try after another: mostly the first is enough.
const TRIES: [u32; 3] = [128, 1_024, LOOKED_AT];

/// What drives a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Driver {
    Identification,
    Declaration,
    Mention,
    Person,
    Claimed,
    Provider,
    Municipality,
    Verdict,
    Number,
    Time,
}

impl Driver {
    #[cfg(test)]
    pub(in crate::ledger) const ALL: [Driver; 10] = [
        Driver::Identification,
        Driver::Declaration,
        Driver::Mention,
        Driver::Person,
        Driver::Claimed,
        Driver::Provider,
        Driver::Municipality,
        Driver::Verdict,
        Driver::Number,
        Driver::Time,
    ];
}

/// The statements of a driver.
pub(in crate::ledger) struct Statements {
    pub(in crate::ledger) older: &'static str,
    pub(in crate::ledger) newer: &'static str,
    /// How far a look for older ones came, and through how many rows.
    pub(in crate::ledger) end_older: &'static str,
    pub(in crate::ledger) end_newer: &'static str,
    /// How many match, of those looked at.
    pub(in crate::ledger) count: &'static str,
    /// How many rows there are, whatever else is asked.
    pub(in crate::ledger) count_all: &'static str,
}

/// Rows of one index. Parameter 1 is the key, 2 the other end of the period, 3 and 4 the place, 5 the number of rows.
macro_rules! arm {
    (older, $id:literal, $from:literal) => {
        concat!(
            "SELECT received_at, ",
            $id,
            " AS id FROM ",
            $from,
            " AND received_at >= ?2 AND (received_at, ",
            $id,
            ") < (?3, ?4) ORDER BY received_at DESC, ",
            $id,
            " DESC LIMIT ?5"
        )
    };
    (newer, $id:literal, $from:literal) => {
        concat!(
            "SELECT received_at, ",
            $id,
            " AS id FROM ",
            $from,
            " AND received_at < ?2 AND (received_at, ",
            $id,
            ") > (?3, ?4) ORDER BY received_at, ",
            $id,
            " LIMIT ?5"
        )
    };
}

/// The latest (or first) rows of two such selections.
macro_rules! both {
    (older, $a:expr, $b:expr) => {
        concat!(
            "SELECT received_at, id FROM (",
            $a,
            ") AS a UNION SELECT received_at, id FROM (",
            $b,
            ") AS b ORDER BY received_at DESC, id DESC LIMIT ?5"
        )
    };
    (newer, $a:expr, $b:expr) => {
        concat!(
            "SELECT received_at, id FROM (",
            $a,
            ") AS a UNION SELECT received_at, id FROM (",
            $b,
            ") AS b ORDER BY received_at, id LIMIT ?5"
        )
    };
}

/// Lines that were processed with a ReferentieNummer, as [`arm`] has rows: few, since a provider uses each once.
macro_rules! lines {
    (older) => {
        "SELECT m.received_at, m.id FROM lines AS l INDEXED BY lines_referentie CROSS JOIN messages AS m
         ON m.id = l.message_id WHERE l.referentie = ?1 AND m.received_at >= ?2 AND (m.received_at, m.id) < (?3, ?4)"
    };
    (newer) => {
        "SELECT m.received_at, m.id FROM lines AS l INDEXED BY lines_referentie CROSS JOIN messages AS m
         ON m.id = l.message_id WHERE l.referentie = ?1 AND m.received_at < ?2 AND (m.received_at, m.id) > (?3, ?4)"
    };
}

/// What else is asked of a message `m`, with its values in parameters 6 to 17.
macro_rules! conditions {
    () => {
        " AS d CROSS JOIN messages AS m ON m.id = d.id
         WHERE (CAST(?6 AS TEXT) IS NULL OR m.law = ?6) AND (CAST(?7 AS TEXT) IS NULL OR m.number = ?7) AND (CAST(?8 AS TEXT) IS NULL OR m.verdict = ?8)
             AND (CAST(?9 AS TEXT) IS NULL OR m.identificatie = ?9) AND (CAST(?10 AS TEXT) IS NULL OR m.transport = ?10)
             AND ((CAST(?11 AS TEXT) IS NULL OR m.gemeente = ?11) AND (CAST(?12 AS TEXT) IS NULL OR m.aanbieder = ?12)
                     AND (CAST(?13 AS TEXT) IS NULL OR m.number IN (SELECT k.value FROM json_each(?13) AS k))
                 OR m.identificatie IS NULL AND m.afzender = ?17)
             AND NOT EXISTS (
                 SELECT 1 FROM json_each(?14) AS k WHERE NOT EXISTS (
                     SELECT 1 FROM mentions AS x WHERE x.message_id = m.id AND x.what = k.value
                 )
             )
             AND (CAST(?15 AS TEXT) IS NULL
                 OR EXISTS (SELECT 1 FROM mentions AS x WHERE x.message_id = m.id AND x.what = 'declaration ' || ?15)
                 OR EXISTS (SELECT 1 FROM lines AS l WHERE l.referentie = ?15 AND l.message_id = m.id))
             AND (CAST(?16 AS TEXT) IS NULL
                 OR EXISTS (SELECT 1 FROM subjects AS x WHERE x.message_id = m.id AND x.person = unhex(?16)))"
    };
}

/// Columns of a row, as [`listed`] reads them.
macro_rules! columns {
    () => {
        "SELECT m.id, m.received_at, m.law, m.number, m.afzender, m.identificatie, m.gemeente, m.aanbieder, m.verdict,
             m.level, m.findings, (SELECT count(*) FROM signals AS s WHERE s.message_id = m.id), m.transport FROM ("
    };
}

macro_rules! statements {
    ($older:expr, $newer:expr) => {
        Statements {
            older: concat!(columns!(), $older, ")", conditions!(), " ORDER BY m.received_at DESC, m.id DESC LIMIT ?18"),
            newer: concat!(columns!(), $newer, ")", conditions!(), " ORDER BY m.received_at, m.id LIMIT ?18"),
            end_older: concat!(
                "SELECT received_at, id, count(*) OVER () FROM (",
                $older,
                ") AS d ORDER BY received_at, id LIMIT 1"
            ),
            end_newer: concat!(
                "SELECT received_at, id, count(*) OVER () FROM (",
                $newer,
                ") AS d ORDER BY received_at DESC, id DESC LIMIT 1"
            ),
            count: concat!("SELECT count(*) FROM (SELECT 1 FROM (", $older, ")", conditions!(), " LIMIT ?18) AS n"),
            count_all: concat!("SELECT count(*) FROM (", $older, ") AS d"),
        }
    };
}

macro_rules! along {
    ($id:literal, $from:literal) => {
        statements!(arm!(older, $id, $from), arm!(newer, $id, $from))
    };
}

impl Driver {
    pub(in crate::ledger) fn statements(self) -> &'static Statements {
        static IDENTIFICATION: Statements = along!(
            "id",
            "messages INDEXED BY messages_by_identificatie WHERE identificatie = ?1 AND identificatie IS NOT NULL"
        );
        static DECLARATION: Statements = statements!(
            both!(
                older,
                arm!(older, "message_id", "mentions WHERE what = 'declaration ' || CAST(?1 AS TEXT)"),
                lines!(older)
            ),
            both!(
                newer,
                arm!(newer, "message_id", "mentions WHERE what = 'declaration ' || CAST(?1 AS TEXT)"),
                lines!(newer)
            )
        );
        static MENTION: Statements = along!("message_id", "mentions WHERE what = ?1");
        static PERSON: Statements = along!("message_id", "subjects WHERE person = unhex(?1)");
        static CLAIMED: Statements = statements!(
            both!(
                older,
                arm!(older, "id", "messages INDEXED BY messages_by_aanbieder WHERE aanbieder = ?1"),
                arm!(older, "message_id", "mentions WHERE what = 'claimed ' || CAST(?1 AS TEXT)")
            ),
            both!(
                newer,
                arm!(newer, "id", "messages INDEXED BY messages_by_aanbieder WHERE aanbieder = ?1"),
                arm!(newer, "message_id", "mentions WHERE what = 'claimed ' || CAST(?1 AS TEXT)")
            )
        );
        static PROVIDER: Statements = along!("id", "messages INDEXED BY messages_by_aanbieder WHERE aanbieder = ?1");
        static MUNICIPALITY: Statements = along!("id", "messages INDEXED BY messages_by_gemeente WHERE gemeente = ?1");
        static VERDICT: Statements =
            along!("id", "messages INDEXED BY messages_by_verdict WHERE verdict = ?1 AND verdict <> 'accepted'");
        static NUMBER: Statements = along!("id", "messages INDEXED BY messages_by_number WHERE number = ?1");
        static TIME: Statements = along!("id", "messages INDEXED BY messages_by_time WHERE CAST(?1 AS TEXT) IS NULL");
        match self {
            Driver::Identification => &IDENTIFICATION,
            Driver::Declaration => &DECLARATION,
            Driver::Mention => &MENTION,
            Driver::Person => &PERSON,
            Driver::Claimed => &CLAIMED,
            Driver::Provider => &PROVIDER,
            Driver::Municipality => &MUNICIPALITY,
            Driver::Verdict => &VERDICT,
            Driver::Number => &NUMBER,
            Driver::Time => &TIME,
        }
    }
}

/// A search as its statements take it.
struct Plan {
    driver: Driver,
    key: Option<String>,
    since: i64,
    before: i64,
    law: Option<&'static str>,
    number: Option<&'static str>,
    verdict: Option<&'static str>,
    identification: Option<String>,
    transport: Option<String>,
    gemeente: Option<String>,
    aanbieder: Option<String>,
    numbers: Option<String>,
    mentions: String,
    declaration: Option<String>,
    person: Option<String>,
    claimed: Option<String>,
    /// Whether anything is asked beside what drives the search.
    asks_more: bool,
}

impl Plan {
    fn of(search: &Search) -> Plan {
        let mentions: Vec<String> = [
            search.allocation.map(|nummer| Mention::Allocation(nummer.to_string().into()).what()),
            search.request.as_deref().map(|referentie| Mention::Request(referentie.into()).what()),
            search.rule.as_deref().map(|rule| Mention::Rule(rule.into()).what()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let sides = [(&search.sender, Side::Sends), (&search.receiver, Side::Receives)];
        let parties: Vec<(&Party, Side)> =
            sides.into_iter().filter_map(|(party, side)| Some((party.as_ref()?, side))).collect();
        let numbers = parties.iter().map(|(party, side)| numbers_of(party, *side)).reduce(|all, these| {
            // One party at both ends sends itself nothing, and so do two providers or two municipalities.
            all.into_iter().filter(|number| these.contains(number)).collect()
        });
        let of_sort = |provider: bool| {
            let party = parties.iter().find(|(party, _)| is_provider(party) == provider);
            party.map(|(party, _)| party.as_str().to_owned())
        };
        let (gemeente, aanbieder) = (of_sort(false), of_sort(true));
        let claimed = match (&search.sender, &search.receiver) {
            (Some(sender), None) => Some(sender.as_str().to_owned()),
            _ => None,
        };
        let person = search.person.as_ref().map(|person| person.0.clone());
        let verdict = search.verdict.map(Verdict::as_str);
        let (driver, key) = driver(search, &mentions, gemeente.as_ref(), aanbieder.as_ref());
        let conditions = [
            search.identification.is_some(),
            search.declaration.is_some(),
            person.is_some(),
            !parties.is_empty(),
            verdict.is_some(),
            search.number.is_some(),
            search.law.is_some(),
            search.transport.is_some(),
        ];
        let asked = mentions.len() + conditions.into_iter().filter(|asked| *asked).count();
        Plan {
            driver,
            key,
            since: search.since.map_or(i64::MIN, Timestamp::as_microsecond),
            before: search.before.map_or(i64::MAX, Timestamp::as_microsecond),
            law: search.law.map(Law::as_str),
            number: search.number.map(Number::as_str),
            verdict,
            identification: search.identification.clone(),
            transport: search.transport.clone(),
            gemeente,
            aanbieder,
            numbers: numbers.map(json),
            mentions: json(mentions),
            declaration: search.declaration.clone(),
            person,
            claimed,
            // The number of a party's messages depends on their direction as well.
            asks_more: asked > usize::from(driver != Driver::Time) || !parties.is_empty(),
        }
    }

    /// Where a look begins, and where it ends at the latest.
    fn range(&self, at: Option<Place>) -> (Way, i64, (i64, i64)) {
        match at {
            Some(Place { way: Way::Newer, received_at, id }) => {
                (Way::Newer, self.before, (received_at, id).max((self.since, i64::MIN)))
            }
            Some(Place { received_at, id, .. }) => {
                (Way::Older, self.since, (received_at, id).min((self.before, i64::MIN)))
            }
            None => (Way::Older, self.since, (self.before, i64::MIN)),
        }
    }
}

/// The condition that says most, with its key.
fn driver(
    search: &Search,
    mentions: &[String],
    gemeente: Option<&String>,
    aanbieder: Option<&String>,
) -> (Driver, Option<String>) {
    if let Some(identification) = &search.identification {
        return (Driver::Identification, Some(identification.clone()));
    }
    if let Some(declaration) = &search.declaration {
        return (Driver::Declaration, Some(declaration.clone()));
    }
    if let Some(person) = &search.person {
        return (Driver::Person, Some(person.0.clone()));
    }
    if let Some(what) = mentions.first() {
        return (Driver::Mention, Some(what.clone()));
    }
    match (&search.sender, &search.receiver) {
        (Some(sender), None) if is_provider(sender) => return (Driver::Claimed, aanbieder.cloned()),
        (None | Some(_), Some(_)) | (Some(_), None) => {
            if aanbieder.is_some() {
                return (Driver::Provider, aanbieder.cloned());
            }
            return (Driver::Municipality, gemeente.cloned());
        }
        (None, None) => {}
    }
    match (search.verdict, search.number) {
        (Some(verdict), _) if verdict != Verdict::Accepted => (Driver::Verdict, Some(verdict.as_str().to_owned())),
        (_, Some(number)) => (Driver::Number, Some(number.as_str().to_owned())),
        _ => (Driver::Time, None),
    }
}

/// What one look goes through: to which end of the period, from which place, and how many rows.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    end: i64,
    place: (i64, i64),
    rows: u32,
}

impl Tx<'_> {
    /// A page of the messages that are looked for.
    pub fn find_messages(&self, search: &Search) -> Result<Page, LedgerError> {
        let plan = Plan::of(search);
        let (way, end, place) = plan.range(search.at);
        let limit = PAGE + 1;
        let (mut rows, mut looked_until) = (Vec::new(), None);
        for look in TRIES {
            let stretch = Stretch { end, place, rows: look };
            rows = self.found(&plan, way, stretch, limit)?;
            looked_until = None;
            if rows.len() == limit || !plan.asks_more {
                break;
            }
            looked_until = self.end_of_look(&plan, way, stretch)?;
            if looked_until.is_none() {
                break;
            }
        }
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let of = |way, row: &Listed| Place { way, received_at: row.received_at.as_microsecond(), id: row.id }.token();
        let on = if more { rows.last().map(|row| of(way, row)) } else { looked_until.map(|end| end.token()) };
        let back = match (way, search.at) {
            (Way::Older, None) => None,
            (Way::Older, Some(at)) => Some(rows.first().map_or_else(
                || Place { way: Way::Newer, id: at.id.saturating_sub(1), ..at }.token(),
                |row| of(Way::Newer, row),
            )),
            (Way::Newer, _) => rows.first().map(|row| of(Way::Older, row)),
        };
        if way == Way::Newer {
            rows.reverse();
        }
        let (older, newer) = if way == Way::Older { (on, back) } else { (back, on) };
        let looked_until = if more { None } else { looked_until };
        let looked_until = looked_until.map(|end| moment(end.received_at)).transpose()?;
        Ok(Page { rows, total: self.total(&plan)?, older, newer, looked_until })
    }

    fn found(&self, plan: &Plan, way: Way, stretch: Stretch, limit: usize) -> Result<Vec<Listed>, LedgerError> {
        let statements = plan.driver.statements();
        let sql = if way == Way::Older { statements.older } else { statements.newer };
        self.fitting(sql, plan, stretch, i64::try_from(limit).unwrap_or(i64::MAX), listed)
    }

    /// Runs a statement with all that is asked; it gives `limit` rows at most.
    fn fitting<T>(
        &self,
        sql: &'static str,
        plan: &Plan,
        stretch: Stretch,
        limit: i64,
        read: impl Fn(&mut Cells<'_, '_>) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        self.all(
            sql,
            params![
                plan.key,
                stretch.end,
                stretch.place.0,
                stretch.place.1,
                stretch.rows,
                plan.law,
                plan.number,
                plan.verdict,
                plan.identification,
                plan.transport,
                plan.gemeente,
                plan.aanbieder,
                plan.numbers,
                plan.mentions,
                plan.declaration,
                plan.person,
                plan.claimed,
                limit
            ],
            read,
        )
    }

    /// The place of the last row that a look went through, when it went through as many as it may.
    fn end_of_look(&self, plan: &Plan, way: Way, stretch: Stretch) -> Result<Option<Place>, LedgerError> {
        let statements = plan.driver.statements();
        let sql = if way == Way::Older { statements.end_older } else { statements.end_newer };
        let Stretch { end, place, rows: look } = stretch;
        let end = self.first(sql, params![plan.key, end, place.0, place.1, look], |cells| {
            Ok((Place { way, received_at: cells.get()?, id: cells.get()? }, cells.get::<i64>()?))
        })?;
        Ok(end.filter(|(_, rows)| *rows >= i64::from(look)).map(|(end, _)| end))
    }

    fn total(&self, plan: &Plan) -> Result<Total, LedgerError> {
        let (_, end, place) = plan.range(None);
        let over = COUNTED.saturating_add(1);
        let statements = plan.driver.statements();
        let (count, cut) = if plan.asks_more {
            let stretch = Stretch { end, place, rows: LOOKED_AT };
            let limit = i64::try_from(over).unwrap_or(i64::MAX);
            let count = self.fitting(statements.count, plan, stretch, limit, |cells| cells.count())?.pop();
            (count, self.end_of_look(plan, Way::Older, stretch)?.is_some())
        } else {
            let look = u32::try_from(over).unwrap_or(u32::MAX);
            let count = self
                .first(statements.count_all, params![plan.key, end, place.0, place.1, look], |cells| cells.count())?;
            (count, false)
        };
        let count = count.unwrap_or(0);
        Ok(Total { count: count.min(COUNTED), exact: count <= COUNTED && !cut })
    }
}

/// A list of findings, or of rules that could not run.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|_| LedgerError::Damaged("a list of findings is no JSON"))
}

/// Party that sends a message of this number, and party that receives it.
pub(super) fn ends(kind: Option<Kind>, gemeente: Option<&str>, aanbieder: Option<&str>) -> [Option<String>; 2] {
    let ends = match kind.map(|kind| kind.number.direction()) {
        Some(Direction::ToProvider) => [gemeente, aanbieder],
        Some(Direction::ToMunicipality) => [aanbieder, gemeente],
        None => [None, None],
    };
    ends.map(|end| end.map(str::to_owned))
}

pub(super) fn listed(cells: &mut Cells<'_, '_>) -> Result<Listed, LedgerError> {
    let (id, received_at, kind) = (cells.get()?, cells.moment()?, cells.kind()?);
    let (afzender, identification): (Option<String>, Option<String>) = (cells.get()?, cells.get()?);
    let (gemeente, aanbieder): (Option<String>, Option<String>) = (cells.get()?, cells.get()?);
    let (verdict, level) = (parse_verdict(cells.text()?)?, cells.get()?);
    let findings: Vec<IgnoredAny> = from_json(cells.text()?)?;
    let [sender, receiver] = ends(kind, gemeente.as_deref(), aanbieder.as_deref());
    Ok(Listed {
        id,
        received_at,
        law: kind.map(|kind| kind.law.as_str()),
        kind: kind.map(|kind| kind.to_string()),
        sender: sender.or_else(|| identification.is_none().then_some(afzender).flatten()),
        identification,
        receiver,
        gemeente,
        aanbieder,
        verdict,
        level,
        findings: findings.len() as u64,
        signals: cells.count()?,
        transport: cells.get()?,
    })
}
