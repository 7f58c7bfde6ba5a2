//! Reading what providers did over a period.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::store::parse_verdict;
use super::super::tx::{Tx, json};
use crate::clock::dutch_day;
use crate::message::{Date, Direction, Kind, Number};
use crate::view::overview::Tally;
use crate::view::providers::{Declared, KindLine, Line, Names, Period, Provider, Reason, Starts, Week, waited};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A week in the microseconds of the ledger.
const WEEK: i64 = 7 * 86_400_000_000;
/// Reasons that are told of one provider.
const REASONS: usize = 10;

/// Numbers of the messages that providers send.
fn sent_by_providers() -> String {
    let numbers = Number::ALL.into_iter().filter(|number| number.direction() == Direction::ToMunicipality);
    json(numbers.map(Number::as_str))
}

impl Tx<'_> {
    /// Every provider that is named or that sent something in the period, in no order.
    pub fn provider_lines(&self, period: Period, names: &Names) -> Result<Vec<Line>, LedgerError> {
        let sent = sent_by_providers();
        let since = period.since.as_microsecond();
        let tallies = self.all(
            "SELECT aanbieder, verdict, count(*) FROM messages INDEXED BY messages_flow
             WHERE received_at >= ?1 AND aanbieder IS NOT NULL AND number IN (SELECT value FROM json_each(?2))
             GROUP BY aanbieder, verdict",
            params![since, sent],
            |cells| Ok((cells.text()?.to_owned(), parse_verdict(cells.text()?)?, cells.count()?)),
        )?;
        let named = names.iter().map(|(agb, name)| (agb.clone(), Some(name.clone())));
        let mut lines: BTreeMap<String, Line> =
            named.map(|(agb, name)| (agb.clone(), Line { agb, name, ..Line::default() })).collect();
        for (agb, verdict, count) in tallies {
            let line = lines.entry(agb.clone()).or_insert_with(|| Line { agb, ..Line::default() });
            line.messages.add(verdict, count);
        }
        self.add_top_rules(&mut lines, since, &sent)?;
        self.add_starts(&mut lines, period)?;
        self.add_last(&mut lines, &sent)?;
        self.add_owed(&mut lines, period.to)?;
        Ok(lines.into_values().collect())
    }

    fn add_top_rules(&self, lines: &mut BTreeMap<String, Line>, since: i64, sent: &str) -> Result<(), LedgerError> {
        let broken = self.all(
            "SELECT m.aanbieder, json_extract(e.value, '$.rule'), count(DISTINCT m.id) FROM messages AS m
             CROSS JOIN json_each(m.findings) AS e ON true
             WHERE m.verdict = 'rejected' AND m.verdict <> 'accepted' AND m.received_at >= ?1
                 AND m.aanbieder IS NOT NULL AND m.number IN (SELECT value FROM json_each(?2))
             GROUP BY 1, 2 ORDER BY 3 DESC, 2",
            params![since, sent],
            |cells| Ok((cells.text()?.to_owned(), cells.text()?.to_owned())),
        )?;
        for (agb, rule) in broken {
            if let Some(line) = lines.get_mut(&agb) {
                line.top_rule.get_or_insert(rule);
            }
        }
        Ok(())
    }

    fn add_starts(&self, lines: &mut BTreeMap<String, Line>, period: Period) -> Result<(), LedgerError> {
        let mut days: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (agb, _, waited) in self.starts_since(period.since, None)? {
            days.entry(agb).or_default().push(waited);
        }
        for (agb, days) in days {
            if let Some(line) = lines.get_mut(&agb) {
                line.starts = Starts::of(days);
            }
        }
        Ok(())
    }

    /// Starts that were told since a moment on an allocation that is known: whose, told when, and how long it took.
    fn starts_since(&self, since: Timestamp, agb: Option<&str>) -> Result<Vec<(String, Timestamp, u64)>, LedgerError> {
        let rows = self.all(
            "SELECT d.aanbieder, m.received_at, d.begindatum, (
                 SELECT min(a.toewijzingsdatum) FROM allocations AS a
                 WHERE a.law = d.law AND a.gemeente = d.gemeente AND a.nummer = d.toewijzing_nummer
             ), (
                 SELECT a.ingangsdatum FROM allocations AS a
                 WHERE a.law = d.law AND a.gemeente = d.gemeente AND a.nummer = d.toewijzing_nummer
                 ORDER BY a.toewijzingsdatum DESC, a.tijd_sorted DESC, a.message_id DESC, a.position DESC LIMIT 1
             ) FROM messages AS m JOIN deliveries AS d ON d.message_id = m.id
             WHERE m.number = '305' AND m.received_at >= ?1 AND m.aanbieder = coalesce(?2, m.aanbieder)
                 AND d.deleted_by IS NULL AND d.toewijzing_nummer IS NOT NULL",
            params![since.as_microsecond(), agb],
            |cells| {
                let (agb, told, started) = (cells.text()?.to_owned(), cells.moment()?, cells.date()?);
                Ok((agb, told, started, cells.optional_date()?, cells.optional_date()?))
            },
        )?;
        let known = rows.into_iter().filter_map(|(agb, told, started, decided, first_day)| {
            Some((agb, told, waited(decided?, first_day?, started)))
        });
        Ok(known.collect())
    }

    fn add_last(&self, lines: &mut BTreeMap<String, Line>, sent: &str) -> Result<(), LedgerError> {
        let all = json(lines.keys());
        let last = self.all(
            "SELECT p.value, (
                 SELECT m.received_at FROM messages AS m
                 WHERE m.aanbieder = p.value AND m.number IN (SELECT value FROM json_each(?2))
                 ORDER BY m.received_at DESC LIMIT 1
             ) FROM json_each(?1) AS p",
            params![all, sent],
            |cells| Ok((cells.text()?.to_owned(), cells.get::<Option<i64>>()?)),
        )?;
        for (agb, at) in last {
            if let Some(line) = lines.get_mut(&agb) {
                line.last = at.and_then(|at| Timestamp::from_microsecond(at).ok());
            }
        }
        Ok(())
    }

    fn add_owed(&self, lines: &mut BTreeMap<String, Line>, today: Date) -> Result<(), LedgerError> {
        let owed = self.all(
            "SELECT owed_by, count(*), count(*) FILTER (WHERE due_on < ?1) FROM questions
             WHERE answered_on IS NULL AND owed_by = aanbieder GROUP BY owed_by",
            params![today.to_string()],
            |cells| Ok((cells.text()?.to_owned(), cells.count()?, cells.count()?)),
        )?;
        for (agb, open, overdue) in owed {
            if let Some(line) = lines.get_mut(&agb) {
                (line.open, line.overdue) = (open, overdue);
            }
        }
        Ok(())
    }

    /// One provider; `None` when it is not named and never sent anything.
    pub fn provider(&self, agb: &str, period: Period, name: Option<String>) -> Result<Option<Provider>, LedgerError> {
        let sent = sent_by_providers();
        let last = self.first_moment(
            "SELECT received_at FROM messages WHERE aanbieder = ?1 AND number IN (SELECT value FROM json_each(?2))
             ORDER BY received_at DESC LIMIT 1",
            params![agb, sent],
        )?;
        if last.is_none() && name.is_none() {
            return Ok(None);
        }
        let (mut starts, mut starts_before) = (Vec::new(), Vec::new());
        for (_, told, waited) in self.starts_since(period.before, Some(agb))? {
            if told >= period.since { starts.push(waited) } else { starts_before.push(waited) }
        }
        let (open, overdue) = self.owed_by(agb, period.to)?;
        Ok(Some(Provider {
            agb: agb.to_owned(),
            name,
            period,
            last,
            kinds: self.kinds_of(agb, period, &sent)?,
            reasons: self.reasons_of(agb, period, &sent)?,
            starts: Starts::of(starts),
            starts_before: Starts::of(starts_before),
            declared: self.declared_by(agb, period)?,
            weeks: self.weeks_of(agb, period, &sent)?,
            open,
            overdue,
        }))
    }

    fn kinds_of(&self, agb: &str, period: Period, sent: &str) -> Result<Vec<KindLine>, LedgerError> {
        let rows = self.all(
            "SELECT law, number, verdict, count(*) FILTER (WHERE received_at >= ?2),
                 count(*) FILTER (WHERE received_at < ?2), max(received_at) FROM messages
             WHERE aanbieder = ?1 AND received_at >= ?3 AND number IN (SELECT value FROM json_each(?4)) GROUP BY law, number, verdict",
            params![agb, period.since.as_microsecond(), period.before.as_microsecond(), sent],
            |cells| {
                let kind = cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?;
                let verdict = parse_verdict(cells.text()?)?;
                Ok((kind, verdict, cells.count()?, cells.count()?, cells.moment()?))
            },
        )?;
        let mut kinds: BTreeMap<Kind, KindLine> = BTreeMap::new();
        for (kind, verdict, count, before, last) in rows {
            let line = kinds.entry(kind).or_insert_with(|| KindLine {
                kind: kind.to_string(),
                messages: Tally::default(),
                before: Tally::default(),
                last: None,
            });
            line.messages.add(verdict, count);
            line.before.add(verdict, before);
            line.last = line.last.max(Some(last));
        }
        Ok(kinds.into_values().collect())
    }

    fn reasons_of(&self, agb: &str, period: Period, sent: &str) -> Result<Vec<Reason>, LedgerError> {
        let mut reasons = self.all(
            "SELECT json_extract(e.value, '$.rule'), count(DISTINCT CASE WHEN m.received_at >= ?2 THEN m.id END),
                 count(DISTINCT CASE WHEN m.received_at < ?2 THEN m.id END) FROM messages AS m
             CROSS JOIN json_each(m.findings) AS e ON true
             WHERE m.aanbieder = ?1 AND m.received_at >= ?3 AND m.verdict IN ('rejected', 'partly')
                 AND m.number IN (SELECT value FROM json_each(?4))
             GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1",
            params![agb, period.since.as_microsecond(), period.before.as_microsecond(), sent],
            |cells| Ok(Reason { rule: cells.get()?, messages: cells.count()?, before: cells.count()? }),
        )?;
        reasons.truncate(REASONS);
        Ok(reasons)
    }

    /// Declarations whose 323 came in during the period; one number may stand under both laws.
    fn declared_by(&self, agb: &str, period: Period) -> Result<Declared, LedgerError> {
        let declared = self.first(
            "SELECT count(*), coalesce(sum(CASE WHEN m.verdict = 'partly' THEN 1 ELSE 0 END), 0),
                 coalesce(CAST(sum(d.ingediend) AS BIGINT), 0), coalesce(CAST(sum(d.toegekend) AS BIGINT), 0)
             FROM declaraties AS d JOIN messages AS m ON m.id = d.message_id
             WHERE d.law IN ('wmo', 'jeugdwet') AND d.aanbieder = ?1 AND m.received_at >= ?2",
            params![agb, period.since.as_microsecond()],
            |cells| {
                Ok(Declared {
                    declarations: cells.count()?,
                    partly: cells.count()?,
                    declared_cents: cells.cents()?,
                    granted_cents: cells.cents()?,
                })
            },
        )?;
        Ok(declared.unwrap_or_default())
    }

    fn weeks_of(&self, agb: &str, period: Period, sent: &str) -> Result<Vec<Week>, LedgerError> {
        let since = period.since.as_microsecond();
        let rows = self.all(
            "SELECT (received_at - ?2) / 604800000000, verdict, count(*) FROM messages
             WHERE aanbieder = ?1 AND received_at >= ?2 AND number IN (SELECT value FROM json_each(?3)) GROUP BY 1, 2",
            params![agb, since, sent],
            |cells| Ok((cells.get::<i64>()?, parse_verdict(cells.text()?)?, cells.count()?)),
        )?;
        let weeks = (0..i64::from(period.days.div_ceil(7))).map(|week| {
            // Noon: a week with a change of the clock begins an hour off.
            let noon = since.saturating_add(week * WEEK);
            let noon = Timestamp::from_microsecond(noon)
                .unwrap_or(period.since)
                .saturating_add(SignedDuration::from_hours(12));
            let of_week = rows.iter().filter(|(of, ..)| *of == week).map(|(_, verdict, count)| (*verdict, *count));
            Week { from: noon.map_or(period.from, dutch_day), messages: of_week.collect() }
        });
        Ok(weeks.collect())
    }

    fn owed_by(&self, agb: &str, today: Date) -> Result<(u64, u64), LedgerError> {
        let owed = self.first(
            "SELECT count(*), count(*) FILTER (WHERE due_on < ?2) FROM questions
             WHERE answered_on IS NULL AND owed_by = ?1",
            params![agb, today.to_string()],
            |cells| Ok((cells.count()?, cells.count()?)),
        )?;
        Ok(owed.unwrap_or_default())
    }
}
