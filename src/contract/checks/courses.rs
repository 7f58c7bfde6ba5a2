//! What the checks on access and continuity share: courses of care, as starts and stops tell of them.
//!
//! A course is what one provider delivers to one person of one product under one allocation. A start after a temporary
//! stop (reason 20), or after a start whose stop never came, goes on with the course; a start after a definitive stop
//! begins another. Under task-based execution there is no allocation number, and product and provider make the course.
//! A course ends with its last definitive stop: an allocation that ends without one does not end it, since nobody said
//! that the care ended.

use crate::contract::norms::days;
use crate::contract::register::Product;
use crate::contract::survey::{Allocated, Delivered, History, Survey};
use crate::contract::words::Flag;
use crate::message::{Code, Count, Date, Law, Party, ProductCode};
use crate::rules::facts::{PersonKey, Stop};
use std::collections::{BTreeMap, BTreeSet};

/// An allocation: numbers are unique within a law and municipality.
pub(super) type Numbered<'a> = (Law, &'a Party, Count);

/// A person, followed within one law and municipality only.
pub(super) type Person<'a> = (Law, &'a Party, &'a PersonKey);

/// A course of care.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Course<'a> {
    pub(super) law: Law,
    pub(super) gemeente: &'a Party,
    pub(super) aanbieder: &'a Party,
    pub(super) person: &'a PersonKey,
    /// Allocation; `None` under task-based execution.
    pub(super) nummer: Option<Count>,
    /// As the register has it on the first day; `None` when it does not know the product.
    pub(super) product: Option<&'a Product>,
    pub(super) begin: Date,
    /// The definitive stop; `None` while it runs or pauses.
    pub(super) stop: Option<&'a Stop>,
}

impl<'a> Course<'a> {
    pub(super) fn person(&self) -> Person<'a> {
        (self.law, self.gemeente, self.person)
    }

    /// Last day; `None` while it runs.
    pub(super) fn end(&self) -> Option<Date> {
        self.stop.map(|stop| stop.einddatum)
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.stop.map(|stop| Ending::of(self.law, &stop.reden))
    }

    pub(super) fn segment(&self) -> Option<&'a str> {
        self.product.map(|product| product.segment.as_str())
    }

    /// Whether there is care on a day.
    pub(super) fn runs_on(&self, day: Date) -> bool {
        self.begin <= day && self.end().is_none_or(|end| day <= end)
    }
}

/// All courses, by law, municipality, person, provider, allocation and product, and then by first day.
pub(super) fn courses<'a>(survey: &Survey<'a>) -> Vec<Course<'a>> {
    let allocations = allocations(survey.history);
    let mut starts: Vec<&Delivered> = survey.history.deliveries.iter().collect();
    // A stable sort: starts of one day stay in the order in which they came.
    starts.sort_by(|a, b| (key(a), a.key.begindatum).cmp(&(key(b), b.key.begindatum)));
    let mut all: Vec<(&Delivered, Course<'a>)> = Vec::new();
    for start in starts {
        let stop = start.stop.as_ref().filter(|stop| Ending::of(start.law, &stop.reden) != Ending::Pause);
        match all.last_mut() {
            Some((last, course)) if course.stop.is_none() && key(last) == key(start) => course.stop = stop,
            _ => all.push((start, course(survey, &allocations, start, stop))),
        }
    }
    all.into_iter().map(|(_, course)| course).collect()
}

type Key<'a> = (Person<'a>, &'a Party, Option<Count>, Option<(&'a str, Option<&'a str>)>);

fn key(start: &Delivered) -> Key<'_> {
    let product = start.key.product.as_ref();
    let product = product.map(|product| (product.categorie.as_str(), product.code.as_ref().map(ProductCode::as_str)));
    ((start.law, &start.gemeente, &start.person), &start.aanbieder, start.key.toewijzing_nummer, product)
}

fn course<'a>(
    survey: &Survey<'a>,
    allocations: &BTreeMap<Numbered<'a>, &'a Allocated>,
    start: &'a Delivered,
    stop: Option<&'a Stop>,
) -> Course<'a> {
    let nummer = start.key.toewijzing_nummer;
    let code = start.key.product.as_ref().and_then(|product| product.code.as_ref());
    let delivered = || survey.register.product(start.law, code?, start.key.begindatum);
    let allocated = || {
        let allocated = allocations.get(&(start.law, &start.gemeente, nummer?))?;
        survey.product(start.law, allocated.versions.last()?)
    };
    Course {
        law: start.law,
        gemeente: &start.gemeente,
        aanbieder: &start.aanbieder,
        person: &start.person,
        nummer,
        product: delivered().or_else(allocated),
        begin: start.key.begindatum,
        stop,
    }
}

/// The courses of each person in each segment, by first day. Courses of a product that the register does not know
/// belong to no segment and are left out.
pub(super) fn by_person_and_segment<'a>(survey: &Survey<'a>) -> BTreeMap<(Person<'a>, &'a str), Vec<Course<'a>>> {
    let mut all: BTreeMap<(Person<'a>, &'a str), Vec<Course<'a>>> = BTreeMap::new();
    for course in courses(survey) {
        let Some(segment) = course.segment() else { continue };
        all.entry((course.person(), segment)).or_default().push(course);
    }
    for courses in all.values_mut() {
        courses.sort_by_key(|course| (course.begin, course.nummer));
    }
    all
}

/// Care at one provider, its courses joined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stay<'a> {
    pub(super) aanbieder: &'a Party,
    pub(super) begin: Date,
    /// Last day; `None` while it runs.
    pub(super) end: Option<Date>,
    /// Allocations, by first day.
    pub(super) nummers: Vec<Count>,
}

/// The stays that courses of one person make, by first day. Courses at one provider are one stay when the next begins
/// at most `gap` days after what came before ended.
pub(super) fn stays<'a>(courses: &[Course<'a>], gap: u64) -> Vec<Stay<'a>> {
    let mut sorted: Vec<&Course<'a>> = courses.iter().collect();
    sorted.sort_by_key(|course| (course.aanbieder, course.begin, course.nummer));
    let mut all: Vec<Stay<'a>> = Vec::new();
    for course in sorted {
        let joins = |stay: &&mut Stay<'_>| {
            let until = stay.end.map_or(Date::MAX, |end| end.saturating_add(days(gap)));
            stay.aanbieder == course.aanbieder && course.begin <= until
        };
        match all.last_mut().filter(joins) {
            Some(stay) => {
                stay.end = stay.end.zip(course.end()).map(|(a, b)| a.max(b));
                stay.nummers.extend(course.nummer);
            }
            None => all.push(Stay {
                aanbieder: course.aanbieder,
                begin: course.begin,
                end: course.end(),
                nummers: course.nummer.into_iter().collect(),
            }),
        }
    }
    all.sort_by_key(|stay| (stay.begin, stay.aanbieder));
    all
}

/// Allocations by number.
pub(super) fn allocations(history: &History) -> BTreeMap<Numbered<'_>, &Allocated> {
    history.allocations.iter().map(|each| ((each.law, &each.gemeente, each.nummer()), each)).collect()
}

/// The first reported start of each allocation.
pub(super) fn first_starts(history: &History) -> BTreeMap<Numbered<'_>, Date> {
    let mut first: BTreeMap<Numbered<'_>, Date> = BTreeMap::new();
    for start in &history.deliveries {
        let Some(nummer) = start.key.toewijzing_nummer else { continue };
        let day = start.key.begindatum;
        first.entry((start.law, &start.gemeente, nummer)).and_modify(|known| *known = day.min(*known)).or_insert(day);
    }
    first
}

/// Allocations on which care began: a start is reported, or a line was granted, since OP364 lets providers claim
/// without a start.
pub(super) fn begun(history: &History) -> BTreeSet<Numbered<'_>> {
    let started =
        history.deliveries.iter().filter_map(|start| Some((start.law, &start.gemeente, start.key.toewijzing_nummer?)));
    let claimed = history
        .lines
        .iter()
        .filter(|claimed| claimed.line.granted)
        .map(|claimed| (claimed.law, &claimed.gemeente, claimed.line.toewijzing_nummer));
    started.chain(claimed).collect()
}

/// Crisis care: by mark, or by category 46 of the Jeugdwet (JZ020).
pub(super) fn is_crisis(product: &Product) -> bool {
    product.flags.contains(&Flag::Crisis) || is_youth(product, &["46"])
}

/// Residence: by mark, or by the categories 43 and 44 of the Jeugdwet (JZ020).
pub(super) fn is_residence(product: &Product) -> bool {
    product.flags.contains(&Flag::Residence) || is_youth(product, &["43", "44"])
}

fn is_youth(product: &Product, categories: &[&str]) -> bool {
    product.law == Law::Jeugdwet && categories.contains(&product.category.as_str())
}

/// Part of a pilot: left out of comparisons.
pub(super) fn is_pilot(product: &Product) -> bool {
    product.flags.contains(&Flag::Pilot)
}

/// Why care ended. The codes differ per law: 31 is moved away in WMO588, and ended as planned in JZ588.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Paused: no end.
    Pause,
    /// As planned.
    Planned,
    /// By the client alone.
    ByClient,
    /// By the provider alone.
    ByProvider,
    /// Early, by agreement.
    Agreed,
    /// The client moved to another provider.
    OtherProvider,
    /// Death, a move, another law, a decision of the municipality, a request: nothing that tells of a mismatch.
    Outside,
}

impl Ending {
    /// What a reason (WMO588, JZ588) means.
    pub(super) fn of(law: Law, reden: &Code) -> Ending {
        match (law, reden.as_str()) {
            (_, "20") => Ending::Pause,
            (Law::Wmo, "19") | (Law::Jeugdwet, "31") => Ending::Planned,
            (Law::Wmo, "21") | (Law::Jeugdwet, "32") => Ending::ByClient,
            (Law::Wmo, "22") | (Law::Jeugdwet, "33") => Ending::ByProvider,
            (Law::Wmo, "23") | (Law::Jeugdwet, "34") => Ending::Agreed,
            (_, "38") => Ending::OtherProvider,
            _ => Ending::Outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_course_runs_on_through_pauses_until_a_definitive_stop() {
        let mut t = Timeline::new();
        t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        t.start(1, date(2026, 1, 5));
        t.stop(1, "20", date(2026, 2, 1));
        t.start(1, date(2026, 3, 1));
        t.stop(1, "19", date(2026, 4, 1));
        t.start(1, date(2026, 5, 1));
        t.allocation(2, "a", "02A01", date(2026, 1, 1), None);
        t.start(2, date(2026, 1, 5)).key.product = None;
        t.start(2, date(2026, 2, 5)).key.product = None;
        let survey = t.survey();
        let found: Vec<_> = courses(&survey)
            .iter()
            .map(|course| (course.nummer, course.begin, course.end(), course.segment().is_some()))
            .collect();
        assert_eq!(
            found,
            [
                (Some(1), date(2026, 1, 5), Some(date(2026, 4, 1)), true),
                (Some(1), date(2026, 5, 1), None, true),
                (Some(2), date(2026, 1, 5), None, true),
            ]
        );
    }

    #[test]
    fn one_code_means_another_thing_in_the_other_law() {
        for (law, reden, expected) in [
            (Law::Wmo, "31", Ending::Outside),
            (Law::Jeugdwet, "31", Ending::Planned),
            (Law::Wmo, "19", Ending::Planned),
            (Law::Jeugdwet, "35", Ending::Outside),
            (Law::Wmo, "22", Ending::ByProvider),
            (Law::Jeugdwet, "33", Ending::ByProvider),
            (Law::Jeugdwet, "22", Ending::Outside),
            (Law::Wmo, "20", Ending::Pause),
            (Law::Jeugdwet, "38", Ending::OtherProvider),
            (Law::Wmo, "02", Ending::Outside),
        ] {
            assert_eq!(Ending::of(law, &reden.into()), expected, "{law:?} {reden}");
        }
    }

    /// Care of one provider: first and last day.
    type Care = (usize, Date, Option<Date>);

    /// Joins any two that join, until none do.
    fn joined(mut care: Vec<Care>, gap: u64) -> Vec<Care> {
        let reaches = |a: &Care, b: &Care| a.2.is_none_or(|end| b.1 <= end.saturating_add(days(gap)));
        loop {
            let pairs = (0..care.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
            let mut joins = pairs.filter(|(b, a)| {
                let (a, b) = (&care[*a], &care[*b]);
                a.0 == b.0 && reaches(a, b) && reaches(b, a)
            });
            let Some((b, a)) = joins.next() else {
                care.sort_by_key(|(provider, begin, _)| (*begin, *provider));
                return care;
            };
            let gone = care.remove(a);
            care[b] = (gone.0, gone.1.min(care[b].1), gone.2.zip(care[b].2).map(|(a, b)| a.max(b)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn stays_are_what_every_pair_joined_leaves(
            care in proptest::collection::vec((0..3_usize, 0..40_i64, proptest::option::of(0..10_i64)), 0..10),
            gap in 0..4_u64,
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let care: Vec<Care> =
                care.into_iter().map(|(provider, begin, length)| (provider, nth(begin), length.map(|d| nth(begin + d))))
                    .collect();
            let providers: Vec<Party> = ["1", "2", "3"].map(Party::from).into();
            let (gemeente, person) = (Party::from("0197"), PersonKey::default());
            let stops: Vec<Option<Stop>> =
                care.iter().map(|(_, _, end)| end.map(|einddatum| Stop { reden: "19".into(), einddatum })).collect();
            let courses: Vec<Course<'_>> = care
                .iter()
                .zip(&stops)
                .map(|((provider, begin, _), stop)| Course {
                    law: Law::Wmo,
                    gemeente: &gemeente,
                    aanbieder: &providers[*provider],
                    person: &person,
                    nummer: None,
                    product: None,
                    begin: *begin,
                    stop: stop.as_ref(),
                })
                .collect();
            let place = |agb: &Party| providers.iter().position(|provider| provider == agb).expect("one of them");
            let found: Vec<Care> =
                stays(&courses, gap).iter().map(|stay| (place(stay.aanbieder), stay.begin, stay.end)).collect();
            prop_assert_eq!(found, joined(care, gap));
        }
    }
}
