//! A12: providers have enough clients to be of use to a segment.
//!
//! Clients are the persons with an allocation that is actual today, over all municipalities of the region, each counted
//! within one. Told is, per municipality and segment, which providers with a client there have fewer than
//! `small_provider_clients` in the region. Only that they are below the norm is told, not by how much: the numbers are
//! small by their nature (F11). What a small provider does well is not in the messages: it is a list for contract
//! talks.
//!
//! No profile says which providers are core providers and which have an incidental contract, nor for what purpose, so
//! the share of the one and the use of the other cannot be told; an incidental contract that ended is for A4.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::SMALL_PROVIDER_CLIENTS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A12",
    nl: "Aanbieders hebben genoeg cliënten voor een segment.",
    en: "Providers have enough clients for a segment.",
    default_policy: Policy::Observe,
    parameters: &["norms.small_provider_clients"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    /// Persons, each within a municipality.
    type Clients<'a> = BTreeSet<(&'a Party, &'a PersonKey)>;
    let mut segments: BTreeMap<(Law, &str), BTreeMap<&Party, Clients<'_>>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let actual = allocated.current().filter(|allocation| allocation.is_actual(survey.today));
        let Some(allocation) = actual.filter(|allocation| allocation.ingangsdatum <= survey.today) else { continue };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let segment = segments.entry((allocated.law, &product.segment)).or_default();
        segment.entry(&allocation.aanbieder).or_default().insert((&allocated.gemeente, &allocation.person));
    }
    let mut raised = Vec::new();
    for ((law, segment), providers) in segments {
        let Some(norm) = survey.register.region.norms.numbers.of_segment(&SMALL_PROVIDER_CLIENTS, segment) else {
            continue;
        };
        let mut small: BTreeMap<&Party, BTreeSet<&Party>> = BTreeMap::new();
        for (aanbieder, clients) in providers.iter().filter(|(_, clients)| (clients.len() as u64) < norm) {
            for (gemeente, _) in clients {
                small.entry(gemeente).or_default().insert(aanbieder);
            }
        }
        let found = small.into_iter();
        raised.extend(found.map(|(gemeente, small)| {
            Surveyed::new(law, gemeente, raise(survey, segment, &small, providers.len(), norm))
        }));
    }
    raised
}

fn raise(survey: &Survey<'_>, segment: &str, small: &BTreeSet<&Party>, all: usize, norm: u64) -> Raised {
    let names = small.iter().map(|agb| survey.provider_name(agb)).collect::<Vec<_>>().join(", ");
    let nl = format!(
        "{segment}: kleine aanbieders (minder dan {norm} cliënten in de regio) met cliënten in deze gemeente: {names}. \
         In de hele regio leveren {all} aanbieders. Bespreek bij de contractgesprekken waarvoor de kleine nodig zijn."
    );
    let en = format!(
        "{segment}: small providers (fewer than {norm} clients in the region) with clients in this municipality: \
         {names}. Providers that serve in the whole region: {all}. Discuss in contract talks what the small ones are \
         needed for."
    );
    let aanbieders: Vec<&str> = small.iter().map(|agb| agb.as_str()).collect();
    Raised::new(format!("klein {segment}"), Severity::Info, nl, en)
        .fact("segment", segment)
        .fact("aanbieders", aanbieders)
        .fact("aanbieders_regio", all)
        .fact("norm_clienten", norm)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    /// So many clients, in two municipalities by turns.
    fn clients(t: &mut Timeline, number: u64) {
        t.norm(&SMALL_PROVIDER_CLIENTS, 3);
        for nummer in 1..=number {
            let allocated = t.allocation(nummer, &format!("p{nummer}"), "02A02", date(2026, 1, 1), None);
            allocated.gemeente = if nummer % 2 == 1 { "0197".into() } else { "0222".into() };
        }
    }

    const ONE: &[(&str, &str)] = &[("0197", "klein wmo-integrale-ondersteuning")];
    const BOTH: &[(&str, &str)] =
        &[("0197", "klein wmo-integrale-ondersteuning"), ("0222", "klein wmo-integrale-ondersteuning")];

    vec![
        silent("no clients at all", |t| clients(t, 0)),
        silent("as many as the norm, over two municipalities", |t| clients(t, 3)),
        raises("one fewer", BOTH, |t| clients(t, 2)),
        raises("one client", ONE, |t| clients(t, 1)),
        raises("one of them twice", BOTH, |t| {
            clients(t, 3);
            t.history.allocations[2].versions[0].person = super::timeline::key("p1");
        }),
        raises("one of them until yesterday", BOTH, |t| {
            clients(t, 3);
            t.history.allocations[2].versions[0].einddatum = Some(date(2026, 6, 30));
        }),
        raises("one of them from tomorrow", BOTH, |t| {
            clients(t, 3);
            t.history.allocations[2].versions[0].ingangsdatum = date(2026, 7, 2);
        }),
        silent("nobody stated a norm", |t| {
            clients(t, 1);
            t.no_norm(&SMALL_PROVIDER_CLIENTS);
        }),
    ]
}
