//! B11: a family has one result instead of an indication for each of its members.
//!
//! Households come from the municipality, not from messages: without them this says nothing. Told is a running allocation
//! in a segment in which another member of the household has a running family result (products marked `family`), and a
//! household of which at least `family_members` members have running care in one segment, none of it a family result.
//! Running is: from its first day, today, or still to begin, to its last.
//!
//! Source: checks B11 (Noord en Midden Drenthe). Doubtful: the source lets the first be held; on a message the household
//! is not known, so it is told once a day. The covered segment of a family result is the segment of its product. Care of
//! one person under two laws is not taken together.

use super::chains::{Course, Span, courses};
use super::rates::latest;
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::FAMILY_MEMBERS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B11",
    nl: "Een gezin heeft één resultaat in plaats van een indicatie per gezinslid.",
    en: "A family has one result instead of an indication for each member.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags family", "norms.family_members", "households"],
    run: Run::OverTime(run),
};

/// Running care of a household in one segment, with whose it is.
type Running<'a> = Vec<(&'a PersonKey, Span<'a>)>;

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let households = &survey.history.households;
    if households.is_empty() {
        return Vec::new();
    }
    let mut running: BTreeMap<(Law, &Party, &str, &str), Running<'_>> = BTreeMap::new();
    for course in courses(survey) {
        let Course { law, gemeente, person, spans } = course;
        let Some(household) = households.get(&(gemeente.clone(), person.clone())) else { continue };
        for span in spans.into_iter().filter(|span| span.to >= survey.today) {
            if let Some(segment) = span.segment() {
                running.entry((law, gemeente, household, segment)).or_default().push((person, span));
            }
        }
    }
    let mut told = Vec::new();
    for ((law, gemeente, _, segment), running) in running {
        let raised = of_household(survey, segment, &running);
        told.extend(raised.into_iter().map(|raised| Surveyed::new(law, gemeente, raised)));
    }
    told
}

fn of_household(survey: &Survey<'_>, segment: &str, running: &Running<'_>) -> Vec<Raised> {
    // Two family results at once for two members would each stand beside the other: the lowest number is the family's.
    let family = running.iter().filter(|(_, span)| span.is(Flag::Family)).min_by_key(|(_, span)| span.nummer());
    if let Some((carrier, family)) = family {
        let together = |span: &Span<'_>| span.from <= family.to && family.from <= span.to;
        let beside = running.iter().filter(|(person, span)| person != carrier && together(span));
        return beside.map(|(_, span)| doubled(survey, segment, family, span)).collect();
    }
    let members: BTreeSet<&PersonKey> = running.iter().map(|(person, _)| *person).collect();
    let norm = survey.register.region.norms.numbers.of_segment(&FAMILY_MEMBERS, segment);
    match norm.filter(|norm| members.len() as u64 >= (*norm).max(2)) {
        Some(norm) => vec![many(segment, members.len(), norm, running)],
        None => Vec::new(),
    }
}

fn doubled(survey: &Survey<'_>, segment: &str, family: &Span<'_>, span: &Span<'_>) -> Raised {
    let (nummer, of_family) = (span.nummer(), family.nummer());
    let name = survey.provider_name(&family.allocation.aanbieder);
    let nl = format!(
        "Toewijzing {nummer} ({segment}) is voor een lid van een gezin dat voor dit segment al een gezinsresultaat heeft bij \
         {name} (toewijzing {of_family}). Ga na of de zorg daaronder valt, en beëindig anders een van beide."
    );
    let en = format!(
        "Allocation {nummer} ({segment}) is for a member of a family that already has a family result for this segment at \
         {name} (allocation {of_family}). See whether the care falls under it, and if so end one of them."
    );
    Raised::new(format!("toewijzing {nummer} naast {of_family}"), Severity::Warning, nl, en)
        .about([of_family, nummer])
        .fact("segment", segment)
        .fact("aanbieder", span.allocation.aanbieder.as_str())
        .fact("aanbieder_gezinsresultaat", family.allocation.aanbieder.as_str())
        .fact("product", span.product_name())
        .fact("product_gezinsresultaat", family.product_name())
}

fn many(segment: &str, members: usize, norm: u64, running: &Running<'_>) -> Raised {
    let numbers: Vec<Count> = running.iter().map(|(_, span)| span.nummer()).collect();
    let first = numbers.iter().min().copied().unwrap_or_default();
    let nl = format!(
        "{members} leden van één huishouden (onder meer toewijzing {first}) hebben elk zorg uit {segment}; dit wordt gemeld \
         vanaf {norm}. Bekijk met het gezin of één gezinsresultaat, één plan en één regisseur beter past."
    );
    let en = format!(
        "{members} members of one household (allocation {first} among others) each have care from {segment}; this is told \
         from {norm} on. See with the family whether one family result, one plan and one director fits better."
    );
    Raised::new(format!("huishouden {first} {segment}"), Severity::Info, nl, en)
        .about(latest(numbers))
        .fact("segment", segment)
        .fact("leden", members)
        .fact("norm", norm)
        .fact("toewijzingen", running.len())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, key, raises, silent};
    use crate::rules::sample::GEMEENTE;
    use jiff::civil::date;

    fn household(t: &mut Timeline, members: &[&str]) {
        for member in members {
            t.history.households.insert((Party::from(GEMEENTE), key(member)), "H1".to_owned());
        }
    }

    /// A family result carried by the first member, and care in the same segment for the second.
    fn family(t: &mut Timeline) {
        t.mark(Law::Wmo, "02A02", Flag::Family);
        household(t, &["a", "b"]);
        t.allocation(1, "a", "02A02", date(2026, 1, 1), Some(date(2026, 12, 31)));
        t.allocation(2, "b", "07A01", date(2026, 3, 1), None);
    }

    /// Care in one segment for two members.
    fn two(t: &mut Timeline) {
        t.norm(&FAMILY_MEMBERS, 2);
        household(t, &["a", "b"]);
        t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        t.allocation(2, "b", "07A01", date(2026, 3, 1), None);
    }

    const BESIDE: &[(&str, &str)] = &[("0197", "toewijzing 2 naast 1")];
    const MANY: &[(&str, &str)] = &[("0197", "huishouden 1 wmo-integrale-ondersteuning")];

    vec![
        silent("nobody told of households", |t| {
            family(t);
            t.history.households.clear();
        }),
        raises("care beside a family result", BESIDE, family),
        raises("it begins on the last day of the family result", BESIDE, |t| {
            family(t);
            t.history.allocations[1].versions[0].ingangsdatum = date(2026, 12, 31);
        }),
        silent("it begins a day after the family result", |t| {
            family(t);
            t.history.allocations[1].versions[0].ingangsdatum = date(2027, 1, 1);
        }),
        silent("in another segment", |t| {
            family(t);
            t.history.allocations[1].versions[0].product = Some(super::timeline::product("01A01"));
        }),
        silent("of the carrier", |t| {
            family(t);
            t.history.allocations[1].versions[0].person = key("a");
        }),
        silent("of somebody else", |t| {
            family(t);
            t.history.allocations[1].versions[0].person = key("c");
        }),
        silent("in a household of the same name elsewhere", |t| {
            family(t);
            t.history.households.remove(&(Party::from(GEMEENTE), key("b")));
            t.history.households.insert((Party::from("0222"), key("b")), "H1".to_owned());
        }),
        silent("the care is over", |t| {
            family(t);
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        raises("two members with care in one segment", MANY, two),
        silent("one member with two forms of care", |t| {
            two(t);
            t.history.allocations[1].versions[0].person = key("a");
        }),
        silent("three are asked for", |t| {
            two(t);
            t.norm(&FAMILY_MEMBERS, 3);
        }),
        silent("nobody stated a number", |t| {
            two(t);
            t.no_norm(&FAMILY_MEMBERS);
        }),
    ]
}
