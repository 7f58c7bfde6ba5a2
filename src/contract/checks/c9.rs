//! C9: care that a provider ends is handed over without a gap.
//!
//! Looked at are courses that ended by the provider alone (Wmo 22, Jeugdwet 33) or by a move to another provider (38)
//! in the twelve months up to and including today, when more than `gap_after_stop_days` days have passed since. Raised
//! is one after which the person has no other course in the same segment, within law and municipality: none that ran on
//! beyond that day, and none that began later. So a warm hand-over, which begins before the other ends, is no gap; and
//! the case is over when care begins, however late.
//!
//! Care of another segment does not replace what stopped, or nobody can tell that it does: a person judges. An
//! allocation in the segment that waits for its start is named: then the provider is known (C2 watches it), otherwise
//! one is to be found. A course without allocation number (task-based) is left out: nothing could be pointed at without
//! naming the person.

use super::courses::{Course, Ending, Person, by_person_and_segment};
use super::waits::{Period, days_between};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::GAP_AFTER_STOP_DAYS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C9",
    nl: "Zorg die een aanbieder beëindigt, wordt zonder gat overgenomen.",
    en: "Care that a provider ends is taken over without a gap.",
    default_policy: Policy::Signal,
    parameters: &["norms.gap_after_stop_days"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let waiting = allocated_now(survey);
    let mut raised = Vec::new();
    for ((person, segment), courses) in by_person_and_segment(survey) {
        // Of what is over, only the last can leave a gap.
        let Some(last) = courses.iter().map(Course::end).try_fold(Date::MIN, |last, end| Some(last.max(end?))) else {
            continue;
        };
        let next = waiting.get(&(person, segment)).map_or(&[][..], Vec::as_slice);
        let left = courses.iter().filter(|course| course.end() == Some(last));
        raised.extend(left.filter_map(|course| gap(survey, course, segment, last, next)));
    }
    raised
}

/// Allocations of each person in each segment that are actual today.
fn allocated_now<'a>(survey: &Survey<'a>) -> BTreeMap<(Person<'a>, &'a str), Vec<Count>> {
    let mut all: BTreeMap<(Person<'a>, &'a str), Vec<Count>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let Some(allocation) = allocated.current().filter(|allocation| allocation.is_actual(survey.today)) else {
            continue;
        };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let person = (allocated.law, &allocated.gemeente, &allocation.person);
        all.entry((person, &product.segment)).or_default().push(allocation.nummer);
    }
    all
}

fn gap(survey: &Survey<'_>, course: &Course<'_>, segment: &str, last: Date, next: &[Count]) -> Option<Surveyed> {
    let (nummer, stop) = (course.nummer?, course.stop?);
    if !matches!(course.ending()?, Ending::ByProvider | Ending::OtherProvider) {
        return None;
    }
    let norm = survey.register.region.norms.numbers.of_segment(&GAP_AFTER_STOP_DAYS, segment)?;
    let gone = days_between(last, survey.today);
    if gone <= norm || !Period::year_to(survey.today).has(last) {
        return None;
    }
    let next = next.iter().copied().find(|next| *next != nummer);
    let (severity, todo_nl, todo_en) = match next {
        Some(next) => (
            Severity::Info,
            format!("Toewijzing {next} is er wel: vraag wanneer die zorg begint"),
            format!("There is allocation {next}: ask when that care begins"),
        ),
        None => (
            Severity::Warning,
            "Ga na of de inwoner nog zorg nodig heeft, en zoek een aanbieder die haar overneemt".to_owned(),
            "See whether the person still needs care, and find a provider that takes it over".to_owned(),
        ),
    };
    let (name, reden) = (survey.provider_name(course.aanbieder), stop.reden.as_str());
    let nl = format!(
        "{name} stopte toewijzing {nummer} in {segment} op {last} (reden {reden}); sindsdien is er {gone} dagen geen \
         zorg, norm {norm}. {todo_nl}."
    );
    let en = format!(
        "{name} stopped allocation {nummer} in {segment} on {last} (reason {reden}); there has been no care for {gone} \
         days since, norm {norm}. {todo_en}."
    );
    let raised = Raised::new(format!("toewijzing {nummer}"), severity, nl, en)
        .about([nummer].into_iter().chain(next))
        .fact("aanbieder", course.aanbieder.as_str())
        .fact("segment", segment)
        .fact("gestopt_op", last.to_string())
        .fact("reden", reden)
        .fact("dagen", gone)
        .fact("norm_dagen", norm);
    Some(Surveyed::new(course.law, course.gemeente, raised))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::message::Law;
    use jiff::civil::date;

    const RAISED: &[(&str, &str)] = &[("0197", "toewijzing 1")];

    /// Care that stopped with a reason on a day.
    fn stopped(t: &mut Timeline, reden: &str, day: Date) {
        t.norm(&GAP_AFTER_STOP_DAYS, 14);
        t.allocation(1, "a", "02A02", date(2025, 1, 1), Some(day));
        t.start(1, date(2025, 1, 1));
        t.stop(1, reden, day);
    }

    vec![
        silent("as many days as the norm", |t| stopped(t, "22", date(2026, 6, 17))),
        raises("a day more", RAISED, |t| stopped(t, "22", date(2026, 6, 16))),
        raises("to another provider, who never came", RAISED, |t| stopped(t, "38", date(2026, 6, 1))),
        silent("ended as planned", |t| stopped(t, "19", date(2026, 6, 1))),
        silent("ended by the client", |t| stopped(t, "21", date(2026, 6, 1))),
        silent("paused", |t| stopped(t, "20", date(2026, 6, 1))),
        silent("33 is no reason of the Wmo", |t| stopped(t, "33", date(2026, 6, 1))),
        raises("33 is the provider's in youth care", RAISED, |t| {
            t.norm(&GAP_AFTER_STOP_DAYS, 14);
            t.allocation(1, "a", "45A02", date(2025, 1, 1), None).law = Law::Jeugdwet;
            t.start(1, date(2025, 1, 1));
            t.stop(1, "33", date(2026, 6, 1));
        }),
        silent("taken over before it stopped", |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "a", "02A01", date(2026, 5, 1), None).versions[0].aanbieder = "42420002".into();
            t.start(2, date(2026, 5, 1));
        }),
        silent("taken over late", |t| {
            stopped(t, "22", date(2026, 5, 1));
            t.allocation(2, "a", "02A01", date(2026, 6, 30), None);
            t.start(2, date(2026, 6, 30));
        }),
        raises("other care ended with it", RAISED, |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "a", "02A01", date(2026, 1, 1), None);
            t.start(2, date(2026, 1, 1));
            t.stop(2, "19", date(2026, 6, 1));
        }),
        silent("other care ended the day after", |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "a", "02A01", date(2026, 1, 1), None);
            t.start(2, date(2026, 1, 1));
            t.stop(2, "19", date(2026, 6, 2));
        }),
        raises("care of another segment replaces nothing", RAISED, |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "a", "01A01", date(2026, 6, 10), None);
            t.start(2, date(2026, 6, 10));
        }),
        raises("care of another person", RAISED, |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "b", "02A01", date(2026, 6, 10), None);
            t.start(2, date(2026, 6, 10));
        }),
        raises("allocated and not begun", RAISED, |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.allocation(2, "a", "02A01", date(2026, 6, 10), None);
        }),
        silent("longer than a year ago", |t| stopped(t, "22", date(2025, 7, 1))),
        silent("without an allocation nobody can be pointed at", |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.history.deliveries[0].key.toewijzing_nummer = None;
        }),
        silent("nobody stated a norm", |t| {
            stopped(t, "22", date(2026, 6, 1));
            t.no_norm(&GAP_AFTER_STOP_DAYS);
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

    /// Reason and days after the start.
    fn a_stop() -> impl Strategy<Value = Option<(&'static str, i64)>> {
        proptest::option::weighted(0.8, (select(vec!["22", "38", "19"]), 0..6_i64))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn gaps_are_those_of_every_pair_looked_at(
            care in proptest::collection::vec((select(vec!["a", "b"]), 0..30_i64, a_stop()), 0..8),
        ) {
            let nth = |day: i64| date(2026, 1, 1).saturating_add(day.days());
            let mut t = Timeline::new();
            t.norm(&GAP_AFTER_STOP_DAYS, 14);
            for (nummer, (person, begin, stop)) in (1..).zip(&care) {
                t.allocation(nummer, person, "02A02", nth(*begin), None);
                t.start(nummer, nth(*begin));
                if let Some((reden, length)) = stop {
                    t.stop(nummer, reden, nth(begin + length));
                }
            }
            let mut found: Vec<Count> = run(&t.survey()).iter().map(|one| one.raised.toewijzingen[0]).collect();
            found.sort_unstable();
            let expected: Vec<Count> = (1..)
                .zip(&care)
                .filter(|(_, (person, begin, stop))| {
                    let Some((reden, length)) = stop else { return false };
                    let goes_on = |other: &(&str, i64, Option<(&str, i64)>)| {
                        other.0 == *person && other.2.is_none_or(|(_, more)| other.1 + more > begin + length)
                    };
                    *reden != "19" && !care.iter().any(goes_on)
                })
                .map(|(nummer, _)| nummer)
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
