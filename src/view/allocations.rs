//! Allocations: a list to look through, and the timeline of one with what is missing in it.

use super::message::{DepartureState, Question};
use super::messages::Fault;
use crate::deadline::{START, STOP};
use crate::decision::Verdict;
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::PersonKey;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest word of a search.
const LONGEST: usize = 60;
/// Messages of one allocation that a timeline shows at most, the latest.
pub const SHOWN: u32 = 300;

/// What is looked for, as somebody wrote it. Empty words ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// ToewijzingNummer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub allocation: String,
    /// Provider, eight digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub aanbieder: String,
    /// Municipality, four digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gemeente: String,
    /// `wmo` or `jeugdwet`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub law: String,
    /// ProductCategorie (two digits) or ProductCode (five characters).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// `upcoming`, `running`, `ended` or `withdrawn`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Where a page begins, as another page gave it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// ToewijzingNummer.
    pub allocation: Option<Count>,
    /// Provider.
    pub aanbieder: Option<Party>,
    /// Municipality.
    pub gemeente: Option<Party>,
    /// Law.
    pub law: Option<Law>,
    /// ProductCategorie or ProductCode.
    pub product: Option<String>,
    /// State on the day of looking.
    pub state: Option<State>,
    /// Whom it is for, by the key of the ledger; never from words.
    pub person: Option<PersonKey>,
    /// Where the page begins.
    pub at: Option<Place>,
}

/// A place in the order of allocations: by law, municipality and number, the highest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whether the page goes back from here.
    pub back: bool,
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Number.
    pub nummer: Count,
}

impl Place {
    /// The place as a page carries it.
    pub fn token(&self) -> String {
        let way = if self.back { 'b' } else { 'f' };
        format!("{way}-{}-{}-{}", self.law, self.gemeente, self.nummer)
    }

    /// The inverse of [`Place::token`].
    pub fn parse(token: &str) -> Option<Place> {
        let mut parts = token.split('-');
        let back = match parts.next()? {
            "b" => true,
            "f" => false,
            _ => return None,
        };
        let (law, gemeente, nummer) = (parts.next()?, parts.next()?, parts.next()?);
        let place = Place { back, law: Law::parse(law)?, gemeente: digits(gemeente, 4)?, nummer: nummer.parse().ok()? };
        (parts.next().is_none() && place.nummer <= LARGEST && place.token() == token).then_some(place)
    }
}

/// Numbers have at most twelve digits.
const LARGEST: Count = 999_999_999_999;

fn digits(text: &str, length: usize) -> Option<Party> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Party::from(text))
}

/// Law, parties and number of one allocation, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// ToewijzingNummer.
    pub nummer: Count,
}

impl Key {
    /// Reads the parts of a path; `None` when they cannot name an allocation.
    pub fn parse(law: &str, gemeente: &str, aanbieder: &str, nummer: &str) -> Option<Key> {
        let plain = nummer.len() <= 12 && nummer.bytes().all(|byte| byte.is_ascii_digit());
        let nummer = plain.then(|| nummer.parse().ok()).flatten()?;
        Some(Key { law: Law::parse(law)?, gemeente: digits(gemeente, 4)?, aanbieder: digits(aanbieder, 8)?, nummer })
    }
}

/// How an allocation stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllocationState)]
pub enum State {
    /// It begins on a later day.
    Upcoming,
    /// It is in force.
    Running,
    /// It ended on an earlier day.
    Ended,
    /// It was deleted or taken back: it counts as never sent.
    Withdrawn,
}

impl State {
    /// All states, in display order.
    pub const ALL: [State; 4] = [State::Upcoming, State::Running, State::Ended, State::Withdrawn];

    /// The word in searches and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Upcoming => "upcoming",
            State::Running => "running",
            State::Ended => "ended",
            State::Withdrawn => "withdrawn",
        }
    }

    /// The inverse of [`State::as_str`].
    pub fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// How an allocation with these days stands on a day.
    pub fn on(day: Date, from: Date, to: Option<Date>, withdrawn: bool) -> State {
        match to {
            _ if withdrawn => State::Withdrawn,
            _ if from > day => State::Upcoming,
            Some(to) if to < day => State::Ended,
            _ => State::Running,
        }
    }
}

impl Search {
    /// Reads what somebody wrote.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(asked: &Asked) -> Result<Search, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut read = |field: &'static str, text: &str, nl: &str, en: &str, fits: &dyn Fn(&str) -> bool| {
            let word = text.trim();
            if word.is_empty() {
                return None;
            }
            if word.chars().count() <= LONGEST && fits(word) {
                return Some(word.to_owned());
            }
            faults.push(Fault { field, nl: nl.to_owned(), en: en.to_owned() });
            None
        };
        let all_digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        let allocation = read(
            "allocation",
            &asked.allocation,
            "Een ToewijzingNummer bestaat uit cijfers, hoogstens twaalf. Schrijf alleen de cijfers.",
            "A ToewijzingNummer is made of digits, twelve at most. Write the digits only.",
            &|word| word.len() <= 12 && all_digits(word),
        );
        let aanbieder = read(
            "aanbieder",
            &asked.aanbieder,
            "Een aanbieder is een AGB-code van acht cijfers.",
            "A provider is an AGB code of eight digits.",
            &|word| digits(word, 8).is_some(),
        );
        let gemeente = read(
            "gemeente",
            &asked.gemeente,
            "Een gemeente is een code van vier cijfers.",
            "A municipality is a code of four digits.",
            &|word| digits(word, 4).is_some(),
        );
        let law = read("law", &asked.law, "Schrijf wmo of jeugdwet.", "Write wmo or jeugdwet.", &|word| {
            Law::parse(word).is_some()
        });
        let product = read(
            "product",
            &asked.product,
            "Een product is een categorie van twee cijfers of een code van vijf tekens.",
            "A product is a category of two digits or a code of five characters.",
            &|word| matches!(word.len(), 2..=5) && word.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        );
        let state = read(
            "state",
            &asked.state,
            "Kies een van: upcoming, running, ended, withdrawn.",
            "Choose one of: upcoming, running, ended, withdrawn.",
            &|word| State::parse(word).is_some(),
        );
        let page = read(
            "page",
            &asked.page,
            "Deze bladzijde bestaat niet. Begin opnieuw bij de eerste.",
            "There is no such page. Begin again with the first.",
            &|word| Place::parse(word).is_some(),
        );
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Search {
            allocation: allocation.and_then(|word| word.parse().ok()),
            aanbieder: aanbieder.map(|word| Party::from(word.as_str())),
            gemeente: gemeente.map(|word| Party::from(word.as_str())),
            law: law.as_deref().and_then(Law::parse),
            product: product.map(|word| word.to_uppercase()),
            state: state.as_deref().and_then(State::parse),
            person: None,
            at: page.as_deref().and_then(Place::parse),
        })
    }
}

/// An allocation as its latest version has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AllocationListed)]
pub struct Listed {
    /// Law.
    pub law: &'static str,
    /// Municipality.
    pub gemeente: String,
    /// Provider.
    pub aanbieder: String,
    /// ToewijzingNummer.
    pub nummer: Count,
    /// ProductCategorie; `None` for a generic allocation.
    pub categorie: Option<String>,
    /// ProductCode.
    pub code: Option<String>,
    /// First day.
    #[serde(serialize_with = "super::as_text")]
    pub ingangsdatum: Date,
    /// Last day.
    #[serde(serialize_with = "super::as_optional_text")]
    pub einddatum: Option<Date>,
    /// Volume, in `eenheid` per `frequentie`.
    pub volume: Option<Count>,
    /// Unit, the code of the standard.
    pub eenheid: Option<String>,
    /// Frequency, the code of the standard.
    pub frequentie: Option<String>,
    /// Budget that the 301 names, in cents.
    pub budget_cents: Option<i64>,
    /// How it stands on the day of looking.
    pub state: State,
    /// Committed and not yet used up, in cents.
    pub reserved_cents: i64,
    /// Granted so far, in cents.
    pub realised_cents: i64,
}

/// A page of allocations: by law, municipality and number, the highest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The allocations.
    pub rows: Vec<Listed>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Where the page before begins.
    pub previous: Option<String>,
    /// Whether the look went through as many rows as it may before the page was full; `next` or `previous` goes on.
    pub cut: bool,
}

/// One allocation over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Timeline {
    /// The allocation as its latest version has it; `None` when no 301 with it was accepted.
    pub allocation: Option<Listed>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// Whether earlier messages are left out: it has more than [`SHOWN`].
    pub earlier_left_out: bool,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// What is owed and not given yet, by due date.
    pub open: Vec<Question>,
}

/// A step in the course of an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllocationStep)]
pub enum Step {
    /// 315 or 317.
    Request,
    /// 319.
    Answer,
    /// The first 301.
    Allocation,
    /// A later 301 that changes it.
    Change,
    /// A later 301 that repeats it.
    Repeated,
    /// 305.
    Start,
    /// 307.
    Stop,
    /// 323.
    Declaration,
    /// A return message or a 325.
    Reply,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AllocationEvent)]
pub struct Event {
    /// When: of a message, when it came in; of a reply of the gateway, when it was written.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Which step it is.
    pub step: Step,
    /// Kind, `WMO301`.
    pub kind: String,
    /// Number of the message; of a reply that the gateway gave, the message that it answers.
    pub message: i64,
    /// Identificatie of the message.
    pub identification: Option<String>,
    /// What was decided on it; `None` for a reply that the gateway gave.
    pub verdict: Option<Verdict>,
    /// How a reply that the gateway gave stands.
    pub delivery: Option<DepartureState>,
    /// Rules that it broke, each once.
    pub rules: Vec<String>,
    /// First day that it names: of the allocation, the start, or the granted lines.
    #[serde(serialize_with = "super::as_optional_text")]
    pub from: Option<Date>,
    /// Last day that it names: of the allocation, the stop, or the granted lines.
    #[serde(serialize_with = "super::as_optional_text")]
    pub to: Option<Date>,
    /// Reason that it names: RedenWijziging of a 301, RedenBeeindiging of a 307, VerzoekAntwoord of a 319.
    pub reason: Option<String>,
    /// Whether a later message deleted what it reported.
    pub deleted: bool,
    /// Granted lines of this allocation in a 323.
    pub lines: Option<u64>,
    /// What they come to, in cents.
    pub granted_cents: Option<i64>,
}

/// Something that should have happened, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AllocationGap)]
pub struct Gap {
    /// What.
    pub missing: Missing,
    /// Since when it could have been there.
    #[serde(serialize_with = "super::as_text")]
    pub since: Date,
    /// Days since then.
    pub days: i64,
    /// Last day on which it is in time, where the standard has a term for it.
    #[serde(serialize_with = "super::as_optional_text")]
    pub due_on: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
}

/// What is missing in the course of an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllocationMissing)]
pub enum Missing {
    /// It is in force, or was, and no start was reported. The term counts from the real start of care, which no message
    /// tells: the day shown is the earliest on which it could be late.
    Start,
    /// It ended, and a start has no stop. The term counts from the real end of care; the last day of the allocation is
    /// the latest that this can be.
    Stop,
    /// Care is reported since more than [`UNDECLARED_AFTER`] days and nothing of it was granted. The standard has no
    /// term for this.
    Declaration,
}

/// Days after a start before a missing declaration is worth telling: most providers declare per month, in the month
/// after, and get their answer in two weeks.
pub const UNDECLARED_AFTER: i64 = 75;

/// What the gaps of an allocation are worked out from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// First day of the allocation and the day on which its first 301 came in; `None` when it was withdrawn or never
    /// accepted.
    pub allocated: Option<(Date, Date)>,
    /// Its last day.
    pub ends: Option<Date>,
    /// First day of each start that was not deleted.
    pub started: Vec<Date>,
    /// First day of each start that has a definitive stop.
    pub stopped: Vec<Date>,
    /// Whether a line was granted.
    pub declared: bool,
}

/// What is missing on a day.
pub fn gaps(course: &Course, today: Date) -> Vec<Gap> {
    let gap = |missing, since: Date, due_on: Option<Date>| Gap {
        missing,
        since,
        days: days_between(since, today),
        due_on,
        overdue: due_on.is_some_and(|due_on| due_on < today),
    };
    let Some((from, received)) = course.allocated else { return Vec::new() };
    let mut gaps = Vec::new();
    if course.started.is_empty() && from <= today {
        let since = from.max(received);
        gaps.push(gap(Missing::Start, since, Some(START.due(since))));
    }
    let runs = course.started.iter().find(|begin| !course.stopped.contains(begin));
    if let (Some(_), Some(end)) = (runs, course.ends.filter(|end| *end < today)) {
        gaps.push(gap(Missing::Stop, end, Some(STOP.due(end))));
    }
    if let Some(begin) = course.started.iter().min()
        && !course.declared
        && days_between(*begin, today) > UNDECLARED_AFTER
    {
        gaps.push(gap(Missing::Declaration, *begin, None));
    }
    gaps
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until((Unit::Day, to)).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 10);

    fn missing(course: &Course) -> Vec<(Missing, i64, bool)> {
        gaps(course, TODAY).into_iter().map(|gap| (gap.missing, gap.days, gap.overdue)).collect()
    }

    #[test]
    fn an_allocation_without_a_start_is_a_gap_from_its_first_day() {
        let of = |from, received| Course { allocated: Some((from, received)), ..Course::default() };
        let day = date(2026, 2, 1);
        assert_eq!(missing(&of(date(2026, 3, 11), day)), [], "from tomorrow");
        assert_eq!(missing(&of(TODAY, day)), [(Missing::Start, 0, false)], "from today");
        // Tuesday and five working days.
        assert_eq!(missing(&of(date(2026, 3, 3), day)), [(Missing::Start, 7, false)]);
        assert_eq!(missing(&of(date(2026, 3, 2), day)), [(Missing::Start, 8, true)]);
        assert_eq!(missing(&of(date(2025, 1, 1), date(2026, 3, 9))), [(Missing::Start, 1, false)], "sent yesterday");
        assert_eq!(missing(&Course::default()), [], "withdrawn");
    }

    #[test]
    fn a_start_without_a_stop_is_a_gap_when_the_allocation_ended() {
        let begin = date(2026, 1, 1);
        let course = Course {
            allocated: Some((begin, begin)),
            ends: Some(date(2026, 2, 28)),
            started: vec![begin],
            declared: true,
            ..Course::default()
        };
        assert_eq!(missing(&course), [(Missing::Stop, 10, true)]);
        assert_eq!(missing(&Course { ends: Some(TODAY), ..course.clone() }), [], "today is its last day");
        assert_eq!(missing(&Course { ends: None, ..course.clone() }), []);
        assert_eq!(missing(&Course { stopped: vec![begin], ..course }), []);
    }

    #[test]
    fn care_that_is_never_declared_is_told_after_a_while() {
        let course = |begin| Course { allocated: Some((begin, begin)), started: vec![begin], ..Course::default() };
        assert_eq!(missing(&course(date(2025, 12, 25))), []);
        assert_eq!(missing(&course(date(2025, 12, 24))), [(Missing::Declaration, 76, false)]);
        assert_eq!(missing(&Course { declared: true, ..course(date(2025, 1, 1)) }), []);
    }

    #[test]
    fn words_become_a_search_and_all_faults_are_told() {
        let asked = Asked {
            allocation: "1001".to_owned(),
            aanbieder: "42420001".to_owned(),
            gemeente: "0197".to_owned(),
            law: "wmo".to_owned(),
            product: "02a03".to_owned(),
            state: "running".to_owned(),
            page: "f-wmo-0197-17".to_owned(),
        };
        let search = Search::parse(&asked).expect("nothing is wrong");
        assert_eq!((search.allocation, search.product.as_deref()), (Some(1001), Some("02A03")));
        assert_eq!((search.state, search.at.map(|at| at.nummer)), (Some(State::Running), Some(17)));
        let bad = "999900006'; --".repeat(100);
        let asked = Asked {
            allocation: bad.clone(),
            aanbieder: bad.clone(),
            gemeente: bad.clone(),
            law: bad.clone(),
            product: bad.clone(),
            state: bad.clone(),
            page: bad,
        };
        let faults = Search::parse(&asked).expect_err("all is wrong");
        assert_eq!(faults.len(), 7);
        assert!(faults.iter().all(|fault| !fault.en.contains("9999")), "{faults:?}");
        assert_eq!(Search::parse(&Asked::default()).expect("nothing is wrong"), Search::default());
    }

    #[test]
    fn keys_and_places_are_read_as_they_are_written_and_in_no_other_way() {
        let key = Key::parse("wmo", "0197", "42420001", "1001").expect("it is one");
        assert_eq!((key.law, key.nummer), (Law::Wmo, 1001));
        for (law, gemeente, aanbieder, nummer) in [
            ("awbz", "0197", "42420001", "1001"),
            ("wmo", "197", "42420001", "1001"),
            ("wmo", "0197", "4242000x", "1001"),
            ("wmo", "0197", "42420001", "-1"),
            ("wmo", "0197", "42420001", "9999999999999"),
            ("wmo", "0197", "42420001", ""),
        ] {
            assert_eq!(Key::parse(law, gemeente, aanbieder, nummer), None);
        }
        let place = Place { back: true, law: Law::Jeugdwet, gemeente: "0197".into(), nummer: 5 };
        assert_eq!(Place::parse(&place.token()), Some(place));
        for token in
            ["", "f", "f-wmo-0197", "f-wmo-0197-05", "f-wmo-0197-5-6", "x-wmo-0197-5", "f-wmo-97-5", "f-wmo-0197-+5"]
        {
            assert_eq!(Place::parse(token), None, "{token}");
        }
    }

    #[test]
    fn a_state_is_told_by_the_day() {
        let (from, to) = (date(2026, 3, 1), date(2026, 3, 10));
        for (day, state) in [
            (date(2026, 2, 28), State::Upcoming),
            (from, State::Running),
            (to, State::Running),
            (date(2026, 3, 11), State::Ended),
        ] {
            assert_eq!(State::on(day, from, Some(to), false), state, "{day}");
            assert_eq!(State::on(day, from, Some(to), true), State::Withdrawn);
        }
        assert_eq!(State::on(Date::MAX, from, None, false), State::Running);
    }
}
