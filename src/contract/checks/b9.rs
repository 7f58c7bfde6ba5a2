//! B9: a person gets to the right place in few steps.
//!
//! An episode is the care of one person, within one law and municipality, without `episode_gap_days` between the last day
//! of what ran and the first of what comes next. A placement is a provider with a product; each counts once in an
//! episode, by its first day, and those that begin on one day are one placement: who starts with three forms of help at
//! once has been placed once. Told is an episode that still goes on (what began today would belong to it) with more than
//! `placements` of them.
//!
//! Source: checks B9 (Noord en Midden Drenthe). Doubtful: the source counts pairs of provider and product; help added
//! beside what runs is a placement too, also where it is not a move. The share of persons placed well is not told: without
//! all earlier care in the ledger it would flatter.

use super::chains::{Course, Span, chains, courses, last_day};
use super::rates::latest;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{EPISODE_GAP_DAYS, PLACEMENTS, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Date, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B9",
    nl: "Een inwoner komt binnen een periode van zorg in weinig stappen op de goede plek.",
    en: "A person gets to the right place in few steps within an episode of care.",
    default_policy: Policy::Signal,
    parameters: &["norms.placements", "norms.episode_gap_days"],
    run: Run::OverTime(run),
};

/// Placements that a signal spells out at most.
const STEPS: usize = 10;

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (Some(most), Some(gap)) = (norms.of(&PLACEMENTS), norms.of(&EPISODE_GAP_DAYS)) else { return Vec::new() };
    let still = survey.today.saturating_sub(days(gap.max(1) - 1));
    let mut told = Vec::new();
    for course in courses(survey) {
        let begun = course.spans.partition_point(|span| span.from <= survey.today);
        let Some(episode) = chains(&course.spans[..begun], gap).pop() else { continue };
        let placements = placements(episode);
        if last_day(episode) >= still && placements.len() as u64 > most {
            told.push(Surveyed::new(course.law, course.gemeente, moved(&course, episode, &placements, most)));
        }
    }
    told
}

/// First days of the placements of an episode, each with the spans that began it.
fn placements<'s, 'a>(episode: &'s [Span<'a>]) -> BTreeMap<Date, Vec<&'s Span<'a>>> {
    let mut seen: BTreeSet<(&Party, &str)> = BTreeSet::new();
    let mut days: BTreeMap<Date, Vec<&Span<'_>>> = BTreeMap::new();
    for span in episode {
        if seen.insert((&span.allocation.aanbieder, span.product_name())) {
            days.entry(span.from).or_default().push(span);
        }
    }
    days
}

fn moved(course: &Course<'_>, episode: &[Span<'_>], placements: &BTreeMap<Date, Vec<&Span<'_>>>, most: u64) -> Raised {
    let first = episode[0].from;
    let number = placements.len();
    let providers: BTreeSet<&Party> = episode.iter().map(|span| &span.allocation.aanbieder).collect();
    // The latest will do: who was placed more often than that has been told long ago.
    let steps: Vec<String> = placements
        .iter()
        .skip(number.saturating_sub(STEPS))
        .map(|(day, spans)| {
            let each = spans.iter().map(|span| format!("{} bij {}", span.product_name(), span.allocation.aanbieder));
            format!("{day}: {}", each.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let nummer = course.anchor();
    let nl = format!(
        "Een inwoner (onder meer toewijzing {nummer}) heeft sinds {first} {number} plaatsingen gehad, bij {} aanbieders; \
         de norm is hoogstens {most}. Laat de toegang met de inwoner bekijken welke plek wel past.",
        providers.len()
    );
    let en = format!(
        "One person (allocation {nummer} among others) has had {number} placements since {first}, at {} providers; the \
         norm is at most {most}. Let the access team see with the person which place does fit.",
        providers.len()
    );
    let numbers = latest(placements.values().flatten().map(|span| span.nummer()).collect());
    Raised::new(format!("periode {nummer} {first}"), Severity::Warning, nl, en)
        .about(numbers)
        .fact("plaatsingen", number)
        .fact("norm", most)
        .fact("aanbieders", providers.len())
        .fact("sinds", first.to_string())
        .fact("stappen", steps)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    const OTHER: &str = "42420002";

    fn norms(t: &mut Timeline) {
        t.norm(&PLACEMENTS, 2);
        t.norm(&EPISODE_GAP_DAYS, 90);
    }

    fn three(t: &mut Timeline) {
        norms(t);
        t.allocation(1, "a", "02A01", date(2025, 1, 1), Some(date(2025, 6, 30)));
        t.allocation(2, "a", "02A02", date(2025, 7, 1), Some(date(2025, 12, 31)));
        t.allocation(3, "a", "02A02", date(2026, 1, 1), None).versions[0].aanbieder = OTHER.into();
    }

    const TOLD: &[(&str, &str)] = &[("0197", "periode 1 2025-01-01")];

    vec![
        silent("nothing is allocated", norms),
        raises("a third place", TOLD, three),
        silent("two places", |t| {
            three(t);
            t.history.allocations.remove(1);
        }),
        silent("the same place again", |t| {
            three(t);
            t.history.allocations[2].versions[0].aanbieder = "42420001".into();
        }),
        silent("two forms of help on one day are one placement", |t| {
            three(t);
            t.history.allocations[1].versions[0].ingangsdatum = date(2025, 1, 1);
        }),
        raises("89 days between the last day and the next first", TOLD, |t| {
            three(t);
            t.history.allocations[1].versions[0].einddatum = Some(date(2025, 10, 4));
        }),
        silent("90 days between them begin a new episode", |t| {
            three(t);
            t.history.allocations[1].versions[0].einddatum = Some(date(2025, 10, 3));
        }),
        raises("it ended 89 days ago", TOLD, |t| {
            three(t);
            t.history.allocations[2].versions[0].einddatum = Some(date(2026, 4, 3));
        }),
        silent("it ended 90 days ago", |t| {
            three(t);
            t.history.allocations[2].versions[0].einddatum = Some(date(2026, 4, 2));
        }),
        silent("the third begins tomorrow", |t| {
            three(t);
            t.history.allocations[1].versions[0].einddatum = None;
            t.history.allocations[2].versions[0].ingangsdatum = date(2026, 7, 2);
        }),
        silent("of two persons", |t| {
            three(t);
            t.history.allocations[2].versions[0].person = super::timeline::key("b");
        }),
        silent("the norm is three", |t| {
            three(t);
            t.norm(&PLACEMENTS, 3);
        }),
        silent("nobody stated a norm", |t| {
            three(t);
            t.no_norm(&PLACEMENTS);
        }),
    ]
}
