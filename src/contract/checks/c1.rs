//! C1: care begins within the norm for waiting.
//!
//! A wait runs from the first day of an allocation, or from the day of the decision where that is later, to the first
//! start reported on it, in days; one that starts sooner waits none. Told are, for the starts of the twelve months up
//! to and including today, of a provider in a segment and of all providers of the segment together, within one law and
//! municipality: the median, the 90th percentile, and the share that waited no longer than norm `wait_days`. Both are
//! values of the list (nearest rank): the median of an even number is the lower of the two in the middle.
//!
//! It is raised when the median is above the norm; and less pressing when only the 90th percentile is, so that more
//! than one in ten waits too long. An allocation that was decided after its first day (retroactive) has no wait that
//! means anything: those are counted apart. Crisis care is for C16, and pilots are left out of comparisons. Beside it
//! stand the median of the year before and the number that waits today, since a list that grows shows in no start: C2
//! tells them one by one.

use super::courses::{begun, first_starts, is_crisis, is_pilot};
use super::waits::{Period, count, days_between, fewest, per_mille, percent, percentile};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::WAIT_DAYS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C1",
    nl: "Zorg begint binnen de norm voor wachttijd.",
    en: "Care begins within the norm for waiting.",
    default_policy: Policy::Signal,
    parameters: &["norms.wait_days", "norms.min_cases"],
    run: Run::OverTime(run),
};

/// Law, municipality, segment and provider; `None` for all providers together.
type Group<'a> = (Law, &'a Party, &'a str, Option<&'a Party>);

#[derive(Default)]
struct Waits {
    /// Days and allocation.
    year: Vec<(u64, Count)>,
    year_before: Vec<u64>,
    retroactive: u64,
    /// Nothing began yet.
    waiting: u64,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut groups: BTreeMap<Group<'_>, Waits> = BTreeMap::new();
    let (starts, begun) = (first_starts(survey.history), begun(survey.history));
    let year = Period::year_to(survey.today);
    for allocated in &survey.history.allocations {
        let (Some(allocation), Some(first)) = (allocated.current(), allocated.first()) else { continue };
        let product = survey.product(allocated.law, allocation);
        let Some(product) = product.filter(|product| !is_crisis(product) && !is_pilot(product)) else { continue };
        let number = (allocated.law, &allocated.gemeente, allocation.nummer);
        let start = starts.get(&number).copied();
        let since = allocation.ingangsdatum.max(first.toewijzingsdatum);
        let waits_now = !begun.contains(&number) && since <= survey.today && allocation.is_actual(survey.today);
        for provider in [None, Some(&allocation.aanbieder)] {
            let waits = groups.entry((allocated.law, &allocated.gemeente, &product.segment, provider)).or_default();
            waits.waiting += u64::from(waits_now);
            let Some(start) = start else { continue };
            if allocation.ingangsdatum < first.toewijzingsdatum {
                waits.retroactive += u64::from(year.has(start));
            } else if year.has(start) {
                waits.year.push((days_between(since, start), allocation.nummer));
            } else if year.year_before().has(start) {
                waits.year_before.push(days_between(since, start));
            }
        }
    }
    groups.into_iter().filter_map(|(group, waits)| too_long(survey, group, waits)).collect()
}

fn too_long(survey: &Survey<'_>, group: Group<'_>, mut waits: Waits) -> Option<Surveyed> {
    let (law, gemeente, segment, provider) = group;
    let norm = survey.register.region.norms.numbers.of_segment(&WAIT_DAYS, segment)?;
    let fewest = fewest(survey, segment)?;
    let cases = count(&waits.year);
    if cases < fewest {
        return None;
    }
    waits.year.sort_unstable();
    waits.year_before.sort_unstable();
    let days: Vec<u64> = waits.year.iter().map(|(days, _)| *days).collect();
    let (median, slow) = (percentile(&days, 50)?, percentile(&days, 90)?);
    let (severity, step) = match (median > norm, slow > norm) {
        (true, _) => (Severity::Warning, "mediaan"),
        (false, true) => (Severity::Info, "p90"),
        (false, false) => return None,
    };
    let late = &waits.year[days.partition_point(|days| *days <= norm)..];
    let within = per_mille(cases - count(late), cases);
    let (within_nl, within_en) = percent(within);
    let (who_nl, who_en, who) = match provider {
        Some(agb) => (survey.provider_name(agb), survey.provider_name(agb), agb.as_str()),
        None => ("alle aanbieders samen".to_owned(), "all providers together".to_owned(), "*"),
    };
    let waiting = waits.waiting;
    let nl = format!(
        "Wachttijd in {segment}, {who_nl}: mediaan {median} en 90e percentiel {slow} dagen over {cases} starts in \
         twaalf maanden, norm {norm}; {within_nl} begon binnen de norm, nog wachtend: {waiting}. Bespreek de \
         capaciteit, en wijs zolang toe waar eerder plaats is."
    );
    let en = format!(
        "Waiting time in {segment}, {who_en}: median {median} and 90th percentile {slow} days over {cases} starts in \
         twelve months, norm {norm}; {within_en} began within the norm, still waiting: {waiting}. Discuss the \
         capacity, and meanwhile allocate where there is room sooner."
    );
    let raised = Raised::new(format!("wachttijd {segment} {who} {step}"), severity, nl, en)
        .about(late.iter().map(|(_, nummer)| *nummer))
        .fact("segment", segment)
        .fact("aanbieder", who)
        .fact("starts", cases)
        .fact("mediaan_dagen", median)
        .fact("p90_dagen", slow)
        .fact("norm_dagen", norm)
        .fact("binnen_norm_promille", within)
        .fact("wachten_nu", waiting)
        .fact("terugwerkend", waits.retroactive);
    let before = percentile(&waits.year_before, 50).filter(|_| count(&waits.year_before) >= fewest);
    let raised = match before {
        Some(before) => raised.fact("mediaan_dagen_jaar_eerder", before),
        None => raised,
    };
    Some(Surveyed::new(law, gemeente, raised))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::ToSpan as _;
    use jiff::civil::date;

    const SEGMENT: [&str; 2] =
        ["wachttijd wmo-integrale-ondersteuning * mediaan", "wachttijd wmo-integrale-ondersteuning 42420001 mediaan"];

    fn norms(t: &mut Timeline) {
        t.norm(&WAIT_DAYS, 42);
        t.norm(&MIN_CASES, 5);
    }

    /// Allocations of 1 January that began so many days later.
    fn began_after(t: &mut Timeline, waits: &[i64]) {
        for (nummer, days) in (1..).zip(waits) {
            t.allocation(nummer, &format!("p{nummer}"), "02A02", date(2026, 1, 1), None);
            t.start(nummer, date(2026, 1, 1).saturating_add(days.days()));
        }
    }

    vec![
        silent("as long as the norm", |t| {
            norms(t);
            began_after(t, &[42, 42, 42, 42, 42]);
        }),
        raises("half of them a day longer", &[("0197", SEGMENT[0]), ("0197", SEGMENT[1])], |t| {
            norms(t);
            began_after(t, &[0, 0, 43, 43, 43]);
        }),
        raises(
            "of an even number the lower middle counts, so only the slowest tenth is told",
            &[
                ("0197", "wachttijd wmo-integrale-ondersteuning * p90"),
                ("0197", "wachttijd wmo-integrale-ondersteuning 42420001 p90"),
            ],
            |t| {
                norms(t);
                began_after(t, &[1, 2, 3, 43, 43, 43]);
            },
        ),
        silent("one in ten may wait longer", |t| {
            norms(t);
            began_after(t, &[1, 1, 1, 1, 1, 1, 1, 1, 42, 400]);
        }),
        silent("too few to tell of", |t| {
            norms(t);
            began_after(t, &[50, 50, 50, 50]);
        }),
        silent("four are never told, though a region says so", |t| {
            norms(t);
            t.norm(&MIN_CASES, 1);
            began_after(t, &[50, 50, 50, 50]);
        }),
        silent("decided after its first day", |t| {
            norms(t);
            began_after(t, &[50, 50, 50, 50, 50]);
            t.history.allocations[0].versions[0].toewijzingsdatum = date(2026, 1, 2);
        }),
        raises("at two providers, each with too few", &[("0197", SEGMENT[0])], |t| {
            norms(t);
            began_after(t, &[50, 50, 50, 50, 50]);
            t.history.allocations[4].versions[0].aanbieder = "42420002".into();
        }),
        silent("in two municipalities, each with too few", |t| {
            norms(t);
            began_after(t, &[50, 50, 50, 50, 50]);
            t.history.allocations[4].gemeente = "0222".into();
            t.history.deliveries[4].gemeente = "0222".into();
        }),
        silent("a year ago today, which is another year", |t| {
            norms(t);
            for nummer in 1..=5 {
                t.allocation(nummer, "a", "02A02", date(2025, 5, 1), None);
                t.start(nummer, date(2025, 7, 1));
            }
        }),
        raises("a day later a year ago", &[("0197", SEGMENT[0]), ("0197", SEGMENT[1])], |t| {
            norms(t);
            for nummer in 1..=5 {
                t.allocation(nummer, "a", "02A02", date(2025, 5, 1), None);
                t.start(nummer, date(2025, 7, 2));
            }
        }),
        silent("a second start after a pause is no wait", |t| {
            norms(t);
            began_after(t, &[1, 1, 1, 1, 1]);
            for nummer in 1..=5 {
                t.stop(nummer, "20", date(2026, 2, 1));
                t.start(nummer, date(2026, 5, 1));
            }
        }),
        silent("a product that nobody knows", |t| {
            norms(t);
            for nummer in 1..=5 {
                t.allocation(nummer, "a", "02Z99", date(2026, 1, 1), None);
                t.start(nummer, date(2026, 5, 1));
            }
        }),
        silent("nobody stated a norm", |t| {
            norms(t);
            t.no_norm(&WAIT_DAYS);
            began_after(t, &[50, 50, 50, 50, 50]);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use crate::contract::norms::MIN_CASES;
    use jiff::ToSpan as _;
    use jiff::civil::date;

    #[test]
    fn the_figures_of_a_segment() {
        let mut t = Timeline::new();
        t.norm(&WAIT_DAYS, 10);
        t.norm(&MIN_CASES, 5);
        // The year before: five that waited two days. This year: six, one decided too late, one that still waits.
        for nummer in 1..=5 {
            t.allocation(nummer, "a", "02A02", date(2025, 3, 1), None);
            t.start(nummer, date(2025, 3, 3));
        }
        for (nummer, days) in (11..).zip([1_i64, 10, 11, 11, 12, 40]) {
            t.allocation(nummer, "b", "02A02", date(2026, 1, 1), None);
            t.start(nummer, date(2026, 1, 1).saturating_add(days.days()));
        }
        t.allocation(21, "c", "02A02", date(2026, 1, 1), None).versions[0].toewijzingsdatum = date(2026, 1, 9);
        t.start(21, date(2026, 1, 1));
        t.allocation(22, "d", "02A02", date(2026, 6, 1), None);
        let found = run(&t.survey());
        let raised = &found[0].raised;
        for (fact, expected) in [
            ("starts", 6),
            ("mediaan_dagen", 11),
            ("p90_dagen", 40),
            ("binnen_norm_promille", 333),
            ("wachten_nu", 1),
            ("terugwerkend", 1),
            ("mediaan_dagen_jaar_eerder", 2),
        ] {
            assert_eq!(raised.facts[fact], serde_json::Value::from(expected), "{fact}");
        }
        assert_eq!(raised.toewijzingen, [13, 14, 15, 16]);
    }
}
