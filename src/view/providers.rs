//! Providers over a period: what they send, what is rejected and why, how soon care starts, and who is silent.
//!
//! Messages count by the moment at which they came in, from the beginning of a Dutch day. Only those that a provider sends
//! itself count: none that goes to it. Rates over few messages say little, and are told to do so ([`FEW`]).

use super::overview::Tally;
use crate::clock::start_of_dutch_day;
use crate::message::{Cents, Date};
use jiff::{Timestamp, ToSpan as _};
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A rate over fewer messages than this says little.
pub const FEW: u64 = 20;
/// A median over fewer starts than this is not shown.
pub const FEW_STARTS: usize = 5;
/// Lengths of a period that can be asked for, in days; the second is shown when none is.
pub const PERIODS: [u32; 3] = [30, 90, 365];
/// Rows of a page of the list.
pub const ROWS: usize = 50;

/// Whole Dutch days up to a moment, and as many before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// How many days.
    pub days: u32,
    /// The first.
    #[serde(serialize_with = "super::as_text")]
    pub from: Date,
    /// The last, today.
    #[serde(serialize_with = "super::as_text")]
    pub to: Date,
    /// When the first began.
    #[serde(skip)]
    pub since: Timestamp,
    /// When as many days before it began.
    #[serde(skip)]
    pub before: Timestamp,
}

impl Period {
    /// So many days up to `today`.
    pub fn up_to(today: Date, days: u32) -> Period {
        let back = |days: i64| today.saturating_sub(days.days());
        let from = back(i64::from(days) - 1);
        let begin = |day: Date| start_of_dutch_day(day).unwrap_or(Timestamp::MIN);
        Period { days, from, to: today, since: begin(from), before: begin(back(i64::from(days) * 2 - 1)) }
    }
}

/// How long care took to start after an allocation, in days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Starts {
    /// Starts on an allocation that is known.
    pub count: usize,
    /// Half of them took no longer; `None` with fewer than five.
    pub median: Option<u64>,
    /// Nine in ten took no longer; `None` with fewer than five.
    pub ninetieth: Option<u64>,
}

impl Starts {
    /// The days of each, in whatever order.
    pub fn of(mut days: Vec<u64>) -> Starts {
        days.sort_unstable();
        let rank = |tenths: usize| days.get((days.len() * tenths).div_ceil(10).checked_sub(1)?).copied();
        let known = |value: Option<u64>| value.filter(|_| days.len() >= FEW_STARTS);
        Starts { count: days.len(), median: known(rank(5)), ninetieth: known(rank(9)) }
    }
}

/// A provider in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// AGB code.
    pub agb: String,
    /// Name in the register.
    pub name: Option<String>,
    /// Messages that it sent in the period, by verdict.
    pub messages: Tally,
    /// The rule that most of its rejected messages broke.
    pub top_rule: Option<String>,
    /// How soon care starts.
    pub starts: Starts,
    /// When it last sent a message, ever.
    #[serde(serialize_with = "super::as_optional_text")]
    pub last: Option<Timestamp>,
    /// Answers that it owes.
    pub open: u64,
    /// Those of them that are late.
    pub overdue: u64,
}

impl Line {
    /// Rejected messages in a thousand, rounded down; `None` without messages.
    pub fn rate(&self) -> Option<u64> {
        (self.messages.rejected * 1000).checked_div(self.messages.total())
    }

    /// Whether its rate is over few messages.
    pub fn is_few(&self) -> bool {
        self.messages.total() < FEW
    }
}

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Most rejected in proportion first; those with few messages behind the others.
    #[default]
    Rate,
    /// Most messages first.
    Messages,
    /// Longest silent first.
    Silence,
    /// Most late answers first.
    Overdue,
    /// By name.
    Name,
}

impl Sort {
    /// All, in the order of the columns.
    pub const ALL: [Sort; 5] = [Sort::Name, Sort::Messages, Sort::Rate, Sort::Silence, Sort::Overdue];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Rate => "rate",
            Sort::Messages => "messages",
            Sort::Silence => "silence",
            Sort::Overdue => "overdue",
            Sort::Name => "name",
        }
    }

    /// The inverse of [`Sort::as_str`].
    pub fn parse(word: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.as_str() == word)
    }

    /// Puts the list in order; equal ones by AGB code.
    pub fn apply(self, lines: &mut [Line]) {
        match self {
            Sort::Rate => lines.sort_by_key(|line| (line.is_few(), Reverse(line.rate()), line.agb.clone())),
            Sort::Messages => lines.sort_by_key(|line| (Reverse(line.messages.total()), line.agb.clone())),
            // Whoever never sent anything is silent the longest, but says nothing: it may be new.
            Sort::Silence => lines.sort_by_key(|line| (line.last.is_none(), line.last, line.agb.clone())),
            Sort::Overdue => lines.sort_by_key(|line| (Reverse(line.overdue), Reverse(line.open), line.agb.clone())),
            Sort::Name => lines.sort_by_key(|line| (line.name.is_none(), line.name.clone(), line.agb.clone())),
        }
    }
}

/// A page of the list: the rows behind `after` (an AGB code) and whether there are more. An `after` that is not in the list
/// begins it anew.
pub fn page_of<'a>(lines: &'a [Line], after: Option<&str>) -> (&'a [Line], Option<&'a str>) {
    let begin = after.and_then(|after| lines.iter().position(|line| line.agb == after)).map_or(0, |at| at + 1);
    let rest = &lines[begin..];
    let rows = &rest[..rest.len().min(ROWS)];
    let next = if rest.len() > ROWS { rows.last().map(|line| line.agb.as_str()) } else { None };
    (rows, next)
}

/// A kind of message of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindLine {
    /// Kind, such as `WMO323`.
    pub kind: String,
    /// In the period.
    pub messages: Tally,
    /// In as many days before it.
    pub before: Tally,
    /// When one last came in, within the two.
    #[serde(serialize_with = "super::as_optional_text")]
    pub last: Option<Timestamp>,
}

/// Why messages of one provider were rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Rule; `XSD` for the schema.
    pub rule: String,
    /// Messages that broke it in the period.
    pub messages: u64,
    /// Messages that broke it in as many days before.
    pub before: u64,
}

/// What was declared and granted in the declarations of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Declarations that were processed.
    pub declarations: u64,
    /// Those of them that were granted in part.
    pub partly: u64,
    /// Declared, in cents.
    #[serde(serialize_with = "cents")]
    pub declared_cents: Cents,
    /// Granted, in cents.
    #[serde(serialize_with = "cents")]
    pub granted_cents: Cents,
}

/// A week of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its first day.
    #[serde(serialize_with = "super::as_text")]
    pub from: Date,
    /// Messages by verdict.
    pub messages: Tally,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provider {
    /// AGB code.
    pub agb: String,
    /// Name in the register.
    pub name: Option<String>,
    /// The period.
    pub period: Period,
    /// When it last sent anything, ever.
    #[serde(serialize_with = "super::as_optional_text")]
    pub last: Option<Timestamp>,
    /// Kinds of messages that it sent, in the period or as many days before.
    pub kinds: Vec<KindLine>,
    /// Why its messages were rejected, the most frequent first.
    pub reasons: Vec<Reason>,
    /// How soon care starts, in the period.
    pub starts: Starts,
    /// In as many days before it.
    pub starts_before: Starts,
    /// What it declared.
    pub declared: Declared,
    /// Its messages by week of the period, the last one perhaps shorter.
    pub weeks: Vec<Week>,
    /// Answers that it owes.
    pub open: u64,
    /// Those of them that are late.
    pub overdue: u64,
}

impl Provider {
    /// Messages of all kinds in the period.
    pub fn messages(&self) -> Tally {
        self.kinds.iter().map(|kind| kind.messages).sum()
    }

    /// Messages of all kinds in as many days before.
    pub fn messages_before(&self) -> Tally {
        self.kinds.iter().map(|kind| kind.before).sum()
    }
}

/// Days from the later of decision and first day of an allocation to the start of the care; none when it began before.
pub fn waited(decided: Date, first_day: Date, started: Date) -> u64 {
    u64::try_from(decided.max(first_day).duration_until(started).as_hours() / 24).unwrap_or(0)
}

/// Names of providers by AGB code.
pub type Names = BTreeMap<String, String>;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn cents<S: Serializer>(value: &Cents, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(value.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn line(agb: &str, total: u64, rejected: u64) -> Line {
        let messages = Tally { accepted: total - rejected, rejected, ..Tally::default() };
        Line { agb: agb.to_owned(), messages, ..Line::default() }
    }

    fn sorted(sort: Sort, mut lines: Vec<Line>) -> Vec<String> {
        sort.apply(&mut lines);
        lines.into_iter().map(|line| line.agb).collect()
    }

    #[test]
    fn a_period_is_made_of_whole_dutch_days() {
        let period = Period::up_to(date(2026, 4, 1), 30);
        assert_eq!((period.from, period.to), (date(2026, 3, 3), date(2026, 4, 1)));
        assert_eq!(period.since.to_string(), "2026-03-02T23:00:00Z");
        assert_eq!(period.before.to_string(), "2026-01-31T23:00:00Z", "thirty days before the third of March");
        assert_eq!(Period::up_to(Date::MIN, 365).from, Date::MIN);
    }

    #[test]
    fn few_messages_never_lead_the_list_of_rates() {
        let lines = vec![line("1", 2, 2), line("2", 100, 10), line("3", 20, 5), line("4", 0, 0)];
        assert_eq!(sorted(Sort::Rate, lines.clone()), ["3", "2", "1", "4"]);
        assert_eq!(sorted(Sort::Messages, lines), ["2", "3", "1", "4"]);
    }

    #[test]
    fn the_longest_silent_comes_first_and_who_never_sent_last() {
        let at = |agb: &str, last: Option<i64>| Line {
            last: last.map(|second| Timestamp::from_second(second).expect("a moment")),
            ..line(agb, 0, 0)
        };
        assert_eq!(sorted(Sort::Silence, vec![at("1", Some(9)), at("2", None), at("3", Some(1))]), ["3", "1", "2"]);
    }

    #[test]
    fn a_page_begins_behind_the_last_one() {
        let lines: Vec<Line> = (0..120).map(|at| line(&format!("{at:08}"), 0, 0)).collect();
        let (first, next) = page_of(&lines, None);
        assert_eq!((first.len(), next), (50, Some("00000049")));
        let (last, next) = page_of(&lines, Some("00000099"));
        assert_eq!((last.len(), last[0].agb.as_str(), next), (20, "00000100", None));
        assert_eq!(page_of(&lines, Some("nobody")).0.len(), 50, "whoever left the list begins anew");
        assert_eq!(page_of(&lines, Some("00000119")).0.len(), 0);
    }

    #[test]
    fn medians_need_five_starts() {
        assert_eq!(Starts::of(vec![9, 1, 2, 30]), Starts { count: 4, median: None, ninetieth: None });
        assert_eq!(Starts::of(vec![9, 1, 2, 30, 4]), Starts { count: 5, median: Some(4), ninetieth: Some(30) });
        assert_eq!(Starts::of((1..=10).collect()), Starts { count: 10, median: Some(5), ninetieth: Some(9) });
    }

    #[test]
    fn waits_begin_at_the_later_of_decision_and_first_day() {
        let (decided, started) = (date(2026, 3, 1), date(2026, 3, 20));
        assert_eq!(waited(decided, date(2026, 3, 10), started), 10);
        assert_eq!(waited(decided, date(2026, 2, 10), started), 19);
        assert_eq!(waited(decided, date(2026, 4, 1), started), 0, "begun before its first day");
    }
}
