//! A2: the provider's contract for the segment covers the municipality.
//!
//! Contracts are let per region or to local providers, for some municipalities only. A segment that the municipality
//! takes no part in at all is for A3.

use super::cover::{NUMBERS, regional};
use crate::contract::answer::Reden;
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
    regional(look)
        .iter()
        .filter_map(|care| {
            let contracts = care.contracts(look);
            if contracts.is_empty() || !care.is_joint(look) || !care.local(look).is_empty() {
                return None;
            }
            let (segments, wat, what) = (care.segments(), care.what.nl(), care.what.en());
            let covered: BTreeSet<&str> =
                contracts.iter().map(|contract| contract.gemeente.as_ref().map_or("*", |code| code.as_str())).collect();
            let covered: Vec<&str> = covered.into_iter().collect();
            let named = covered.join(", ");
            let nl = format!(
                "Het contract van {name} voor {segments} geldt voor {named}, niet voor gemeente {gemeente}; {wat}. Kies \
                 een aanbieder die hier gecontracteerd is of breid het contract uit."
            );
            let en = format!(
                "The contract of {name} for {segments} covers {named}, not municipality {gemeente}; {what}. Choose a \
                 provider contracted here, or extend the contract."
            );
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            Some(raised.fact("contract_gemeenten", covered))
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
        silent("a joint segment in a municipality that does not is for A3", Number::N301, |s| {
            s.provider("42420002");
            s.gemeente("0222");
            s.product("01", Some("01A01"));
        }),
        silent("no contract at all is for A1", Number::N301, |s| s.provider("42420010")),
        silent("a request in a covered municipality", Number::N315, |s| s.provider("42420003")),
        raises("a request in another", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.provider("42420003");
            s.gemeente("1859");
        }),
        silent("a change in a covered municipality", Number::N317, |s| s.provider("42420003")),
        raises("a change in another", Number::N317, &["verzoek V-2026-1 op toewijzing 1001"], |s| {
            s.provider("42420003");
            s.gemeente("1859");
        }),
        silent("a claim in a covered municipality", Number::N323, |s| s.provider("42420003")),
        raises("a claim in another", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420003");
            s.gemeente("1955");
        }),
    ]
}
