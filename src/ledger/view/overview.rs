//! Reading for the overview: what came in lately, and what waits.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::question::Open;
use super::super::store::parse_verdict;
use super::super::tx::{Tx, moment};
use crate::clock::{dutch_day, start_of_dutch_day};
use crate::deadline::Debt;
use crate::decision::Verdict;
use crate::message::Kind;
use crate::view::overview::{Figures, Hour, KindToday, RuleToday, Tally};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// An hour in the microseconds of the ledger.
const HOUR: i64 = 3_600_000_000;
/// Hours that are shown, the present one among them.
const HOURS: i64 = 24;
/// Rules that are named.
const RULES: u32 = 8;

/// What came in during one hour: since when, kind, verdict, how many.
type Came = (i64, Option<Kind>, Verdict, u64);

impl Tx<'_> {
    /// What the overview shows of the ledger at `now`.
    pub fn overview_figures(&self, now: Timestamp) -> Result<Figures, LedgerError> {
        let at = now.as_microsecond();
        let this_hour = at - at.rem_euclid(HOUR);
        let first_hour = this_hour - (HOURS - 1) * HOUR;
        // Dutch days begin on the hour, whatever the season.
        let today = start_of_dutch_day(dutch_day(now)).map_or(this_hour, Timestamp::as_microsecond);
        let came = self.came_by_hour(first_hour.min(today))?;
        Ok(Figures {
            hours: (0..HOURS).map(|hour| hour_of(first_hour + hour * HOUR, &came)).collect::<Result<_, _>>()?,
            today: kinds(came.iter().filter(|(since, ..)| *since >= today)),
            last_hour: self.came_since(now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN))?,
            last_received: self.last_received()?,
            rules: self.rules_broken_since(today)?,
            counts: self.counts(now)?,
            refused_deliveries: self.count_refused()?.into_values().sum(),
            refused_senders: self
                .count_refusals(now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN))?,
            breakers: self.breakers()?,
            signals: self.open_signals_by_severity()?,
        })
    }

    /// Open questions by what is owed, as they stand at `now`.
    pub fn questions_now(&self, now: Timestamp) -> Result<BTreeMap<Debt, Open>, LedgerError> {
        self.count_questions(dutch_day(now), now)
    }

    fn came_by_hour(&self, since: i64) -> Result<Vec<Came>, LedgerError> {
        self.all(
            "SELECT received_at / 3600000000 * 3600000000, law, number, verdict, count(*) FROM messages
             WHERE received_at >= ?1 GROUP BY 1, 2, 3, 4",
            params![since],
            |cells| Ok((cells.get()?, cells.kind()?, parse_verdict(cells.text()?)?, cells.count()?)),
        )
    }

    fn came_since(&self, since: Timestamp) -> Result<Tally, LedgerError> {
        let rows = self.all(
            "SELECT verdict, count(*) FROM messages WHERE received_at >= ?1 GROUP BY verdict",
            [since.as_microsecond()],
            |cells| Ok((parse_verdict(cells.text()?)?, cells.count()?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    fn last_received(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.first_moment("SELECT received_at FROM messages ORDER BY received_at DESC LIMIT 1", [])
    }

    /// Rules by how many messages broke them.
    fn rules_broken_since(&self, since: i64) -> Result<Vec<RuleToday>, LedgerError> {
        self.all(
            "SELECT json_extract(e.value, '$.rule'), count(DISTINCT m.id) FROM messages AS m
             CROSS JOIN json_each(m.findings) AS e ON true
             WHERE m.received_at >= ?1 AND m.verdict IN ('rejected', 'partly')
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?2",
            params![since, RULES],
            |cells| Ok(RuleToday { rule: cells.get()?, messages: cells.count()? }),
        )
    }

    fn open_signals_by_severity(&self) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
        let mut open = BTreeMap::new();
        for ((_, severity, _), count) in self.count_signals()? {
            *open.entry(severity.as_str()).or_default() += count;
        }
        Ok(open)
    }
}

fn hour_of(since: i64, came: &[Came]) -> Result<Hour, LedgerError> {
    let of_hour = came.iter().filter(|(hour, ..)| *hour == since);
    Ok(Hour { from: moment(since)?, messages: of_hour.map(|(.., verdict, count)| (*verdict, *count)).collect() })
}

fn kinds<'a>(came: impl Iterator<Item = &'a Came>) -> Vec<KindToday> {
    let mut kinds: BTreeMap<Option<Kind>, Tally> = BTreeMap::new();
    for (_, kind, verdict, count) in came {
        kinds.entry(*kind).or_default().add(*verdict, *count);
    }
    let kinds = kinds.into_iter();
    kinds.map(|(kind, messages)| KindToday { kind: kind.map(|kind| kind.to_string()), messages }).collect()
}
