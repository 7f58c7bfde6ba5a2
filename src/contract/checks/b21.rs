//! B21: the first allocation is enough.
//!
//! Of the new allocations of a segment in a municipality, decided in twelve months of which `early_change_days` are over,
//! the share that was followed by a request for a change (317) within those days of its first day, of which more care came
//! (`changes`). Told is a municipality above the 99.8 % limit of what the segments of the region lead to expect.
//!
//! Source: checks B21 (Gooi en Vechtstreek): the side of too little of what B5 tells of providers. Doubtful: the source
//! wants it by access team, which no message names, and without a norm; municipalities of one region stand beside one
//! another, by counts only.

use super::changes::changes;
use super::rates::{Limit, compare, decimals, fewest, indications, latest, per_mille, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{EARLY_CHANGE_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B21",
    nl: "De eerste toewijzing volstaat: er is niet kort na de start al meer zorg nodig.",
    en: "The first allocation is enough: no more care is needed soon after the start.",
    default_policy: Policy::Signal,
    parameters: &["norms.early_change_days", "norms.min_cases"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let term = survey.register.region.norms.numbers.of(&EARLY_CHANGE_DAYS);
    let (Some(fewest), Some(term)) = (fewest(survey), term) else { return Vec::new() };
    let window = year_until(survey.today.saturating_sub(days(term)));
    let early: BTreeSet<(Law, &Party, Count)> = changes(survey)
        .iter()
        .filter(|change| change.is_early(survey))
        .filter_map(|change| Some((change.request.law, &change.request.gemeente, change.before?.0)))
        .collect();
    let mut numbers: BTreeMap<(Law, &Party), Vec<Count>> = BTreeMap::new();
    let mut cases = Vec::new();
    for each in indications(survey).iter().filter(|each| window.holds_on(each.decided)) {
        let place = (each.allocated.law, &each.allocated.gemeente);
        let is_early = early.contains(&(place.0, place.1, each.nummer()));
        cases.push(((place.0, each.product.segment.as_str()), place, u32::from(is_early)));
        if is_early {
            numbers.entry(place).or_default().push(each.nummer());
        }
    }
    compare(cases)
        .into_iter()
        .filter(|(_, found)| found.n >= fewest && found.is_above(Limit::P998))
        .map(|((law, gemeente), found)| {
            let (n, sum, share) = (found.n, found.sum, per_mille(found.sum, found.n));
            let (expected, limit) = (found.expected_hundredths(), found.highest(Limit::P998));
            let nl = format!(
                "{sum} van {n} nieuwe toewijzingen ({} %) zijn binnen {term} dagen na het begin op verzoek van de aanbieder \
                 verzwaard of vergroot; naar de segmenten in de regio waren er {} te verwachten en verklaart toeval er \
                 hoogstens {limit} (grens 99,8 %). Bekijk met de toegang of de eerste toewijzing te krap is.",
                decimals(share, 1, ','),
                decimals(expected, 2, ','),
            );
            let en = format!(
                "{sum} of {n} new allocations ({} %) were made heavier or larger at the request of the provider within \
                 {term} days of their beginning; by the segments of the region {} were to be expected, and chance explains \
                 at most {limit} (limit 99.8 %). See with the access team whether the first allocation is too little.",
                decimals(share, 1, '.'),
                decimals(expected, 2, '.'),
            );
            let raised = Raised::new("gemeente", Severity::Info, nl, en)
                .about(latest(numbers.remove(&(law, gemeente)).unwrap_or_default()))
                .fact("aantal", n)
                .fact("waargenomen", sum)
                .fact("aandeel_promille", share)
                .fact("verwacht_honderdsten", expected)
                .fact("grens_95", found.highest(Limit::P95))
                .fact("grens_998", limit)
                .fact("termijn_dagen", term);
            Surveyed::new(law, gemeente, raised)
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::{Date, Number};
    use jiff::civil::date;

    /// Thirty allocations of one municipality that stay as they are, twelve of another, all made larger when asked on
    /// this day.
    fn larger(t: &mut Timeline, asked: Date) {
        t.norm(&MIN_CASES, 10);
        t.norm(&EARLY_CHANGE_DAYS, 30);
        t.allocations(1, 30, "42420001", "02A02", date(2026, 3, 1));
        t.allocations(101, 12, "42420001", "02A02", date(2026, 3, 1));
        t.history.allocations[30..].iter_mut().for_each(|each| each.gemeente = "0222".into());
        for nummer in 101..=112 {
            let reference = format!("W{nummer}");
            t.request(&reference, "x", Number::N317, asked).gemeente = "0222".into();
            t.change(nummer, asked, Some(&reference), |version| {
                version.omvang.as_mut().expect("the sample has a volume").volume += 1;
            });
        }
    }

    vec![
        silent("nothing is allocated", |t| t.norm(&EARLY_CHANGE_DAYS, 30)),
        raises("all of one municipality, on the last day", &[("0222", "gemeente")], |t| larger(t, date(2026, 3, 31))),
        silent("a day later", |t| larger(t, date(2026, 4, 1))),
        silent("as much, not more", |t| {
            larger(t, date(2026, 3, 31));
            for allocated in &mut t.history.allocations[30..] {
                allocated.versions[1].omvang = allocated.versions[0].omvang.clone();
            }
        }),
        silent("too short ago to know of all", |t| {
            larger(t, date(2026, 6, 10));
            t.history.allocations.iter_mut().for_each(|each| each.versions[0].toewijzingsdatum = date(2026, 6, 2));
        }),
        silent("nobody stated what is early", |t| {
            larger(t, date(2026, 3, 31));
            t.no_norm(&EARLY_CHANGE_DAYS);
        }),
    ]
}
