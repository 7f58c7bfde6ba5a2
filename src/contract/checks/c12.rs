//! C12: a child away from home does not go from institution to institution.
//!
//! Looked at are courses of residence of the Jeugdwet: products marked `residence`, and the categories 43 and 44.
//! Raised is a child who was in residence at `moves` or more providers in the last `moves_months` months, each for a
//! day at least, within one municipality. A return to a provider counts it once: the number of providers is what can be
//! known for certain. A move between houses of one provider is in no message.
//!
//! The case is named by the allocation of the latest residence, so a further move is a new case. Without allocation
//! number (task-based) nothing could be pointed at without naming the child: such a course counts, and is not named.

use super::courses::{Course, Person, courses, is_residence};
use super::waits::count;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{MOVES, MOVES_MONTHS, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C12",
    nl: "Een uithuisgeplaatst kind gaat niet van instelling naar instelling.",
    en: "A child away from home does not go from institution to institution.",
    default_policy: Policy::Signal,
    parameters: &["norms.moves", "norms.moves_months", "products.csv flags residence"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (Some(norm), Some(span)) = (norms.of(&MOVES), norms.of(&MOVES_MONTHS)) else { return Vec::new() };
    let since = survey.today.saturating_sub(months(span));
    let mut children: BTreeMap<Person<'_>, Vec<Course<'_>>> = BTreeMap::new();
    for course in courses(survey) {
        let of_children = course.law == Law::Jeugdwet && course.product.is_some_and(is_residence);
        if of_children && course.begin <= survey.today && course.end().is_none_or(|end| since < end) {
            children.entry(course.person()).or_default().push(course);
        }
    }
    children.into_values().filter_map(|courses| moved(survey, courses, norm, span)).collect()
}

fn moved(survey: &Survey<'_>, mut courses: Vec<Course<'_>>, norm: u64, span: u64) -> Option<Surveyed> {
    courses.sort_by_key(|course| (course.begin, course.nummer));
    let providers: BTreeSet<&Party> = courses.iter().map(|course| course.aanbieder).collect();
    let number = providers.len() as u64;
    // One place is no move, whatever a norm says.
    if number < norm.max(2) {
        return None;
    }
    let nummers: Vec<Count> = courses.iter().filter_map(|course| course.nummer).collect();
    let (latest, placements) = (nummers.last()?, count(&courses));
    let names = providers.iter().map(|agb| survey.provider_name(agb)).collect::<Vec<_>>().join(", ");
    let nl = format!(
        "De jeugdige van toewijzing {latest} verbleef in {span} maanden bij {number} aanbieders ({names}); vanaf \
         {norm} wordt dit gemeld. Bespreek met de regisseur een plek die kan blijven."
    );
    let en = format!(
        "The young person of allocation {latest} lived at {number} providers in {span} months ({names}); it is told \
         from {norm} on. Discuss a place that can last with the case director."
    );
    let aanbieders: Vec<&str> = providers.iter().map(|agb| agb.as_str()).collect();
    let raised = Raised::new(format!("verblijf toewijzing {latest}"), Severity::Warning, nl, en)
        .about(nummers.iter().copied())
        .fact("aanbieders", aanbieders)
        .fact("aantal_aanbieders", number)
        .fact("plaatsingen", placements)
        .fact("norm", norm)
        .fact("maanden", span);
    let one = courses.first()?;
    Some(Surveyed::new(one.law, one.gemeente, raised))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::message::Date;
    use jiff::civil::date;

    /// Residence of a child: allocation, provider, product, first and last day.
    fn lived(t: &mut Timeline, nummer: Count, agb: &str, code: &str, from: Date, to: Option<Date>) {
        t.norm(&MOVES, 2);
        t.norm(&MOVES_MONTHS, 12);
        let allocated = t.allocation(nummer, "kind", code, from, to);
        (allocated.law, allocated.versions[0].aanbieder) = (Law::Jeugdwet, agb.into());
        t.start(nummer, from);
        if let Some(to) = to {
            t.stop(nummer, "38", to);
        }
    }

    const RAISED: &[(&str, &str)] = &[("0197", "verblijf toewijzing 2")];

    vec![
        silent("one place", |t| lived(t, 1, "42420006", "44A03", date(2026, 1, 1), None)),
        raises("two places", RAISED, |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
        }),
        silent("two allocations of one provider", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420006", "43A01", date(2026, 3, 2), None);
        }),
        raises("the first ended within the months by a day", RAISED, |t| {
            lived(t, 1, "42420006", "44A03", date(2024, 1, 1), Some(date(2025, 7, 2)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
        }),
        silent("the first ended a day sooner", |t| {
            lived(t, 1, "42420006", "44A03", date(2024, 1, 1), Some(date(2025, 7, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
        }),
        silent("help at home is no residence", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420005", "45A02", date(2026, 3, 2), None);
        }),
        silent("fewer than the norm", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
            t.norm(&MOVES, 3);
        }),
        silent("another child", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
            t.history.deliveries[1].person = super::timeline::key("ander");
        }),
        silent("a child in two municipalities is not followed", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
            t.history.deliveries[1].gemeente = "0222".into();
        }),
        silent("a norm of one place is no reason to tell of it", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), None);
            t.norm(&MOVES, 1);
        }),
        silent("nobody stated a norm", |t| {
            lived(t, 1, "42420006", "44A03", date(2026, 1, 1), Some(date(2026, 3, 1)));
            lived(t, 2, "42420004", "43A01", date(2026, 3, 2), None);
            t.no_norm(&MOVES);
        }),
    ]
}
