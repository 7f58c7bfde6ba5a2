//! C17: a pilot stays within the size and duration that were agreed for it.
//!
//! The source names two: a number of cases a year for one, thirteen weeks for another. What holds for a pilot stands in
//! the register: its products are marked `pilot`, `norm_days` of the product is the longest duration, and
//! `indications_per_year` of its segment the number of cases.
//!
//! Raised is a course of such a product that runs for more than `norm_days` days, its first day and today included; and
//! a segment for which the persons with a pilot allocation that begins in this calendar year are more than the norm. A
//! pilot is of the region: persons are counted over all municipalities (each person within one), and every municipality
//! with a case is told. Allocations that were withdrawn are not counted.

use super::courses::{courses, is_pilot};
use super::waits::days_between;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::INDICATIONS_PER_YEAR;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C17",
    nl: "Een pilot blijft binnen de afgesproken omvang en duur.",
    en: "A pilot stays within the size and duration agreed.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags pilot", "products.csv norm_days", "norms.indications_per_year"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut raised = too_long(survey);
    raised.extend(too_many(survey));
    raised
}

fn too_long(survey: &Survey<'_>) -> Vec<Surveyed> {
    let running = courses(survey).into_iter().filter(|course| course.runs_on(survey.today));
    running
        .filter_map(|course| {
            let product = course.product.filter(|product| is_pilot(product))?;
            let (nummer, norm) = (course.nummer?, u64::from(product.norm_days?));
            let lasts = days_between(course.begin, survey.today) + 1;
            if lasts <= norm {
                return None;
            }
            let (code, since) = (&product.code, course.begin);
            let nl = format!(
                "Toewijzing {nummer} van pilotproduct {code} loopt sinds {since} al {lasts} dagen, afgesproken is ten \
                 hoogste {norm}. Rond de pilotzorg af of regel vervolgzorg."
            );
            let en = format!(
                "Allocation {nummer} of pilot product {code} has run for {lasts} days since {since}; at most {norm} \
                 were agreed. Conclude the care of the pilot, or arrange care that follows on it."
            );
            let raised = Raised::new(format!("pilot toewijzing {nummer}"), Severity::Info, nl, en)
                .about([nummer])
                .fact("product", code.as_str())
                .fact("begonnen_op", since.to_string())
                .fact("dagen", lasts)
                .fact("norm_dagen", norm);
            Some(Surveyed::new(course.law, course.gemeente, raised))
        })
        .collect()
}

/// Persons of one municipality in a pilot, and their allocations.
#[derive(Default)]
struct Cases<'a> {
    persons: BTreeSet<&'a PersonKey>,
    toewijzingen: Vec<Count>,
}

fn too_many(survey: &Survey<'_>) -> Vec<Surveyed> {
    let year = survey.today.year();
    let mut segments: BTreeMap<(Law, &str), BTreeMap<&Party, Cases<'_>>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let Some(allocation) = allocated.current().filter(|allocation| !allocation.is_taken_back()) else { continue };
        let product = survey.product(allocated.law, allocation).filter(|product| is_pilot(product));
        let Some(product) = product.filter(|_| allocation.ingangsdatum.year() == year) else { continue };
        let segment = segments.entry((allocated.law, &product.segment)).or_default();
        let cases = segment.entry(&allocated.gemeente).or_default();
        cases.persons.insert(&allocation.person);
        cases.toewijzingen.push(allocation.nummer);
    }
    let mut raised = Vec::new();
    for ((law, segment), gemeenten) in segments {
        let norm = survey.register.region.norms.numbers.of_segment(&INDICATIONS_PER_YEAR, segment);
        let all: u64 = gemeenten.values().map(|cases| cases.persons.len() as u64).sum();
        let Some(norm) = norm.filter(|norm| all > *norm) else { continue };
        let nl = format!(
            "De pilot in {segment} heeft in {year} {all} casussen in de regio, afgesproken zijn er ten hoogste {norm}. \
             Besluit samen of de pilot wordt verruimd of nieuwe casussen elders terechtkunnen."
        );
        let en = format!(
            "The pilot in {segment} has {all} cases in the region in {year}; at most {norm} were agreed. Decide \
             together whether the pilot is widened, or new cases go elsewhere."
        );
        raised.extend(gemeenten.into_iter().map(|(gemeente, cases)| {
            let one = Raised::new(format!("pilot {segment} {year}"), Severity::Warning, nl.clone(), en.clone())
                .about(cases.toewijzingen)
                .fact("segment", segment)
                .fact("jaar", year)
                .fact("casussen_regio", all)
                .fact("norm", norm);
            Surveyed::new(law, gemeente, one)
        }));
    }
    raised
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::words::Flag;
    use crate::message::Date;
    use jiff::civil::date;

    /// Dyslexia diagnostics as a pilot: 90 days at most, and two cases a year.
    fn pilot(t: &mut Timeline, nummer: Count, person: &str, from: Date) {
        t.norm(&INDICATIONS_PER_YEAR, 2);
        t.register.mark(Law::Jeugdwet, "54D01", Flag::Pilot);
        t.allocation(nummer, person, "54D01", from, None).law = Law::Jeugdwet;
    }

    const TWO: &[(&str, &str)] = &[("0197", "pilot dyslexiezorg 2026"), ("0222", "pilot dyslexiezorg 2026")];

    vec![
        silent("nobody takes part", |_| ()),
        silent("on the last day that was agreed", |t| {
            pilot(t, 1, "a", date(2026, 4, 3));
            t.start(1, date(2026, 4, 3));
        }),
        raises("a day longer", &[("0197", "pilot toewijzing 1")], |t| {
            pilot(t, 1, "a", date(2026, 4, 2));
            t.start(1, date(2026, 4, 2));
        }),
        silent("it ended", |t| {
            pilot(t, 1, "a", date(2026, 1, 1));
            t.start(1, date(2026, 1, 1));
            t.stop(1, "31", date(2026, 6, 30));
        }),
        silent("as many cases as agreed", |t| {
            pilot(t, 1, "a", date(2026, 1, 1));
            pilot(t, 2, "b", date(2026, 6, 1));
        }),
        raises("one more, in another municipality", TWO, |t| {
            pilot(t, 1, "a", date(2026, 1, 1));
            pilot(t, 2, "b", date(2026, 6, 1));
            pilot(t, 3, "c", date(2026, 6, 1));
            t.history.allocations[2].gemeente = "0222".into();
        }),
        silent("a second allocation of one person is no other case", |t| {
            pilot(t, 1, "a", date(2026, 1, 1));
            pilot(t, 2, "b", date(2026, 6, 1));
            pilot(t, 3, "b", date(2026, 6, 2));
        }),
        silent("one began in the year before", |t| {
            pilot(t, 1, "a", date(2025, 12, 31));
            pilot(t, 2, "b", date(2026, 1, 1));
            pilot(t, 3, "c", date(2026, 1, 1));
        }),
        silent("one was withdrawn", |t| {
            pilot(t, 1, "a", date(2026, 1, 1));
            pilot(t, 2, "b", date(2026, 1, 1));
            pilot(t, 3, "c", date(2026, 1, 1));
            t.history.allocations[0].versions[0].reden_wijziging = Some("13".into());
        }),
        silent("no pilot at all", |t| {
            t.norm(&INDICATIONS_PER_YEAR, 0);
            t.allocation(1, "a", "54D02", date(2024, 1, 1), None).law = Law::Jeugdwet;
            t.start(1, date(2024, 1, 1));
        }),
    ]
}
