//! B10: problems are not stacked on one another without one person who keeps them together.
//!
//! Counted, on each day from the survey on, are the distinct segments that serve one person within one law and
//! municipality; told from `concurrent_segments` on, with the first day of the highest number. And the value of all
//! allocations of a person within the calendar year of the survey, in eurocents, as the budgets reckon it; told above
//! `person_year_cents`, and from then until the year ends.
//!
//! Source: checks B10 (Hart van Brabant; OP259, OP347). Doubtful: the source names no period; days that have passed
//! cannot be changed, so they are not told. Care that no tariff is known of adds nothing to the value: it is at least
//! this much. The same product twice at one provider is told on the message (`b10_double`); pairs of products that do not
//! go together are D16.

use super::chains::{Course, Span, courses};
use super::rates::{euros, latest, worth_within};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CONCURRENT_SEGMENTS, PERSON_YEAR_CENTS};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::table::Validity;
use crate::finding::Severity;
use crate::message::Date;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B10",
    nl: "Zorg uit veel segmenten tegelijk, of van grote waarde in een jaar, heeft één regisseur.",
    en: "Care from many segments at once, or of great value in a year, has one case director.",
    default_policy: Policy::Signal,
    parameters: &["products.csv segment", "norms.concurrent_segments", "norms.person_year_cents", "tariffs.csv"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (many, much) = (norms.of(&CONCURRENT_SEGMENTS), norms.of(&PERSON_YEAR_CENTS));
    let mut told = Vec::new();
    for course in courses(survey) {
        let stacked = many.and_then(|many| stacked(survey, &course, many));
        let dear = much.and_then(|much| dear(survey, &course, much));
        told.extend(
            [stacked, dear].into_iter().flatten().map(|raised| Surveyed::new(course.law, course.gemeente, raised)),
        );
    }
    told
}

fn stacked(survey: &Survey<'_>, course: &Course<'_>, many: u64) -> Option<Raised> {
    let (day, segments, numbers) = highest(&course.spans, survey.today)?;
    if (segments.len() as u64) < many {
        return None;
    }
    let (nummer, number, list) =
        (course.anchor(), segments.len(), segments.iter().copied().collect::<Vec<_>>().join(", "));
    let nl = format!(
        "Een inwoner (onder meer toewijzing {nummer}) heeft op {day} zorg uit {number} segmenten tegelijk: {list}; dit \
         wordt gemeld vanaf {many}. Wijs één regisseur aan en ga na of de zorg op elkaar aansluit."
    );
    let en = format!(
        "One person (allocation {nummer} among others) has care from {number} segments at once on {day}: {list}; this is \
         told from {many} on. Appoint one case director, and see whether the care fits together."
    );
    let raised = Raised::new(format!("stapeling {nummer}"), Severity::Warning, nl, en)
        .about(latest(numbers))
        .fact("segmenten", segments.into_iter().collect::<Vec<_>>())
        .fact("aantal_segmenten", number)
        .fact("op", day.to_string())
        .fact("norm", many);
    Some(raised)
}

/// The first day from `today` on with the most segments at once: those, and the allocations of that day.
fn highest<'a>(spans: &[Span<'a>], today: Date) -> Option<(Date, BTreeSet<&'a str>, Vec<u64>)> {
    let ahead: Vec<(&Span<'a>, &'a str)> =
        spans.iter().filter(|span| span.to >= today).filter_map(|span| Some((span, span.segment()?))).collect();
    // Days on which something begins, in order: ends only ever make the number lower.
    let mut ends: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
    let mut running: BTreeMap<&str, u64> = BTreeMap::new();
    let mut best: Option<(usize, Date)> = None;
    for (at, (span, segment)) in ahead.iter().enumerate() {
        let from = span.from.max(today);
        let still = ends.split_off(&from);
        for over in std::mem::replace(&mut ends, still).into_values().flatten() {
            let count = running.entry(over).or_default();
            *count -= 1;
            if *count == 0 {
                running.remove(over);
            }
        }
        *running.entry(segment).or_default() += 1;
        ends.entry(span.to).or_default().push(segment);
        // All that begins on one day together.
        let is_last_of_day = ahead.get(at + 1).is_none_or(|(next, _)| next.from.max(today) > from);
        if is_last_of_day && best.is_none_or(|(most, _)| running.len() > most) {
            best = Some((running.len(), from));
        }
    }
    let (_, day) = best?;
    let on_day = || ahead.iter().filter(|(span, _)| span.from <= day && day <= span.to);
    let segments = on_day().map(|(_, segment)| *segment).collect();
    Some((day, segments, on_day().map(|(span, _)| span.nummer()).collect()))
}

fn dear(survey: &Survey<'_>, course: &Course<'_>, much: u64) -> Option<Raised> {
    let year = survey.today.year();
    let window = Validity { from: survey.today.first_of_year(), to: Some(survey.today.last_of_year()) };
    let mut worth: Vec<(u64, u64)> = Vec::new();
    for span in &course.spans {
        // What was stopped for good is worth nothing after its last day.
        let window = Validity { to: window.to.map(|to| to.min(span.to)), ..window };
        worth.push((worth_within(survey, span.allocated, span.allocation, window), span.nummer()));
    }
    let cents = worth.iter().fold(0_u64, |sum, (cents, _)| sum.saturating_add(*cents));
    if cents <= much {
        return None;
    }
    let (nummer, number) = (course.anchor(), worth.iter().filter(|(cents, _)| *cents > 0).count());
    let nl = format!(
        "De zorg van een inwoner (onder meer toewijzing {nummer}) is in {year} ten minste {} waard, uit {number} \
         toewijzingen; dit wordt gemeld boven {}. Wijs één regisseur aan en ga na of de zorg op elkaar aansluit.",
        euros(cents, ','),
        euros(much, ','),
    );
    let en = format!(
        "The care of one person (allocation {nummer} among others) is worth at least {} in {year}, from {number} \
         allocations; this is told above {}. Appoint one case director, and see whether the care fits together.",
        euros(cents, '.'),
        euros(much, '.'),
    );
    let numbers = latest(worth.iter().filter(|(cents, _)| *cents > 0).map(|(_, nummer)| *nummer).collect());
    let raised = Raised::new(format!("jaarwaarde {nummer} {year}"), Severity::Info, nl, en)
        .about(numbers)
        .fact("jaar", year)
        .fact("waarde_cent", cents)
        .fact("norm_cent", much)
        .fact("toewijzingen_met_waarde", number);
    Some(raised)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    fn three(t: &mut Timeline) {
        t.norm(&CONCURRENT_SEGMENTS, 3);
        t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        t.allocation(2, "a", "01A01", date(2026, 2, 1), None);
        t.allocation(3, "a", "04A01", date(2026, 3, 1), Some(date(2026, 7, 1)));
    }

    const TOLD: &[(&str, &str)] = &[("0197", "stapeling 1")];

    /// Four hours a week at 58.00 an hour in the whole year of 2025, and nothing else.
    fn a_year(t: &mut Timeline) {
        t.today = date(2025, 7, 1);
        t.allocation(1, "a", "02A02", date(2025, 1, 6), Some(date(2025, 12, 28)));
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&CONCURRENT_SEGMENTS, 1)),
        raises("three segments today, the last day of one", TOLD, three),
        silent("one ended yesterday", |t| {
            three(t);
            t.history.allocations[2].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("one was stopped yesterday", |t| {
            three(t);
            t.start(3, date(2026, 3, 1));
            t.stop(3, "19", date(2026, 6, 30));
        }),
        raises("the third begins when the second ends", TOLD, |t| {
            three(t);
            t.history.allocations[2].versions[0].ingangsdatum = date(2026, 8, 31);
            t.history.allocations[2].versions[0].einddatum = None;
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 8, 31));
        }),
        silent("the third begins a day after the second ends", |t| {
            three(t);
            t.history.allocations[2].versions[0].ingangsdatum = date(2026, 9, 1);
            t.history.allocations[2].versions[0].einddatum = None;
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 8, 31));
        }),
        silent("three products of two segments", |t| {
            three(t);
            t.history.allocations[2].versions[0].product = Some(super::timeline::product("07A01"));
        }),
        silent("two persons", |t| {
            three(t);
            t.history.allocations[2].versions[0].person = super::timeline::key("b");
        }),
        silent("a year of care that is worth as much as the norm", |t| {
            a_year(t);
            t.norm(&PERSON_YEAR_CENTS, 51 * 4 * 5800);
        }),
        raises("a cent above the norm", &[("0197", "jaarwaarde 1 2025")], |t| {
            a_year(t);
            t.norm(&PERSON_YEAR_CENTS, 51 * 4 * 5800 - 1);
        }),
        silent("stopped for good before it was worth that", |t| {
            a_year(t);
            t.norm(&PERSON_YEAR_CENTS, 51 * 4 * 5800 - 1);
            t.start(1, date(2025, 1, 6));
            t.stop(1, "19", date(2025, 6, 29));
        }),
        silent("nobody stated a norm", |t| {
            three(t);
            t.no_norm(&CONCURRENT_SEGMENTS);
            t.no_norm(&PERSON_YEAR_CENTS);
        }),
    ]
}
