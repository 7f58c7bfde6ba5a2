//! Silence: who is expected to send what how often, in Dutch working time, and how long nothing has come.
//!
//! Pure: moments come in as values. Working time passes on working days between two hours of the day, so that nobody is
//! silent at night, at the weekend or on a public holiday (page: `docs/silence.md`).

use crate::clock::{dutch_day, moment_of_dutch_day};
use crate::deadline::is_working_day;
use crate::message::Kind;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// Hours of a day, in minutes after midnight; the second is later than the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// When work begins.
    pub from: u16,
    /// When it ends; 1440 is midnight.
    pub to: u16,
}

impl Hours {
    /// From eight to six.
    pub const OFFICE: Hours = Hours { from: 8 * 60, to: 18 * 60 };

    /// How long a working day is.
    pub fn length(self) -> Duration {
        Duration::from_mins(u64::from(self.to.saturating_sub(self.from)))
    }

    /// Working time between two moments; zero when the second is not later.
    pub fn between(self, from: Timestamp, to: Timestamp) -> Duration {
        let mut sum = Duration::ZERO;
        let (mut day, last) = (dutch_day(from), dutch_day(to));
        while day <= last {
            if is_working_day(day)
                && let (Some(begin), Some(end)) =
                    (moment_of_dutch_day(day, self.from), moment_of_dutch_day(day, self.to))
            {
                let passed = end.min(to).duration_since(begin.max(from));
                sum = sum.saturating_add(Duration::try_from(passed).unwrap_or_default());
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        sum
    }
}

/// Messages that are expected to come in regularly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Name in metrics and alarms; no person.
    pub name: String,
    /// Whose messages: providers by AGB code, municipalities by CBS code. One of them is enough.
    pub parties: BTreeSet<String>,
    /// Which kinds, one of them is enough; empty: any.
    pub kinds: BTreeSet<Kind>,
    /// Working time after which the silence is told.
    pub limit: Duration,
    /// When people work.
    pub hours: Hours,
}

impl Expectation {
    /// Whether a message of this kind, written by that party, ends the silence.
    pub fn concerns(&self, kind: Kind, party: &str) -> bool {
        self.parties.contains(party) && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }

    /// Working time since the last message.
    pub fn silence(&self, last: Timestamp, now: Timestamp) -> Duration {
        self.hours.between(last, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>()
            .expect("a moment")
            .in_tz("Europe/Amsterdam")
            .expect("a time zone")
            .timestamp()
    }

    #[test]
    fn working_time_passes_on_working_days_between_the_hours() {
        let hours = |count: u64| Duration::from_hours(count);
        for (from, to, expected, why) in [
            ("2026-03-10T09:00", "2026-03-10T11:00", hours(2), "within a Tuesday"),
            ("2026-03-10T06:00", "2026-03-10T20:00", hours(10), "a whole working day"),
            ("2026-03-10T17:00", "2026-03-11T09:00", hours(2), "over a night"),
            ("2026-03-13T17:00", "2026-03-16T09:00", hours(2), "over a weekend"),
            ("2026-03-14T10:00", "2026-03-15T10:00", hours(0), "in a weekend"),
            ("2026-04-02T18:00", "2026-04-07T08:00", hours(0), "over Good Friday and Easter"),
            ("2026-03-27T17:00", "2026-03-30T09:00", hours(2), "over the night in which the clocks change"),
            ("2026-03-10T11:00", "2026-03-10T09:00", hours(0), "the clock was put back"),
            ("2025-12-31T12:00", "2026-12-31T12:00", hours(2530), "2026 has 261 weekdays, and eight holidays on them"),
        ] {
            assert_eq!(Hours::OFFICE.between(at(from), at(to)), expected, "{why}");
        }
        let round = Hours { from: 0, to: 1440 };
        assert_eq!(round.between(at("2026-03-10T00:00"), at("2026-03-12T00:00")), hours(48));
        assert_eq!(round.length(), hours(24));
        assert_eq!(Hours::OFFICE.between(Timestamp::MIN, Timestamp::MIN), Duration::ZERO, "the beginning of time");
    }

    #[test]
    fn one_of_the_parties_and_one_of_the_kinds_is_enough() {
        let mut expected = Expectation {
            name: "declarations".to_owned(),
            parties: ["42420001", "42420002"].map(str::to_owned).into(),
            kinds: [Kind::parse("WMO323").expect("a kind")].into(),
            limit: Hours::OFFICE.length(),
            hours: Hours::OFFICE,
        };
        let (claim, start) = (Kind::parse("WMO323").expect("a kind"), Kind::parse("WMO305").expect("a kind"));
        assert!(expected.concerns(claim, "42420002"));
        assert!(!expected.concerns(start, "42420002") && !expected.concerns(claim, "42420003"));
        expected.kinds.clear();
        assert!(expected.concerns(start, "42420001"));
        assert_eq!(expected.silence(at("2026-03-09T12:00"), at("2026-03-10T12:30")), Duration::from_mins(630));
    }
}
