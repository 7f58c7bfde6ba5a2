//! B13: trajectories cost on average what was agreed.
//!
//! A trajectory is an allocation whose care began. It is closed when its last day has passed (by Einddatum or stop for
//! good) and, where `claim_lag_months` is set, so many months more, so that its claims are in. The average of a provider
//! in one segment and municipality is all that was granted on its closed trajectories, credits taken off, over their
//! number; counted are those that closed in twelve months. It is told when it differs from `trajectory_cents` by more
//! than `trajectory_tolerance_percent`, above or below, with the average without the dearest one in a hundred (one at
//! least), so that a single case can be seen, and the average value of the allocations themselves.
//!
//! Source: checks B13 (Hart van Brabant). Doubtful: the source wants cohorts by year of start; a year of closing has its
//! claims in and every sort of duration in it. It is for the contract talk: nothing is settled by it.

use super::chains::{Span, courses};
use super::rates::{decimals, euros, fewest, latest, worth, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CLAIM_LAG_MONTHS, TRAJECTORY_CENTS, TRAJECTORY_TOLERANCE_PERCENT, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B13",
    nl: "Trajecten kosten gemiddeld wat is afgesproken.",
    en: "Trajectories cost on average what was agreed.",
    default_policy: Policy::Signal,
    parameters: &[
        "norms.trajectory_cents",
        "norms.trajectory_tolerance_percent",
        "norms.claim_lag_months",
        "norms.min_cases",
    ],
    run: Run::OverTime(run),
};

/// Closed trajectories of one provider in one segment and municipality.
type Key<'a> = (Law, &'a Party, &'a Party, &'a str);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let Some(fewest) = fewest(survey) else { return Vec::new() };
    let costs = costs(survey);
    let mut closed: BTreeMap<Key<'_>, Vec<(i128, Span<'_>)>> = BTreeMap::new();
    for course in courses(survey) {
        for span in course.spans.iter().filter(|span| span.has_begun && !span.is_paused) {
            let Some(segment) = span.segment() else { continue };
            let lag = norms.of_segment(&CLAIM_LAG_MONTHS, segment).unwrap_or(0);
            let until = survey.today.saturating_sub(months(lag));
            if !year_until(until.yesterday().unwrap_or(until)).holds_on(span.to) {
                continue;
            }
            let cost = costs.get(&(course.law, course.gemeente, span.nummer())).copied().unwrap_or(0);
            let key = (course.law, course.gemeente, &span.allocation.aanbieder, segment);
            closed.entry(key).or_default().push((cost, *span));
        }
    }
    let mut told = Vec::new();
    for ((law, gemeente, aanbieder, segment), closed) in closed {
        let agreed = norms.of_segment(&TRAJECTORY_CENTS, segment).filter(|agreed| *agreed > 0);
        let tolerance = norms.of_segment(&TRAJECTORY_TOLERANCE_PERCENT, segment);
        let (Some(agreed), Some(tolerance)) = (agreed, tolerance) else { continue };
        if closed.len() as u64 >= fewest {
            let raised = differs(survey, aanbieder, segment, closed, (agreed, tolerance));
            told.extend(raised.map(|raised| Surveyed::new(law, gemeente, raised)));
        }
    }
    told
}

/// What was granted on each allocation, credits taken off, in eurocents.
fn costs<'a>(survey: &Survey<'a>) -> BTreeMap<(Law, &'a Party, Count), i128> {
    let mut costs: BTreeMap<(Law, &Party, Count), i128> = BTreeMap::new();
    for claimed in survey.history.lines.iter().filter(|claimed| claimed.line.granted) {
        let cost = costs.entry((claimed.law, &claimed.gemeente, claimed.line.toewijzing_nummer)).or_default();
        *cost += i128::from(claimed.line.bedrag.0);
    }
    costs
}

fn differs(
    survey: &Survey<'_>,
    aanbieder: &Party,
    segment: &str,
    mut closed: Vec<(i128, Span<'_>)>,
    (agreed, tolerance): (u64, u64),
) -> Option<Raised> {
    closed.sort_by_key(|(cost, span)| (Reverse(*cost), span.nummer()));
    let n = closed.len();
    let sum: i128 = closed.iter().map(|(cost, _)| *cost).sum();
    let whole = i128::from(agreed) * n as i128;
    let (is_above, is_below) =
        (sum * 100 > whole * (100 + i128::from(tolerance)), sum * 100 < whole * (100 - i128::from(tolerance)));
    if !is_above && !is_below {
        return None;
    }
    let dearest = n.div_ceil(100);
    let others: i128 = closed[dearest..].iter().map(|(cost, _)| *cost).sum();
    let (average, without) = (average(sum, n), average(others, n - dearest));
    let allocated: i128 =
        closed.iter().map(|(_, span)| i128::from(worth(survey, span.allocated, span.allocation))).sum();
    let allocated = self::average(allocated, n);
    let deviation = ((sum - whole).abs() * 1_000 + whole / 2) / whole;
    let deviation = u64::try_from(deviation).unwrap_or(u64::MAX);
    let (side_nl, side_en, severity) =
        if is_above { ("hoger", "higher", Severity::Warning) } else { ("lager", "lower", Severity::Info) };
    let name = survey.provider_name(aanbieder);
    let nl = format!(
        "{n} afgesloten trajecten van {name} in {segment} kostten gemiddeld {}, {} % {side_nl} dan de afgesproken {} \
         (marge {tolerance} %); zonder de duurste 1 % ({dearest} van {n}) is het {}, en toegewezen was gemiddeld {}. Bespreek dit in \
         het contractgesprek.",
        euros(average, ','),
        decimals(deviation, 1, ','),
        euros(agreed, ','),
        euros(without, ','),
        euros(allocated, ','),
    );
    let en = format!(
        "{n} closed trajectories of {name} in {segment} cost {} on average, {} % {side_en} than the {} agreed (margin \
         {tolerance} %); without the dearest 1 % ({dearest} of {n}) it is {}, and {} was allocated on average. Discuss it in the \
         contract talk.",
        euros(average, '.'),
        decimals(deviation, 1, '.'),
        euros(agreed, '.'),
        euros(without, '.'),
        euros(allocated, '.'),
    );
    let numbers = latest(closed.iter().map(|(_, span)| span.nummer()).collect());
    let raised = Raised::new(format!("aanbieder {aanbieder} {segment} {side_nl}"), severity, nl, en)
        .about(numbers)
        .fact("aanbieder", aanbieder.as_str())
        .fact("segment", segment)
        .fact("trajecten", n)
        .fact("gemiddeld_cent", average)
        .fact("gemiddeld_zonder_duurste_cent", without)
        .fact("gemiddeld_toegewezen_cent", allocated)
        .fact("duurste", dearest)
        .fact("norm_cent", agreed)
        .fact("marge_procent", tolerance)
        .fact("afwijking_promille", deviation);
    Some(raised)
}

/// The mean, rounded half up; credits may outweigh debits of earlier years, and nothing costs less than nothing.
fn average(sum: i128, n: usize) -> u64 {
    let n = n.max(1) as i128;
    u64::try_from((sum + n / 2).div_euclid(n)).unwrap_or(0)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const SEGMENT: &str = "wmo-integrale-ondersteuning";
    const HIGHER: &[(&str, &str)] = &[("0197", "aanbieder 42420001 wmo-integrale-ondersteuning hoger")];
    const LOWER: &[(&str, &str)] = &[("0197", "aanbieder 42420001 wmo-integrale-ondersteuning lager")];

    /// Five closed trajectories of a thousand euros, where ten percent more or less is as agreed.
    fn five(t: &mut Timeline, each: i64, last: i64) {
        t.norm(&MIN_CASES, 5);
        t.norm(&TRAJECTORY_CENTS, 100_000);
        t.norm(&TRAJECTORY_TOLERANCE_PERCENT, 10);
        for nummer in 1..=5 {
            t.allocation(nummer, &format!("of-{nummer}"), "02A02", date(2026, 1, 1), Some(date(2026, 3, 31)));
            t.claim(nummer, date(2026, 1, 1), 16, if nummer == 5 { last } else { each });
        }
        assert!(t.register.region.segments.contains_key(SEGMENT), "the sample region has the segment");
    }

    vec![
        silent("nothing closed", |t| t.norm(&TRAJECTORY_CENTS, 1)),
        silent("as agreed", |t| five(t, 100_000, 100_000)),
        silent("ten percent more", |t| five(t, 110_000, 110_000)),
        raises("a cent more than that", HIGHER, |t| five(t, 110_000, 110_001)),
        silent("ten percent less", |t| five(t, 90_000, 90_000)),
        raises("a cent less than that", LOWER, |t| five(t, 90_000, 89_999)),
        silent("a credit brings it back", |t| {
            five(t, 110_000, 110_001);
            t.claim(1, date(2026, 1, 1), 1, -1).line.vorig = Some("R1".into());
        }),
        silent("what was not granted costs nothing", |t| {
            five(t, 110_000, 110_000);
            t.claim(1, date(2026, 2, 1), 16, 10_000).line.granted = false;
        }),
        silent("four cases", |t| {
            five(t, 200_000, 200_000);
            t.history.allocations.pop();
        }),
        silent("one of five still runs", |t| {
            five(t, 200_000, 200_000);
            t.history.allocations[0].versions[0].einddatum = None;
        }),
        raises("one of five was stopped", HIGHER, |t| {
            five(t, 200_000, 200_000);
            t.history.allocations[0].versions[0].einddatum = None;
            t.start(1, date(2026, 1, 1));
            t.stop(1, "19", date(2026, 6, 30));
        }),
        silent("claims may still come in", |t| {
            five(t, 200_000, 200_000);
            t.norm(&CLAIM_LAG_MONTHS, 4);
        }),
        silent("a trajectory that never began is none", |t| {
            five(t, 200_000, 200_000);
            t.history.lines.pop();
        }),
        silent("nobody agreed on an average", |t| {
            five(t, 200_000, 200_000);
            t.no_norm(&TRAJECTORY_CENTS);
        }),
        silent("nobody agreed on a margin", |t| {
            five(t, 200_000, 200_000);
            t.no_norm(&TRAJECTORY_TOLERANCE_PERCENT);
        }),
    ]
}
