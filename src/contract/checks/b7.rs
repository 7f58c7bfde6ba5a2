//! B7: treatment of youth is not chosen where guidance would do.
//!
//! Of the new youth allocations of treatment or ambulatory help (products of the Jeugdwet marked `treatment` or
//! `ambulatory`) decided in the twelve months up to the survey, the share of treatment; told is a provider above the 99.8 %
//! limit of what its segments and referrers lead to expect in its municipality.
//!
//! Source: checks B7 (Noord en Midden Drenthe). Treatment at a provider without a registration for it cannot be seen: the
//! register of contracts has no column for it. Doubtful: a product with both marks is treatment.

use super::rates::{Side, Words, indications, outliers, year_until};
use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;
use crate::message::Law;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B7",
    nl: "Jeugdhulp wordt per aanbieder niet vaker als behandeling toegewezen dan te verwachten is.",
    en: "For each provider youth care is not allocated as treatment more often than is to be expected.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags treatment, ambulatory", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: [
        "nieuwe toewijzingen van behandeling of begeleiding in twaalf maanden",
        "new allocations of treatment or guidance in twelve months",
    ],
    hits: ["zijn behandeling", "are treatment"],
    todo: [
        "Bespreek met aanbieder en verwijzers waar begeleiding volstaat.",
        "Discuss with provider and referrers where guidance will do.",
    ],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let window = year_until(survey.today);
    let cases: Vec<_> = indications(survey)
        .iter()
        .filter(|each| each.allocated.law == Law::Jeugdwet && window.holds_on(each.decided))
        .filter(|each| [Flag::Treatment, Flag::Ambulatory].iter().any(|flag| each.product.flags.contains(flag)))
        .map(|each| each.case(each.product.flags.contains(&Flag::Treatment)))
        .collect();
    outliers(survey, &cases, Side::Above, &WORDS)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Count;
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "aanbieder 42420002")];

    fn youth(t: &mut Timeline, first: Count, number: Count, aanbieder: &str, code: &str) {
        let before = t.history.allocations.len();
        t.allocations(first, number, aanbieder, code, date(2026, 3, 1));
        t.history.allocations[before..].iter_mut().for_each(|each| each.law = Law::Jeugdwet);
    }

    fn treatment(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.mark(Law::Jeugdwet, "45A01", Flag::Ambulatory);
        t.mark(Law::Jeugdwet, "45A04", Flag::Treatment);
        youth(t, 1, 30, "42420001", "45A01");
        youth(t, 101, 12, "42420002", "45A04");
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&MIN_CASES, 10)),
        raises("one provider treats only", TOLD, treatment),
        silent("both treat some", |t| {
            treatment(t);
            youth(t, 201, 10, "42420001", "45A04");
            youth(t, 301, 30, "42420002", "45A01");
        }),
        silent("one case too few", |t| {
            treatment(t);
            t.norm(&MIN_CASES, 13);
        }),
        silent("products without a mark", |t| {
            t.norm(&MIN_CASES, 10);
            youth(t, 1, 30, "42420001", "45A01");
            youth(t, 101, 12, "42420002", "45A04");
        }),
        silent("of adults", |t| {
            t.norm(&MIN_CASES, 10);
            t.mark(Law::Wmo, "02A01", Flag::Ambulatory);
            t.mark(Law::Wmo, "02A04", Flag::Treatment);
            t.allocations(1, 30, "42420001", "02A01", date(2026, 3, 1));
            t.allocations(101, 12, "42420002", "02A04", date(2026, 3, 1));
        }),
        silent("nobody stated a number of cases", |t| {
            treatment(t);
            t.no_norm(&MIN_CASES);
        }),
    ]
}
