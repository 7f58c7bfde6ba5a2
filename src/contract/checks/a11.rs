//! A11: the contracts of a segment are used, and clients spread over the providers.
//!
//! Two things, per municipality and segment:
//!
//! - dormant contracts: active today and for `dormant_months` months, while nobody of any municipality of the region
//!   was newly allocated to the provider in the segment in those months (by the day of the first decision). One list
//!   for each municipality that takes part in the segment, since it holds the contract too;
//! - concentration: the share of the clients (persons with an allocation that is actual today) at the largest provider,
//!   above norm `concentration_percent`; from `min_cases` clients on, never fewer than five. Beside it stand the number
//!   of active providers, the sum of squared shares (0 to 10,000), and how many providers serve 80 % of the clients. A
//!   client of two providers counts at both.
//!
//! Too many providers for a segment has no norm in any source: the number stands among the figures.

use super::waits::{Period, above, fewest, per_mille, percent};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CONCENTRATION_PERCENT, DORMANT_MONTHS, months};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::ContractStatus;
use crate::finding::Severity;
use crate::message::{Date, Law, Party};
use crate::rules::facts::PersonKey;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A11",
    nl: "De contracten van een segment worden gebruikt en cliënten zijn gespreid over aanbieders.",
    en: "The contracts of a segment are used, and clients spread over the providers.",
    default_policy: Policy::Observe,
    parameters: &["norms.dormant_months", "norms.concentration_percent", "norms.min_cases", "contracts.csv"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut raised = dormant(survey);
    raised.extend(concentrated(survey));
    raised
}

fn dormant(survey: &Survey<'_>) -> Vec<Surveyed> {
    let register = survey.register;
    let latest = latest_allocations(survey);
    let mut segments: BTreeMap<(&str, &Party), BTreeSet<&Party>> = BTreeMap::new();
    let mut all: BTreeMap<(&str, &Party), BTreeSet<&Party>> = BTreeMap::new();
    for contract in register.all_contracts().filter(|contract| contract.status == ContractStatus::Active) {
        let segment = contract.segment.as_str();
        let Some(norm) = register.region.norms.numbers.of_segment(&DORMANT_MONTHS, segment) else { continue };
        let since = survey.today.saturating_sub(months(norm));
        if !contract.validity.holds_on(survey.today) {
            continue;
        }
        let is_dormant = contract.validity.from <= since
            && latest.get(&(segment, &contract.agb)).is_none_or(|latest| *latest <= since);
        for gemeente in register.region.municipalities.keys().filter(|code| register.covers(contract, code)) {
            all.entry((segment, gemeente)).or_default().insert(&contract.agb);
            if is_dormant {
                segments.entry((segment, gemeente)).or_default().insert(&contract.agb);
            }
        }
    }
    segments
        .into_iter()
        .filter_map(|((segment, gemeente), dormant)| {
            let law = register.region.segments.get(segment)?.laws.first()?;
            let norm = register.region.norms.numbers.of_segment(&DORMANT_MONTHS, segment)?;
            let all = all.get(&(segment, gemeente)).map_or(0, BTreeSet::len);
            Some(Surveyed::new(*law, gemeente, unused(survey, segment, &dormant, all, norm)))
        })
        .collect()
}

/// The latest day of a first decision for each provider in each segment, over the whole region.
fn latest_allocations<'a>(survey: &Survey<'a>) -> BTreeMap<(&'a str, &'a Party), Date> {
    let mut latest: BTreeMap<(&str, &Party), Date> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let (Some(allocation), Some(first)) = (allocated.current(), allocated.first()) else { continue };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let known = latest.entry((&product.segment, &allocation.aanbieder)).or_insert(first.toewijzingsdatum);
        *known = first.toewijzingsdatum.max(*known);
    }
    latest
}

fn unused(survey: &Survey<'_>, segment: &str, dormant: &BTreeSet<&Party>, all: usize, norm: u64) -> Raised {
    let number = dormant.len();
    let names = dormant.iter().map(|agb| survey.provider_name(agb)).collect::<Vec<_>>().join(", ");
    let nl = format!(
        "{segment}: {number} van {all} gecontracteerde aanbieders zonder nieuwe toewijzing in de hele regio in {norm} \
         maanden: {names}. Ga na of zij nog willen leveren, en of het contract nodig blijft."
    );
    let en = format!(
        "{segment}: {number} of {all} contracted providers without a new allocation in the whole region in {norm} \
         months: {names}. See whether they still want to deliver, and whether the contract remains needed."
    );
    let aanbieders: Vec<&str> = dormant.iter().map(|agb| agb.as_str()).collect();
    Raised::new(format!("slapend {segment}"), Severity::Info, nl, en)
        .fact("segment", segment)
        .fact("aanbieders", aanbieders)
        .fact("gecontracteerd", all)
        .fact("norm_maanden", norm)
}

fn concentrated(survey: &Survey<'_>) -> Vec<Surveyed> {
    type Clients<'a> = BTreeMap<&'a Party, BTreeSet<&'a PersonKey>>;
    let mut groups: BTreeMap<(Law, &Party, &str), Clients<'_>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let actual = allocated.current().filter(|allocation| allocation.is_actual(survey.today));
        let Some(allocation) = actual.filter(|allocation| allocation.ingangsdatum <= survey.today) else { continue };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let group = groups.entry((allocated.law, &allocated.gemeente, &product.segment)).or_default();
        group.entry(&allocation.aanbieder).or_default().insert(&allocation.person);
    }
    let active = active_providers(survey);
    groups
        .into_iter()
        .filter_map(|((law, gemeente, segment), clients)| {
            let counts = clients.into_iter().map(|(agb, persons)| (agb, persons.len() as u64)).collect();
            let active = active.get(&(gemeente, segment)).map_or(0, BTreeSet::len);
            Some(Surveyed::new(law, gemeente, concentration(survey, segment, counts, active)?))
        })
        .collect()
}

/// Providers with a new allocation in twelve months, per municipality and segment.
fn active_providers<'a>(survey: &Survey<'a>) -> BTreeMap<(&'a Party, &'a str), BTreeSet<&'a Party>> {
    let year = Period::year_to(survey.today);
    let mut active: BTreeMap<(&Party, &str), BTreeSet<&Party>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let (Some(allocation), Some(first)) = (allocated.current(), allocated.first()) else { continue };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        if year.has(first.toewijzingsdatum) {
            active.entry((&allocated.gemeente, &product.segment)).or_default().insert(&allocation.aanbieder);
        }
    }
    active
}

fn concentration(survey: &Survey<'_>, segment: &str, mut counts: Vec<(&Party, u64)>, active: usize) -> Option<Raised> {
    let norm = survey.register.region.norms.numbers.of_segment(&CONCENTRATION_PERCENT, segment)?;
    // The largest first; of equals the lowest code, so that the case keeps its name.
    counts.sort_by_key(|(agb, number)| (Reverse(*number), *agb));
    let all: u64 = counts.iter().map(|(_, number)| number).sum();
    let (largest, most) = *counts.first()?;
    if all < fewest(survey, segment)? || !above(most, all, norm) {
        return None;
    }
    let squares: u128 = counts.iter().map(|(_, number)| u128::from(*number).pow(2)).sum();
    let squares = u64::try_from(squares * 10_000 / u128::from(all).pow(2).max(1)).unwrap_or(10_000);
    let mut reached = 0;
    let carry = counts
        .iter()
        .take_while(|(_, number)| {
            let short = reached * 5 < all * 4;
            reached += number;
            short
        })
        .count();
    let (name, share, providers) = (survey.provider_name(largest), per_mille(most, all), counts.len());
    let (share_nl, share_en) = percent(share);
    let nl = format!(
        "In {segment} heeft {name} {share_nl} van {all} cliënten, norm {norm}%; {carry} van {providers} aanbieders \
         leveren aan 80% van hen. Maak een plan voor het geval deze aanbieder wegvalt, en bespreek spreiding."
    );
    let en = format!(
        "In {segment} {name} has {share_en} of {all} clients, norm {norm}%; {carry} of {providers} providers serve 80% \
         of them. Plan for the loss of this provider, and discuss how to spread."
    );
    let raised = Raised::new(format!("concentratie {segment} {largest}"), Severity::Info, nl, en)
        .fact("segment", segment)
        .fact("aanbieder", largest.as_str())
        .fact("clienten", all)
        .fact("aandeel_promille", share)
        .fact("norm_procent", norm)
        .fact("hhi", squares)
        .fact("aanbieders", providers)
        .fact("aanbieders_80_procent", carry)
        .fact("aanbieders_actief", active);
    Some(raised)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    /// Only household help has an eye on dormant contracts: three providers, of which two are at work, in five
    /// municipalities.
    fn household(t: &mut Timeline, day: Option<Date>) {
        let value = crate::contract::norms::Value {
            general: None,
            segments: BTreeMap::from([("hulp-bij-het-huishouden".to_owned(), 12)]),
        };
        t.register.region.norms.numbers.set(&DORMANT_MONTHS, value);
        for (nummer, agb) in [(8, "42420012"), (9, "42420013")] {
            t.allocation(nummer, "b", "01A01", date(2026, 6, 1), None).versions[0].aanbieder = agb.into();
        }
        if let Some(day) = day {
            t.allocation(1, "a", "01A01", day, None).versions[0].aanbieder = "42420002".into();
        }
    }

    const DORMANT: &[(&str, &str)] = &[
        ("0197", "slapend hulp-bij-het-huishouden"),
        ("0294", "slapend hulp-bij-het-huishouden"),
        ("1586", "slapend hulp-bij-het-huishouden"),
        ("1859", "slapend hulp-bij-het-huishouden"),
        ("1876", "slapend hulp-bij-het-huishouden"),
    ];

    /// Clients of the sample provider and of another.
    fn clients(t: &mut Timeline, of_one: u64, of_other: u64) {
        t.norm(&CONCENTRATION_PERCENT, 60);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=of_one + of_other {
            let allocated = t.allocation(nummer, &format!("p{nummer}"), "02A02", date(2026, 1, 1), None);
            if nummer > of_one {
                allocated.versions[0].aanbieder = "42420002".into();
            }
        }
    }

    const CONCENTRATED: &[(&str, &str)] = &[("0197", "concentratie wmo-integrale-ondersteuning 42420001")];

    vec![
        silent("nobody stated norms", |t| {
            t.no_norm(&DORMANT_MONTHS);
            t.no_norm(&CONCENTRATION_PERCENT);
        }),
        raises("nobody was ever allocated", DORMANT, |t| household(t, None)),
        raises("the last one exactly twelve months ago", DORMANT, |t| household(t, Some(date(2025, 7, 1)))),
        silent("a day later", |t| household(t, Some(date(2025, 7, 2)))),
        silent("the contract is younger than that", |t| {
            household(t, None);
            t.today = date(2022, 12, 31);
        }),
        raises("the contract is a year old", DORMANT, |t| {
            household(t, None);
            t.today = date(2023, 1, 1);
        }),
        silent("three of five clients, as the norm has it", |t| clients(t, 3, 2)),
        raises("four of six", CONCENTRATED, |t| clients(t, 4, 2)),
        silent("too few to tell of", |t| clients(t, 4, 0)),
        silent("an allocation that ended", |t| {
            clients(t, 4, 2);
            t.history.allocations[0].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        raises("one that ends today", CONCENTRATED, |t| {
            clients(t, 4, 2);
            t.history.allocations[0].versions[0].einddatum = Some(date(2026, 7, 1));
        }),
        silent("one that begins tomorrow", |t| {
            clients(t, 4, 2);
            t.history.allocations[0].versions[0].ingangsdatum = date(2026, 7, 2);
        }),
        silent("two allocations of one person are one client", |t| {
            clients(t, 4, 2);
            t.history.allocations[1].versions[0].person = super::timeline::key("p1");
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    #[test]
    fn the_figures_of_a_market_of_three() {
        let mut t = Timeline::new();
        t.norm(&CONCENTRATION_PERCENT, 50);
        t.norm(&MIN_CASES, 5);
        let providers = ["42420001"; 6].into_iter().chain(["42420002"; 2]).chain(["42420003"; 2]);
        for (nummer, agb) in (1..).zip(providers) {
            let allocated = t.allocation(nummer, &format!("p{nummer}"), "02A02", date(2026, 1, 1), None);
            allocated.versions[0].aanbieder = agb.into();
        }
        let found = run(&t.survey());
        let facts = &found[0].raised.facts;
        // 60, 20 and 20 percent: 3600 + 400 + 400; the first two serve exactly 80 percent.
        assert_eq!((&facts["hhi"], &facts["aanbieders_80_procent"]), (&4400.into(), &2.into()));
        assert_eq!((&facts["aandeel_promille"], &facts["aanbieders_actief"]), (&600.into(), &3.into()));
    }
}
