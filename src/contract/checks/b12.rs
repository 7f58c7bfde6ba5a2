//! B12: no more care is allocated than a segment is meant for.
//!
//! Counted are the new allocations of a segment in the calendar year of the survey, by the day of their first decision,
//! over all municipalities of the region; deleted ones do not count. Told from 90 % of `indications_per_year` on and again
//! above 100 %, to each municipality that has any of them, with its own number and the run rate: the count times the
//! days of the year over the days that have passed, today included.
//!
//! Source: checks B12 (Noord en Midden Drenthe). Doubtful: the source leaves open whether the norm is of the region, a
//! municipality or a provider. A norm of a segment in a region's profile is the region's; only counts cross municipalities,
//! never persons. A segment of two laws is counted as one, and told under each law.

use super::chains::{actual, days_between};
use super::rates::{decimals, per_mille};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::INDICATIONS_PER_YEAR;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B12",
    nl: "Het aantal nieuwe toewijzingen in een jaar blijft binnen wat voor het segment is afgesproken.",
    en: "The number of new allocations in a year stays within what was agreed for the segment.",
    default_policy: Policy::Signal,
    parameters: &["norms.indications_per_year"],
    run: Run::OverTime(run),
};

/// Percentage of the norm from which it is told.
const NEARLY: u128 = 90;

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let year = survey.today.first_of_year();
    let mut counts: BTreeMap<&str, BTreeMap<(Law, &Party), u64>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let decided = allocated.first().map(|first| first.toewijzingsdatum);
        if decided.is_none_or(|day| day < year || day > survey.today) {
            continue;
        }
        let product = actual(allocated).and_then(|allocation| survey.product(allocated.law, allocation));
        if let Some(product) = product {
            let places = counts.entry(product.segment.as_str()).or_default();
            *places.entry((allocated.law, &allocated.gemeente)).or_default() += 1;
        }
    }
    let mut told = Vec::new();
    for (segment, places) in counts {
        let Some(norm) = norms.of_segment(&INDICATIONS_PER_YEAR, segment) else { continue };
        let all: u64 = places.values().sum();
        if u128::from(all) * 100 < u128::from(norm) * NEARLY {
            continue;
        }
        for ((law, gemeente), own) in places {
            told.push(Surveyed::new(law, gemeente, near(survey, segment, (own, all), norm)));
        }
    }
    told
}

fn near(survey: &Survey<'_>, segment: &str, (own, all): (u64, u64), norm: u64) -> Raised {
    let (today, year) = (survey.today, survey.today.year());
    let elapsed = days_between(today.first_of_year(), today) + 1;
    let length = days_between(today.first_of_year(), today.last_of_year()) + 1;
    let rate = u64::try_from(u128::from(all) * u128::from(length) / u128::from(elapsed)).unwrap_or(u64::MAX);
    let part = per_mille(all, norm);
    let (step, severity) = if all > norm { ("boven 100%", Severity::Warning) } else { ("vanaf 90%", Severity::Info) };
    let nl = format!(
        "In {segment} zijn in {year} {all} nieuwe toewijzingen gedaan, waarvan {own} in deze gemeente: {} % van de norm van \
         {norm}. In dit tempo worden het er {rate}. Bespreek in de regio of de norm of de toegang moet worden bijgesteld; \
         nodige zorg wordt hierom niet geweigerd.",
        decimals(part, 1, ','),
    );
    let en = format!(
        "In {segment} {all} new allocations were made in {year}, {own} of them in this municipality: {} % of the norm of \
         {norm}. At this rate it will be {rate}. Discuss in the region whether the norm or the access must be adjusted; \
         care that is needed is not refused for it.",
        decimals(part, 1, '.'),
    );
    Raised::new(format!("{segment} {year} {step}"), severity, nl, en)
        .fact("segment", segment)
        .fact("jaar", year)
        .fact("toewijzingen", all)
        .fact("toewijzingen_gemeente", own)
        .fact("norm", norm)
        .fact("promille_van_norm", part)
        .fact("tempo_jaar", rate)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{raises, silent};
    use crate::contract::norms::Value;
    use jiff::civil::date;

    const ONE: &str = "42420001";
    const NEAR: &[(&str, &str)] = &[("0197", "wmo-integrale-ondersteuning 2026 vanaf 90%")];
    const OVER: &[(&str, &str)] = &[("0197", "wmo-integrale-ondersteuning 2026 boven 100%")];

    vec![
        silent("nothing is allocated", |t| t.norm(&INDICATIONS_PER_YEAR, 0)),
        silent("one below 90 %", |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 8, ONE, "02A02", date(2026, 1, 1));
        }),
        raises("90 %", NEAR, |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 9, ONE, "02A02", date(2026, 1, 1));
        }),
        raises("100 %", NEAR, |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 10, ONE, "02A02", date(2026, 7, 1));
        }),
        raises("one above 100 %", OVER, |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 11, ONE, "02A02", date(2026, 7, 1));
        }),
        silent("decided last year", |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 11, ONE, "02A02", date(2025, 12, 31));
        }),
        raises(
            "of two municipalities together",
            &[
                ("0197", "wmo-integrale-ondersteuning 2026 boven 100%"),
                ("0222", "wmo-integrale-ondersteuning 2026 boven 100%"),
            ],
            |t| {
                t.norm(&INDICATIONS_PER_YEAR, 10);
                t.allocations(1, 11, ONE, "02A02", date(2026, 3, 1));
                t.history.allocations[0].gemeente = "0222".into();
            },
        ),
        silent("of two segments", |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 8, ONE, "02A02", date(2026, 3, 1));
            t.allocations(11, 8, ONE, "01A01", date(2026, 3, 1));
        }),
        silent("a segment with a larger norm of its own", |t| {
            let segments = BTreeMap::from([("wmo-integrale-ondersteuning".to_owned(), 100)]);
            t.register.region.norms.numbers.set(&INDICATIONS_PER_YEAR, Value { general: Some(10), segments });
            t.allocations(1, 11, ONE, "02A02", date(2026, 3, 1));
        }),
        silent("what was deleted", |t| {
            t.norm(&INDICATIONS_PER_YEAR, 10);
            t.allocations(1, 9, ONE, "02A02", date(2026, 3, 1));
            t.history.allocations[0].versions[0].reden_wijziging = Some("13".into());
        }),
        silent("nobody stated a norm", |t| t.allocations(1, 11, ONE, "02A02", date(2026, 3, 1))),
    ]
}
