//! C4: a medical referral leads to care of the same value as the municipality's own way, and referrers spread.
//!
//! Of each provider, in the new youth allocations of twelve months within one municipality (as in C3), those by medical
//! referral are held against the municipality's own of the same product at any provider there: how many are worth more
//! than the median of those. When both ways were alike about half would be; raised is a number above what chance allows
//! (99.8 % limit of a funnel), so that small providers do not stand out by being small; and only when together they are
//! worth more than the municipality's mean of each product, since a median alone says little of a skewed list. Only
//! products with at least five allocations by the municipality are compared, which keeps product mix out of it; pilots
//! are left out. Values are of the first twelve months of an allocation at most. Beside it stand the mean value, the
//! mean that was to be expected (the municipality's mean of each product), and the share of medical requests that was
//! honoured. Whether a request was granted as asked is not kept with it: honoured is what can be told.
//!
//! Apart from that: the share of a provider's medical requests in those months that comes from one referrer (AGB code),
//! when it is above norm `concentration_percent`. It counts requests that name an AGB code. Neither says that anything
//! is wrong.

use super::referrals::{Referred, Route, is_medical, youth};
use super::waits::{Period, above, beyond_chance, count, fewest_of_all, may_tell, per_mille, percent, percentile};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::CONCENTRATION_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::survey::{Requested, Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Cents, Count, Law, Party, ProductCode};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C4",
    nl: "Zorg na een medische verwijzing is niet duurder dan na toegang door de gemeente, en verwijzers zijn gespreid.",
    en: "Care by medical referral is not dearer than by the municipality's own way, and referrers are spread.",
    default_policy: Policy::Signal,
    parameters: &["norms.min_cases", "norms.concentration_percent", "norms.broken_periods"],
    run: Run::OverTime(run),
};

/// Municipality and provider.
type Pair<'a> = (&'a Party, &'a Party);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let Some(fewest) = fewest_of_all(survey) else { return Vec::new() };
    let year = Period::year_to(survey.today);
    let mut requests: BTreeMap<Pair<'_>, Vec<&Requested>> = BTreeMap::new();
    let medical = survey.history.requests.iter().filter(|request| request.law == Law::Jeugdwet && is_medical(request));
    for request in medical.filter(|request| year.has(request.on)) {
        requests.entry((&request.gemeente, &request.aanbieder)).or_default().push(request);
    }
    let all = youth(survey, year);
    let own = own_values(&all);
    let mut compared: BTreeMap<Pair<'_>, Compared> = BTreeMap::new();
    for referred in all.iter().filter(|referred| referred.route == Route::Medical) {
        let Some((own, value)) = own_of(&own, referred) else { continue };
        let pair = (&referred.allocated.gemeente, &referred.allocation.aanbieder);
        compared.entry(pair).or_default().add(referred.allocation.nummer, value, own);
    }
    let dearer = compared.iter().filter_map(|(pair, compared)| {
        let raised = compared.dearer(survey, *pair, fewest, requests.get(pair).map_or(&[][..], Vec::as_slice))?;
        Some(Surveyed::new(Law::Jeugdwet, pair.0, raised))
    });
    let one_referrer = requests.iter().filter_map(|(pair, requests)| {
        Some(Surveyed::new(Law::Jeugdwet, pair.0, one_referrer(survey, *pair, requests, fewest)?))
    });
    dearer.chain(one_referrer).collect()
}

/// What the municipality's own allocations of a product are worth.
struct Own {
    /// Rising.
    cents: Vec<u64>,
    median: u64,
    mean: u64,
}

fn own_values<'a>(all: &[Referred<'a>]) -> BTreeMap<(&'a Party, &'a ProductCode), Own> {
    let mut values: BTreeMap<(&Party, &ProductCode), Vec<u64>> = BTreeMap::new();
    for referred in all.iter().filter(|referred| referred.route == Route::Gemeente) {
        let (Some(product), Some(value)) = (referred.product, referred.value) else { continue };
        values.entry((&referred.allocated.gemeente, &product.code)).or_default().push(cents(value));
    }
    values
        .into_iter()
        .filter(|(_, cents)| may_tell(count(cents)))
        .filter_map(|(key, mut cents)| {
            cents.sort_unstable();
            let (median, mean) = (percentile(&cents, 50)?, mean(sum(&cents), count(&cents)));
            Some((key, Own { cents, median, mean }))
        })
        .collect()
}

fn own_of<'o, 'a>(
    own: &'o BTreeMap<(&'a Party, &'a ProductCode), Own>,
    referred: &Referred<'a>,
) -> Option<(&'o Own, u64)> {
    let found = own.get(&(&referred.allocated.gemeente, &referred.product?.code))?;
    Some((found, cents(referred.value?)))
}

fn cents(value: Cents) -> u64 {
    u64::try_from(value.0).unwrap_or(0)
}

fn sum(cents: &[u64]) -> u64 {
    cents.iter().fold(0, |sum, cents| sum.saturating_add(*cents))
}

fn mean(sum: u64, number: u64) -> u64 {
    sum / number.max(1)
}

/// The allocations of a provider by medical referral, beside the municipality's own.
#[derive(Default)]
struct Compared {
    all: Vec<Count>,
    above_median: Vec<Count>,
    cents: u64,
    expected: u64,
    /// The largest number that one product was held against.
    held_against: u64,
}

impl Compared {
    fn add(&mut self, nummer: Count, value: u64, own: &Own) {
        self.all.push(nummer);
        if value > own.median {
            self.above_median.push(nummer);
        }
        self.cents = self.cents.saturating_add(value);
        self.expected = self.expected.saturating_add(own.mean);
        self.held_against = self.held_against.max(count(&own.cents));
    }

    fn dearer(
        &self,
        survey: &Survey<'_>,
        (_, aanbieder): Pair<'_>,
        fewest: u64,
        requests: &[&Requested],
    ) -> Option<Raised> {
        let (cases, dearer) = (count(&self.all), count(&self.above_median));
        if cases < fewest || self.cents <= self.expected || !beyond_chance(dearer, cases, 500) {
            return None;
        }
        let (name, share) = (survey.provider_name(aanbieder), per_mille(dearer, cases));
        let (share_nl, share_en) = percent(share);
        let (seen, expected) = (mean(self.cents, cases), mean(self.expected, cases));
        let (seen_euro, expected_euro) = (euros(seen), euros(expected));
        let nl = format!(
            "Bij {name} is {share_nl} van {cases} toewijzingen na een medische verwijzing meer waard dan de mediaan \
             van hetzelfde product na toegang door de gemeente (gemiddeld {seen_euro} tegen {expected_euro} euro). \
             Vraag de aanbieder naar de onderbouwing van omvang en duur, en kijk mee bij volgende verzoeken."
        );
        let en = format!(
            "At {name} {share_en} of {cases} allocations by medical referral are worth more than the median of the \
             same product by the municipality's own way (on average {seen_euro} against {expected_euro} euros). Ask \
             the provider to account for volume and duration, and look along at the next requests."
        );
        let honoured = requests.iter().filter(|request| request.is_honoured).count() as u64;
        let raised = Raised::new(format!("medische route {aanbieder}"), Severity::Info, nl, en)
            .about(self.above_median.iter().copied())
            .fact("aanbieder", aanbieder.as_str())
            .fact("toewijzingen", cases)
            .fact("boven_mediaan", dearer)
            .fact("boven_mediaan_promille", share)
            .fact("gemiddeld_cent", seen)
            .fact("verwacht_cent", expected)
            .fact("grootste_vergelijking", self.held_against);
        let asked = count(requests);
        Some(if may_tell(asked) { raised.fact("gehonoreerd_promille", per_mille(honoured, asked)) } else { raised })
    }
}

fn euros(cents: u64) -> Cents {
    Cents(i64::try_from(cents).unwrap_or(i64::MAX))
}

fn one_referrer(survey: &Survey<'_>, pair: Pair<'_>, requests: &[&Requested], fewest: u64) -> Option<Raised> {
    let norm = survey.register.region.norms.numbers.of(&CONCENTRATION_PERCENT)?;
    let mut by_referrer: BTreeMap<&Party, u64> = BTreeMap::new();
    for agb in requests.iter().filter_map(|request| request.verwijzer_agb.as_ref()) {
        *by_referrer.entry(agb).or_default() += 1;
    }
    let cases: u64 = by_referrer.values().sum();
    // Of equals the one with the lowest code, so that the case keeps its name.
    let (referrer, most) = by_referrer.iter().rev().max_by_key(|(_, number)| **number)?;
    if cases < fewest || !above(*most, cases, norm) {
        return None;
    }
    let (name, share) = (survey.provider_name(pair.1), per_mille(*most, cases));
    let (share_nl, share_en) = percent(share);
    let nl = format!(
        "Van {cases} medische verwijzingen naar {name} in twaalf maanden komt {share_nl} van verwijzer {referrer}, \
         norm {norm}%. Vraag verwijzer en aanbieder hoe de keuze voor deze aanbieder tot stand komt."
    );
    let en = format!(
        "Of {cases} medical referrals to {name} in twelve months {share_en} come from referrer {referrer}, norm \
         {norm}%. Ask referrer and provider how the choice for this provider comes about."
    );
    let raised = Raised::new(format!("verwijzer {referrer} naar {}", pair.1), Severity::Info, nl, en)
        .fact("aanbieder", pair.1.as_str())
        .fact("verwijzer", referrer.as_str())
        .fact("verwijzingen", cases)
        .fact("aandeel_promille", share)
        .fact("norm_procent", norm);
    Some(raised)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Number;
    use jiff::civil::date;

    /// Six allocations of the municipality's own of 1,000 to 6,000 euros, and ten by medical referral of these amounts.
    fn routes(t: &mut Timeline, medical: [i64; 10]) {
        t.norm(&MIN_CASES, 10);
        t.no_norm(&CONCENTRATION_PERCENT);
        let own = (1..).zip((1..=6).map(|thousand| (None, thousand * 1_000)));
        let referred = (101..).zip(medical.map(|euros| (Some("02"), euros)));
        for (nummer, (soort, euros)) in own.chain(referred) {
            let (person, reference) = (format!("p{nummer}"), format!("V{nummer}"));
            let allocated = t.allocation(nummer, &person, "45A02", date(2026, 1, 5), Some(date(2026, 6, 30)));
            allocated.law = Law::Jeugdwet;
            allocated.versions[0].aanbieder = "42420005".into();
            allocated.versions[0].budget = Some(Cents(euros * 100));
            if let Some(soort) = soort {
                allocated.referentie = Some(reference.as_str().into());
                let request = t.request(&reference, &person, Number::N315, date(2026, 1, 1));
                (request.law, request.aanbieder) = (Law::Jeugdwet, "42420005".into());
                request.verwijzer = Some(soort.to_owned());
            }
        }
    }

    /// Ten medical referrals, so many of them by one referrer.
    fn referrers(t: &mut Timeline, of_one: usize) {
        routes(t, [1_000; 10]);
        t.norm(&CONCENTRATION_PERCENT, 50);
        for (at, request) in t.history.requests.iter_mut().enumerate() {
            request.verwijzer_agb = Some(if at < of_one { "01000001".into() } else { Party(format!("0100001{at}")) });
        }
    }

    // The median of the municipality's own six is 3,000 euros, their mean 3,500.
    vec![
        silent("as dear as the municipality's own", |t| {
            routes(t, [1_000, 2_000, 3_000, 4_000, 5_000, 1_000, 2_000, 3_000, 4_000, 5_000]);
        }),
        raises("all of them dearer than its median and its mean", &[("0197", "medische route 42420005")], |t| {
            routes(t, [3_501; 10]);
        }),
        silent("all of them dearer than its median, and not on average", |t| routes(t, [3_500; 10])),
        silent("all of them exactly its median", |t| routes(t, [3_000; 10])),
        silent("all but one, which chance allows", |t| {
            routes(t, [9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 3_000]);
        }),
        silent("of another product", |t| {
            routes(t, [9_000; 10]);
            for allocated in &mut t.history.allocations[6..] {
                allocated.versions[0].product = Some(super::timeline::product("45A01"));
            }
        }),
        silent("fewer than may be told of", |t| {
            routes(t, [9_000; 10]);
            t.history.allocations.pop();
        }),
        silent("the municipality has too few of its own", |t| {
            routes(t, [9_000; 10]);
            t.history.allocations.drain(..2);
        }),
        silent("half from one referrer", |t| referrers(t, 5)),
        raises("more than half from one", &[("0197", "verwijzer 01000001 naar 42420005")], |t| referrers(t, 6)),
        silent("those that name no referrer do not count", |t| {
            referrers(t, 10);
            t.history.requests[0].verwijzer_agb = None;
        }),
        silent("referrals of more than a year ago", |t| {
            referrers(t, 10);
            t.history.requests[0].on = date(2025, 7, 1);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use crate::contract::norms::MIN_CASES;
    use crate::message::Number;
    use jiff::civil::date;

    #[test]
    fn the_mean_stands_beside_what_the_municipality_would_have_given() {
        let mut t = Timeline::new();
        t.norm(&MIN_CASES, 10);
        t.no_norm(&CONCENTRATION_PERCENT);
        for nummer in 1..=15 {
            let reference = format!("V{nummer}");
            let allocated = t.allocation(nummer, "a", "45A02", date(2026, 1, 5), Some(date(2026, 6, 30)));
            (allocated.law, allocated.versions[0].budget) = (Law::Jeugdwet, Some(Cents(100_000)));
            if nummer > 5 {
                allocated.versions[0].budget = Some(Cents(250_000));
                allocated.referentie = Some(reference.as_str().into());
                let request = t.request(&reference, "a", Number::N315, date(2026, 1, 1));
                (request.law, request.verwijzer) = (Law::Jeugdwet, Some("02".to_owned()));
                request.is_honoured = nummer % 2 == 0;
            }
        }
        let found = run(&t.survey());
        let facts = &found[0].raised.facts;
        assert_eq!((&facts["gemiddeld_cent"], &facts["verwacht_cent"]), (&250_000.into(), &100_000.into()));
        assert_eq!((&facts["boven_mediaan_promille"], &facts["gehonoreerd_promille"]), (&1000.into(), &500.into()));
        assert!(found[0].raised.nl.contains("gemiddeld 2500,00 tegen 1000,00 euro"), "{}", found[0].raised.nl);
    }
}
