//! B15: care that ended is not needed again soon after.
//!
//! An end is the last day of all that a person had in one segment or lot, brought about by a stop for good. A return is a
//! new allocation to the same person in the same segment or lot whose first day lies within `return_days` after it: the
//! day after the end counts, the last of those days too. Each return is told while the new care runs. The rate of a
//! provider is returns among its ends, counted over twelve months of ends of which those days are over; told above
//! the 99.8 % limit of what its segments lead to expect in its municipality.
//!
//! Source: checks B15 (Hart van Brabant). Left out are stops that do not say that the need was over: death (02), for a
//! time (20), moved or an outside cause (Wmo 31, Jeugdwet 35), by the municipality (36), because of a change request (37),
//! to another provider (38) or law (39). Doubtful: the source names only the first three; the others say themselves that
//! care goes on. A financial consequence is a matter of the contract.

use super::chains::{Span, by_family, courses, days_between, in_days};
use super::rates::{Case, Side, Words, fewest, outliers, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{RETURN_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::Law;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B15",
    nl: "Na het einde van zorg is niet binnen korte tijd opnieuw zorg nodig.",
    en: "After the end of care no care is needed again within a short time.",
    default_policy: Policy::Signal,
    parameters: &["norms.return_days", "norms.step_up_family", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: ["beëindigingen van zorg in twaalf maanden", "ends of care in twelve months"],
    hits: ["zijn gevolgd door nieuwe zorg binnen de termijn", "were followed by new care within the term"],
    todo: [
        "Bespreek met de aanbieder hoe zorg wordt afgebouwd en wat er na het einde is geregeld.",
        "Ask the provider how care is phased out, and what is arranged for after its end.",
    ],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let mut told = Vec::new();
    let mut cases = Vec::new();
    for course in courses(survey) {
        for spans in by_family(survey, &course).values() {
            for (ended, next) in ends(spans, course.law) {
                let segment = ended.segment().unwrap_or_default();
                let Some(term) = norms.of_segment(&RETURN_DAYS, segment) else { continue };
                let back = next.filter(|next| next.from <= ended.to.saturating_add(days(term)));
                if year_until(survey.today.saturating_sub(days(term))).holds_on(ended.to) {
                    cases.push(Case {
                        provided: (course.law, course.gemeente, &ended.allocation.aanbieder),
                        stratum: (segment, 0),
                        nummer: ended.nummer(),
                        is_hit: back.is_some(),
                    });
                }
                if let Some(back) = back.filter(|back| back.to >= survey.today) {
                    told.push(Surveyed::new(course.law, course.gemeente, returned(survey, ended, back, term)));
                }
            }
        }
    }
    if fewest(survey).is_some() {
        told.extend(outliers(survey, &cases, Side::Above, &WORDS));
    }
    told
}

/// The ends among spans in order of first day, each with what came next.
fn ends<'s, 'a>(spans: &'s [Span<'a>], law: Law) -> Vec<(&'s Span<'a>, Option<&'s Span<'a>>)> {
    let mut ends = Vec::new();
    let mut last: Option<&Span<'_>> = None;
    for (at, span) in spans.iter().enumerate() {
        if last.is_none_or(|last| span.to > last.to) {
            last = Some(span);
        }
        let next = spans.get(at + 1);
        let Some(ended) = last.filter(|last| next.is_none_or(|next| next.from > last.to)) else { continue };
        if ended.stop.is_some_and(|stop| ends_need(law, stop.reden.as_str())) {
            ends.push((ended, next));
        }
    }
    ends
}

/// Whether a reason to stop says that the care was no longer needed or wanted (WMO588, JZ588).
fn ends_need(law: Law, reden: &str) -> bool {
    match law {
        Law::Wmo => matches!(reden, "19" | "21" | "22" | "23"),
        Law::Jeugdwet => matches!(reden, "31" | "32" | "33" | "34"),
    }
}

fn returned(survey: &Survey<'_>, ended: &Span<'_>, back: &Span<'_>, term: u64) -> Raised {
    let (before, nummer) = (ended.nummer(), back.nummer());
    let (end, from, number) = (ended.to, back.from, days_between(ended.to, back.from));
    let (after_nl, after_en) = in_days(number);
    let reden = ended.stop.map_or("", |stop| stop.reden.as_str());
    let is_same = ended.allocation.aanbieder == back.allocation.aanbieder;
    let name = survey.provider_name(&back.allocation.aanbieder);
    let (where_nl, where_en) = if is_same { ("dezelfde", "the same") } else { ("een andere", "another") };
    let nl = format!(
        "Toewijzing {nummer} bij {name} begint op {from}, {after_nl} nadat de zorg van toewijzing {before} eindigde \
         ({end}, reden {reden}), bij {where_nl} aanbieder; de termijn is {term} dagen. Ga na waarom de zorg niet heeft \
         volstaan en of de afspraken over terugkerende zorgvraag gelden."
    );
    let en = format!(
        "Allocation {nummer} at {name} begins on {from}, {after_en} after the care of allocation {before} ended ({end}, \
         reason {reden}), at {where_en} provider; the term is {term} days. See why that care did not last, and whether \
         what was agreed on returning need applies."
    );
    Raised::new(format!("toewijzing {nummer} na {before}"), Severity::Info, nl, en)
        .about([before, nummer])
        .fact("aanbieder", back.allocation.aanbieder.as_str())
        .fact("aanbieder_eerder", ended.allocation.aanbieder.as_str())
        .fact("segment", back.segment().unwrap_or_default())
        .fact("einde", end.to_string())
        .fact("reden", reden)
        .fact("begin", from.to_string())
        .fact("dagen", number)
        .fact("norm_dagen", term)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Count;
    use jiff::civil::date;

    const OTHER: &str = "42420002";
    const TOLD: &[(&str, &str)] = &[("0197", "toewijzing 2 na 1")];

    /// Ended as planned on 31 January 2026; new care from the day after within 90 days, until 1 May.
    fn back(t: &mut Timeline, from: jiff::civil::Date) {
        t.norm(&RETURN_DAYS, 90);
        t.allocation(1, "a", "02A02", date(2025, 1, 1), Some(date(2026, 12, 31)));
        t.start(1, date(2025, 1, 1));
        t.stop(1, "19", date(2026, 1, 31));
        t.allocation(2, "a", "02A01", from, None);
    }

    /// An allocation that ended on 31 January 2026, and where wanted a return a month later until 31 May.
    fn ended(t: &mut Timeline, nummer: Count, aanbieder: &str, returns: bool) {
        let person = format!("of-{nummer}");
        t.allocation(nummer, &person, "02A02", date(2025, 1, 1), None).versions[0].aanbieder = aanbieder.into();
        t.start(nummer, date(2025, 1, 1));
        t.stop(nummer, "19", date(2026, 1, 31));
        if returns {
            t.allocation(nummer + 1_000, &person, "02A02", date(2026, 3, 1), Some(date(2026, 5, 31)));
        }
    }

    vec![
        silent("nothing ended", |t| t.norm(&RETURN_DAYS, 90)),
        raises("the day after", TOLD, |t| back(t, date(2026, 2, 1))),
        raises("the last day of the term", TOLD, |t| back(t, date(2026, 5, 1))),
        silent("a day later", |t| back(t, date(2026, 5, 2))),
        silent("on the day of the end itself: care goes on", |t| back(t, date(2026, 1, 31))),
        raises("at another provider", TOLD, |t| {
            back(t, date(2026, 2, 1));
            t.history.allocations[1].versions[0].aanbieder = OTHER.into();
        }),
        silent("in another segment", |t| {
            back(t, date(2026, 2, 1));
            t.history.allocations[1].versions[0].product = Some(super::timeline::product("01A01"));
        }),
        silent("of another person", |t| {
            back(t, date(2026, 2, 1));
            t.history.allocations[1].versions[0].person = super::timeline::key("b");
        }),
        silent("stopped for a time", |t| {
            back(t, date(2026, 2, 1));
            t.stop(1, "20", date(2026, 1, 31));
        }),
        silent("moved within the Wmo", |t| {
            back(t, date(2026, 2, 1));
            t.stop(1, "31", date(2026, 1, 31));
        }),
        raises("ended as planned within the Jeugdwet, by the same code", TOLD, |t| {
            back(t, date(2026, 2, 1));
            t.stop(1, "31", date(2026, 1, 31));
            t.history.allocations.iter_mut().for_each(|each| {
                each.law = Law::Jeugdwet;
                each.versions[0].product = Some(super::timeline::product("45A01"));
            });
            t.history.deliveries[0].law = Law::Jeugdwet;
        }),
        silent("because of a change request", |t| {
            back(t, date(2026, 2, 1));
            t.stop(1, "37", date(2026, 1, 31));
        }),
        silent("other care in the segment went on", |t| {
            back(t, date(2026, 2, 1));
            t.allocation(3, "a", "07A01", date(2025, 1, 1), None);
        }),
        silent("the new care is over", |t| {
            back(t, date(2026, 2, 1));
            t.history.allocations[1].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        silent("it ended without a stop", |t| {
            back(t, date(2026, 2, 1));
            t.history.deliveries.clear();
            t.history.allocations[0].versions[0].einddatum = Some(date(2026, 1, 31));
        }),
        silent("nobody stated a term", |t| {
            back(t, date(2026, 2, 1));
            t.no_norm(&RETURN_DAYS);
        }),
        raises("the clients of one provider come back", &[("0197", "aanbieder 42420002")], |t| {
            t.norm(&RETURN_DAYS, 90);
            t.norm(&MIN_CASES, 10);
            (1..=30).for_each(|nummer| ended(t, nummer, "42420001", false));
            (101..=112).for_each(|nummer| ended(t, nummer, OTHER, true));
        }),
        silent("the clients of all come back", |t| {
            t.norm(&RETURN_DAYS, 90);
            t.norm(&MIN_CASES, 10);
            (1..=30).for_each(|nummer| ended(t, nummer, "42420001", true));
            (101..=112).for_each(|nummer| ended(t, nummer, OTHER, true));
        }),
    ]
}
