//! C7: care is right the first time: few courses end early because they did not fit.
//!
//! Denominator: courses of a provider in a segment, within one law and municipality, that began in twelve months; those
//! months end `early_end_days` ago, so that each course had its time. Numerator: those of them that ended definitively
//! within `early_end_days` days after their first day (the last of them included) with a reason that tells of a
//! mismatch: ended by the client, by the provider or by agreement (Wmo 21, 22, 23; Jeugdwet 32, 33, 34), or moved to
//! another provider (38). Raised when the share is above norm `early_end_percent`.
//!
//! The other reasons (as planned, death, moved away, another law, the municipality, a change request) end care for what
//! lies outside it. Crisis care is short by its nature and pilots are no measure: both are left out. The access team
//! that chose is not in the messages, so the share is told per provider only.

use super::courses::{Course, Ending, courses, is_crisis, is_pilot};
use super::waits::{Period, above, count, days_between, fewest, per_mille, percent};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{EARLY_END_DAYS, EARLY_END_PERCENT, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C7",
    nl: "Zorg past in een keer: weinig trajecten eindigen kort na de start.",
    en: "Care fits the first time: few courses end shortly after their start.",
    default_policy: Policy::Signal,
    parameters: &["norms.early_end_days", "norms.early_end_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

type Group<'a> = (Law, &'a Party, &'a Party, &'a str);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut groups: BTreeMap<Group<'_>, Vec<Course<'_>>> = BTreeMap::new();
    for course in courses(survey) {
        let Some(product) = course.product.filter(|product| !is_crisis(product) && !is_pilot(product)) else {
            continue;
        };
        groups.entry((course.law, course.gemeente, course.aanbieder, &product.segment)).or_default().push(course);
    }
    groups.into_iter().filter_map(|(group, courses)| mismatches(survey, group, &courses)).collect()
}

fn mismatches(survey: &Survey<'_>, group: Group<'_>, courses: &[Course<'_>]) -> Option<Surveyed> {
    let (law, gemeente, aanbieder, segment) = group;
    let norms = &survey.register.region.norms.numbers;
    let (term, norm) = (norms.of_segment(&EARLY_END_DAYS, segment)?, norms.of_segment(&EARLY_END_PERCENT, segment)?);
    let period = Period::year_to(survey.today.saturating_sub(days(term)));
    let began = courses.iter().filter(|course| period.has(course.begin));
    let cases = began.clone().count() as u64;
    let early: Vec<(&Course<'_>, Ending)> =
        began.filter_map(|course| Some((course, mismatch(course, term)?))).collect();
    if cases < fewest(survey, segment)? || !above(count(&early), cases, norm) {
        return None;
    }
    let (name, number, share) = (survey.provider_name(aanbieder), count(&early), per_mille(count(&early), cases));
    let (share_nl, share_en) = percent(share);
    let nl = format!(
        "Bij {name} eindigden in {segment} {number} van {cases} trajecten binnen {term} dagen na de start door cliënt, \
         aanbieder of in overleg: {share_nl}, norm {norm}%. Bespreek met aanbieder en toegang waarom de keuze niet \
         paste."
    );
    let en = format!(
        "At {name} {number} of {cases} courses in {segment} ended within {term} days after their start by client, \
         provider or agreement: {share_en}, norm {norm}%. Discuss with provider and access team why the choice did not \
         fit."
    );
    let by = |ending: Ending| early.iter().filter(|(_, why)| *why == ending).count();
    let raised = Raised::new(format!("vroeg einde {aanbieder} {segment}"), Severity::Warning, nl, en)
        .about(early.iter().filter_map(|(course, _)| course.nummer))
        .fact("aanbieder", aanbieder.as_str())
        .fact("segment", segment)
        .fact("trajecten", cases)
        .fact("vroeg_geeindigd", number)
        .fact("aandeel_promille", share)
        .fact("norm_procent", norm)
        .fact("norm_dagen", term)
        .fact("door_client", by(Ending::ByClient))
        .fact("door_aanbieder", by(Ending::ByProvider))
        .fact("in_overleg", by(Ending::Agreed))
        .fact("andere_aanbieder", by(Ending::OtherProvider));
    Some(Surveyed::new(law, gemeente, raised))
}

fn mismatch(course: &Course<'_>, term: u64) -> Option<Ending> {
    if days_between(course.begin, course.end()?) > term {
        return None;
    }
    course.ending().filter(|ending| match ending {
        Ending::ByClient | Ending::ByProvider | Ending::Agreed | Ending::OtherProvider => true,
        Ending::Pause | Ending::Planned | Ending::Outside => false,
    })
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Date;
    use jiff::civil::date;

    const RAISED: &[(&str, &str)] = &[("0197", "vroeg einde 42420001 wmo-integrale-ondersteuning")];

    /// Five courses of 1 January, of which some stopped on a day with a reason.
    fn stopped(t: &mut Timeline, stops: &[(&str, Date)]) {
        t.norm(&EARLY_END_DAYS, 60);
        t.norm(&EARLY_END_PERCENT, 20);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=5 {
            t.allocation(nummer, &format!("p{nummer}"), "02A02", date(2026, 1, 1), None);
            t.start(nummer, date(2026, 1, 1));
        }
        for (nummer, (reden, day)) in (1..).zip(stops) {
            t.stop(nummer, reden, *day);
        }
    }

    const YOUTH: &[(&str, &str)] = &[("0197", "vroeg einde 42420001 integrale-ambulante-jeugdhulp")];

    /// Five courses of youth care that stopped with a reason.
    fn youth(t: &mut Timeline, reden: &str) {
        stopped(t, &[]);
        for nummer in 11..=15 {
            t.allocation(nummer, "a", "45A02", date(2026, 1, 1), None).law = Law::Jeugdwet;
            t.start(nummer, date(2026, 1, 1));
            t.stop(nummer, reden, date(2026, 2, 1));
        }
    }

    vec![
        silent("nobody stopped", |t| stopped(t, &[])),
        silent("exactly the norm", |t| stopped(t, &[("22", date(2026, 3, 2))])),
        raises("one more, on the last day that is early", RAISED, |t| {
            stopped(t, &[("21", date(2026, 3, 2)), ("23", date(2026, 3, 2))]);
        }),
        silent("one of them a day later", |t| stopped(t, &[("21", date(2026, 3, 2)), ("23", date(2026, 3, 3))])),
        raises("moved to another provider", RAISED, |t| {
            stopped(t, &[("38", date(2026, 2, 1)), ("38", date(2026, 2, 1))]);
        }),
        silent("as planned, by death, moved away, paused", |t| {
            let day = date(2026, 2, 1);
            stopped(t, &[("19", day), ("02", day), ("31", day), ("20", day), ("36", day)]);
        }),
        raises("33 is the provider's in youth care", YOUTH, |t| youth(t, "33")),
        silent("31 is as planned in youth care", |t| youth(t, "31")),
        silent("22 is no reason of youth care", |t| youth(t, "22")),
        silent("ended after a pause of longer than that", |t| {
            stopped(t, &[("20", date(2026, 1, 20)), ("20", date(2026, 1, 20))]);
            for nummer in 1..=2 {
                t.start(nummer, date(2026, 4, 1));
                t.stop(nummer, "22", date(2026, 4, 2));
            }
        }),
        silent("began too lately to judge", |t| {
            stopped(t, &[]);
            for start in &mut t.history.deliveries {
                start.key.begindatum = date(2026, 5, 3);
            }
            for nummer in 1..=5 {
                t.stop(nummer, "22", date(2026, 5, 4));
            }
        }),
        raises("began a day sooner", RAISED, |t| {
            stopped(t, &[]);
            for start in &mut t.history.deliveries {
                start.key.begindatum = date(2026, 5, 2);
            }
            for nummer in 1..=5 {
                t.stop(nummer, "22", date(2026, 5, 4));
            }
        }),
        silent("too few to tell of", |t| {
            stopped(t, &[("22", date(2026, 2, 1)), ("22", date(2026, 2, 1))]);
            t.history.deliveries.pop();
        }),
        silent("nobody stated a norm", |t| {
            stopped(t, &[("22", date(2026, 2, 1)), ("22", date(2026, 2, 1))]);
            t.no_norm(&EARLY_END_PERCENT);
        }),
    ]
}
