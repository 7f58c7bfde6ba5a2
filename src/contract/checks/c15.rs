//! C15: everybody finds a provider that serves, also who is hard to serve.
//!
//! Of each person in each segment, within law and municipality, the allocations are walked in order of their first day.
//! A try failed when the allocation ended without a start or granted claim, or when the provider alone ended the care
//! (Wmo 22, Jeugdwet 33) within `early_end_days` days after it began; without that norm, on its first day. A provider
//! that serves in another way puts the count back to nothing: what counts is the search for a first start. Raised when
//! `tries` or more providers failed since, the last of them in the twelve months up to and including today.
//!
//! An allocation that waits is no failed try yet (C2). One that was withdrawn counts as never sent (OP033x1). The case
//! is named by the last allocation that failed, so a further try that fails is a new case; it ends with the first
//! start.

use super::courses::{Course, Ending, Numbered, Person, begun, courses};
use super::waits::{Period, days_between};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{EARLY_END_DAYS, TRIES};
use crate::contract::policy::Policy;
use crate::contract::survey::{Allocated, Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Party};
use crate::rules::facts::Allocation;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C15",
    nl: "Iedereen vindt een aanbieder die de zorg levert.",
    en: "Everybody finds a provider that delivers the care.",
    default_policy: Policy::Signal,
    parameters: &["norms.tries", "norms.early_end_days"],
    run: Run::OverTime(run),
};

/// An allocation in the search of a person, and its first version.
type Step<'a> = (&'a Allocated, &'a Allocation);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut by_number: BTreeMap<Numbered<'_>, Vec<Course<'_>>> = BTreeMap::new();
    for course in courses(survey) {
        let Some(nummer) = course.nummer else { continue };
        by_number.entry((course.law, course.gemeente, nummer)).or_default().push(course);
    }
    let begun = begun(survey.history);
    let mut searches: BTreeMap<(Person<'_>, &str), Vec<Step<'_>>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let Some(allocation) = allocated.current().filter(|allocation| !allocation.is_taken_back()) else { continue };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let person = (allocated.law, &allocated.gemeente, &allocation.person);
        searches.entry((person, &product.segment)).or_default().push((allocated, allocation));
    }
    let mut raised = Vec::new();
    for ((_, segment), mut steps) in searches {
        let norms = &survey.register.region.norms.numbers;
        let Some(norm) = norms.of_segment(&TRIES, segment) else { continue };
        let early = norms.of_segment(&EARLY_END_DAYS, segment).unwrap_or(0);
        steps.sort_by_key(|(_, allocation)| (allocation.ingangsdatum, allocation.nummer));
        let mut search = Search::default();
        for (allocated, allocation) in &steps {
            let number = (allocated.law, &allocated.gemeente, allocation.nummer);
            let courses = by_number.get(&number).map_or(&[][..], Vec::as_slice);
            search.step(allocation, outcome(survey.today, allocation, courses, begun.contains(&number), early));
        }
        raised.extend(steps.first().and_then(|(one, _)| search.raise(survey, one, segment, norm)));
    }
    raised
}

#[derive(Clone, Copy)]
enum Outcome {
    /// Care, or care still to come to an end.
    Served,
    /// Failed on a day.
    Failed(Date),
    /// Neither begun nor over.
    Waits,
}

fn outcome(today: Date, allocation: &Allocation, courses: &[Course<'_>], begun: bool, early: u64) -> Outcome {
    let refused = |course: &Course<'_>| {
        let end = course.end()?;
        (course.ending()? == Ending::ByProvider && days_between(course.begin, end) <= early).then_some(end)
    };
    let refusals: Option<Vec<Date>> = courses.iter().map(refused).collect();
    match (refusals.and_then(|days| days.into_iter().max()), begun) {
        (Some(day), _) => Outcome::Failed(day),
        (None, true) => Outcome::Served,
        (None, false) => allocation.einddatum.filter(|end| *end < today).map_or(Outcome::Waits, Outcome::Failed),
    }
}

/// The search of a person so far.
#[derive(Default)]
struct Search<'a> {
    providers: BTreeSet<&'a Party>,
    failed: Vec<Count>,
    last: Option<(Date, Count)>,
}

impl<'a> Search<'a> {
    fn step(&mut self, allocation: &'a Allocation, outcome: Outcome) {
        match outcome {
            Outcome::Served => *self = Search::default(),
            Outcome::Waits => {}
            Outcome::Failed(day) => {
                self.providers.insert(&allocation.aanbieder);
                self.failed.push(allocation.nummer);
                self.last = self.last.max(Some((day, allocation.nummer)));
            }
        }
    }

    fn raise(self, survey: &Survey<'_>, one: &Allocated, segment: &str, norm: u64) -> Option<Surveyed> {
        let number = self.providers.len() as u64;
        let (day, last) = self.last?;
        if number < norm || !Period::year_to(survey.today).has(day) {
            return None;
        }
        let names = self.providers.iter().map(|agb| survey.provider_name(agb)).collect::<Vec<_>>().join(", ");
        let nl = format!(
            "Voor de inwoner van toewijzing {last} leverden {number} aanbieders in {segment} de toegewezen zorg niet \
             ({names}), de laatste tot {day}; gemeld vanaf {norm}. Neem de regie over de plaatsing en vraag de \
             aanbieders naar hun reden."
        );
        let en = format!(
            "For the person of allocation {last}, {number} providers in {segment} did not deliver the care allocated \
             ({names}), the last until {day}; told from {norm} on. Take the lead in finding a place, and ask the \
             providers for their reasons."
        );
        let aanbieders: Vec<&str> = self.providers.iter().map(|agb| agb.as_str()).collect();
        let raised = Raised::new(format!("toewijzing {last}"), Severity::High, nl, en)
            .about(self.failed)
            .fact("segment", segment)
            .fact("aanbieders", aanbieders)
            .fact("pogingen", number)
            .fact("norm", norm)
            .fact("laatste_poging", day.to_string());
        Some(Surveyed::new(one.law, &one.gemeente, raised))
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    const AGBS: [&str; 3] = ["42420001", "42420002", "42420003"];

    /// Allocations one after another, each at another provider and none of them begun.
    fn tried(t: &mut Timeline, number: u64) {
        t.norm(&TRIES, 3);
        t.norm(&EARLY_END_DAYS, 60);
        for (nummer, agb) in (1..=number).zip(AGBS) {
            let month = i8::try_from(nummer).expect("few");
            let (from, to) = (date(2026, month, 1), date(2026, month, 28));
            t.allocation(nummer, "a", "02A02", from, Some(to)).versions[0].aanbieder = agb.into();
        }
    }

    const RAISED: &[(&str, &str)] = &[("0197", "toewijzing 3")];

    vec![
        silent("two providers did not serve", |t| tried(t, 2)),
        raises("three did not", RAISED, |t| tried(t, 3)),
        silent("three tries at two providers", |t| {
            tried(t, 3);
            t.history.allocations[2].versions[0].aanbieder = AGBS[0].into();
        }),
        silent("the last one serves", |t| {
            tried(t, 3);
            t.start(3, date(2026, 3, 1));
        }),
        silent("the second served, then it began anew", |t| {
            tried(t, 3);
            t.claim(2, date(2026, 2, 1), 16, 92_800);
        }),
        raises("the provider stopped on the last day that is early", RAISED, |t| {
            tried(t, 3);
            t.start(3, date(2026, 3, 1));
            t.stop(3, "22", date(2026, 4, 30));
        }),
        silent("a day later it had served", |t| {
            tried(t, 3);
            t.start(3, date(2026, 3, 1));
            t.stop(3, "22", date(2026, 5, 1));
        }),
        silent("the client stopped", |t| {
            tried(t, 3);
            t.start(3, date(2026, 3, 1));
            t.stop(3, "21", date(2026, 3, 2));
        }),
        silent("without the norm only a stop on the first day is a refusal", |t| {
            tried(t, 3);
            t.no_norm(&EARLY_END_DAYS);
            t.start(3, date(2026, 3, 1));
            t.stop(3, "22", date(2026, 3, 2));
        }),
        silent("the last one still waits", |t| {
            tried(t, 3);
            t.history.allocations[2].versions[0].einddatum = None;
        }),
        raises("a fourth waits after three that failed", RAISED, |t| {
            tried(t, 3);
            t.allocation(4, "a", "02A02", date(2026, 6, 1), None).versions[0].aanbieder = "42420008".into();
        }),
        silent("one was withdrawn", |t| {
            tried(t, 3);
            t.history.allocations[1].versions[0].reden_wijziging = Some("13".into());
        }),
        silent("one is of another person", |t| {
            tried(t, 3);
            t.history.allocations[1].versions[0].person = super::timeline::key("b");
        }),
        silent("one is of another segment", |t| {
            tried(t, 3);
            t.history.allocations[1].versions[0].product = Some(super::timeline::product("01A01"));
        }),
        silent("longer than a year ago", |t| {
            tried(t, 3);
            t.today = date(2027, 3, 28);
        }),
        raises("a year ago tomorrow", RAISED, |t| {
            tried(t, 3);
            t.today = date(2027, 3, 27);
        }),
        silent("nobody stated a norm", |t| {
            tried(t, 3);
            t.no_norm(&TRIES);
        }),
    ]
}
