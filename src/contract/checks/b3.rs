//! B3: support that follows on heavier care is there, and is used.
//!
//! The share is that of new allocations at `support_level` among those whose level is known, decided in the twelve
//! months up to the survey. Told are a municipality below `support_level_percent`, and a provider below the 99.8 % limit
//! of what its mix of segments and referrers leads to expect in its municipality. Beside the first stands after-care:
//! of the allocations above that level whose care ended, the share that was followed by an allocation at that level,
//! for the same person in the same segment or lot, within `after_care_days`; counted are ends of which those days
//! are over, in twelve months.
//!
//! Source: checks B3 (Noord en Midden Drenthe). Doubtful: after-care that began before the heavier care ended counts as
//! following on it when it still runs then.

use super::chains::{by_family, courses};
use super::rates::{Indication, Side, Words, falls_short, fewest, indications, outliers, per_mille};
use super::rates::{decimals, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{AFTER_CARE_DAYS, SUPPORT_LEVEL, SUPPORT_LEVEL_PERCENT, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Date, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B3",
    nl: "Ondersteuning die op zwaardere zorg volgt wordt zo vaak toegewezen als bedoeld.",
    en: "Support that follows on heavier care is allocated as often as was meant.",
    default_policy: Policy::Signal,
    parameters: &[
        "products.csv level",
        "norms.support_level",
        "norms.support_level_percent",
        "norms.after_care_days",
        "norms.min_cases",
    ],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let window = year_until(survey.today);
    let ranked: Vec<(Indication<'_>, bool)> = indications(survey)
        .into_iter()
        .filter(|each| window.holds_on(each.decided))
        .filter_map(|each| {
            let support = norms.of_segment(&SUPPORT_LEVEL, &each.product.segment)?;
            Some((each, u64::from(each.product.level?) == support))
        })
        .collect();
    let mut told = shares(survey, &ranked);
    let cases: Vec<_> = ranked.iter().map(|(each, is_support)| each.case(*is_support)).collect();
    told.extend(outliers(survey, &cases, Side::Below, &WORDS));
    told
}

const WORDS: Words<'_> = Words {
    of: ["nieuwe toewijzingen in twaalf maanden", "new allocations in twelve months"],
    hits: ["zijn ondersteuning na zwaardere zorg", "are support after heavier care"],
    todo: [
        "Bespreek met de aanbieder wanneer lichtere ondersteuning op zwaardere zorg kan volgen.",
        "Ask the provider when lighter support can follow on heavier care.",
    ],
};

fn shares(survey: &Survey<'_>, ranked: &[(Indication<'_>, bool)]) -> Vec<Surveyed> {
    let floor = survey.register.region.norms.numbers.of(&SUPPORT_LEVEL_PERCENT);
    let (Some(fewest), Some(floor)) = (fewest(survey), floor) else { return Vec::new() };
    let mut shares: BTreeMap<(Law, &Party), (u64, u64)> = BTreeMap::new();
    for (each, is_support) in ranked {
        let share = shares.entry((each.allocated.law, &each.allocated.gemeente)).or_default();
        *share = (share.0 + 1, share.1 + u64::from(*is_support));
    }
    shares.retain(|_, (n, support)| *n >= fewest && falls_short(*support, *n, floor));
    let after = if shares.is_empty() { BTreeMap::new() } else { after_care(survey) };
    shares
        .into_iter()
        .map(|(place, (n, support))| {
            let after = after.get(&place).copied().filter(|(ended, _)| *ended >= fewest);
            Surveyed::new(place.0, place.1, below_floor(n, support, floor, after))
        })
        .collect()
}

/// Ends of heavier care, and those that support followed on.
fn after_care<'a>(survey: &Survey<'a>) -> BTreeMap<(Law, &'a Party), (u64, u64)> {
    let norms = &survey.register.region.norms.numbers;
    let Some(term) = norms.of(&AFTER_CARE_DAYS) else { return BTreeMap::new() };
    let window = year_until(survey.today.saturating_sub(days(term)));
    let mut counted: BTreeMap<(Law, &Party), (u64, u64)> = BTreeMap::new();
    for course in courses(survey) {
        for spans in by_family(survey, &course).values() {
            let support = |span: &&super::chains::Span<'_>| {
                let level = norms.of_segment(&SUPPORT_LEVEL, span.segment().unwrap_or_default());
                span.level().map(u64::from).zip(level)
            };
            // In order of first day, with the latest last day of what began until then.
            let mut lasts: Vec<(Date, Date)> = Vec::new();
            for span in spans.iter().filter(|span| support(span).is_some_and(|(level, support)| level == support)) {
                let latest = lasts.last().map_or(span.to, |(_, last)| span.to.max(*last));
                lasts.push((span.from, latest));
            }
            let heavier = spans.iter().filter(|span| support(span).is_some_and(|(level, support)| level > support));
            for ended in heavier.filter(|span| window.holds_on(span.to)) {
                let begun = lasts.partition_point(|(from, _)| *from <= ended.to.saturating_add(days(term)));
                let followed = begun > 0 && lasts[begun - 1].1 > ended.to;
                let count = counted.entry((course.law, course.gemeente)).or_default();
                *count = (count.0 + 1, count.1 + u64::from(followed));
            }
        }
    }
    counted
}

fn below_floor(n: u64, support: u64, floor: u64, after: Option<(u64, u64)>) -> Raised {
    let part = per_mille(support, n);
    let mut nl = format!(
        "{support} van {n} nieuwe toewijzingen in twaalf maanden zijn ondersteuning na zwaardere zorg ({} %); bedoeld is \
         minstens {floor} %.",
        decimals(part, 1, ','),
    );
    let mut en = format!(
        "{support} of {n} new allocations in twelve months are support after heavier care ({} %); at least {floor} % was \
         meant.",
        decimals(part, 1, '.'),
    );
    if let Some((ended, followed)) = after {
        nl = format!("{nl} Na {ended} keer einde van zwaardere zorg volgde zulke ondersteuning {followed} keer.");
        en = format!("{en} After {ended} ends of heavier care such support followed {followed} times.");
    }
    nl.push_str(" Ga met de toegang na of inwoners na zwaardere zorg te vroeg of te laat worden losgelaten.");
    en.push_str(" See with the access team whether persons are let go too early or too late after heavier care.");
    let raised = Raised::new("gemeente", Severity::Info, nl, en)
        .fact("aantal", n)
        .fact("ondersteuning", support)
        .fact("aandeel_promille", part)
        .fact("norm_procent", floor);
    match after {
        Some((ended, followed)) => raised.fact("einden_zwaarder", ended).fact("gevolgd_door_ondersteuning", followed),
        None => raised,
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const ONE: &str = "42420001";
    const OTHER: &str = "42420002";
    const DAY: Date = date(2026, 3, 1);
    const MUNICIPALITY: (&str, &str) = ("0197", "gemeente");

    fn norms(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.norm(&SUPPORT_LEVEL, 2);
        t.norm(&SUPPORT_LEVEL_PERCENT, 20);
        t.norm(&AFTER_CARE_DAYS, 42);
    }

    vec![
        silent("nothing is allocated", norms),
        silent("as much as the floor", |t| {
            norms(t);
            t.allocations(1, 8, ONE, "02A04", DAY);
            t.allocations(101, 2, ONE, "02A02", DAY);
        }),
        raises("one less than the floor", &[MUNICIPALITY], |t| {
            norms(t);
            t.allocations(1, 9, ONE, "02A04", DAY);
            t.allocations(101, 1, ONE, "02A02", DAY);
        }),
        raises("none at all", &[MUNICIPALITY], |t| {
            norms(t);
            t.allocations(1, 10, ONE, "02A04", DAY);
        }),
        silent("one case too few", |t| {
            norms(t);
            t.allocations(1, 9, ONE, "02A04", DAY);
        }),
        raises("a provider without any, beside one with much", &[("0197", "aanbieder 42420002")], |t| {
            norms(t);
            t.allocations(1, 30, ONE, "02A02", DAY);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("nobody stated that level", |t| {
            norms(t);
            t.no_norm(&SUPPORT_LEVEL);
            t.allocations(1, 10, ONE, "02A04", DAY);
        }),
        silent("nobody stated a floor", |t| {
            norms(t);
            t.no_norm(&SUPPORT_LEVEL_PERCENT);
            t.allocations(1, 10, ONE, "02A04", DAY);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn after_care_follows_within_its_days_or_runs_already() {
        let counted = |support: Option<(Date, Date)>| {
            let mut t = Timeline::new();
            t.norm(&SUPPORT_LEVEL, 2);
            t.norm(&AFTER_CARE_DAYS, 42);
            t.allocation(1, "a", "02A04", date(2025, 1, 1), Some(date(2026, 1, 31)));
            if let Some((from, to)) = support {
                t.allocation(2, "a", "02A02", from, Some(to));
            }
            let survey = t.survey();
            let counted = after_care(&survey);
            counted.into_values().next().unwrap_or_default()
        };
        let end = date(2026, 12, 31);
        assert_eq!(counted(None), (1, 0));
        assert_eq!(counted(Some((date(2026, 3, 14), end))), (1, 1));
        assert_eq!(counted(Some((date(2026, 3, 15), end))), (1, 0));
        assert_eq!(counted(Some((date(2025, 6, 1), end))), (1, 1));
        assert_eq!(counted(Some((date(2025, 6, 1), date(2026, 1, 31)))), (1, 0));
    }
}
