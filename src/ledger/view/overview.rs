//! Reading for the overview: what came in lately, and what waits.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::store::parse_verdict;
use super::super::tx::Tx;
use crate::clock::{dutch_day, start_of_dutch_day};
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
            refused_senders: self.count_refusals(
                now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN),
            )?,
            breakers: self.breakers()?,
            signals: self.open_signals_by_severity()?,
        })
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
        self.first("SELECT received_at FROM messages ORDER BY received_at DESC LIMIT 1", [], |cells| cells.moment())
    }

    /// Rules by how many messages broke them.
    fn rules_broken_since(&self, since: i64) -> Result<Vec<RuleToday>, LedgerError> {
        self.all(
            "SELECT json_extract(e.value, '$.rule'), count(DISTINCT m.id) FROM messages AS m
             CROSS JOIN json_each(m.findings) AS e
             WHERE m.received_at >= ?1 AND m.verdict IN ('rejected', 'partly')
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?2",
            params![since, RULES],
            |cells| Ok(RuleToday { rule: cells.get()?, messages: cells.count()? }),
        )
    }

    fn open_signals_by_severity(&self) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
        let mut open = BTreeMap::new();
        for ((_, severity), count) in self.count_signals()? {
            *open.entry(severity.as_str()).or_default() += count;
        }
        Ok(open)
    }
}

fn hour_of(since: i64, came: &[Came]) -> Result<Hour, LedgerError> {
    let from = Timestamp::from_microsecond(since).map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
    let of_hour = came.iter().filter(|(hour, ..)| *hour == since);
    Ok(Hour { from, messages: of_hour.map(|(.., verdict, count)| (*verdict, *count)).collect() })
}

fn kinds<'a>(came: impl Iterator<Item = &'a Came>) -> Vec<KindToday> {
    let mut kinds: BTreeMap<Option<Kind>, Tally> = BTreeMap::new();
    for (_, kind, verdict, count) in came {
        kinds.entry(*kind).or_default().add(*verdict, *count);
    }
    let kinds = kinds.into_iter();
    kinds.map(|(kind, messages)| KindToday { kind: kind.map(|kind| kind.to_string()), messages }).collect()
}

#[cfg(test)]
mod tests {
    use crate::ledger::{Inbox, Keys, Ledger, Location, Settings};
    use crate::decision::Decision;
    use jiff::Timestamp;

    fn inbox(id: usize, received_at: &str) -> Inbox {
        Inbox {
            transport: "directory".to_owned(),
            transport_id: format!("{id}.xml"),
            digest: [u8::try_from(id).expect("few"); 32],
            received_at: received_at.parse().expect("a moment"),
            bytes: vec![1],
        }
    }

    #[test]
    fn messages_are_counted_by_hour_and_by_dutch_day() {
        let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 };
        let ledger = Ledger::open(settings).expect("it opens");
        // 23:30 UTC on the 30th is half past midnight of the 31st in the Netherlands (winter time ends that week).
        let moments = ["2026-03-27T09:15:00Z", "2026-03-27T22:30:00Z", "2026-03-27T23:30:00Z", "2026-03-28T09:05:00Z"];
        for (id, moment) in moments.into_iter().enumerate() {
            let inbox = inbox(id, moment);
            let parked = Decision::set_aside();
            ledger.run_blocking(move |tx| tx.store(&inbox, &parked)).expect("it is stored");
        }
        let now: Timestamp = "2026-03-28T09:30:00Z".parse().expect("a moment");
        let figures = ledger.run_blocking(move |tx| tx.overview_figures(now)).expect("it is read");
        assert_eq!(figures.hours.len(), 24);
        assert_eq!(figures.hours.iter().map(|hour| hour.messages.total()).sum::<u64>(), 3, "one is older than a day");
        assert_eq!(figures.hours.last().map(|hour| hour.messages.total()), Some(1));
        assert_eq!(figures.today.iter().map(|kind| kind.messages.parked).sum::<u64>(), 2);
        assert_eq!(figures.last_hour.total(), 1);
        assert_eq!(figures.last_received, Some("2026-03-28T09:05:00Z".parse().expect("a moment")));
        assert_eq!(figures.counts.parked.count, 4);
    }
}
