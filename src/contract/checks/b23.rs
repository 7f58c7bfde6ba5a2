//! B23: a diagnosis is not made over again after a change of provider.
//!
//! Two allocations of diagnosis (products marked `diagnosis`) for one person at different providers, the second beginning
//! at most `diagnosis_days` after the first began. Told is the second, with the latest one elsewhere before it, as long as
//! its first day lies no more than those days back.
//!
//! Source: checks B23 (Gooi en Vechtstreek). Doubtful: the source does not say from where days count; first days are known
//! of every allocation. Two that begin on one day are two all the same.

use super::chains::{Span, courses, days_between, in_days};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{DIAGNOSIS_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;
use crate::finding::Severity;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B23",
    nl: "Een diagnose wordt bij een andere aanbieder niet binnen korte tijd overgedaan.",
    en: "A diagnosis is not made over again at another provider within a short time.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags diagnosis", "norms.diagnosis_days"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let mut told = Vec::new();
    for course in courses(survey) {
        // The latest diagnosis, and the latest at another provider than that one.
        let (mut latest, mut other): (Option<&Span<'_>>, Option<&Span<'_>>) = (None, None);
        for span in course.spans.iter().filter(|span| span.is(Flag::Diagnosis)) {
            let elsewhere = |known: &&Span<'_>| known.allocation.aanbieder != span.allocation.aanbieder;
            let before = latest.filter(elsewhere).or(other.filter(elsewhere));
            let term = norms.of_segment(&DIAGNOSIS_DAYS, span.segment().unwrap_or_default());
            if let (Some(before), Some(term)) = (before, term)
                && span.from <= before.from.saturating_add(days(term))
                && survey.today <= span.from.saturating_add(days(term))
            {
                told.push(Surveyed::new(course.law, course.gemeente, again(survey, before, span, term)));
            }
            if latest.is_some_and(|known| elsewhere(&known)) {
                other = latest;
            }
            latest = Some(span);
        }
    }
    told
}

fn again(survey: &Survey<'_>, before: &Span<'_>, span: &Span<'_>, term: u64) -> Raised {
    let (nummer, earlier) = (span.nummer(), before.nummer());
    let number = days_between(before.from, span.from);
    let (after_nl, after_en) = in_days(number);
    let (name, had) =
        (survey.provider_name(&span.allocation.aanbieder), survey.provider_name(&before.allocation.aanbieder));
    let nl = format!(
        "Toewijzing {nummer} geeft diagnostiek bij {name}, {after_nl} na die bij {had} (toewijzing {earlier}); gemeld \
         wordt binnen {term} dagen. Ga na of het eerdere onderzoek gebruikt kan worden."
    );
    let en = format!(
        "Allocation {nummer} gives diagnosis at {name}, {after_en} after that at {had} (allocation {earlier}); this is \
         told within {term} days. See whether the earlier examination can be used."
    );
    Raised::new(format!("toewijzing {nummer} na {earlier}"), Severity::Info, nl, en)
        .about([earlier, nummer])
        .fact("aanbieder", span.allocation.aanbieder.as_str())
        .fact("aanbieder_eerder", before.allocation.aanbieder.as_str())
        .fact("product", span.product_name())
        .fact("product_eerder", before.product_name())
        .fact("dagen", number)
        .fact("norm_dagen", term)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, key, raises, silent};
    use crate::message::{Date, Law};
    use jiff::civil::date;

    const OTHER: &str = "42420002";
    const TOLD: &[(&str, &str)] = &[("0197", "toewijzing 2 na 1")];

    /// A diagnosis on 1 March 2026, and one elsewhere on this day.
    fn second(t: &mut Timeline, day: Date) {
        t.norm(&DIAGNOSIS_DAYS, 90);
        t.mark(Law::Wmo, "02A02", Flag::Diagnosis);
        t.allocation(1, "a", "02A02", date(2026, 3, 1), Some(date(2026, 3, 31)));
        t.allocation(2, "a", "02A02", day, None).versions[0].aanbieder = OTHER.into();
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&DIAGNOSIS_DAYS, 90)),
        raises("90 days later", TOLD, |t| second(t, date(2026, 5, 30))),
        silent("91 days later", |t| second(t, date(2026, 5, 31))),
        raises("on the same day, told on the last day of the term", TOLD, |t| {
            second(t, date(2026, 4, 2));
            t.history.allocations[0].versions[0].ingangsdatum = date(2026, 4, 2);
        }),
        silent("longer ago than the term", |t| second(t, date(2026, 4, 1))),
        silent("at the same provider", |t| {
            second(t, date(2026, 5, 30));
            t.history.allocations[1].versions[0].aanbieder = "42420001".into();
        }),
        raises(
            "with another at the second provider between",
            &[("0197", "toewijzing 2 na 1"), ("0197", "toewijzing 3 na 1")],
            |t| {
                second(t, date(2026, 4, 10));
                t.allocation(3, "a", "02A02", date(2026, 5, 30), None).versions[0].aanbieder = OTHER.into();
            },
        ),
        silent("of another person", |t| {
            second(t, date(2026, 5, 30));
            t.history.allocations[1].versions[0].person = key("b");
        }),
        silent("no diagnosis", |t| {
            second(t, date(2026, 5, 30));
            t.history.allocations[1].versions[0].product = Some(super::timeline::product("02A01"));
        }),
        silent("nobody stated a term", |t| {
            second(t, date(2026, 5, 30));
            t.no_norm(&DIAGNOSIS_DAYS);
        }),
    ]
}
