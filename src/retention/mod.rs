//! What the ledger keeps for how long: settings, and what follows from them for a message and for what is known of a
//! person.
//!
//! Everything here is plain: days come in, and out comes what may go and, of what stays, why. The ledger finds what is old
//! enough and takes it away (`ledger::retention`), [`keeper`] sees to it once a day. See `docs/retention.md`.

pub mod keeper;

use crate::decision::Verdict;
use crate::message::{Date, Kind};
use jiff::ToSpan as _;
use std::collections::BTreeMap;
use std::fmt;

/// How much of a message goes. Each stage takes what the one before left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The bytes as they came, and those of what left because of it.
    Bodies,
    /// What findings and signals say of persons and places, attempts, reasons of holds.
    Details,
    /// All but the row of the message itself, and what is known of its persons.
    Records,
}

impl Stage {
    /// All stages, in the order in which they come.
    pub const ALL: [Stage; 3] = [Stage::Bodies, Stage::Details, Stage::Records];

    /// The word in settings, in the audit trail and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Bodies => "bodies",
            Stage::Details => "details",
            Stage::Records => "records",
        }
    }

    /// How much of a message has gone when it has passed this stage: `messages.removed`.
    pub fn number(self) -> i64 {
        match self {
            Stage::Bodies => 1,
            Stage::Details => 2,
            Stage::Records => 3,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// That many days.
    Days(u16),
    /// That many years, to the same day of the year.
    Years(u16),
}

impl Term {
    /// Longest term: what is kept longer is kept for ever.
    const MOST_YEARS: u16 = 100;

    /// Reads `90d` or `7y`.
    pub fn parse(text: &str) -> Option<Term> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: u16 = number.parse().ok().filter(|number| *number > 0)?;
        match unit {
            "d" if number <= Term::MOST_YEARS * 365 => Some(Term::Days(number)),
            "y" if number <= Term::MOST_YEARS => Some(Term::Years(number)),
            _ => None,
        }
    }

    /// The first day on which what was settled on `day` may go.
    pub fn over_on(self, day: Date) -> Date {
        match self {
            Term::Days(days) => day.saturating_add(i64::from(days).days()),
            Term::Years(years) => day.saturating_add(i64::from(years).years()),
        }
    }

    /// A day before which everything lies that may go `today`: nothing later can, some of what is earlier may not yet.
    pub fn reaches_back_to(self, today: Date) -> Date {
        let back = match self {
            Term::Days(days) => today.saturating_sub(i64::from(days).days()),
            Term::Years(years) => today.saturating_sub(i64::from(years).years()),
        };
        // 29 February has no counterpart in most years.
        back.saturating_add(2.days())
    }

    /// At least that many days.
    pub fn days(self) -> u32 {
        match self {
            Term::Days(days) => u32::from(days),
            Term::Years(years) => u32::from(years) * 365,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Days(days) => write!(f, "{days}d"),
            Term::Years(years) => write!(f, "{years}y"),
        }
    }
}

/// Shortest term of bodies and details: longer than any answer of the standard may take, so that whoever lost what it
/// got can have it sent again.
pub const SHORTEST: Term = Term::Days(60);
/// Shortest term of records, after everything about a person is over: the year that follows, in which a declaration is
/// corrected and the accounts close, and a year that checks over time and reports look back.
pub const SHORTEST_RECORDS: Term = Term::Years(2);

/// How long a sort of message is kept, stage by stage; `None` keeps it for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Of [`Stage::Bodies`], since the message is settled.
    pub bodies: Option<Term>,
    /// Of [`Stage::Details`], since the same moment.
    pub details: Option<Term>,
    /// Of [`Stage::Records`], since everything about its persons is over.
    pub records: Option<Term>,
}

impl Terms {
    /// The term of a stage.
    pub fn of(&self, stage: Stage) -> Option<Term> {
        match stage {
            Stage::Bodies => self.bodies,
            Stage::Details => self.details,
            Stage::Records => self.records,
        }
    }

    /// What is wrong with them, and what to do.
    pub fn faults(&self) -> Vec<TermFault> {
        let mut faults = Vec::new();
        let mut before: Option<(Stage, Option<Term>)> = None;
        for stage in Stage::ALL {
            let term = self.of(stage);
            if let Some(term) = term {
                let (shortest, why) = shortest(stage);
                if term.days() < shortest.days() {
                    let what = format!("{term} is shorter than {shortest}: {why}");
                    faults.push(TermFault { stage, earlier: None, what, todo: "make it longer" });
                }
                match before {
                    Some((earlier, None)) => faults.push(TermFault {
                        stage,
                        earlier: Some(earlier),
                        what: format!("{stage} go and {earlier} of the same messages are kept for ever"),
                        todo: "set a term for both: what is left of a message is ever less",
                    }),
                    Some((earlier, Some(other))) if term.days() < other.days() => faults.push(TermFault {
                        stage,
                        earlier: Some(earlier),
                        what: format!("{stage} would go after {term}, before {earlier} go after {other}"),
                        todo: "make it at least as long: what is left of a message is ever less",
                    }),
                    _ => {}
                }
            }
            before = Some((stage, term));
        }
        faults
    }
}

/// What is wrong with one of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermFault {
    /// The stage at fault.
    pub stage: Stage,
    /// The one before, which it contradicts.
    pub earlier: Option<Stage>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub todo: &'static str,
}

fn shortest(stage: Stage) -> (Term, &'static str) {
    match stage {
        Stage::Bodies | Stage::Details => (
            SHORTEST,
            "an answer may take weeks, and until then whoever lost a message can have it sent again, and a person can \
             see why it was decided so",
        ),
        Stage::Records => (
            SHORTEST_RECORDS,
            "a declaration may be corrected and accounts close in the year after the care, and checks over time look back \
             a year: later messages would be judged differently",
        ),
    }
}

/// Messages that are kept equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// Kind; `None` for what could not be read.
    pub kind: Option<Kind>,
    /// Verdict.
    pub verdict: Verdict,
}

/// What settings call messages that could not be read.
pub const UNREADABLE: &str = "unreadable";

impl Class {
    /// Every class, in order.
    pub fn all() -> impl Iterator<Item = Class> {
        let kinds = std::iter::once(None).chain(Kind::all().map(Some));
        kinds.flat_map(|kind| Verdict::ALL.into_iter().map(move |verdict| Class { kind, verdict }))
    }

    /// The word for its kind.
    pub fn word(self) -> String {
        self.kind.map_or_else(|| UNREADABLE.to_owned(), |kind| kind.to_string())
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.word(), self.verdict)
    }
}

/// What is set for some of the messages; a stage that it leaves open is as for all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exception {
    /// As [`Terms::bodies`].
    pub bodies: Option<Option<Term>>,
    /// As [`Terms::details`].
    pub details: Option<Option<Term>>,
    /// As [`Terms::records`].
    pub records: Option<Option<Term>>,
}

impl Exception {
    /// What is set for a stage; `None` when nothing is.
    pub fn of(&self, stage: Stage) -> Option<Option<Term>> {
        match stage {
            Stage::Bodies => self.bodies,
            Stage::Details => self.details,
            Stage::Records => self.records,
        }
    }

    fn on(self, terms: Terms) -> Terms {
        Terms {
            bodies: self.bodies.unwrap_or(terms.bodies),
            details: self.details.unwrap_or(terms.details),
            records: self.records.unwrap_or(terms.records),
        }
    }
}

/// `[retention]`: how long everything is kept. By default for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// For whatever is not named otherwise.
    pub general: Terms,
    /// Exceptions by kind (its word), for all verdicts or for one.
    pub exceptions: BTreeMap<(String, Option<Verdict>), Exception>,
}

impl Retention {
    /// How long messages of a class are kept.
    pub fn terms(&self, class: Class) -> Terms {
        let exception = |verdict| self.exceptions.get(&(class.word(), verdict)).copied().unwrap_or_default();
        exception(Some(class.verdict)).on(exception(None).on(self.general))
    }

    /// Whether anything ever goes.
    pub fn is_set(&self) -> bool {
        self.general != Terms::default() || Class::all().any(|class| self.terms(class) != Terms::default())
    }
}

/// Why something stays though it is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// It is held or parked: nobody decided yet.
    Undecided,
    /// Something of it has not left yet, or was refused by its receiver.
    Undelivered,
    /// Somebody owes an answer to it.
    Unanswered,
    /// It is in a selection that is not done.
    Selected,
    /// A signal about it is open.
    Signalled,
    /// An allocation of the same person runs: it has no end, or a later one.
    Runs,
    /// Money is reserved for an allocation of the same person, or a year of it is not closed.
    Reserved,
    /// A later message about the same person is not that far.
    Younger,
    /// Another message about the same person is kept for ever.
    Forever,
}

impl Because {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Because::Undecided => "undecided",
            Because::Undelivered => "undelivered",
            Because::Unanswered => "unanswered",
            Because::Selected => "selected",
            Because::Signalled => "signalled",
            Because::Runs => "runs",
            Because::Reserved => "reserved",
            Because::Younger => "younger",
            Because::Forever => "forever",
        }
    }

    /// For people.
    pub fn en(self) -> &'static str {
        match self {
            Because::Undecided => "held or parked: nobody decided yet",
            Because::Undelivered => "something of it has not left, or its receiver refused it",
            Because::Unanswered => "somebody owes an answer to it",
            Because::Selected => "it is in a selection that is not done (sluis replay-stored)",
            Because::Signalled => "a signal about it is open",
            Because::Runs => "an allocation of the same person runs, or has no end",
            Because::Reserved => "money is still reserved for an allocation of the same person",
            Because::Younger => "a later message about the same person is not old enough",
            Because::Forever => "another message about the same person is kept for ever",
        }
    }
}

/// A message as retention sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its number in the ledger.
    pub id: i64,
    /// What is kept as long.
    pub class: Class,
    /// How much of it has gone already: [`Stage::number`].
    pub removed: i64,
    /// The day on which the last thing about it was settled: it came, its answer came, the last of it left.
    pub settled_on: Date,
    /// What is open about it.
    pub open: Option<Because>,
}

/// All that is known of a person under one law in one municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The last day that anything in it is about.
    pub last: Date,
    /// What is open in it.
    pub open: Option<Because>,
    /// Messages that it stands on.
    pub messages: Vec<Examined>,
}

/// What becomes of something today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Goes,
    /// Its time is not over.
    Stays,
    /// Its time is over, and it is kept.
    Kept(Because),
}

impl Retention {
    /// What becomes of a message at a stage, apart from what is known of its persons.
    pub fn fate(&self, stage: Stage, message: &Examined, today: Date) -> Fate {
        let Some(term) = self.terms(message.class).of(stage) else { return Fate::Stays };
        match message.open {
            _ if term.over_on(message.settled_on) > today => Fate::Stays,
            Some(because) => Fate::Kept(because),
            None => Fate::Goes,
        }
    }

    /// What becomes of what is known of a person. It goes as a whole, when for every message about it the term is over,
    /// counted from the last thing that happened.
    pub fn fate_of_dossier(&self, dossier: &Dossier, today: Date) -> Fate {
        if let Some(because) = dossier.open.or_else(|| dossier.messages.iter().find_map(|message| message.open)) {
            return Fate::Kept(because);
        }
        let last = dossier.messages.iter().map(|message| message.settled_on).fold(dossier.last, Date::max);
        for message in &dossier.messages {
            let Some(term) = self.terms(message.class).records else { return Fate::Kept(Because::Forever) };
            let is_bare =
                message.removed >= Stage::Details.number() || self.fate(Stage::Details, message, today) == Fate::Goes;
            if term.over_on(last) > today || !is_bare {
                return Fate::Kept(Because::Younger);
            }
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn terms(text: [&str; 3]) -> Terms {
        let [bodies, details, records] = text.map(Term::parse);
        Terms { bodies, details, records }
    }

    fn class(kind: &str, verdict: Verdict) -> Class {
        Class { kind: Kind::parse(kind), verdict }
    }

    fn message(settled_on: Date) -> Examined {
        Examined { id: 1, class: class("WMO323", Verdict::Accepted), removed: 2, settled_on, open: None }
    }

    #[test]
    fn terms_read_back_and_count_days_or_years() {
        for text in ["1d", "90d", "36500d", "7y", "100y"] {
            assert_eq!(Term::parse(text).map(|term| term.to_string()).as_deref(), Some(text));
        }
        for text in ["", "d", "0d", "7", "7m", "-1d", "1.5y", "36501d", "101y", "7 y", "é"] {
            assert_eq!(Term::parse(text), None, "{text}");
        }
        assert_eq!(Term::Years(7).over_on(date(2024, 2, 29)), date(2031, 2, 28));
        assert_eq!(Term::Days(1).over_on(date(2024, 2, 28)), date(2024, 2, 29));
        assert_eq!(Term::Years(7).over_on(Date::MAX), Date::MAX);
    }

    #[test]
    fn whatever_may_go_lies_before_what_a_term_reaches_back_to() {
        for term in [Term::Days(60), Term::Years(1), Term::Years(7)] {
            let mut today = date(2028, 2, 20);
            while today < date(2028, 3, 10) {
                let mut day = term.reaches_back_to(today);
                for _ in 0..5 {
                    assert!(term.over_on(day) > today, "{term}: {day} would be left out on {today}");
                    day = day.tomorrow().expect("a day");
                }
                today = today.tomorrow().expect("a day");
            }
        }
    }

    #[test]
    fn terms_that_would_change_verdicts_or_leave_more_than_went_are_faults() {
        let faults = |text| terms(text).faults().iter().map(|fault| fault.stage).collect::<Vec<_>>();
        assert!(faults(["60d", "60d", "2y"]).is_empty());
        assert!(faults(["60d", "", ""]).is_empty());
        assert!(faults(["", "", ""]).is_empty());
        assert_eq!(faults(["59d", "60d", "2y"]), [Stage::Bodies]);
        assert_eq!(faults(["60d", "90d", "700d"]), [Stage::Records]);
        assert_eq!(faults(["", "90d", ""]), [Stage::Details]);
        assert_eq!(faults(["90d", "", "7y"]), [Stage::Records]);
        assert_eq!(faults(["3y", "2y", "2y"]), [Stage::Details]);
    }

    #[test]
    fn the_most_particular_exception_counts() {
        let mut retention = Retention { general: terms(["1y", "2y", "7y"]), ..Retention::default() };
        let exception =
            |bodies: Option<&str>| Exception { bodies: Some(bodies.and_then(Term::parse)), ..Exception::default() };
        retention.exceptions.insert(("WMO323".to_owned(), None), exception(Some("3y")));
        retention.exceptions.insert(("WMO323".to_owned(), Some(Verdict::Rejected)), exception(Some("90d")));
        retention.exceptions.insert((UNREADABLE.to_owned(), None), exception(None));
        let bodies = |kind, verdict| retention.terms(class(kind, verdict)).bodies.map(|term| term.to_string());
        assert_eq!(bodies("WMO323", Verdict::Accepted).as_deref(), Some("3y"));
        assert_eq!(bodies("WMO323", Verdict::Rejected).as_deref(), Some("90d"));
        assert_eq!(bodies("JW323", Verdict::Rejected).as_deref(), Some("1y"));
        assert_eq!(bodies("none", Verdict::Rejected), None);
        assert_eq!(retention.terms(class("WMO323", Verdict::Partly)).records, Some(Term::Years(7)));
        assert!(retention.is_set() && !Retention::default().is_set());
    }

    #[test]
    fn a_message_goes_when_its_time_is_over_and_nothing_is_open() {
        let retention = Retention { general: terms(["60d", "1y", "2y"]), ..Retention::default() };
        let day = date(2026, 3, 1);
        let fate = |message: &Examined, today| retention.fate(Stage::Bodies, message, today);
        assert_eq!(fate(&message(day), date(2026, 4, 29)), Fate::Stays);
        assert_eq!(fate(&message(day), date(2026, 4, 30)), Fate::Goes);
        let open = Examined { open: Some(Because::Unanswered), ..message(day) };
        assert_eq!(fate(&open, date(2036, 4, 30)), Fate::Kept(Because::Unanswered));
        assert_eq!(Retention::default().fate(Stage::Bodies, &open, date(2036, 4, 30)), Fate::Stays);
    }

    #[test]
    fn what_is_known_of_a_person_goes_as_a_whole() {
        let mut retention = Retention { general: terms(["60d", "1y", "2y"]), ..Retention::default() };
        let dossier = |last, messages| Dossier { last, open: None, messages };
        let (old, today) = (date(2020, 1, 1), date(2026, 3, 1));
        let fate = |retention: &Retention, dossier: &Dossier| retention.fate_of_dossier(dossier, today);
        assert_eq!(fate(&retention, &dossier(old, vec![message(old)])), Fate::Goes);
        assert_eq!(fate(&retention, &dossier(date(2024, 3, 1), vec![message(old)])), Fate::Goes);
        assert_eq!(fate(&retention, &dossier(date(2024, 3, 2), vec![message(old)])), Fate::Kept(Because::Younger));
        let younger = message(date(2025, 1, 1));
        assert_eq!(fate(&retention, &dossier(old, vec![message(old), younger])), Fate::Kept(Because::Younger));
        // Its details go today as well: they come before.
        let whole = Examined { removed: 1, ..message(old) };
        assert_eq!(fate(&retention, &dossier(old, vec![message(old), whole])), Fate::Goes);
        let runs = Dossier { open: Some(Because::Runs), ..dossier(old, vec![message(old)]) };
        assert_eq!(fate(&retention, &runs), Fate::Kept(Because::Runs));
        let exception = Exception { records: Some(None), ..Exception::default() };
        retention.exceptions.insert(("WMO323".to_owned(), None), exception);
        assert_eq!(fate(&retention, &dossier(old, vec![message(old)])), Fate::Kept(Because::Forever));
    }
}
