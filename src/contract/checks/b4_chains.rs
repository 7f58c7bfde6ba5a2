//! B4 over time: heavy care steps down.
//!
//! Two things are told. A chain of care of one person at one level of `high_level` or above, in one segment or lot, that
//! runs today and began more than `high_level_months` months ago: allocations at that level that follow one another with
//! fewer than `step_up_gap_days` between the last day of one and the first of the next. And a provider whose rate of
//! stepping down lies below the 99.8 % limit of what its segments and levels lead to expect in its municipality.
//! That rate is, of the allocations at `high_level` or above that ended in the twelve months up to `step_up_gap_days`
//! before the survey, the share after which the person had lighter care or none in that segment or lot: the highest
//! level of all that ran on past the last day or began fewer than `step_up_gap_days` after it.
//!
//! Source: checks B4 (Noord en Midden Drenthe, Achterhoek, Noord-Limburg). A step up is told on the message (`B4`).
//! Doubtful: the source has one rate for all levels; from a low level nobody can step down far, so that light care
//! would only water it down.

use super::chains::{Course, Family, Span, by_family, chains, courses, last_day};
use super::rates::{Case, Side, Words, outliers, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{HIGH_LEVEL, HIGH_LEVEL_MONTHS, STEP_UP_GAP_DAYS, days, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::Date;
use std::collections::{BTreeMap, BinaryHeap};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B4",
    nl: "Zware zorg wordt afgeschaald zodra het kan.",
    en: "Heavy care is stepped down as soon as it can be.",
    default_policy: Policy::Signal,
    parameters: &[
        "products.csv level",
        "norms.high_level",
        "norms.high_level_months",
        "norms.step_up_gap_days",
        "norms.step_up_family",
        "norms.min_cases",
    ],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: ["beëindigde zware toewijzingen in twaalf maanden", "heavy allocations that ended in twelve months"],
    hits: ["zijn gevolgd door lichtere zorg of geen zorg", "were followed by lighter care or none"],
    todo: ["Maak met de aanbieder afspraken over afschalen.", "Agree with the provider on stepping down."],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let Some(gap) = norms.of(&STEP_UP_GAP_DAYS) else { return Vec::new() };
    let is_high = |span: &Span<'_>| {
        let high = norms.of_segment(&HIGH_LEVEL, span.segment().unwrap_or_default());
        span.level().map(u64::from).zip(high).is_some_and(|(level, high)| level >= high)
    };
    let window = year_until(survey.today.saturating_sub(days(gap)));
    let mut told = Vec::new();
    let mut cases = Vec::new();
    for course in courses(survey) {
        for (family, spans) in by_family(survey, &course) {
            told.extend(long_at_one_level(survey, &course, family, &spans, gap, is_high));
            let after = level_after(&spans, gap);
            for (span, after) in spans.iter().zip(after).filter(|(span, _)| is_high(span) && window.holds_on(span.to)) {
                cases.push(Case {
                    provided: (course.law, course.gemeente, &span.allocation.aanbieder),
                    stratum: (span.segment().unwrap_or_default(), span.level().unwrap_or_default()),
                    nummer: span.nummer(),
                    is_hit: after < span.level(),
                });
            }
        }
    }
    told.extend(outliers(survey, &cases, Side::Below, &WORDS));
    told
}

fn long_at_one_level(
    survey: &Survey<'_>,
    course: &Course<'_>,
    family: Family<'_>,
    spans: &[Span<'_>],
    gap: u64,
    is_high: impl Fn(&Span<'_>) -> bool,
) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let mut by_level: BTreeMap<u32, Vec<Span<'_>>> = BTreeMap::new();
    for span in spans.iter().filter(|span| is_high(span) && span.from <= survey.today) {
        by_level.entry(span.level().unwrap_or_default()).or_default().push(*span);
    }
    let mut told = Vec::new();
    for (level, spans) in by_level {
        let Some(chain) = chains(&spans, gap).pop().filter(|chain| last_day(chain) >= survey.today) else { continue };
        let segment = chain[0].segment().unwrap_or_default();
        let most = norms.of_segment(&HIGH_LEVEL_MONTHS, segment);
        let Some(most) = most.filter(|most| chain[0].from.saturating_add(months(*most)) < survey.today) else {
            continue;
        };
        told.push(Surveyed::new(course.law, course.gemeente, long(survey, family, level, chain, most)));
    }
    told
}

fn long(survey: &Survey<'_>, family: Family<'_>, level: u32, chain: &[Span<'_>], most: u64) -> Raised {
    let (first, since, family) = (chain[0].nummer(), chain[0].from, family.as_str());
    let now = chain.iter().filter(|span| span.to >= survey.today).max_by_key(|span| span.from).unwrap_or(&chain[0]);
    let (nummer, code, name) = (now.nummer(), now.product_name(), survey.provider_name(&now.allocation.aanbieder));
    let nl = format!(
        "Een inwoner heeft sinds {since} onafgebroken zorg van niveau {level} in {family}, nu met toewijzing {nummer} \
         (product {code}) bij {name}; gemeld wordt na {most} maanden. Evalueer of kan worden afgeschaald."
    );
    let en = format!(
        "One person has had care of level {level} in {family} without a break since {since}, now by allocation {nummer} \
         (product {code}) at {name}; this is told after {most} months. Evaluate whether it can be stepped down."
    );
    Raised::new(format!("keten {first} niveau {level}"), Severity::Info, nl, en)
        .about(super::rates::latest(chain.iter().map(Span::nummer).collect()))
        .fact("aanbieder", now.allocation.aanbieder.as_str())
        .fact("niveau", level)
        .fact("sinds", since.to_string())
        .fact("toewijzingen_in_keten", chain.len())
        .fact("norm_maanden", most)
}

/// For each span, in order of first day, the highest level that the person has after its last day: of what runs on past
/// it, and of what begins fewer than `gap` days after it. `None` when nothing with a level does.
fn level_after(spans: &[Span<'_>], gap: u64) -> Vec<Option<u32>> {
    let reach = days(gap.max(1) - 1);
    let mut by_end: Vec<usize> = (0..spans.len()).collect();
    by_end.sort_by_key(|at| spans[*at].to);
    let mut after = vec![None; spans.len()];
    // What has begun, the heaviest first. Whatever does not outlast one end does not outlast a later one either.
    let mut begun: BinaryHeap<(u32, Date)> = BinaryHeap::new();
    let mut next = 0;
    for at in by_end {
        let end = spans[at].to;
        while let Some(span) = spans.get(next).filter(|span| span.from <= end.saturating_add(reach)) {
            begun.extend(span.level().map(|level| (level, span.to)));
            next += 1;
        }
        while begun.peek().is_some_and(|(_, to)| *to <= end) {
            begun.pop();
        }
        after[at] = begun.peek().map(|(level, _)| *level);
    }
    after
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Count;
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "keten 1 niveau 4")];

    fn norms(t: &mut Timeline) {
        t.norm(&STEP_UP_GAP_DAYS, 90);
        t.norm(&HIGH_LEVEL, 3);
        t.norm(&HIGH_LEVEL_MONTHS, 24);
    }

    /// Level 4 from this day on, in two allocations with 89 days between last and first.
    fn two(t: &mut Timeline, from: Date) {
        norms(t);
        t.allocation(1, "a", "02A04", from, Some(date(2025, 3, 3)));
        t.allocation(2, "a", "02A04", date(2025, 5, 31), None);
    }

    /// A heavy allocation that ended on 31 January 2026, and where wanted as heavy care after it until 31 May.
    fn ended(t: &mut Timeline, nummer: Count, aanbieder: &str, goes_on: bool) {
        let person = format!("of-{nummer}");
        let mut one = |nummer, from, to| {
            t.allocation(nummer, &person, "02A04", from, Some(to)).versions[0].aanbieder = aanbieder.into();
        };
        one(nummer, date(2025, 6, 1), date(2026, 1, 31));
        if goes_on {
            one(nummer + 1_000, date(2026, 2, 1), date(2026, 5, 31));
        }
    }

    vec![
        silent("nothing is allocated", norms),
        silent("24 months to the day", |t| two(t, date(2024, 7, 1))),
        raises("a day longer", TOLD, |t| two(t, date(2024, 6, 30))),
        silent("with 90 days between them", |t| {
            two(t, date(2024, 6, 30));
            t.history.allocations[1].versions[0].ingangsdatum = date(2025, 6, 1);
        }),
        raises("today is its last day", TOLD, |t| {
            two(t, date(2024, 6, 30));
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 7, 1));
        }),
        silent("it ended yesterday", |t| {
            two(t, date(2024, 6, 30));
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("a lower level in the second half", |t| {
            two(t, date(2024, 6, 30));
            t.history.allocations[1].versions[0].product = Some(super::timeline::product("02A03"));
        }),
        silent("a level that is not high", |t| {
            two(t, date(2024, 6, 30));
            t.norm(&HIGH_LEVEL, 5);
        }),
        silent("of two persons", |t| {
            two(t, date(2024, 6, 30));
            t.history.allocations[0].versions[0].person = super::timeline::key("b");
        }),
        silent("nobody stated a number of months", |t| {
            two(t, date(2024, 6, 30));
            t.no_norm(&HIGH_LEVEL_MONTHS);
        }),
        raises("a provider whose clients stay as heavy", &[("0197", "aanbieder 42420002")], |t| {
            norms(t);
            t.norm(&MIN_CASES, 10);
            (1..=30).for_each(|nummer| ended(t, nummer, "42420001", false));
            (101..=112).for_each(|nummer| ended(t, nummer, "42420002", true));
        }),
        silent("the clients of all stay as heavy", |t| {
            norms(t);
            t.norm(&MIN_CASES, 10);
            (1..=30).for_each(|nummer| ended(t, nummer, "42420001", true));
            (101..=112).for_each(|nummer| ended(t, nummer, "42420002", true));
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_level_after_is_that_of_every_pair_looked_at(
            had in proptest::collection::vec(
                (select(vec!["02A01", "02A02", "02A04", "03A01"]), 0..40_i64, 0..12_i64), 1..9
            ),
            gap in 0..6_i64,
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let mut t = Timeline::new();
            for (nummer, (code, begin, length)) in (1..).zip(had) {
                t.allocation(nummer, "a", code, nth(begin), Some(nth(begin + length)));
            }
            let courses = courses(&t.survey());
            let spans = &courses[0].spans;
            let expected: Vec<Option<u32>> = spans
                .iter()
                .map(|ended| {
                    let reach = ended.to.saturating_add(gap.max(1).days());
                    let after = spans.iter().filter(|span| span.to > ended.to && span.from < reach);
                    after.filter_map(Span::level).max()
                })
                .collect();
            prop_assert_eq!(level_after(spans, gap.unsigned_abs()), expected);
        }
    }
}
