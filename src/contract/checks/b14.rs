//! B14: care lasts no longer than is needed.
//!
//! Three things are told. An allocation that runs today and has run for more days than `norm_days` of its product, counted
//! from its start where a 305 told one and else from its first day, both ends included. An allocation that runs and was
//! extended more than `extensions` times: each later version whose Einddatum lies later than that of the version before,
//! or is gone. And a provider of whose care that ended in twelve months more ran over `norm_days` than its segments lead
//! to expect in its municipality (99.8 % limit).
//!
//! Source: checks B14 (Hart van Brabant, Achterhoek, Noord en Midden Drenthe). Doubtful: the source also lets an extension
//! be held; this tells it afterwards, so that no care stands still. A new allocation after the old one is no extension:
//! months at one level are B4.

use super::chains::{Span, courses, day_or_open, days_between};
use super::rates::{Case, Side, Words, outliers, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::EXTENSIONS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Allocated, Survey, Surveyed};
use crate::finding::Severity;
use crate::message::Date;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B14",
    nl: "Zorg duurt niet langer dan de norm van het product, en wordt niet vaker verlengd dan afgesproken.",
    en: "Care lasts no longer than the norm of its product, and is not extended more often than agreed.",
    default_policy: Policy::Signal,
    parameters: &["products.csv norm_days", "norms.extensions", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: [
        "toewijzingen waarvan de zorg in twaalf maanden eindigde",
        "allocations of which the care ended in twelve months",
    ],
    hits: ["duurden langer dan de norm van het product", "lasted longer than the norm of the product"],
    todo: [
        "Bespreek met de aanbieder wat doorstroom en afronding tegenhoudt.",
        "Ask the provider what keeps clients from moving on and care from being completed.",
    ],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let window = year_until(survey.today.yesterday().unwrap_or(survey.today));
    let mut told = Vec::new();
    let mut cases = Vec::new();
    for course in courses(survey) {
        for span in &course.spans {
            let runs = span.from <= survey.today && survey.today <= span.to;
            let (long, often) = if runs { (long(survey, span), often(survey, span)) } else { (None, None) };
            let raised = [long, often].into_iter().flatten();
            told.extend(raised.map(|raised| Surveyed::new(course.law, course.gemeente, raised)));
            let norm = span.product.and_then(|product| product.norm_days).map(u64::from);
            if let Some(norm) = norm.filter(|_| window.holds_on(span.to)) {
                cases.push(Case {
                    provided: (course.law, course.gemeente, &span.allocation.aanbieder),
                    stratum: (span.segment().unwrap_or_default(), 0),
                    nummer: span.nummer(),
                    is_hit: lasted(span, span.to) > norm,
                });
            }
        }
    }
    told.extend(outliers(survey, &cases, Side::Above, &WORDS));
    told
}

/// Days from the start of the care up to and including `until`.
fn lasted(span: &Span<'_>, until: Date) -> u64 {
    let first = span.started.unwrap_or(span.from);
    if until < first { 0 } else { days_between(first, until) + 1 }
}

fn long(survey: &Survey<'_>, span: &Span<'_>) -> Option<Raised> {
    let norm = u64::from(span.product?.norm_days?);
    let number = lasted(span, survey.today);
    if number <= norm {
        return None;
    }
    let first = span.started.unwrap_or(span.from);
    let (nummer, code, name) = (span.nummer(), span.product_name(), survey.provider_name(&span.allocation.aanbieder));
    let nl = format!(
        "De zorg van toewijzing {nummer} (product {code}) bij {name} loopt sinds {first}, {number} dagen; de norm van het \
         product is {norm}. Evalueer of de zorg kan worden afgerond of afgeschaald."
    );
    let en = format!(
        "The care of allocation {nummer} (product {code}) at {name} has run since {first}, {number} days; the norm of the \
         product is {norm}. Evaluate whether it can be completed or stepped down."
    );
    let raised = Raised::new(format!("toewijzing {nummer} duur"), Severity::Info, nl, en);
    Some(figures(raised, span).fact("dagen", number).fact("norm_dagen", norm).fact("sinds", first.to_string()))
}

fn often(survey: &Survey<'_>, span: &Span<'_>) -> Option<Raised> {
    let most = survey.register.region.norms.numbers.of_segment(&EXTENSIONS, span.segment().unwrap_or_default())?;
    let number = extensions(span.allocated);
    if number <= most {
        return None;
    }
    let (nummer, code, name) = (span.nummer(), span.product_name(), survey.provider_name(&span.allocation.aanbieder));
    let nl = format!(
        "Toewijzing {nummer} (product {code}) bij {name} is {number} keer verlengd; afgesproken is hoogstens {most} keer. \
         Evalueer met de inwoner of dit nog de passende zorg is."
    );
    let en = format!(
        "Allocation {nummer} (product {code}) at {name} was extended {number} times; at most {most} was agreed. Evaluate \
         with the person whether this still is the care that fits."
    );
    let raised = Raised::new(format!("toewijzing {nummer} verlengd"), Severity::Info, nl, en);
    Some(figures(raised, span).fact("verlengingen", number).fact("norm", most))
}

/// How often the end of an allocation was put off.
fn extensions(allocated: &Allocated) -> u64 {
    let ends = allocated.versions.iter().map(|version| version.einddatum.unwrap_or(Date::MAX));
    ends.clone().zip(ends.skip(1)).filter(|(before, after)| before < after).count() as u64
}

fn figures(raised: Raised, span: &Span<'_>) -> Raised {
    let raised = raised
        .about([span.nummer()])
        .fact("aanbieder", span.allocation.aanbieder.as_str())
        .fact("product", span.product_name());
    match day_or_open(span.to) {
        Some(end) => raised.fact("einddatum", end),
        None => raised,
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    const LONG: &[(&str, &str)] = &[("0197", "toewijzing 1 duur")];
    const OFTEN: &[(&str, &str)] = &[("0197", "toewijzing 1 verlengd")];

    fn extended(t: &mut Timeline, ends: &[Option<Date>]) {
        t.norm(&EXTENSIONS, 1);
        t.allocation(1, "a", "02A02", date(2026, 1, 1), Some(date(2026, 3, 31)));
        for end in ends {
            t.change(1, date(2026, 3, 1), None, |version| version.einddatum = *end);
        }
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&EXTENSIONS, 0)),
        silent("as long as the norm of 364 days", |t| {
            t.allocation(1, "a", "02A02", date(2025, 7, 3), None);
        }),
        raises("a day longer", LONG, |t| {
            t.allocation(1, "a", "02A02", date(2025, 7, 2), None);
        }),
        silent("it started later", |t| {
            t.allocation(1, "a", "02A02", date(2025, 7, 2), None);
            t.start(1, date(2025, 7, 3));
        }),
        raises("on its last day", LONG, |t| {
            t.allocation(1, "a", "02A02", date(2025, 7, 2), Some(date(2026, 7, 1)));
        }),
        silent("it was stopped", |t| {
            t.allocation(1, "a", "02A02", date(2025, 7, 1), None);
            t.start(1, date(2025, 7, 1));
            t.stop(1, "19", date(2026, 6, 30));
        }),
        silent("a product without a norm", |t| {
            t.register.change_product(crate::message::Law::Wmo, "02A02", |product| product.norm_days = None);
            t.allocation(1, "a", "02A02", date(2024, 1, 1), None);
        }),
        silent("extended once", |t| extended(t, &[Some(date(2026, 9, 30))])),
        raises("extended twice", OFTEN, |t| extended(t, &[Some(date(2026, 6, 30)), Some(date(2026, 9, 30))])),
        raises("extended without an end", OFTEN, |t| extended(t, &[Some(date(2026, 6, 30)), None])),
        silent("changed without a later end", |t| {
            extended(t, &[Some(date(2026, 9, 30)), Some(date(2026, 8, 31)), Some(date(2026, 8, 31))]);
        }),
        silent("nobody stated a number of extensions", |t| {
            extended(t, &[Some(date(2026, 6, 30)), Some(date(2026, 9, 30))]);
            t.no_norm(&EXTENSIONS);
        }),
        raises("the care of one provider runs over", &[("0197", "aanbieder 42420002")], |t| {
            t.norm(&MIN_CASES, 10);
            for (nummer, from) in (1..=30).map(|nummer| (nummer, date(2026, 1, 1))) {
                t.allocation(nummer, &format!("of-{nummer}"), "02A02", from, Some(date(2026, 6, 30)));
            }
            for (nummer, from) in (101..=112).map(|nummer| (nummer, date(2024, 1, 1))) {
                t.allocation(nummer, &format!("of-{nummer}"), "02A02", from, Some(date(2026, 6, 30))).versions[0]
                    .aanbieder = "42420002".into();
            }
        }),
    ]
}
