//! B6: the educational form of day activities is chosen for what it gives, not for what it pays.
//!
//! Of the new allocations of day activities (products marked `day_activity` or `educational`) decided in the twelve months
//! up to the survey, the share of the educational form; told is a provider above the 99.8 % limit of what its segments and
//! referrers lead to expect in its municipality. And each new educational allocation of that year that follows, at the same
//! provider, on another form of the same person which runs until the day before it or longer, without a request for a
//! change (317) that it honours.
//!
//! Source: checks B6 (Noord en Midden Drenthe). Doubtful: the municipality may have switched by its own decision; the
//! sentence asks. A switch that also changes provider is told by no form.

use super::chains::{Span, courses};
use super::rates::{Side, Words, indications, outliers, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;
use crate::finding::Severity;
use crate::message::{Law, Number, Party, ReferentieAanbieder};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B6",
    nl: "Dagbesteding in de educatieve vorm wordt niet vaker toegewezen dan te verwachten is.",
    en: "Day activities of the educational form are not allocated more often than is to be expected.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags day_activity, educational", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: [
        "nieuwe toewijzingen van dagbesteding in twaalf maanden",
        "new allocations of day activities in twelve months",
    ],
    hits: ["zijn van de educatieve vorm", "are of the educational form"],
    todo: [
        "Vraag aanbieder en toegang waarom de educatieve vorm is gekozen.",
        "Ask provider and access team why the educational form was chosen.",
    ],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let window = year_until(survey.today);
    let activities = |flags: &BTreeSet<Flag>| flags.contains(&Flag::DayActivity) || flags.contains(&Flag::Educational);
    let cases: Vec<_> = indications(survey)
        .iter()
        .filter(|each| window.holds_on(each.decided) && activities(&each.product.flags))
        .map(|each| each.case(each.product.flags.contains(&Flag::Educational)))
        .collect();
    let mut told = switches(survey);
    told.extend(outliers(survey, &cases, Side::Above, &WORDS));
    told
}

fn switches(survey: &Survey<'_>) -> Vec<Surveyed> {
    let window = year_until(survey.today);
    let requests = survey.history.requests.iter().filter(|request| request.number == Number::N317);
    let asked: BTreeSet<(Law, &Party, &ReferentieAanbieder)> =
        requests.map(|request| (request.law, &request.aanbieder, &request.referentie)).collect();
    let mut told = Vec::new();
    for course in courses(survey) {
        // Of each provider the other form that runs longest so far.
        let mut other: BTreeMap<&Party, Span<'_>> = BTreeMap::new();
        for span in &course.spans {
            let aanbieder = &span.allocation.aanbieder;
            if span.is(Flag::Educational) {
                let before = other.get(aanbieder).filter(|before| {
                    before.from < span.from && before.to.tomorrow().map_or(true, |next| span.from <= next)
                });
                let references = span.allocated.references.iter().flatten();
                let is_asked = references.into_iter().any(|each| asked.contains(&(course.law, aanbieder, each)));
                let decided = span.allocated.first().map(|first| first.toewijzingsdatum);
                let is_new = decided.is_some_and(|day| window.holds_on(day));
                if let Some(before) = before.filter(|_| is_new && !is_asked) {
                    told.push(Surveyed::new(course.law, course.gemeente, switched(survey, before, span)));
                }
            } else if span.is(Flag::DayActivity) {
                let known = other.entry(aanbieder).or_insert(*span);
                if span.to > known.to {
                    *known = *span;
                }
            }
        }
    }
    told
}

fn switched(survey: &Survey<'_>, before: &Span<'_>, span: &Span<'_>) -> Raised {
    let (nummer, earlier, name) = (span.nummer(), before.nummer(), survey.provider_name(&span.allocation.aanbieder));
    let (code, had) = (span.product_name(), before.product_name());
    let nl = format!(
        "Toewijzing {nummer} bij {name} gaat vanaf {} over van dagbesteding {had} (toewijzing {earlier}) naar de educatieve \
         vorm {code}, zonder verzoek om wijziging. Ga na waarom de vorm is veranderd.",
        span.from
    );
    let en = format!(
        "Allocation {nummer} at {name} goes over from day activities {had} (allocation {earlier}) to the educational form \
         {code} from {} on, without a request for a change. See why the form was changed.",
        span.from
    );
    Raised::new(format!("toewijzing {nummer} na {earlier}"), Severity::Info, nl, en)
        .about([earlier, nummer])
        .fact("aanbieder", span.allocation.aanbieder.as_str())
        .fact("product", code)
        .fact("product_eerder", had)
        .fact("vanaf", span.from.to_string())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "toewijzing 2 na 1")];

    fn marks(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.mark(Law::Wmo, "07A01", Flag::DayActivity);
        t.mark(Law::Wmo, "07A02", Flag::Educational);
    }

    fn switch(t: &mut Timeline) {
        marks(t);
        t.allocation(1, "a", "07A01", date(2026, 1, 1), Some(date(2026, 2, 28)));
        t.allocation(2, "a", "07A02", date(2026, 3, 1), None);
    }

    vec![
        silent("nothing is allocated", marks),
        raises("from another form, the day after", TOLD, switch),
        silent("with a day between them", |t| {
            switch(t);
            t.history.allocations[1].versions[0].ingangsdatum = date(2026, 3, 2);
        }),
        silent("at another provider", |t| {
            switch(t);
            t.history.allocations[1].versions[0].aanbieder = "42420002".into();
        }),
        silent("the provider asked for it", |t| {
            switch(t);
            t.request("W1", "a", Number::N317, date(2026, 2, 1));
            t.history.allocations[1].references[0] = Some("W1".into());
        }),
        silent("decided longer ago", |t| {
            switch(t);
            t.history.allocations[1].versions[0].toewijzingsdatum = date(2025, 7, 1);
        }),
        silent("from something else than day activities", |t| {
            switch(t);
            t.history.allocations[0].versions[0].product = Some(super::timeline::product("02A02"));
        }),
        raises("one provider has nothing else", &[("0197", "aanbieder 42420002")], |t| {
            marks(t);
            t.allocations(1, 30, "42420001", "07A01", date(2026, 3, 1));
            t.allocations(101, 12, "42420002", "07A02", date(2026, 3, 1));
        }),
        silent("care of another sort does not count", |t| {
            marks(t);
            t.allocations(1, 30, "42420001", "02A01", date(2026, 3, 1));
            t.allocations(101, 12, "42420002", "07A02", date(2026, 3, 1));
        }),
    ]
}
