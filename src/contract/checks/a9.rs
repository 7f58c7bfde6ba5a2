//! A9: a provider delivers in every municipality that its contract covers.
//!
//! Per provider and segment: the municipalities that an active contract covers today and on the first of the twelve
//! months up to and including today (a younger one has had no year to deliver), against those of them in which care of
//! the segment began `delivery_duty_starts` times or more in those months. Raised in each of the others. Looked at are
//! contracts that cover two municipalities or more, of providers that deliver in one at least: who delivers nowhere is
//! dormant (A11).
//!
//! A provider to whom nobody is allocated cannot deliver. So it is pressing only where as many new allocations as the
//! norm asks for were sent to it in those months; else it is worth knowing: the landscape has a gap, or nobody knows
//! the provider there. Beside it stand those allocations that came to nothing: over without a start or granted claim.

use super::courses::{begun, courses};
use super::waits::Period;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::DELIVERY_DUTY_STARTS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::ContractStatus;
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A9",
    nl: "Een aanbieder levert in elke gemeente waarvoor zijn contract geldt.",
    en: "A provider delivers in every municipality that its contract covers.",
    default_policy: Policy::Observe,
    parameters: &["norms.delivery_duty_starts", "contracts.csv municipality"],
    run: Run::OverTime(run),
};

/// Provider, segment and municipality.
type Place<'a> = (&'a Party, &'a str, &'a Party);

/// Care in one place in twelve months.
#[derive(Default)]
struct Care {
    starts: u64,
    allocated: u64,
    unserved: Vec<Count>,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let (care, duties) = (care(survey), duties(survey));
    let nothing = Care::default();
    let mut raised = Vec::new();
    for ((aanbieder, segment), gemeenten) in duties {
        let Some(norm) = survey.register.region.norms.numbers.of_segment(&DELIVERY_DUTY_STARTS, segment) else {
            continue;
        };
        let of = |gemeente| care.get(&(aanbieder, segment, gemeente)).unwrap_or(&nothing);
        let served = gemeenten.iter().filter(|gemeente| of(gemeente).starts >= norm).count();
        if gemeenten.len() < 2 || gemeenten.iter().all(|gemeente| of(gemeente).starts == 0) {
            continue;
        }
        let laws = survey.register.region.segments.get(segment).map_or(&[][..], |segment| &segment.laws);
        let Some(law) = laws.first() else { continue };
        for gemeente in gemeenten.iter().filter(|gemeente| of(gemeente).starts < norm) {
            let duty = Duty { aanbieder, segment, norm, served, all: gemeenten.len() };
            raised.push(duty.raise(survey, *law, gemeente, of(gemeente)));
        }
    }
    raised
}

fn care<'a>(survey: &Survey<'a>) -> BTreeMap<Place<'a>, Care> {
    let mut care: BTreeMap<Place<'a>, Care> = BTreeMap::new();
    let year = Period::year_to(survey.today);
    for course in courses(survey) {
        let Some(segment) = course.segment().filter(|_| year.has(course.begin)) else { continue };
        care.entry((course.aanbieder, segment, course.gemeente)).or_default().starts += 1;
    }
    let begun = begun(survey.history);
    for allocated in &survey.history.allocations {
        let (Some(allocation), Some(first)) = (allocated.current(), allocated.first()) else { continue };
        if allocation.is_taken_back() || !year.has(first.toewijzingsdatum) {
            continue;
        }
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let place = (&allocation.aanbieder, product.segment.as_str(), &allocated.gemeente);
        let care = care.entry(place).or_default();
        care.allocated += 1;
        let is_begun = begun.contains(&(allocated.law, &allocated.gemeente, allocation.nummer));
        if !is_begun && allocation.einddatum.is_some_and(|end| end < survey.today) {
            care.unserved.push(allocation.nummer);
        }
    }
    care
}

/// Municipalities that a provider is bound to deliver a segment in: covered by an active contract for a year now.
fn duties<'a>(survey: &Survey<'a>) -> BTreeMap<(&'a Party, &'a str), BTreeSet<&'a Party>> {
    let (register, since) = (survey.register, Period::year_to(survey.today).from);
    let mut duties: BTreeMap<(&Party, &str), BTreeSet<&Party>> = BTreeMap::new();
    let lasting = register.all_contracts().filter(|contract| {
        contract.status == ContractStatus::Active
            && contract.validity.holds_on(since)
            && contract.validity.holds_on(survey.today)
    });
    for contract in lasting {
        let covered = register.region.municipalities.keys().filter(|gemeente| register.covers(contract, gemeente));
        duties.entry((&contract.agb, &contract.segment)).or_default().extend(covered);
    }
    duties
}

struct Duty<'a> {
    aanbieder: &'a Party,
    segment: &'a str,
    norm: u64,
    /// Municipalities in which the provider delivers, of all that it is bound to.
    served: usize,
    all: usize,
}

impl Duty<'_> {
    fn raise(&self, survey: &Survey<'_>, law: Law, gemeente: &Party, care: &Care) -> Surveyed {
        let Duty { aanbieder, segment, norm, served, all } = self;
        let (name, Care { starts, allocated, unserved }) = (survey.provider_name(aanbieder), care);
        let severity = if allocated >= norm { Severity::Warning } else { Severity::Info };
        let nl = format!(
            "{name} begon in gemeente {gemeente} in twaalf maanden {starts} keer zorg in {segment}, verwacht {norm}; \
             in {served} van {all} gemeenten van het contract wordt genoeg geleverd. Nieuwe toewijzingen daarheen: \
             {allocated}. Bespreek de leveringsplicht met de aanbieder, of maak hem bekend bij de toegang."
        );
        let en = format!(
            "{name} began care in {segment} {starts} times in municipality {gemeente} in twelve months, {norm} \
             expected; it delivers enough in {served} of {all} municipalities of the contract. New allocations sent \
             there: {allocated}. Discuss the duty to deliver with the provider, or make it known to the access team."
        );
        let raised = Raised::new(format!("leveringsplicht {aanbieder} {segment}"), severity, nl, en)
            .about(unserved.iter().copied())
            .fact("aanbieder", aanbieder.as_str())
            .fact("segment", *segment)
            .fact("starts", *starts)
            .fact("norm_starts", *norm)
            .fact("toegewezen", *allocated)
            .fact("niet_begonnen", unserved.len())
            .fact("gemeenten_geleverd", *served)
            .fact("gemeenten_contract", *all);
        Surveyed::new(law, gemeente, raised)
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::message::Date;
    use jiff::civil::date;

    /// Starts of the provider that has a contract for 0197, 0294 and 1586.
    fn starts(t: &mut Timeline, gemeente: &str, number: u64, day: Date) {
        t.norm(&DELIVERY_DUTY_STARTS, 2);
        for _ in 0..number {
            let nummer = t.history.allocations.len() as u64 + 1;
            let allocated = t.allocation(nummer, "a", "02A02", day, None);
            (allocated.gemeente, allocated.versions[0].aanbieder) = (gemeente.into(), "42420003".into());
            t.start(nummer, day);
        }
    }

    const DAY: Date = Date::constant(2026, 2, 1);
    const ELSEWHERE: &[(&str, &str)] = &[
        ("0294", "leveringsplicht 42420003 wmo-integrale-ondersteuning"),
        ("1586", "leveringsplicht 42420003 wmo-integrale-ondersteuning"),
    ];

    vec![
        silent("it delivers nowhere, which is for A11", |t| t.norm(&DELIVERY_DUTY_STARTS, 2)),
        silent("enough in each", |t| {
            for gemeente in ["0197", "0294", "1586"] {
                starts(t, gemeente, 2, DAY);
            }
        }),
        raises("in one of three", ELSEWHERE, |t| starts(t, "0197", 2, DAY)),
        raises("one start too few in one", &ELSEWHERE[1..], |t| {
            starts(t, "0197", 2, DAY);
            starts(t, "0294", 2, DAY);
            starts(t, "1586", 1, DAY);
        }),
        raises("a year ago tomorrow counts", ELSEWHERE, |t| starts(t, "0197", 2, date(2025, 7, 2))),
        silent("a year ago today does not, so it delivers nowhere", |t| starts(t, "0197", 2, date(2025, 7, 1))),
        silent("a contract that is too young", |t| {
            t.today = date(2022, 12, 30);
            starts(t, "0197", 2, date(2022, 6, 1));
        }),
        raises("a contract of exactly a year", ELSEWHERE, |t| {
            t.today = date(2022, 12, 31);
            starts(t, "0197", 2, date(2022, 6, 1));
        }),
        silent("a provider whose contract ended", |t| {
            starts(t, "0197", 2, DAY);
            t.history.deliveries.iter_mut().for_each(|start| start.aanbieder = "42420008".into());
        }),
        silent("nobody stated a norm", |t| {
            starts(t, "0197", 2, DAY);
            t.no_norm(&DELIVERY_DUTY_STARTS);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn it_presses_where_allocations_went_and_nothing_began() {
        let mut t = Timeline::new();
        t.norm(&DELIVERY_DUTY_STARTS, 2);
        // Two starts in one of three municipalities; two allocations in another, of which one came to nothing.
        for (nummer, gemeente, end) in
            [(1, "0197", None), (2, "0197", None), (3, "0294", None), (4, "0294", Some(date(2026, 6, 30)))]
        {
            let allocated = t.allocation(nummer, "a", "02A02", date(2026, 2, 1), end);
            (allocated.gemeente, allocated.versions[0].aanbieder) = (gemeente.into(), "42420003".into());
        }
        t.start(1, date(2026, 2, 1));
        t.start(2, date(2026, 2, 1));
        let found = run(&t.survey());
        let told: Vec<_> = found.iter().map(|one| (one.gemeente.as_str(), one.raised.severity)).collect();
        assert_eq!(told, [("0294", Severity::Warning), ("1586", Severity::Info)]);
        let facts = &found[0].raised.facts;
        assert_eq!((&facts["gemeenten_geleverd"], &facts["gemeenten_contract"]), (&1.into(), &3.into()));
        assert_eq!((&facts["toegewezen"], &found[0].raised.toewijzingen), (&2.into(), &vec![4]));
    }
}
