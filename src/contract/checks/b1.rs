//! B1: no provider is given heavier care than its mix of cases leads one to expect.
//!
//! Compared is the sum of the levels of the new allocations of a provider in one municipality, decided in the twelve
//! months up to the survey, with what the same cases would add up to at the mean level of their stratum (municipality,
//! law, segment, referrer). The step index is the mean level; beside it stands the index of the twelve months before
//! (drift). Allocations of products without a level, of pilots and of crisis care are left out.
//!
//! Source: checks B1 (Hart van Brabant, Noord en Midden Drenthe). Doubtful: the source also names age as something to
//! standardise for; no message that the ledger keeps tells it. A heavy mix may be what a provider is for: the sentence
//! asks for a look, and nothing is decided by it.

use super::rates::{Compared, Indication, Limit, Provided, compare, decimals, fewest, indications, latest, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::months;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::Count;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B1",
    nl: "Een aanbieder krijgt geen zwaardere toewijzingen dan zijn mix van segmenten en verwijzers doet verwachten.",
    en: "A provider gets no heavier allocations than its mix of segments and referrers leads one to expect.",
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.min_cases"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let Some(fewest) = fewest(survey) else { return Vec::new() };
    let window = year_until(survey.today);
    let before = year_until(survey.today.saturating_sub(months(12)));
    let ranked: Vec<(Indication<'_>, u32)> =
        indications(survey).into_iter().filter_map(|each| Some((each, each.product.level?))).collect();
    let now: Vec<&(Indication<'_>, u32)> = ranked.iter().filter(|(each, _)| window.holds_on(each.decided)).collect();
    let mut earlier: BTreeMap<Provided<'_>, (u64, u64)> = BTreeMap::new();
    for (each, level) in ranked.iter().filter(|(each, _)| before.holds_on(each.decided)) {
        let sum = earlier.entry(each.provided()).or_default();
        *sum = (sum.0 + 1, sum.1 + u64::from(*level));
    }
    let compared = compare(now.iter().map(|(each, level)| (each.stratum(), each.provided(), *level)));
    let heavy: Vec<(Provided<'_>, &Compared)> = compared
        .iter()
        .filter(|(_, found)| found.n >= fewest && found.is_above(Limit::P998))
        .map(|(provided, found)| (*provided, found))
        .collect();
    let mut numbers: BTreeMap<Provided<'_>, Vec<(Reverse<u32>, Count)>> =
        heavy.iter().map(|(provided, _)| (*provided, Vec::new())).collect();
    for (each, level) in now {
        if let Some(numbers) = numbers.get_mut(&each.provided()) {
            numbers.push((Reverse(*level), each.nummer()));
        }
    }
    let mut told = Vec::new();
    for (provided, found) in heavy {
        let (law, gemeente, _) = provided;
        let past = earlier.get(&provided).copied().filter(|(n, _)| *n >= fewest);
        let heaviest = heaviest(numbers.remove(&provided).unwrap_or_default());
        told.push(Surveyed::new(law, gemeente, index(survey, provided, found, past).about(heaviest)));
    }
    told
}

/// Numbers of the allocations at the highest level among these: the latest.
fn heaviest(mut numbers: Vec<(Reverse<u32>, Count)>) -> Vec<Count> {
    numbers.sort_unstable();
    let top = numbers.first().map(|(level, _)| *level);
    latest(numbers.iter().filter(|(level, _)| Some(*level) == top).map(|(_, nummer)| *nummer).collect())
}

fn index(survey: &Survey<'_>, provided: Provided<'_>, found: &Compared, past: Option<(u64, u64)>) -> Raised {
    let (_, _, aanbieder) = provided;
    let name = survey.provider_name(aanbieder);
    let (n, index) = (found.n, hundredths(found.sum * 100, found.n));
    let expected = hundredths(found.expected_hundredths(), n);
    let limit = hundredths(found.highest(Limit::P998) * 100, n);
    let mut nl = format!(
        "{name}: het gemiddelde niveau van {n} nieuwe toewijzingen in twaalf maanden is {}, waar {} te verwachten was \
         naar de mix van segmenten en verwijzers in deze gemeente en toeval hoogstens {} verklaart (grens 99,8 %).",
        decimals(index, 2, ','),
        decimals(expected, 2, ','),
        decimals(limit, 2, ','),
    );
    let mut en = format!(
        "{name}: the mean level of {n} new allocations in twelve months is {}, where {} was to be expected by the mix \
         of segments and referrers in this municipality, and chance explains at most {} (limit 99.8 %).",
        decimals(index, 2, '.'),
        decimals(expected, 2, '.'),
        decimals(limit, 2, '.'),
    );
    let past = past.map(|(n, sum)| hundredths(sum * 100, n));
    if let Some(past) = past {
        nl = format!("{nl} In de twaalf maanden ervoor was het {}.", decimals(past, 2, ','));
        en = format!("{en} In the twelve months before it was {}.", decimals(past, 2, '.'));
    }
    nl.push_str(" Bespreek met de aanbieder en de toegang waarom de zwaardere trede wordt gekozen.");
    en.push_str(" Ask the provider and the access team why the heavier step is chosen.");
    let raised = Raised::new(format!("aanbieder {aanbieder}"), Severity::Warning, nl, en)
        .fact("aanbieder", aanbieder.as_str())
        .fact("aantal", n)
        .fact("som_niveaus", found.sum)
        .fact("verwacht_honderdsten", found.expected_hundredths())
        .fact("index_honderdsten", index)
        .fact("grens_95", found.highest(Limit::P95))
        .fact("grens_998", found.highest(Limit::P998));
    match past {
        Some(past) => raised.fact("index_jaar_ervoor_honderdsten", past),
        None => raised,
    }
}

/// A number of hundredths shared among `n`, rounded half up.
fn hundredths(sum: u64, n: u64) -> u64 {
    sum.saturating_add(n / 2) / n.max(1)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::contract::words::Flag;
    use crate::message::{Date, Law, Number};
    use jiff::civil::date;

    const ONE: &str = "42420001";
    const OTHER: &str = "42420002";
    const DAY: Date = date(2026, 3, 1);

    fn light_and_heavy(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.allocations(1, 30, ONE, "02A01", DAY);
        t.allocations(101, 12, OTHER, "02A04", DAY);
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&MIN_CASES, 10)),
        raises("all heavy beside all light", &[("0197", "aanbieder 42420002")], light_and_heavy),
        silent("all of one level", |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(1, 30, ONE, "02A04", DAY);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("alone in the municipality", |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("one case too few", |t| {
            light_and_heavy(t);
            t.norm(&MIN_CASES, 13);
        }),
        raises("as many cases as are needed", &[("0197", "aanbieder 42420002")], |t| {
            light_and_heavy(t);
            t.norm(&MIN_CASES, 12);
        }),
        silent("four cases, where the region says that two will do", |t| {
            t.norm(&MIN_CASES, 2);
            t.allocations(1, 60, ONE, "02A01", DAY);
            t.allocations(101, 4, OTHER, "02A04", DAY);
        }),
        silent("another segment is not compared", |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(1, 30, ONE, "01A01", DAY);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("the heavy ones came by another referrer", |t| {
            light_and_heavy(t);
            for nummer in 101..113 {
                let reference = format!("V{nummer}");
                let request = t.request(&reference, "x", Number::N315, DAY);
                (request.verwijzer, request.aanbieder) = (Some("08".to_owned()), OTHER.into());
                let mut all = t.history.allocations.iter_mut();
                let allocated = all.find(|each| each.nummer() == nummer).expect("it was made");
                allocated.referentie = Some(reference.as_str().into());
            }
        }),
        raises("decided on the first day of the twelve months", &[("0197", "aanbieder 42420002")], |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(1, 30, ONE, "02A01", date(2025, 7, 2));
            t.allocations(101, 12, OTHER, "02A04", date(2025, 7, 2));
        }),
        silent("decided a day before the twelve months", |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(1, 30, ONE, "02A01", date(2025, 7, 1));
            t.allocations(101, 12, OTHER, "02A04", date(2025, 7, 1));
        }),
        silent("heavy because of a crisis", |t| {
            light_and_heavy(t);
            t.mark(Law::Wmo, "02A04", Flag::Crisis);
        }),
        silent("nobody stated how many cases are needed", |t| {
            light_and_heavy(t);
            t.no_norm(&MIN_CASES);
        }),
    ]
}
