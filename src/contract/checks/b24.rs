//! B24: methods that are proven to work are used.
//!
//! Of the new allocations decided in the twelve months up to the survey the share of products marked `evidence_based`;
//! told is a provider below the 99.8 % limit of what its segments and referrers lead to expect in its municipality.
//!
//! Source: checks B24 (Hart van Brabant). Doubtful: the source counts volume; units differ between products, so
//! allocations are counted. A segment without any marked product expects none, and tells nothing.

use super::rates::{Side, Words, indications, outliers, year_until};
use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Flag;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B24",
    nl: "Bewezen effectieve methoden worden per aanbieder zo vaak gebruikt als te verwachten is.",
    en: "For each provider methods that are proven to work are used as often as is to be expected.",
    default_policy: Policy::Signal,
    parameters: &["products.csv flags evidence_based", "norms.min_cases"],
    run: Run::OverTime(run),
};

const WORDS: Words<'_> = Words {
    of: ["nieuwe toewijzingen in twaalf maanden", "new allocations in twelve months"],
    hits: ["betreffen een bewezen effectieve methode", "are of a method that is proven to work"],
    todo: ["Bespreek met de aanbieder welke methoden worden ingezet.", "Ask the provider which methods are used."],
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let window = year_until(survey.today);
    let cases: Vec<_> = indications(survey)
        .iter()
        .filter(|each| window.holds_on(each.decided))
        .map(|each| each.case(each.product.flags.contains(&Flag::EvidenceBased)))
        .collect();
    outliers(survey, &cases, Side::Below, &WORDS)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Law;
    use jiff::civil::date;

    fn proven(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.mark(Law::Wmo, "02A01", Flag::EvidenceBased);
        t.allocations(1, 30, "42420001", "02A01", date(2026, 3, 1));
        t.allocations(101, 12, "42420002", "02A02", date(2026, 3, 1));
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&MIN_CASES, 10)),
        raises("one provider does without", &[("0197", "aanbieder 42420002")], proven),
        silent("in another segment", |t| {
            proven(t);
            t.history.allocations[30..]
                .iter_mut()
                .for_each(|each| each.versions[0].product = Some(super::timeline::product("01A01")));
        }),
        silent("no product is marked", |t| {
            t.norm(&MIN_CASES, 10);
            t.allocations(1, 30, "42420001", "02A01", date(2026, 3, 1));
            t.allocations(101, 12, "42420002", "02A02", date(2026, 3, 1));
        }),
        silent("nobody stated a number of cases", |t| {
            proven(t);
            t.no_norm(&MIN_CASES);
        }),
    ]
}
