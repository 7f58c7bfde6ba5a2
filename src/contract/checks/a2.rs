//! A2: the provider's contract for the segment covers the municipality.
//!
//! A contract for all municipalities covers those that take part in the segment; the others arrange it themselves.

use super::cover::{NUMBERS, care};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use std::collections::BTreeSet;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A2",
    nl: "Het contract van de aanbieder geldt voor de gemeente.",
    en: "The contract of the provider covers the municipality.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv municipality", "region.toml segment.municipalities"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let (name, gemeente) = (look.provider_name(), look.gemeente());
    care(look)
        .iter()
        .filter_map(|care| {
            let contracts = care.contracts(look);
            if contracts.is_empty() || !care.local(look).is_empty() {
                return None;
            }
            let (segments, nummer) = (care.segments(), care.toewijzing);
            let named: BTreeSet<&str> =
                contracts.iter().map(|contract| contract.gemeente.as_ref().map_or("*", |code| code.as_str())).collect();
            let (nl, en) = if named.contains("*") {
                (
                    format!(
                        "Gemeente {gemeente} doet niet mee aan de gezamenlijke inkoop van {segments}; het contract van \
                         {name} geldt er niet voor toewijzing {nummer}. Controleer of er een eigen contract is."
                    ),
                    format!(
                        "Municipality {gemeente} takes no part in the joint contract for {segments}; that of {name} \
                         does not hold there for allocation {nummer}. See whether it has a contract of its own."
                    ),
                )
            } else {
                let named = named.iter().copied().collect::<Vec<_>>().join(", ");
                (
                    format!(
                        "Het contract van {name} voor {segments} geldt voor {named}, niet voor gemeente {gemeente}; \
                         toewijzing {nummer}. Kies een aanbieder die hier gecontracteerd is of breid het contract uit."
                    ),
                    format!(
                        "The contract of {name} for {segments} covers {named}, not municipality {gemeente}; allocation \
                         {nummer}. Choose a provider contracted here, or extend the contract."
                    ),
                )
            };
            let covered: Vec<&str> = named.into_iter().collect();
            Some(care.raise(look, nl, en).fact("contract_gemeenten", covered))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Number;
    vec![
        silent("a contract for all municipalities", Number::N301, |_| ()),
        silent("a contract for this municipality", Number::N301, |s| s.provider("42420003")),
        raises("a contract for other municipalities", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420003");
            s.gemeente("1859");
        }),
        silent("a joint segment in a municipality that takes part", Number::N301, |s| {
            s.provider("42420002");
            s.product("01", Some("01A01"));
        }),
        raises("a joint segment in a municipality that does not", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420002");
            s.gemeente("0222");
            s.product("01", Some("01A01"));
        }),
        silent("no contract at all is for A1", Number::N301, |s| s.provider("42420010")),
        silent("a claim in a covered municipality", Number::N323, |s| s.provider("42420003")),
        raises("a claim in another", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420003");
            s.gemeente("1955");
        }),
    ]
}
