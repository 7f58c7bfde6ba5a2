//! A6: care stays under the one contract of the municipality that is effective by date.
//!
//! A municipality may leave a joint contract and conclude its own with the same provider from some day on, or come back.
//! The contract that names the municipality then goes before the one for all that take part. An allocation that begins
//! under the one and ends under the other has two sets of terms.
//!
//! Doubtful, with the choice made: the source says that a municipality may leave, not what happens with allocations that
//! run on that day; here a person is asked to split them (`RedenWijziging` 03). Days without any contract are for A4.

use super::cover::{regional, sentence};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::message::{Date, Number};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A6",
    nl: "Een toewijzing valt geheel onder het gezamenlijke contract of geheel onder het eigen contract van de gemeente.",
    en: "An allocation lies as a whole under the joint contract or under the municipality's own.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv municipality, valid_from, valid_to"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    regional(look)
        .iter()
        .filter_map(|care| {
            let (contracts, until) = (care.local(look), care.until?);
            let (first, last) = (effective(&contracts, care.on)?, effective(&contracts, until)?);
            if first.gemeente.is_some() == last.gemeente.is_some() {
                return None;
            }
            // The day on which the one takes over from the other.
            let switch =
                if last.gemeente.is_some() { last.validity.from } else { first.validity.to?.tomorrow().ok()? };
            let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
            let (segments, gemeente, on) = (care.segments(), look.gemeente(), care.on);
            let (before, after) = (&first.id, &last.id);
            let nl = format!(
                "{wat} voor {segments} loopt van {on} tot en met {until}, maar vanaf {switch} geldt in gemeente \
                 {gemeente} contract {after} in plaats van {before}. Splits de toewijzing op die dag."
            );
            let en = format!(
                "{what} for {segments} runs from {on} until {until}, but from {switch} contract {after} holds in \
                 municipality {gemeente} instead of {before}. Split the allocation on that day."
            );
            let raised = care.raise(look, nl, en).fact("einddatum", until.to_string());
            let raised = raised.fact("wisseldatum", switch.to_string());
            Some(raised.fact("contract", before.as_str()).fact("contract_later", after.as_str()))
        })
        .collect()
}

/// The contract that counts on a day: the municipality's own before the joint one.
fn effective<'a>(contracts: &[&'a Contract], on: Date) -> Option<&'a Contract> {
    let in_force = || contracts.iter().copied().filter(|contract| contract.validity.holds_on(on));
    in_force().find(|contract| contract.gemeente.is_some()).or_else(|| in_force().next())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    const OWN: &str = "FICTIEF-EIGEN;42420001;wmo-integrale-ondersteuning;0197;active;2026-04-01;2026-12-31";
    const UNTIL: &str = "FICTIEF-EIGEN;42420001;wmo-integrale-ondersteuning;0197;active;2022-01-01;2026-03-30";
    vec![
        silent("the joint contract only", Number::N301, |_| ()),
        silent("ends on the day before its own begins", Number::N301, |s| s.add("contracts.csv", OWN)),
        raises("ends on the first day of its own", Number::N301, &["toewijzing 1001"], |s| {
            s.add("contracts.csv", OWN);
            s.allocation().einddatum = Some(date(2026, 4, 1));
        }),
        silent("begins on the first day of its own", Number::N301, |s| {
            s.add("contracts.csv", OWN);
            s.allocation().ingangsdatum = date(2026, 4, 1);
            s.allocation().einddatum = Some(date(2026, 9, 30));
        }),
        raises("ends after the municipality came back", Number::N301, &["toewijzing 1001"], |s| {
            s.add("contracts.csv", UNTIL);
        }),
        silent("ends on the last day of its own", Number::N301, |s| {
            s.add("contracts.csv", UNTIL);
            s.allocation().einddatum = Some(date(2026, 3, 30));
        }),
        silent("an own contract elsewhere", Number::N301, |s| {
            s.add("contracts.csv", OWN);
            s.gemeente("0294");
            s.allocation().einddatum = Some(date(2026, 9, 30));
        }),
        silent("without an end", Number::N301, |s| {
            s.add("contracts.csv", OWN);
            s.allocation().einddatum = None;
        }),
    ]
}
