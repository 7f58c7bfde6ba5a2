//! C11: people change provider as little as possible.
//!
//! Numerator: transfers in a segment, within one law and municipality, in the twelve months up to and including today.
//! A transfer is a stay (care at one provider, interruptions of at most `episode_gap_days` included) that ended in
//! those months, while another provider began to serve the person in the segment at most `episode_gap_days` days before
//! or after its end: hand-overs overlap as often as they leave a gap. A stay is left once, whoever takes over.
//! Denominator: client years, the days in those months on which a person has care in the segment at any provider,
//! divided by 365. Raised when there are more than `transfers_percent` transfers per hundred client years.
//!
//! Care that somebody has at two providers side by side is no transfer, unless the one ends near the first day of the
//! other: then it looks like one, and a person must judge.

use super::courses::{Person, Stay, by_person_and_segment, stays};
use super::waits::{Period, after, days_between, fewest};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{EPISODE_GAP_DAYS, TRANSFERS_PERCENT, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C11",
    nl: "Cliënten wisselen zo min mogelijk van aanbieder.",
    en: "Clients change provider as little as possible.",
    default_policy: Policy::Signal,
    parameters: &["norms.transfers_percent", "norms.episode_gap_days", "norms.min_cases"],
    run: Run::OverTime(run),
};

#[derive(Default)]
struct Transfers {
    persons: u64,
    days: u64,
    number: u64,
    toewijzingen: Vec<Count>,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let year = Period::year_to(survey.today);
    let mut groups: BTreeMap<(Law, &Party, &str), Transfers> = BTreeMap::new();
    for ((person, segment), courses) in by_person_and_segment(survey) {
        let Some(gap) = norms.of_segment(&EPISODE_GAP_DAYS, segment) else { continue };
        let (law, gemeente, _): Person<'_> = person;
        let stays = stays(&courses, gap);
        let served = days_served(&stays, year);
        if served == 0 {
            continue;
        }
        let group = groups.entry((law, gemeente, segment)).or_default();
        group.persons += 1;
        group.days += served;
        for at in left(&stays, year, gap) {
            group.number += 1;
            group.toewijzingen.extend(stays[at].nummers.last());
        }
    }
    groups.into_iter().filter_map(|(group, transfers)| too_many(survey, group, transfers)).collect()
}

/// Days of a period on which somebody has care; stays by first day.
fn days_served(stays: &[Stay<'_>], period: Period) -> u64 {
    let mut served = 0;
    let mut next = period.from;
    for stay in stays {
        let (from, to) = (stay.begin.max(next), stay.end.unwrap_or(period.to).min(period.to));
        if from <= to {
            served += days_between(from, to) + 1;
            next = after(to);
        }
    }
    served
}

/// Which stays, by first day, were left for another provider. One look along the list for each, however many there are.
fn left(stays: &[Stay<'_>], period: Period, gap: u64) -> Vec<usize> {
    // From each stay on, the first that is at another provider.
    let mut other = vec![stays.len(); stays.len()];
    for at in (0..stays.len().saturating_sub(1)).rev() {
        other[at] = if stays[at + 1].aanbieder == stays[at].aanbieder { other[at + 1] } else { at + 1 };
    }
    let is_left = |(at, stay): (usize, &Stay<'_>)| {
        let end = stay.end.filter(|end| period.has(*end))?;
        let (from, to) = near(end, gap);
        let first = stays.partition_point(|next| next.begin < from);
        let beyond = stays.partition_point(|next| next.begin <= to);
        let next = if stays.get(first)?.aanbieder == stay.aanbieder { other[first] } else { first };
        (next < beyond).then_some(at)
    };
    stays.iter().enumerate().filter_map(is_left).collect()
}

fn near(day: Date, gap: u64) -> (Date, Date) {
    (day.saturating_sub(days(gap)), day.saturating_add(days(gap)))
}

fn too_many(survey: &Survey<'_>, group: (Law, &Party, &str), transfers: Transfers) -> Option<Surveyed> {
    let (law, gemeente, segment) = group;
    let Transfers { persons, days, number, toewijzingen } = transfers;
    let norm = survey.register.region.norms.numbers.of_segment(&TRANSFERS_PERCENT, segment)?;
    // number / (days / 365) > norm / 100
    let over = u128::from(number) * 36_500 > u128::from(norm) * u128::from(days);
    if persons < fewest(survey, segment)? || !over {
        return None;
    }
    let rate = u64::try_from(u128::from(number) * 36_500 / u128::from(days.max(1))).unwrap_or(u64::MAX);
    let years = days / 365;
    let nl = format!(
        "In {segment} wisselden {persons} cliënten in twaalf maanden {number} keer van aanbieder: {rate} wisselingen \
         per honderd cliëntjaren, norm {norm}. Ga bij de genoemde toewijzingen na waarom de eerste keuze niet \
         standhield."
    );
    let en = format!(
        "In {segment} {persons} clients changed provider {number} times in twelve months: {rate} changes per hundred \
         client years, norm {norm}. See for the allocations named why the first choice did not hold."
    );
    let raised = Raised::new(format!("wisselingen {segment}"), Severity::Info, nl, en)
        .about(toewijzingen)
        .fact("segment", segment)
        .fact("clienten", persons)
        .fact("clientdagen", days)
        .fact("clientjaren", years)
        .fact("wisselingen", number)
        .fact("per_honderd_clientjaren", rate)
        .fact("norm", norm);
    Some(Surveyed::new(law, gemeente, raised))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const RAISED: &[(&str, &str)] = &[("0197", "wisselingen wmo-integrale-ondersteuning")];

    /// Five persons with care the whole year; `moved` of them moved to another provider, who began on a day. Exactly 40
    /// per hundred are two of five.
    fn clients(t: &mut Timeline, moved: u64, day: Date) {
        t.norm(&TRANSFERS_PERCENT, 40);
        t.norm(&EPISODE_GAP_DAYS, 30);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=5 {
            let person = format!("p{nummer}");
            t.allocation(nummer, &person, "02A02", date(2025, 1, 1), None);
            t.start(nummer, date(2025, 1, 1));
            if nummer <= moved {
                t.stop(nummer, "38", date(2026, 3, 31));
                t.allocation(nummer + 10, &person, "02A01", day, None).versions[0].aanbieder = "42420002".into();
                t.start(nummer + 10, day);
            }
        }
    }

    vec![
        silent("nobody moved", |t| clients(t, 0, date(2026, 4, 1))),
        silent("as many as the norm", |t| clients(t, 2, date(2026, 4, 1))),
        raises("one more", RAISED, |t| clients(t, 3, date(2026, 4, 1))),
        raises("overlapping as many days as there may lie between", RAISED, |t| clients(t, 3, date(2026, 3, 1))),
        silent("care at another provider a day longer ago", |t| clients(t, 3, date(2026, 2, 28))),
        silent("a new episode is no transfer", |t| clients(t, 3, date(2026, 5, 1))),
        silent("at the same provider", |t| {
            clients(t, 3, date(2026, 4, 1));
            t.history.deliveries.iter_mut().for_each(|start| start.aanbieder = "42420002".into());
        }),
        silent("in another segment", |t| {
            clients(t, 3, date(2026, 4, 1));
            for start in t.history.deliveries.iter_mut().filter(|start| start.key.toewijzing_nummer > Some(10)) {
                start.key.product = Some(super::timeline::product("01A01"));
            }
        }),
        silent("too few persons to tell of", |t| {
            clients(t, 3, date(2026, 4, 1));
            t.history.deliveries.pop();
        }),
        silent("left more than a year ago", |t| {
            clients(t, 3, date(2026, 4, 1));
            t.today = date(2027, 4, 1);
        }),
        raises("left a year ago tomorrow", RAISED, |t| {
            clients(t, 3, date(2026, 4, 1));
            t.today = date(2027, 3, 30);
        }),
        silent("nobody stated a norm", |t| {
            clients(t, 3, date(2026, 4, 1));
            t.no_norm(&TRANSFERS_PERCENT);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Every stay beside every other, as the check is written.
    fn pairwise(stays: &[Stay<'_>], period: Period, gap: u64) -> Vec<usize> {
        let is_left = |stay: &Stay<'_>| {
            let Some(end) = stay.end.filter(|end| period.has(*end)) else { return false };
            let (from, to) = near(end, gap);
            stays.iter().any(|next| next.aanbieder != stay.aanbieder && from <= next.begin && next.begin <= to)
        };
        (0..stays.len()).filter(|at| is_left(&stays[*at])).collect()
    }

    /// Every day of the period on its own.
    fn day_by_day(stays: &[Stay<'_>], period: Period) -> u64 {
        let days = period.from.series(1.day()).take_while(|day| *day <= period.to);
        days.filter(|day| stays.iter().any(|stay| stay.begin <= *day && stay.end.is_none_or(|end| *day <= end))).count()
            as u64
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn transfers_and_days_are_those_of_every_pair_and_day_looked_at(
            courses in proptest::collection::vec((0..3_usize, 0..40_i64, proptest::option::of(0..20_i64)), 0..10),
            gap in 0..5_u64,
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let providers: Vec<Party> = ["1", "2", "3"].map(Party::from).into();
            let mut stays: Vec<Stay<'_>> = courses
                .iter()
                .map(|(provider, begin, length)| Stay {
                    aanbieder: &providers[*provider],
                    begin: nth(*begin),
                    end: length.map(|length| nth(begin + length)),
                    nummers: Vec::new(),
                })
                .collect();
            stays.sort_by_key(|stay| (stay.begin, stay.aanbieder));
            let period = Period { from: nth(5), to: nth(35) };
            prop_assert_eq!(left(&stays, period, gap), pairwise(&stays, period, gap));
            prop_assert_eq!(days_served(&stays, period), day_by_day(&stays, period));
        }
    }
}
