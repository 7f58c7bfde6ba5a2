//! D1: what was allocated is delivered: realisation by provider and segment does not fall below what a region expects.
//!
//! Looked at are allocations that ended in the last 24 months and can be claimed no more. Low realisation means that
//! budgets look fuller than they are, or that more was indicated than was needed.

use super::turnover::figure;
use crate::contract::budget::whole_worth;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CLAIM_LAG_MONTHS, MIN_CASES, REALISATION_FLOOR_PERCENT, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use crate::rules::Parties;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D1",
    nl: "Wat is toegewezen wordt ook geleverd.",
    en: "What was allocated is delivered.",
    default_policy: Policy::Observe,
    parameters: &["norms.realisation_floor_percent", "norms.claim_lag_months", "norms.min_cases"],
    run: Run::OverTime(run),
};

#[derive(Default)]
struct Sums {
    cases: u64,
    worth: i128,
    granted: i128,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let Some(fewest) = norms.of(&MIN_CASES) else { return Vec::new() };
    let mut granted: BTreeMap<(Law, &Party, Count), i128> = BTreeMap::new();
    for each in survey.history.lines.iter().filter(|each| each.line.granted) {
        let sum = granted.entry((each.law, &each.gemeente, each.line.toewijzing_nummer)).or_default();
        *sum += i128::from(each.line.bedrag.0);
    }
    let mut sums: BTreeMap<(Law, &Party, &Party, &str), Sums> = BTreeMap::new();
    for each in &survey.history.allocations {
        let Some(current) = each.current().filter(|current| !current.is_taken_back()) else { continue };
        let (Some(end), Some(product)) = (current.einddatum, survey.product(each.law, current)) else { continue };
        let Some(lag) = norms.of_segment(&CLAIM_LAG_MONTHS, &product.segment) else { continue };
        let is_closed = end.saturating_add(months(lag)) < survey.today;
        if !is_closed || end < survey.today.saturating_sub(months(24)) {
            continue;
        }
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &current.aanbieder };
        let worth = whole_worth((survey.register, each.law, parties, end), current);
        if worth.0 <= 0 {
            continue;
        }
        let sum = sums.entry((each.law, &each.gemeente, &current.aanbieder, product.segment.as_str())).or_default();
        sum.cases += 1;
        sum.worth += i128::from(worth.0);
        sum.granted += granted.get(&(each.law, &each.gemeente, each.nummer())).copied().unwrap_or_default();
    }
    let low = |((law, gemeente, aanbieder, segment), Sums { cases, worth, granted }): (_, Sums)| {
        let floor = norms.of_segment(&REALISATION_FLOOR_PERCENT, segment)?;
        if cases < fewest || granted * 100 >= worth * i128::from(floor) {
            return None;
        }
        let (name, percent) = (survey.provider_name(aanbieder), granted * 100 / worth);
        let nl = format!(
            "{name} leverde in {segment} {percent}% van wat is toegewezen ({cases} afgelopen toewijzingen); de regio \
             verwacht ten minste {floor}%. Ga na of de omvang van toewijzingen past."
        );
        let en = format!(
            "{name} delivered {percent}% of what was allocated in {segment} ({cases} allocations that ended); the region \
             expects {floor}% at least. See whether the volume of allocations fits."
        );
        let raised = Raised::new(format!("aanbieder {aanbieder} segment {segment}"), Severity::Info, nl, en)
            .fact("toewijzingen", cases)
            .fact("waarde_cent", figure(worth))
            .fact("gerealiseerd_cent", figure(granted))
            .fact("norm_procent", floor);
        Some(Surveyed::new(law, gemeente, raised))
    };
    sums.into_iter().filter_map(low).collect()
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    /// Two allocations of 1,000.00 that ended in March, of which together `cents` was claimed.
    fn told(cents: i64, change: impl Fn(&mut Past)) -> Vec<String> {
        let mut past = Past::new();
        let norms = &mut past.register.region.norms.numbers;
        norms.set(&MIN_CASES, 2.into());
        norms.set(&CLAIM_LAG_MONTHS, 3.into());
        norms.set(&REALISATION_FLOOR_PERCENT, 60.into());
        for nummer in [1, 2] {
            past.allocated(nummer, "02A03", date(2026, 1, 1), Some(date(2026, 3, 31)), 100_000);
        }
        past.claimed(1, "02A03", date(2026, 2, 1), cents, true);
        past.claimed(2, "02A03", date(2026, 2, 1), 900_000, false);
        change(&mut past);
        past.subjects(&CHECK)
    }

    #[test]
    fn low_realisation_is_told_from_the_floor_on() {
        const LOW: [&str; 1] = ["aanbieder 42420001 segment wmo-integrale-ondersteuning"];
        assert_eq!(told(119_999, |_| ()), LOW);
        assert_eq!(told(120_000, |_| ()), [""; 0], "at the floor");
        assert_eq!(told(0, |past| past.today = date(2026, 6, 30)), [""; 0], "claims may still come");
        assert_eq!(told(0, |past| past.today = date(2028, 3, 31)), LOW, "24 months ago");
        assert_eq!(told(0, |past| past.today = date(2028, 4, 1)), [""; 0], "longer ago");
        assert_eq!(told(0, |past| drop(past.history.allocations.pop())), [""; 0], "too few");
        assert_eq!(
            told(0, |past| past.register.region.norms.numbers.unset(&REALISATION_FLOOR_PERCENT)),
            [""; 0],
            "not stated"
        );
    }
}
